"""Analyses of a case, recordings marked for them, cohorts that sides propose, and who agreed to be in one.

Older workers lease no work of a kind that they do not know. One that finds an analysis which newer workers gave up
leaves it, and the rest of its housekeeping, to these.

Revision: 0020
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, JSON, MOMENT, SHA256, check, choice, rebuild, references

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

SIDES = ("complainant", "respondent", "registry")
VOICES = ("questioned", "performer", "source")
STATES = ("waiting", "running", "done", "failed")
CONCLUSIONS = ("supports_p", "explained_by_s", "sound_alike", "unknown_source", "inconclusive")
SIGNED_AS = ("performer", "agent", "guild", "guardian", "estate", "operator", "unrecorded")
WORK_CHECKS = {
    "work_state": "state IN ('queued', 'leased', 'done', 'dead')",
    "attempts_in_range": "attempts >= 0 AND attempts <= max_attempts",
    "leased_until": "(state = 'leased') = (lease_expires_at IS NOT NULL)",
    "leased_by_one": "(state = 'leased') = (leased_by IS NOT NULL)",
    "finished_when_over": "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)",
}
KINDS_BEFORE = {"work_kind": "kind IN ('check', 'enrolment', 'spoken_statement', 'scan')"}
KINDS = {"work_kind": "kind IN ('check', 'enrolment', 'spoken_statement', 'scan', 'case_analysis')"}
INDEXES = (
    ("case_analyses", "case_id", "id"),
    ("case_recordings", "case_id"),
    ("case_analysis_readings", "case_id"),
    ("cohort_agreements", "performer_id", "id"),
)
OF_PROPOSALS = ("analysis_id", "analysis_sha256", "rests_on")


def upgrade() -> None:
    rebuild("work", WORK_CHECKS | KINDS_BEFORE, WORK_CHECKS | KINDS)
    create_analyses()
    create_readings()
    create_recordings()
    create_cohorts()
    create_agreements()
    for column, kind in zip(OF_PROPOSALS, (ID, SHA256, sa.String(40)), strict=True):
        op.add_column("case_proposals", sa.Column(column, kind, nullable=True))
    for table, *columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def downgrade() -> None:
    """Take the schema back. Analyses, sealed recordings and agreements to be in a cohort are lost."""
    for column in reversed(OF_PROPOSALS):
        op.drop_column("case_proposals", column)
    for table in ("cohort_agreements", "case_cohorts", "case_recordings", "case_analysis_readings", "case_analyses"):
        op.drop_table(table)
    op.execute("DELETE FROM work WHERE kind = 'case_analysis'")
    rebuild("work", WORK_CHECKS | KINDS, WORK_CHECKS | KINDS_BEFORE)


def create_analyses() -> None:
    op.create_table(
        "case_analyses",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", choice("analysis_state", *STATES), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("cohort_criteria", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", ID, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("content", BYTES, nullable=True),
        sa.Column("content_sha256", SHA256, nullable=True),
        sa.Column("conclusion", choice("conclusion", *CONCLUSIONS), nullable=True),
        sa.Column("failure", JSON, nullable=True),
        check("case_analyses", "number_from_one", "number >= 1"),
        check("case_analyses", "ended_when_over", "(state IN ('done', 'failed')) = (ended_at IS NOT NULL)"),
        check("case_analyses", "done_with_content", "(state = 'done') = (content IS NOT NULL)"),
        check("case_analyses", "content_has_a_digest", "(content IS NULL) = (content_sha256 IS NULL)"),
        check("case_analyses", "content_concludes", "(content IS NULL) = (conclusion IS NULL)"),
        check("case_analyses", "failed_for_a_reason", "(state = 'failed') = (failure IS NOT NULL)"),
        *references("case_analyses", case_id="cases", asked_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_analyses")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_case_analyses_case_id_number")),
    )


def create_readings() -> None:
    op.create_table(
        "case_analysis_readings",
        sa.Column("analysis_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        *references("case_analysis_readings", analysis_id="case_analyses", account_id="accounts", case_id="cases"),
        sa.PrimaryKeyConstraint("analysis_id", "account_id", name=op.f("pk_case_analysis_readings")),
    )


def create_recordings() -> None:
    op.create_table(
        "case_recordings",
        sa.Column("paper_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("voice", choice("voice", *VOICES), nullable=False),
        sa.Column("under_seal", sa.Boolean(), nullable=False),
        sa.Column("content", BYTES, nullable=True),
        sa.Column("content_key", BYTES, nullable=True),
        sa.Column("content_master_key_id", sa.String(40), nullable=True),
        check("case_recordings", "under_seal_here", "under_seal = (content IS NOT NULL)"),
        check("case_recordings", "only_a_source_is_sealed", "voice = 'source' OR NOT under_seal"),
        check("case_recordings", "content_has_a_key", "(content IS NULL) = (content_key IS NULL)"),
        check("case_recordings", "content_key_is_wrapped", "(content IS NULL) = (content_master_key_id IS NULL)"),
        *references("case_recordings", paper_id="case_papers", case_id="cases"),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_case_recordings")),
    )


def create_cohorts() -> None:
    op.create_table(
        "case_cohorts",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        *references("case_cohorts", case_id="cases", proposed_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_cohorts")),
        sa.UniqueConstraint("case_id", "side", name=op.f("uq_case_cohorts_case_id_side")),
    )


def create_agreements() -> None:
    op.create_table(
        "cohort_agreements",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("text_id", sa.String(120), nullable=False),
        sa.Column("text_sha256", SHA256, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("description", JSON, nullable=True),
        sa.Column("signed_as", choice("signed_as", *SIGNED_AS), nullable=False),
        sa.Column("signature_evidence_sha256", SHA256, nullable=True),
        sa.Column("agreed_by", ID, nullable=False),
        sa.Column("agreed_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        check("cohort_agreements", "described_while_it_lasts", "ended_at IS NULL OR description IS NULL"),
        *references("cohort_agreements", performer_id="performers", agreed_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_agreements")),
    )
