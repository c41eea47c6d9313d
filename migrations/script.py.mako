"""${message}.

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
Made: ${create_date}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
serves_code_from: str = ${repr(up_revision)}  # or an older one, whose code goes on reading and writing after it


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
