"""The findings that wait for a person, by priority as well, so that the gravest are found without reading the others.

Revision: 0025
"""

from __future__ import annotations

from collections.abc import Sequence

from migrations.parts import drop_index_online, index_online

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"


def upgrade() -> None:
    index_online("ix_findings_to_decide", "findings", ["verdict", "priority", "id"], where="reviewed_at IS NULL")


def downgrade() -> None:
    drop_index_online("ix_findings_to_decide", "findings")
