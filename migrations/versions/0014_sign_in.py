"""One-time sign-in links, sessions, and identities at a provider.

Revision: 0014
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, MOMENT, SHA256, check, choice, references

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0013"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("signed_in_at", MOMENT, nullable=True))
    op.create_table(
        "sign_in_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("secret_sha256", SHA256, nullable=False),
        sa.Column("issued_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("voided_at", MOMENT, nullable=True),
        check("sign_in_links", "expires_after_creation", "expires_at > created_at"),
        check("sign_in_links", "secret_is_a_digest", "length(secret_sha256) = 64"),
        check("sign_in_links", "used_or_voided", "used_at IS NULL OR voided_at IS NULL"),
        *references("sign_in_links", account_id="accounts", issued_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_sign_in_links_secret_sha256")),
    )
    op.create_table(
        "identities",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject_digest", SHA256, nullable=False),
        sa.Column("connected_by", ID, nullable=False),
        sa.Column("connected_at", MOMENT, nullable=False),
        check("identities", "subject_is_a_digest", "length(subject_digest) = 64"),
        *references("identities", account_id="accounts", connected_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("subject_digest", name=op.f("uq_identities_subject_digest")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("secret_sha256", SHA256, nullable=False),
        sa.Column("method", choice("sign_in_method", "link", "provider"), nullable=False),
        sa.Column("identity_id", ID, nullable=True),
        sa.Column("opened_by_sha256", SHA256, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        check("sessions", "expires_after_creation", "expires_at > created_at"),
        check("sessions", "secret_is_a_digest", "length(secret_sha256) = 64"),
        *references("sessions", account_id="accounts", identity_id="identities"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_sessions_secret_sha256")),
        sa.UniqueConstraint("opened_by_sha256", name=op.f("uq_sessions_opened_by_sha256")),
    )
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


INDEXES = (
    ("sign_in_links", "account_id"),
    ("sign_in_links", "expires_at"),
    ("identities", "account_id"),
    ("sessions", "account_id"),
    ("sessions", "identity_id"),
    ("sessions", "expires_at"),
)


def downgrade() -> None:
    for table in ("sessions", "identities", "sign_in_links"):
        op.drop_table(table)
    op.drop_column("accounts", "signed_in_at")
