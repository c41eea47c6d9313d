"""Cases: what two sides file, who has read it, what is proposed, and what is paused.

Revision: 0016
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, JSON, MOMENT, SHA256, check, choice, references

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
serves_code_from: str = "0012"

STATES = ("open", "evidence", "analysis", "proposed", "decided", "closed")
SIDES = ("complainant", "respondent", "registry")
ENDINGS = ("not_taken_up", "withdrawn", "settled", "decided")
KINDS = (
    "statement",
    "casting_call",
    "contract",
    "consent_record",
    "direction_notes",
    "correspondence",
    "public_statement",
    "recording",
    "technical",
    "other",
)
CONCLUSIONS = ("supports_p", "explained_by_s", "sound_alike", "unknown_source", "inconclusive")


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("product", sa.String(200), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("finding_ids", JSON, nullable=False),
        sa.Column("attestation_id", ID, nullable=True),
        sa.Column("state", choice("case_state", *STATES), nullable=False),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("ending", choice("case_ending", *ENDINGS), nullable=True),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("opened_for", choice("case_side", *SIDES), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        check("cases", "closed_in_some_way", "(state = 'closed') = (ending IS NOT NULL)"),
        check("cases", "open_has_a_clock", "(state = 'closed') = (due_at IS NULL)"),
        check("cases", "version_positive", "version >= 1"),
        *references(
            "cases",
            performer_id="performers",
            studio_id="organisations",
            attestation_id="source_attestations",
            opened_by="accounts",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_table(
        "case_papers",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", choice("paper_kind", *KINDS), nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", BYTES, nullable=True),
        sa.Column("content_key", BYTES, nullable=True),
        sa.Column("content_master_key_id", sa.String(40), nullable=True),
        sa.Column("after_step", sa.Integer(), nullable=False),
        sa.Column("filed_by", ID, nullable=False),
        sa.Column("filed_at", MOMENT, nullable=False),
        check("case_papers", "statement_is_text", "(kind = 'statement') = (text IS NOT NULL)"),
        check("case_papers", "text_or_content", "text IS NULL OR content IS NULL"),
        check("case_papers", "content_has_a_key", "(content IS NULL) = (content_key IS NULL)"),
        check("case_papers", "content_key_is_wrapped", "(content IS NULL) = (content_master_key_id IS NULL)"),
        check("case_papers", "size_not_negative", "size_bytes >= 0"),
        check("case_papers", "after_step_not_negative", "after_step >= 0"),
        *references("case_papers", case_id="cases", filed_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_papers")),
        sa.UniqueConstraint("case_id", "side", "sha256", name=op.f("uq_case_papers_case_id_side_sha256")),
    )
    op.create_table(
        "case_readings",
        sa.Column("paper_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        *references("case_readings", paper_id="case_papers", account_id="accounts", case_id="cases"),
        sa.PrimaryKeyConstraint("paper_id", "account_id", name=op.f("pk_case_readings")),
    )
    op.create_table(
        "case_proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("conclusion", choice("conclusion", *CONCLUSIONS), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("would_change", sa.Text(), nullable=False),
        sa.Column("dissent", sa.Text(), nullable=True),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        *references("case_proposals", case_id="cases", proposed_by="accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_proposals")),
    )
    op.create_table(
        "case_steps",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("state", choice("case_state", *STATES), nullable=False),
        sa.Column("side", choice("case_side", *SIDES), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paper_id", ID, nullable=True),
        sa.Column("proposal_id", ID, nullable=True),
        sa.Column("taken_by", ID, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        check("case_steps", "number_from_one", "number >= 1"),
        *references(
            "case_steps", case_id="cases", paper_id="case_papers", proposal_id="case_proposals", taken_by="accounts"
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_steps")),
    )
    op.create_table(
        "case_pauses",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("hold_id", ID, nullable=False),
        sa.Column("review_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", ID, nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        check("case_pauses", "ended_by_somebody", "(ended_by IS NULL) = (ended_at IS NULL)"),
        check("case_pauses", "ended_for_a_reason", "(ended_at IS NULL) = (end_reason IS NULL)"),
        *references(
            "case_pauses",
            case_id="cases",
            licence_id="licences",
            hold_id="licence_holds",
            placed_by="accounts",
            ended_by="accounts",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_pauses")),
    )
    for table, *columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


INDEXES = (
    ("cases", "performer_id", "id"),
    ("cases", "studio_id", "id"),
    ("cases", "state", "due_at"),
    ("case_papers", "case_id", "id"),
    ("case_readings", "case_id"),
    ("case_proposals", "case_id", "id"),
    ("case_pauses", "case_id", "id"),
)


def downgrade() -> None:
    for table in ("case_pauses", "case_steps", "case_proposals", "case_readings", "case_papers", "cases"):
        op.drop_table(table)
