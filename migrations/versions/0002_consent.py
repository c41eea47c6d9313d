"""Consent rests on registered texts; choices per use; age, death and being forgotten.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from migrations.parts import (
    ID,
    JSON,
    MOMENT,
    SHA256,
    allow_changes,
    check,
    differ,
    drop_refusal,
    on_sqlite,
    one_of,
    rebuild,
    refuse_changes,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT_ID = sa.String(120)

PURPOSES = ("monitoring", "licensing", "engine_improvement")
MODALITIES = ("voice", "face")
TOPICS = (
    "monitoring",
    "licensing_training",
    "licensing_voice_clone",
    "licensing_dubbing",
    "licensing_translation",
    "licensing_real_time",
    "licensing_productions",
    "engine_improvement",
    "withdrawal",
    "forget_me",
)
COPY_METHODS = ("download", "email", "post", "by_hand")
SIGNED_AS = ("performer", "agent", "guild", "guardian", "estate", "operator", "unrecorded")
DECISIONS = ("given", "refused")
STATES = ("draft", "active", "withdrawn", "superseded", "expired")

USES_BEFORE = (
    "training",
    "voice_clone",
    "dubbing",
    "translation",
    "narration",
    "character",
    "advertising",
    "assistant",
    "restoration",
)
"""Uses there were when a yes to licensing was a yes to licences for any of them, each with its own signature: asked."""


EXPLANATION_CHECKS = {
    "duration_not_negative": "duration_s >= 0",
    "text_has_a_digest": "length(text_sha256) = 64",
    "consent_purpose": one_of("purpose", *PURPOSES),
    "modality": one_of("modality", *MODALITIES),
}
NEW_EXPLANATION_CHECKS = {
    "version_positive": "version >= 1",
    "topic": one_of("topic", *TOPICS),
    "copy_method": one_of("copy_method", *COPY_METHODS),
    "topic_with_its_text": "(topic IS NULL) = (text_id IS NULL)",
    "complete_once_whole": (
        "completed_at IS NULL OR text_id IS NULL"
        " OR (read_at IS NOT NULL AND copy_delivered_at IS NOT NULL AND duration_s > 0)"
    ),
}
CONSENT_CHECKS = {
    "version_positive": "version >= 1",
    "signed_unless_draft": "(state = 'draft') = (signed_at IS NULL)",
    "withdrawn_has_a_moment": "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)",
    "consent_purpose": one_of("purpose", *PURPOSES),
    "modality": one_of("modality", *MODALITIES),
    "consent_decision": one_of("decision", *DECISIONS),
    "consent_state": one_of("state", *STATES),
}
NEW_CONSENT_CHECKS = {
    "signed_as": one_of("signed_as", *SIGNED_AS),
    "choices_of_a_licensing_yes": "(choices IS NOT NULL) = (purpose = 'licensing' AND decision = 'given')",
}
PERFORMER_CHECKS = {
    "name_not_empty": "length(name) > 0",
    "version_positive": "version >= 1",
    "identity_assurance": one_of(
        "identity_assurance", "self_declared", "representative_vouched", "union_vouched", "document_checked"
    ),
}
NEW_PERFORMER_CHECKS = {
    "age_with_its_birth_date": "adult_on IS NULL OR birth_date_commitment IS NOT NULL",
    "death_with_its_evidence": "(died_on IS NULL) = (death_evidence_sha256 IS NULL)",
}


def upgrade() -> None:
    create_explanation_texts()
    refuse_changes(
        "explanation_texts", "a text that was registered is never changed: register its next version", delete=True
    )
    create_tombstones()
    create_refused_names()
    rebuild("performers", PERFORMER_CHECKS, PERFORMER_CHECKS | NEW_PERFORMER_CHECKS, grow_performers)
    op.add_column("explanations", sa.Column("questions", JSON, nullable=True))
    op.add_column("explanations", sa.Column("completed_at", MOMENT, nullable=True))
    op.add_column("explanations", sa.Column("version", sa.Integer(), nullable=True))
    op.execute("UPDATE explanations SET questions = '[]', completed_at = recorded_at, version = 1")
    rebuild("explanations", EXPLANATION_CHECKS, EXPLANATION_CHECKS | NEW_EXPLANATION_CHECKS, grow_explanations)
    op.add_column("consents", sa.Column("explanation_ids", JSON, nullable=True))
    op.add_column("consents", sa.Column("choices", JSON, nullable=True))
    op.add_column("consents", sa.Column("signed_as", ID, nullable=True))
    told = array("explanation_id")
    op.execute(f"UPDATE consents SET signed_as = 'unrecorded', explanation_ids = {told}")  # noqa: S608  (our own words)
    op.execute(
        f"UPDATE consents SET choices = '{choices_before()}' WHERE purpose = 'licensing' AND decision = 'given'"  # noqa: S608  (our own words)
    )
    rebuild("consents", CONSENT_CHECKS, CONSENT_CHECKS | NEW_CONSENT_CHECKS, grow_consents)
    keep_what_was_explained_and_signed()


def downgrade() -> None:
    """Take the schema back. Consents and explanations that the older one cannot hold are lost."""
    allow_changes("explanations")
    allow_changes("consents")
    without = f"SELECT id FROM consents WHERE {length('explanation_ids')} = 0"  # noqa: S608  (our own words)
    op.execute(f"DELETE FROM enrolments WHERE consent_id IN ({without})")  # noqa: S608  (our own words)
    op.execute("UPDATE consents SET superseded_by = NULL")
    op.execute(f"DELETE FROM consents WHERE {length('explanation_ids')} = 0")  # noqa: S608  (our own words)
    op.add_column("consents", sa.Column("explanation_id", ID, nullable=True))
    op.execute(f"UPDATE consents SET explanation_id = {first('explanation_ids')}")  # noqa: S608  (our own words)
    rebuild("consents", CONSENT_CHECKS | NEW_CONSENT_CHECKS, CONSENT_CHECKS, shrink_consents)
    op.execute("UPDATE explanations SET purpose = 'licensing' WHERE purpose IS NULL")
    rebuild("explanations", EXPLANATION_CHECKS | NEW_EXPLANATION_CHECKS, EXPLANATION_CHECKS, shrink_explanations)
    op.drop_table("refused_names")
    op.drop_table("tombstones")
    rebuild("performers", PERFORMER_CHECKS | NEW_PERFORMER_CHECKS, PERFORMER_CHECKS, shrink_performers)
    op.drop_table("explanation_texts")
    drop_refusal("explanation_texts")


# --- what the two databases say differently --------------------------------------------------------------------------


def array(column: str) -> str:
    return f"json_array({column})" if on_sqlite() else f"jsonb_build_array({column})"


def first(column: str) -> str:
    return f"json_extract({column}, '$[0]')" if on_sqlite() else f"{column}->>0"


def length(column: str) -> str:
    return f"json_array_length({column})" if on_sqlite() else f"jsonb_array_length({column})"


def choices_before() -> str:
    return "{" + ", ".join(f'"{use}": "ask"' for use in USES_BEFORE).replace(":", "\\:") + "}"


# --- what is never changed -------------------------------------------------------------------------------------------

WORDS_TOLD = ("performer_id", "topic", "modality", "language", "text_id", "text", "text_sha256", "questions")
SIGNED = (
    "performer_id",
    "purpose",
    "modality",
    "decision",
    "explanation_ids",
    "choices",
    "signed_as",
    "signature_method",
    "signature_evidence_sha256",
    "signed_at",
    "recorded_by",
    "recorded_at",
)
FORGOTTEN = "(forgotten)"
"""The one name that may take the place of the one under a signature."""


def keep_what_was_explained_and_signed() -> None:
    """Let the database itself refuse to change what was told, and what was signed.

    Of an explanation the words never change, and nothing does once it is complete. Of a signed consent, the decision
    and the signature never change, its end only comes nearer, and once it has ended it does not come back.
    """
    refuse_changes(
        "explanations",
        "what was explained is never changed: explain anew",
        when=f"OLD.completed_at IS NOT NULL OR {differ(*WORDS_TOLD)}",
    )
    renamed = f"({differ('signed_by')}) AND NEW.signed_by <> '{FORGOTTEN}'"
    lengthened = "OLD.expires_at IS NOT NULL AND (NEW.expires_at IS NULL OR NEW.expires_at > OLD.expires_at)"
    revived = "OLD.state NOT IN ('draft', 'active') AND OLD.state <> NEW.state"
    refuse_changes(
        "consents",
        "what was signed is never changed: sign a decision that takes its place",
        when=f"OLD.signed_at IS NOT NULL AND ({differ(*SIGNED)} OR ({renamed}) OR ({lengthened}) OR ({revived}))",
    )


# --- the tables that grow --------------------------------------------------------------------------------------------


def grow_performers(batch: BatchOperations) -> None:
    batch.add_column(sa.Column("birth_date_commitment", SHA256, nullable=True))
    batch.add_column(sa.Column("birth_evidence_sha256", SHA256, nullable=True))
    batch.add_column(sa.Column("adult_on", sa.Date(), nullable=True))
    batch.add_column(sa.Column("died_on", sa.Date(), nullable=True))
    batch.add_column(sa.Column("death_evidence_sha256", SHA256, nullable=True))
    batch.add_column(sa.Column("forgotten_at", MOMENT, nullable=True))
    batch.add_column(sa.Column("namesake_evidence_sha256", SHA256, nullable=True))


def shrink_performers(batch: BatchOperations) -> None:
    for column in (
        "birth_date_commitment",
        "birth_evidence_sha256",
        "adult_on",
        "died_on",
        "death_evidence_sha256",
        "forgotten_at",
        "namesake_evidence_sha256",
    ):
        batch.drop_column(column)


def grow_explanations(batch: BatchOperations) -> None:
    batch.alter_column("purpose", existing_type=ID, nullable=True)
    batch.alter_column("questions", existing_type=JSON, nullable=False)
    batch.alter_column("version", existing_type=sa.Integer(), nullable=False)
    batch.add_column(sa.Column("topic", ID, nullable=True))
    batch.add_column(sa.Column("text_id", TEXT_ID, nullable=True))
    batch.add_column(sa.Column("sitting_since", MOMENT, nullable=True))
    batch.add_column(sa.Column("read_at", MOMENT, nullable=True))
    batch.add_column(sa.Column("copy_method", ID, nullable=True))


def shrink_explanations(batch: BatchOperations) -> None:
    batch.alter_column("purpose", existing_type=ID, nullable=False)
    for column in (
        "topic",
        "text_id",
        "questions",
        "sitting_since",
        "read_at",
        "copy_method",
        "completed_at",
        "version",
    ):
        batch.drop_column(column)


def grow_consents(batch: BatchOperations) -> None:
    batch.alter_column("explanation_ids", existing_type=JSON, nullable=False)
    batch.alter_column("signed_as", existing_type=ID, nullable=False)
    batch.drop_constraint(op.f("fk_consents_explanation_id_explanations"), type_="foreignkey")
    batch.drop_column("explanation_id")


def shrink_consents(batch: BatchOperations) -> None:
    batch.alter_column("explanation_id", existing_type=ID, nullable=False)
    batch.create_foreign_key(
        op.f("fk_consents_explanation_id_explanations"), "explanations", ["explanation_id"], ["id"]
    )
    for column in ("explanation_ids", "choices", "signed_as"):
        batch.drop_column(column)


# --- the tables that are new -----------------------------------------------------------------------------------------


def create_explanation_texts() -> None:
    op.create_table(
        "explanation_texts",
        sa.Column("id", TEXT_ID, nullable=False),
        sa.Column("topic", ID, nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("modalities", JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", SHA256, nullable=False),
        sa.Column("questions", JSON, nullable=False),
        sa.Column("questions_sha256", SHA256, nullable=False),
        sa.Column("registered_by", ID, nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        check("explanation_texts", "topic", one_of("topic", *TOPICS)),
        check("explanation_texts", "text_has_a_digest", "length(text_sha256) = 64"),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["accounts.id"], name=op.f("fk_explanation_texts_registered_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanation_texts")),
    )


def create_tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("text_id", TEXT_ID, nullable=False),
        sa.Column("text_sha256", SHA256, nullable=False),
        sa.Column("names", sa.Integer(), nullable=False),
        sa.Column("asked_by", ID, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        check("tombstones", "at_least_one_name", "names >= 1"),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_tombstones_asked_by_accounts")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_tombstones_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
    )
    op.create_index(op.f("ix_tombstones_performer_id"), "tombstones", ["performer_id"])


def create_refused_names() -> None:
    op.create_table(
        "refused_names",
        sa.Column("tombstone_id", ID, nullable=False),
        sa.Column("name_digest", SHA256, nullable=False),
        sa.ForeignKeyConstraint(
            ["tombstone_id"], ["tombstones.id"], name=op.f("fk_refused_names_tombstone_id_tombstones")
        ),
        sa.PrimaryKeyConstraint("tombstone_id", "name_digest", name=op.f("pk_refused_names")),
    )
    op.create_index(op.f("ix_refused_names_name_digest"), "refused_names", ["name_digest"])
