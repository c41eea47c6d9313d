"""Which reports about cases and checks were handed out, to whom, and when.

Revision: 0022
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, MOMENT, SHA256, check, choice, references

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

SIDES = ("complainant", "respondent", "registry")


def upgrade() -> None:
    op.create_table(
        "issued_reports",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.Column("check_id", ID, nullable=True),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=True),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        check("issued_reports", "of_one_thing", "(case_id IS NULL) <> (check_id IS NULL)"),
        check("issued_reports", "a_case_has_sides", "(case_id IS NULL) = (side IS NULL)"),
        *references("issued_reports", case_id="cases", check_id="checks", account_id="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_reports")),
        sa.UniqueConstraint(
            "case_id", "account_id", "sha256", name=op.f("uq_issued_reports_case_id_account_id_sha256")
        ),
        sa.UniqueConstraint(
            "check_id", "account_id", "sha256", name=op.f("uq_issued_reports_check_id_account_id_sha256")
        ),
    )


def downgrade() -> None:
    op.drop_table("issued_reports")
