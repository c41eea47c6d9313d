"""Why a version of a licence that was offered was declined, and by whom.

Revision: 0024
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    op.add_column("licence_versions", sa.Column("declined_by", ID, nullable=True))
    op.add_column("licence_versions", sa.Column("declined_reason", sa.String(500), nullable=True))


def downgrade() -> None:
    op.drop_column("licence_versions", "declined_reason")
    op.drop_column("licence_versions", "declined_by")
