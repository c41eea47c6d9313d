"""Checks by how and when they ended, so that those past their time are found without reading the others.

Revision: 0030
"""

from __future__ import annotations

from collections.abc import Sequence

from migrations.parts import drop_index_online, index_online

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    index_online("ix_checks_state_finished_at", "checks", ["state", "finished_at"])


def downgrade() -> None:
    drop_index_online("ix_checks_state_finished_at", "checks")
