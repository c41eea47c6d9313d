"""What each migration says of older code: the database itself answers whether a process may go on against it.

Code of 0011 accepts no schema but its own.

Revision: 0012
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import MOMENT, check

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    op.create_table(
        "schema_revisions",
        sa.Column("revision", sa.String(40), nullable=False),
        sa.Column("serves_code_from", sa.String(40), nullable=False),
        sa.Column("applied_at", MOMENT, nullable=False),
        check("schema_revisions", "serves_code_of_no_later", "serves_code_from <= revision"),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_revisions")),
    )


def downgrade() -> None:
    op.drop_table("schema_revisions")
