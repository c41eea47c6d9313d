"""Gallery files that the registry keeps for whom they are sealed for.

Revision: 0009
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import MOMENT

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("gallery_files", sa.Column("offered_bytes", sa.BigInteger(), nullable=True))
    op.add_column("gallery_files", sa.Column("fetched_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("gallery_files", "fetched_at")
    op.drop_column("gallery_files", "offered_bytes")
