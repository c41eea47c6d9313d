"""The keys of the house that the registry was told of: what tells each from another of the same name.

Revision: 0017
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import MOMENT, SHA256, check, choice

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    op.create_table(
        "house_keys",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("purpose", choice("purpose", "wrapping", "signing", "protection"), nullable=False),
        sa.Column("check_value", SHA256, nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        check("house_keys", "retired_after_it_was_registered", "retired_at >= registered_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_keys")),
    )


def downgrade() -> None:
    op.drop_table("house_keys")
