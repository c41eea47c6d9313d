"""The index that the one of 0025 takes the place of goes.

Revision: 0026
"""

from __future__ import annotations

from collections.abc import Sequence

from migrations.parts import drop_index_online, index_online

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    drop_index_online("ix_findings_to_review", "findings")


def downgrade() -> None:
    index_online("ix_findings_to_review", "findings", ["verdict", "id"], where="reviewed_at IS NULL")
