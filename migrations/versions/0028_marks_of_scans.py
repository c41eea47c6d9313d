"""Samples of scans with the marks that persons make on them, and when the rows of a scan came that was reported.

Revision: 0028
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, JSON, MOMENT, check, choice, references

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    op.add_column("scans", sa.Column("rows_received_at", MOMENT, nullable=True))
    op.create_table(
        "scan_samples",
        sa.Column("id", ID, nullable=False),
        sa.Column("scan_id", ID, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("by", choice("sampled_by", "outcome", "duration", "outcome_and_duration", "project"), nullable=False),
        sa.Column("strata", JSON, nullable=False),
        sa.Column("drawn", JSON, nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        check("scan_samples", "sample_in_range", "size >= 1 AND seed >= 0 AND turns >= 0"),
        *references("scan_samples", scan_id="scans", created_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_samples")),
        sa.UniqueConstraint("scan_id", "size", "seed", "by", name=op.f("uq_scan_samples_scan_id_size_seed_by")),
    )
    op.create_table(
        "scan_marks",
        sa.Column("id", ID, nullable=False),
        sa.Column("sample_id", ID, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mark", choice("mark", "agree", "disagree", "unsure"), nullable=False),
        sa.Column("marked_by", ID, nullable=False),
        sa.Column("marked_at", MOMENT, nullable=False),
        check("scan_marks", "mark_in_range", "turn >= 1 AND number >= 0"),
        *references("scan_marks", sample_id="scan_samples", marked_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_marks")),
        sa.UniqueConstraint("sample_id", "turn", "number", name=op.f("uq_scan_marks_sample_id_turn_number")),
    )
    op.create_index(op.f("ix_scan_marks_marked_by"), "scan_marks", ["marked_by"])


def downgrade() -> None:
    """Take the schema back. Marks are lost; rows that were received stay in their folders, and are not shown."""
    op.drop_index(op.f("ix_scan_marks_marked_by"), "scan_marks")
    op.drop_table("scan_marks")
    op.drop_table("scan_samples")
    op.drop_column("scans", "rows_received_at")
