"""Notices, who is a public figure, strikes for misuse and limits, and what stays down.

Code of before lists a decision about a finding, or a proposal, of the kinds that are new here with an error: operators
use these once every old process has ended.

Revision: 0021
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import (
    BYTES,
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

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

STATES = ("drafted", "complete", "reviewed", "served", "countered", "put_back", "withdrawn")
SIDES = ("complainant", "respondent", "registry")
ENDINGS = ("put_back", "case_reopened", "withdrawn", "by_hand")
GROUNDS = (
    *("withdrawn_as_mistaken", "misrepresentation", "claim_refused", "put_back_as_mistake"),
    *("no_answer", "unfounded_counter"),
)
ACTIONS_BEFORE = ("accept_as_licensed", "ask_for_fix", "ask_for_payment", "open_case", "archive")
ACTIONS = ("accept_as_licensed", "ask_for_fix", "ask_for_payment", "open_case", "prepare_notice", "archive")
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
KINDS_BEFORE = {"proposal_kind": one_of("kind", "unsealing", "performer_deletion", "engine_change")}
KINDS = {
    "proposal_kind": one_of(
        "kind", "unsealing", "performer_deletion", "engine_change", "notice_service", "notice_put_back"
    )
}
PROPOSAL_SAID = (
    *("kind", "attestation_id", "performer_id", "content", "content_sha256"),
    *("reason", "proposed_by", "proposed_at", "expires_at"),
)
INDEXES = (
    ("notices", "case_id", "id"),
    ("notices", "performer_id", "id"),
    ("notices", "studio_id", "id"),
    ("public_figures", "performer_id", "id"),
    ("stay_down_entries", "content_sha256"),
    ("stay_down_entries", "notice_id", "id"),
    ("stay_down_entries", "case_id"),
    ("misuse_strikes", "performer_id", "id"),
    ("misuse_strikes", "organisation_id", "id"),
    ("misuse_limits", "performer_id", "id"),
    ("misuse_limits", "organisation_id", "id"),
)


def upgrade() -> None:
    create_notices()
    create_stay_down()
    create_misuse()
    for table, *columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    op.add_column("checks", sa.Column("stay_down", JSON, nullable=True))
    op.add_column("reviews", sa.Column("notice_id", ID, nullable=True))
    rebuild(
        "reviews",
        {"review_action": one_of("action", *ACTIONS_BEFORE)},
        {"review_action": one_of("action", *ACTIONS)},
    )
    rebuild_proposals(KINDS_BEFORE, KINDS)


def downgrade() -> None:
    """Take the schema back. Notices are lost, and what was decided and proposed because of them."""
    op.execute("DELETE FROM reviews WHERE action = 'prepare_notice'")
    op.execute("DELETE FROM proposals WHERE kind IN ('notice_service', 'notice_put_back')")
    rebuild_proposals(KINDS, KINDS_BEFORE)
    rebuild(
        "reviews",
        {"review_action": one_of("action", *ACTIONS)},
        {"review_action": one_of("action", *ACTIONS_BEFORE)},
    )
    op.drop_column("reviews", "notice_id")
    op.drop_column("checks", "stay_down")
    for table in ("misuse_limits", "misuse_strikes", "stay_down_entries", "public_figures", "notice_steps", "notices"):
        op.drop_table(table)


def rebuild_proposals(before: dict[str, str], after: dict[str, str]) -> None:
    """Change which kinds of proposals there are. SQLite makes the table anew, and with it what keeps its rows."""
    rebuild("proposals", PROPOSAL_CHECKS | before, PROPOSAL_CHECKS | after)
    if on_sqlite():
        refuse_changes(
            "proposals",
            "a proposal stays as it was made, and an answer as it was given",
            when=f"OLD.state <> 'proposed' OR {differ(*PROPOSAL_SAID)}",
        )


def create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("pack_id", sa.String(50), nullable=False),
        sa.Column("pack_edition", sa.Integer(), nullable=False),
        sa.Column("pack_sha256", SHA256, nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("state", choice("notice_state", *STATES), nullable=False),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("elements", JSON, nullable=False),
        sa.Column("affirmed", JSON, nullable=False),
        sa.Column("materials", JSON, nullable=False),
        sa.Column("considered", JSON, nullable=False),
        sa.Column("proposal_id", ID, nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("document_sha256", SHA256, nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("page_sha256", SHA256, nullable=True),
        sa.Column("drafted_by", ID, nullable=False),
        sa.Column("drafted_for", choice("case_side", *SIDES), nullable=False),
        sa.Column("drafted_at", MOMENT, nullable=False),
        sa.Column("completed_by", ID, nullable=True),
        sa.Column("served_at", MOMENT, nullable=True),
        sa.Column("put_back_at", MOMENT, nullable=True),
        sa.Column("court_action_on", sa.Date(), nullable=True),
        sa.Column("ground", sa.String(40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("notices", "whole_before_it_is_read", "state IN ('drafted', 'withdrawn') OR document IS NOT NULL"),
        check("notices", "document_has_a_digest", "(document IS NULL) = (document_sha256 IS NULL)"),
        check("notices", "page_has_a_digest", "(page IS NULL) = (page_sha256 IS NULL)"),
        check("notices", "served_at_a_moment", "state NOT IN ('served', 'countered') OR served_at IS NOT NULL"),
        check("notices", "version_positive", "version >= 1"),
        *references(
            "notices",
            case_id="cases",
            performer_id="performers",
            studio_id="organisations",
            proposal_id="case_proposals",
            drafted_by="accounts",
            completed_by="accounts",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_steps",
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("state", choice("notice_state", *STATES), nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("taken_by", ID, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        check("notice_steps", "number_from_one", "number >= 1"),
        *references("notice_steps", notice_id="notices", taken_by="accounts"),
        sa.PrimaryKeyConstraint("notice_id", "number", name=op.f("pk_notice_steps")),
    )
    op.create_table(
        "public_figures",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("is_public_figure", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_by", ID, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        *references("public_figures", performer_id="performers", said_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_figures")),
    )


def create_stay_down() -> None:
    op.create_table(
        "stay_down_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("fingerprint", BYTES, nullable=True),
        sa.Column("algorithm", sa.String(40), nullable=True),
        sa.Column("listed_by", ID, nullable=False),
        sa.Column("listed_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ending", choice("entry_ending", *ENDINGS), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("stay_down_entries", "fingerprint_has_an_algorithm", "(fingerprint IS NULL) = (algorithm IS NULL)"),
        check("stay_down_entries", "ended_in_some_way", "(ended_at IS NULL) = (ending IS NULL)"),
        check("stay_down_entries", "ended_without_a_fingerprint", "ended_at IS NULL OR fingerprint IS NULL"),
        check("stay_down_entries", "version_positive", "version >= 1"),
        *references("stay_down_entries", notice_id="notices", case_id="cases", listed_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_down_entries")),
    )


def create_misuse() -> None:
    op.create_table(
        "misuse_strikes",
        sa.Column("id", ID, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("performer_id", ID, nullable=True),
        sa.Column("organisation_id", ID, nullable=True),
        sa.Column("ground", choice("misuse_ground", *GROUNDS), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("notice_id", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("contested_by", ID, nullable=True),
        sa.Column("contested_at", MOMENT, nullable=True),
        sa.Column("contest_reason", sa.Text(), nullable=True),
        sa.Column("answer", choice("contest_answer", "upheld", "lifted"), nullable=True),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("misuse_strikes", "against_one_side", "(performer_id IS NULL) <> (organisation_id IS NULL)"),
        check("misuse_strikes", "against_a_claimant", "(side = 'complainant') = (performer_id IS NOT NULL)"),
        check("misuse_strikes", "contested_by_somebody", "(contested_at IS NULL) = (contested_by IS NULL)"),
        check("misuse_strikes", "answered_once_contested", "answer IS NULL OR contested_at IS NOT NULL"),
        check("misuse_strikes", "answered_by_another", "answered_by IS NULL OR answered_by <> recorded_by"),
        check("misuse_strikes", "answered_by_somebody", "(answer IS NULL) = (answered_by IS NULL)"),
        check("misuse_strikes", "version_positive", "version >= 1"),
        *references(
            "misuse_strikes",
            performer_id="performers",
            organisation_id="organisations",
            case_id="cases",
            notice_id="notices",
            recorded_by="accounts",
            contested_by="accounts",
            answered_by="accounts",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misuse_strikes")),
    )
    op.create_table(
        "misuse_limits",
        sa.Column("id", ID, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("performer_id", ID, nullable=True),
        sa.Column("organisation_id", ID, nullable=True),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", ID, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("lifted_by", ID, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("misuse_limits", "of_one_side", "(performer_id IS NULL) <> (organisation_id IS NULL)"),
        check("misuse_limits", "of_a_claimant", "(side = 'complainant') = (performer_id IS NOT NULL)"),
        check("misuse_limits", "lifted_by_somebody", "(lifted_at IS NULL) = (lifted_by IS NULL)"),
        check("misuse_limits", "version_positive", "version >= 1"),
        *references(
            "misuse_limits",
            performer_id="performers",
            organisation_id="organisations",
            decided_by="accounts",
            lifted_by="accounts",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misuse_limits")),
    )
