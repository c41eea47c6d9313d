"""Purges that take two operators: a kind of proposal, a kind of work, and how far each purge is.

Older workers lease no work of a kind that they do not know. Code of before lists a proposal of the kind that is new
here with an error: operators use it once every old process has ended.

Revision: 0029
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import (
    ID,
    JSON,
    MOMENT,
    SHA256,
    check,
    choice,
    differ,
    on_sqlite,
    one_of,
    rebuild,
    references,
    refuse_changes,
)

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

WORK_CHECKS = {
    "work_state": "state IN ('queued', 'leased', 'done', 'dead')",
    "attempts_in_range": "attempts >= 0 AND attempts <= max_attempts",
    "leased_until": "(state = 'leased') = (lease_expires_at IS NOT NULL)",
    "leased_by_one": "(state = 'leased') = (leased_by IS NOT NULL)",
    "finished_when_over": "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)",
}
_WORK = ("check", "enrolment", "spoken_statement", "scan", "case_analysis")
WORK_BEFORE = {"work_kind": one_of("kind", *_WORK)}
WORK = {"work_kind": one_of("kind", *_WORK, "purge")}
PROPOSAL_CHECKS = {
    "two_people": "state <> 'approved' OR answered_by <> proposed_by",
    "withdrawn_by_who_proposed": "state <> 'withdrawn' OR answered_by = proposed_by",
    "answered_by_somebody": "(state = 'proposed') = (answered_by IS NULL)",
    "answered_at_a_moment": "(answered_by IS NULL) = (answered_at IS NULL)",
    "answered_with_a_reason": "(answered_by IS NULL) = (answer_reason IS NULL)",
    "waits_for_a_time": "expires_at > proposed_at",
    "unseals_an_attestation": "(kind = 'unsealing') = (attestation_id IS NOT NULL)",
    "deletes_a_performer": "(kind = 'performer_deletion') = (performer_id IS NOT NULL)",
    "version_positive": "version >= 1",
    "proposal_state": one_of("state", "proposed", "lapsed", "approved", "refused", "withdrawn"),
}
_PROPOSED = ("unsealing", "performer_deletion", "engine_change", "notice_service", "notice_put_back")
PROPOSED_BEFORE = {"proposal_kind": one_of("kind", *_PROPOSED)}
PROPOSED = {"proposal_kind": one_of("kind", *_PROPOSED, "purge")}
PROPOSAL_SAID = (
    *("kind", "attestation_id", "performer_id", "content", "content_sha256"),
    *("reason", "proposed_by", "proposed_at", "expires_at"),
)


def upgrade() -> None:
    rebuild("work", WORK_CHECKS | WORK_BEFORE, WORK_CHECKS | WORK)
    rebuild_proposals(PROPOSED_BEFORE, PROPOSED)
    op.create_table(
        "purges",
        sa.Column("id", ID, nullable=False),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.Column("schedule_sha256", SHA256, nullable=False),
        sa.Column("due", JSON, nullable=False),
        sa.Column("state", choice("purge_state", "running", "done", "stopped", "failed"), nullable=False),
        sa.Column("destroyed", JSON, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("certificates", sa.Integer(), nullable=False),
        sa.Column("approved_by", ID, nullable=False),
        sa.Column("approved_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("stopped_by", ID, nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("purges", "runs_until_it_ends", "(state = 'running') = (ended_at IS NULL)"),
        check("purges", "stopped_by_somebody", "(state = 'stopped') = (stopped_by IS NOT NULL)"),
        check("purges", "failed_for_a_reason", "(state = 'failed') = (problem IS NOT NULL)"),
        check("purges", "counted", "records >= 0 AND certificates >= 0"),
        check("purges", "version_positive", "version >= 1"),
        *references("purges", proposal_id="proposals", approved_by="accounts", stopped_by="accounts"),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_purges_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purges")),
    )
    running = sa.text("state = 'running'")
    op.create_index(
        op.f("ix_purges_running"), "purges", ["state"], unique=True, sqlite_where=running, postgresql_where=running
    )


def downgrade() -> None:
    """Take the schema back. Which purges two operators agreed on is lost; certificates of what they destroyed stay."""
    op.drop_table("purges")
    op.execute("DELETE FROM work WHERE kind = 'purge'")
    op.execute("DELETE FROM proposals WHERE kind = 'purge'")
    rebuild_proposals(PROPOSED, PROPOSED_BEFORE)
    rebuild("work", WORK_CHECKS | WORK, WORK_CHECKS | WORK_BEFORE)


def rebuild_proposals(before: dict[str, str], after: dict[str, str]) -> None:
    """Change which kinds of proposals there are. SQLite makes the table anew, and with it what keeps its rows."""
    rebuild("proposals", PROPOSAL_CHECKS | before, PROPOSAL_CHECKS | after)
    if on_sqlite():
        refuse_changes(
            "proposals",
            "a proposal stays as it was made, and an answer as it was given",
            when=f"OLD.state <> 'proposed' OR {differ(*PROPOSAL_SAID)}",
        )
