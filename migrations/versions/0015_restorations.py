"""Restorations of the journal, by which it has its name from a leaf on, and time stamps of its checkpoints.

Revision: 0015
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, MOMENT, drop_refusal, refuse_changes

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    op.create_table(
        "journal_restorations",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("origin", sa.String(250), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_journal_restorations")),
        sa.UniqueConstraint("id", name=op.f("uq_journal_restorations_id")),
    )
    op.create_table(
        "journal_timestamps",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("response", BYTES, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["journal_checkpoints.size"], name=op.f("fk_journal_timestamps_size_journal_checkpoints")
        ),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_journal_timestamps")),
    )
    refuse_changes("journal_restorations", "a restoration is never changed", delete=True, unique=("size", "id"))
    refuse_changes("journal_timestamps", "a time stamp is never changed", delete=True, unique=("size",))


def downgrade() -> None:
    for table in ("journal_timestamps", "journal_restorations"):
        op.drop_table(table)
        drop_refusal(table)
