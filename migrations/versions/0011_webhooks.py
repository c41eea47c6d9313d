"""Webhooks, and the messages on their way to them.

Revision: 0011
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, JSON, MOMENT, check, choice

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PROBLEMS = (
    "status",
    "redirect",
    "gone",
    "timeout",
    "name_not_resolved",
    "address_not_allowed",
    "unreachable",
    "tls",
    "protocol",
    "sender_died",
    "disabled",
)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("events", JSON, nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("disabled_reason", choice("disabled_reason", "by_hand", "gone", "failing"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("webhooks", "disabled_for_a_reason", "(disabled_at IS NULL) = (disabled_reason IS NULL)"),
        check("webhooks", "version_positive", "version >= 1"),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_webhooks_created_by_accounts")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_webhooks_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_organisation_id_id"), "webhooks", ["organisation_id", "id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", choice("delivery_state", "waiting", "delivered", "dead"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("log", JSON, nullable=False),
        sa.Column("problem", choice("delivery_problem", *PROBLEMS), nullable=True),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("lease_expires_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        *(check("webhook_deliveries", name, condition) for name, condition in CHECKS.items()),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id_webhooks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    for columns in (["state", "next_attempt_at"], ["webhook_id", "id"]):
        op.create_index(op.f(f"ix_webhook_deliveries_{'_'.join(columns)}"), "webhook_deliveries", columns)


CHECKS = {
    "attempts_counted": "attempts >= 0",
    "finished_unless_waiting": "(state = 'waiting') = (finished_at IS NULL)",
    "waiting_for_a_moment": "(state = 'waiting') = (next_attempt_at IS NOT NULL)",
    "dead_for_a_reason": "state <> 'dead' OR problem IS NOT NULL",
    "leased_only_while_waiting": "state = 'waiting' OR lease_expires_at IS NULL",
}


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
