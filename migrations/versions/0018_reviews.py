"""What people decide about findings, and when they first did.

Revision: 0018
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, JSON, MOMENT, choice, references

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

ACTIONS = ("accept_as_licensed", "ask_for_fix", "ask_for_payment", "open_case", "archive")
REFERENCES = {
    "finding_id": "findings",
    "licence_id": "licences",
    "case_id": "cases",
    "replaces_id": "reviews",
    "decided_by": "accounts",
}


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", ID, nullable=False),
        sa.Column("finding_id", ID, nullable=False),
        sa.Column("action", choice("review_action", *ACTIONS), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("considered", JSON, nullable=False),
        sa.Column("licence_id", ID, nullable=True),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("replaces_id", ID, nullable=True),
        sa.Column("decided_by", ID, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        *references("reviews", **REFERENCES),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_reviews_replaces_id")),
    )
    op.create_index(op.f("ix_reviews_finding_id_id"), "reviews", ["finding_id", "id"])
    op.add_column("findings", sa.Column("reviewed_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("findings", "reviewed_at")
    op.drop_table("reviews")
