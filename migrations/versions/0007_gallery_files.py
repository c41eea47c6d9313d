"""Gallery files that were issued, and who is in each.

Revision: 0007
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, JSON, MOMENT, SHA256, check, choice

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "gallery_files",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("purpose", choice("search_purpose", "catalogue", "training"), nullable=False),
        sa.Column("state", choice("file_state", "prepared", "delivered", "void"), nullable=False),
        sa.Column("key_thumbprint", sa.String(43), nullable=False),
        sa.Column("told", JSON, nullable=False),
        sa.Column("spaces", JSON, nullable=False),
        sa.Column("calibration", sa.String(80), nullable=False),
        sa.Column("performers", sa.Integer(), nullable=False),
        sa.Column("sealed_sha256", SHA256, nullable=False),
        sa.Column("status_interval_s", sa.Integer(), nullable=False),
        sa.Column("issued_by", ID, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        check("gallery_files", "somebody_is_in_it", "performers >= 1"),
        check("gallery_files", "status_interval_positive", "status_interval_s > 0"),
        check("gallery_files", "ends_after_issue", "expires_at > issued_at"),
        sa.ForeignKeyConstraint(["issued_by"], ["accounts.id"], name=op.f("fk_gallery_files_issued_by_accounts")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_gallery_files_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery_files")),
        sa.UniqueConstraint("sealed_sha256", name=op.f("uq_gallery_files_sealed_sha256")),
    )
    op.create_index(op.f("ix_gallery_files_key_thumbprint"), "gallery_files", ["key_thumbprint"])
    op.create_index(op.f("ix_gallery_files_organisation_id_id"), "gallery_files", ["organisation_id", "id"])
    op.create_table(
        "gallery_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("file_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("consent_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_gallery_entries_consent_id_consents")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["gallery_files.id"], name=op.f("fk_gallery_entries_file_id_gallery_files")
        ),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_gallery_entries_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gallery_entries")),
    )
    for column in ("file_id", "performer_id"):
        op.create_index(op.f(f"ix_gallery_entries_{column}"), "gallery_entries", [column])
    op.create_index("uq_gallery_entries_once_in_a_file", "gallery_entries", ["file_id", "performer_id"], unique=True)


def downgrade() -> None:
    op.drop_table("gallery_entries")
    op.drop_table("gallery_files")
