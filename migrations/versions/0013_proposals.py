"""What takes two people: one table of proposals for every kind, with the requests to unseal that there were.

With it come what it decides on: which operating point and calibration are in force, and that a performer was deleted.

Revision: 0013
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import (
    ID,
    MOMENT,
    SHA256,
    check,
    choice,
    differ,
    drop_refusal,
    refuse_changes,
)

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0013"

_SAID = (
    *("kind", "attestation_id", "performer_id", "content", "content_sha256"),
    *("reason", "proposed_by", "proposed_at", "expires_at"),
)


def upgrade() -> None:
    create_proposals()
    create_engine_settings()
    op.execute(f"ALTER TABLE performers ADD COLUMN deleted_at {_moment()}")
    carry_unsealings()
    op.drop_table("unsealing_requests")
    refuse_changes(
        "proposals",
        "a proposal stays as it was made, and an answer as it was given",
        when=f"OLD.state <> 'proposed' OR {differ(*_SAID)}",
    )


def downgrade() -> None:
    create_unsealing_requests()
    give_unsealings_back()
    op.execute("ALTER TABLE performers DROP COLUMN deleted_at")
    op.drop_table("engine_settings")
    drop_refusal("engine_settings")
    op.drop_table("proposals")
    drop_refusal("proposals")


def _moment() -> str:
    return str(MOMENT.compile(dialect=op.get_bind().dialect))


def create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", choice("proposal_kind", "unsealing", "performer_deletion", "engine_change"), nullable=False),
        sa.Column("attestation_id", ID, nullable=True),
        sa.Column("performer_id", ID, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("state", choice("proposal_state", *STATES), nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answer_reason", sa.String(500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(check("proposals", name, condition) for name, condition in CHECKS.items()),
        sa.ForeignKeyConstraint(["answered_by"], ["accounts.id"], name=op.f("fk_proposals_answered_by_accounts")),
        sa.ForeignKeyConstraint(
            ["attestation_id"], ["source_attestations.id"], name=op.f("fk_proposals_attestation_id_source_attestations")
        ),
        sa.ForeignKeyConstraint(["performer_id"], ["performers.id"], name=op.f("fk_proposals_performer_id_performers")),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name=op.f("fk_proposals_proposed_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    for column in ("attestation_id", "performer_id"):
        op.create_index(op.f(f"ix_proposals_{column}"), "proposals", [column])
    op.create_index(op.f("ix_proposals_proposed_at_id"), "proposals", ["proposed_at", "id"])


STATES = ("proposed", "lapsed", "approved", "refused", "withdrawn")
CHECKS = {
    "two_people": "state <> 'approved' OR answered_by <> proposed_by",
    "withdrawn_by_who_proposed": "state <> 'withdrawn' OR answered_by = proposed_by",
    "answered_by_somebody": "(state = 'proposed') = (answered_by IS NULL)",
    "answered_at_a_moment": "(answered_by IS NULL) = (answered_at IS NULL)",
    "answered_with_a_reason": "(answered_by IS NULL) = (answer_reason IS NULL)",
    "waits_for_a_time": "expires_at > proposed_at",
    "unseals_an_attestation": "(kind = 'unsealing') = (attestation_id IS NOT NULL)",
    "deletes_a_performer": "(kind = 'performer_deletion') = (performer_id IS NOT NULL)",
    "version_positive": "version >= 1",
}


def create_engine_settings() -> None:
    op.create_table(
        "engine_settings",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target_fpir", sa.Float(), nullable=False),
        sa.Column("calibration_sha256", SHA256, nullable=True),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("in_force_from", MOMENT, nullable=False),
        check("engine_settings", "numbered_from_one", "number >= 1"),
        check("engine_settings", "rate_of_an_operating_point", "target_fpir > 0 AND target_fpir < 0.5"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposals.id"], name=op.f("fk_engine_settings_proposal_id_proposals")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_engine_settings")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_engine_settings_proposal_id")),
    )
    refuse_changes(
        "engine_settings", "what was in force stays on record", delete=True, unique=("number", "proposal_id")
    )


# --- requests to unseal ----------------------------------------------------------------------------------------------


def carry_unsealings() -> None:
    """Make a proposal of each request, under the id that the journal knows it by."""
    connection = op.get_bind()
    requests = connection.execute(
        sa.text("SELECT id, attestation_id, requested_by, reason, approved_by, approval_reason FROM unsealing_requests")
    ).all()
    for request in requests:
        content = json.dumps({"attestation_id": request.attestation_id, "kind": "unsealing"}, separators=(",", ":"))
        connection.execute(
            sa.text(
                "INSERT INTO proposals (id, kind, attestation_id, content, content_sha256, reason, proposed_by, "  # noqa: S608  (three words of our own)
                "proposed_at, expires_at, state, answered_by, answered_at, answer_reason, version) "
                f"SELECT id, 'unsealing', attestation_id, :content, :digest, reason, requested_by, requested_at, "
                f"{_three_days_after('requested_at')}, :state, approved_by, approved_at, approval_reason, :version "
                "FROM unsealing_requests WHERE id = :id"
            ),
            {
                "id": request.id,
                "content": content,
                "digest": hashlib.sha256(content.encode()).hexdigest(),
                "state": "proposed" if request.approved_by is None else "approved",
                "version": 1 if request.approved_by is None else 2,
            },
        )


def _three_days_after(column: str) -> str:
    """Answer the expression for as long as a request has always waited for the second person."""
    if op.get_bind().dialect.name == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '+3 days')"
    return f"{column} + INTERVAL '3 days'"


def give_unsealings_back() -> None:
    op.execute(
        "INSERT INTO unsealing_requests (id, attestation_id, requested_by, requested_at, reason, approved_by, "
        "approved_at, approval_reason) SELECT id, attestation_id, proposed_by, proposed_at, reason, "
        "CASE WHEN state = 'approved' THEN answered_by END, CASE WHEN state = 'approved' THEN answered_at END, "
        "CASE WHEN state = 'approved' THEN answer_reason END FROM proposals WHERE kind = 'unsealing'"
    )


def create_unsealing_requests() -> None:
    op.create_table(
        "unsealing_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("attestation_id", ID, nullable=False),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approval_reason", sa.String(500), nullable=True),
        check("unsealing_requests", "two_people", "approved_by <> requested_by"),
        check("unsealing_requests", "approved_has_a_moment", "(approved_by IS NULL) = (approved_at IS NULL)"),
        check("unsealing_requests", "approved_has_a_reason", "(approved_by IS NULL) = (approval_reason IS NULL)"),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["accounts.id"], name=op.f("fk_unsealing_requests_approved_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["attestation_id"],
            ["source_attestations.id"],
            name=op.f("fk_unsealing_requests_attestation_id_source_attestations"),
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["accounts.id"], name=op.f("fk_unsealing_requests_requested_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsealing_requests")),
    )
    op.create_index(op.f("ix_unsealing_requests_attestation_id"), "unsealing_requests", ["attestation_id"])
