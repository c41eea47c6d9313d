"""Enrolments by how and when they ended, so that those past their time are found without reading the others.

Revision: 0031
"""

from __future__ import annotations

from collections.abc import Sequence

from migrations.parts import drop_index_online, index_online

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    index_online("ix_enrolments_state_finished_at", "enrolments", ["state", "finished_at"])


def downgrade() -> None:
    drop_index_online("ix_enrolments_state_finished_at", "enrolments")
