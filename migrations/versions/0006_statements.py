"""Spoken consent statements, which the database refuses to change once they are kept.

Revision: 0006
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, JSON, MOMENT, SHA256, check, choice, drop_refusal, rebuild, refuse_changes

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


STATES = ("open", "queued", "accepted", "unverified", "refused", "failed", "expired")
WORK_CHECKS = {
    "work_state": "state IN ('queued', 'leased', 'done', 'dead')",
    "attempts_in_range": "attempts >= 0 AND attempts <= max_attempts",
    "leased_until": "(state = 'leased') = (lease_expires_at IS NOT NULL)",
    "leased_by_one": "(state = 'leased') = (leased_by IS NOT NULL)",
    "finished_when_over": "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)",
}
KINDS_BEFORE = {"work_kind": "kind IN ('check', 'enrolment')"}
KINDS = {"work_kind": "kind IN ('check', 'enrolment', 'spoken_statement')"}
ONE_OF = {
    "uq_spoken_statements_one_open": ("consent_id", "state = 'open'"),
    "uq_spoken_statements_one_accepted": ("consent_id", "state = 'accepted'"),
    "uq_spoken_statements_one_use_of_a_recording": (
        "content_sha256",
        "state IN ('queued', 'accepted', 'unverified')",
    ),
}


def upgrade() -> None:
    create_spoken_statements()
    refuse_changes(
        "spoken_statements",
        "a spoken statement that is kept is never changed",
        when="OLD.state IN ('accepted', 'unverified')",
    )
    rebuild("work", WORK_CHECKS | KINDS_BEFORE, WORK_CHECKS | KINDS)


def downgrade() -> None:
    op.execute("DELETE FROM work WHERE kind = 'spoken_statement'")
    rebuild("work", WORK_CHECKS | KINDS, WORK_CHECKS | KINDS_BEFORE)
    op.drop_table("spoken_statements")
    drop_refusal("spoken_statements")


def create_spoken_statements() -> None:
    op.create_table(
        "spoken_statements",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("consent_id", ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", choice("spoken_statement_state", *STATES), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", SHA256, nullable=False),
        sa.Column("scope_sha256", SHA256, nullable=False),
        sa.Column("number", sa.String(6), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("content_sha256", SHA256, nullable=True),
        sa.Column("recording", JSON, nullable=True),
        sa.Column(
            "outcome", choice("evidence_outcome", "match", "sound_alike", "no_match", "inconclusive"), nullable=True
        ),
        sa.Column("log10_lr", sa.Double(), nullable=True),
        sa.Column("number_log10_lr", sa.Double(), nullable=True),
        sa.Column("digits", choice("digits_outcome", "verified", "different", "not_verified"), nullable=True),
        sa.Column("engine", JSON, nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("spool_key", sa.LargeBinary(), nullable=True),
        sa.Column("spool_master_key_id", sa.String(40), nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *checks(),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_spoken_statements_consent_id_consents")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_spoken_statements_created_by_accounts")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_spoken_statements_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spoken_statements")),
        sa.UniqueConstraint("consent_id", "attempt", name=op.f("uq_spoken_statements_consent_id_attempt")),
    )
    for column in ("performer_id", "content_sha256"):
        op.create_index(op.f(f"ix_spoken_statements_{column}"), "spoken_statements", [column])
    for name, (column, condition) in ONE_OF.items():
        where = sa.text(condition)
        op.create_index(name, "spoken_statements", [column], unique=True, sqlite_where=where, postgresql_where=where)


def checks() -> list[sa.CheckConstraint]:
    conditions = {
        "attempt_positive": "attempt >= 1",
        "version_positive": "version >= 1",
        "number_has_its_digits": "length(number) = 6",
        "lives_for_a_while": "expires_at > issued_at",
        "finished_when_over": "(state IN ('open', 'queued')) = (finished_at IS NULL)",
        "spool_key_only_while_queued": "(state = 'queued') = (spool_key IS NOT NULL)",
        "open_without_a_recording": "state <> 'open' OR content_sha256 IS NULL",
        "kept_in_the_enrolled_voice": (
            "state NOT IN ('accepted', 'unverified') OR (content_sha256 IS NOT NULL AND received_at < expires_at"
            " AND outcome = 'match' AND log10_lr IS NOT NULL)"
        ),
        "accepted_with_the_number": "state <> 'accepted' OR digits = 'verified'",
        "unverified_without_it": "state <> 'unverified' OR digits = 'not_verified'",
    }
    return [check("spoken_statements", name, condition) for name, condition in conditions.items()]
