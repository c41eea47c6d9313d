"""The first schema.

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, JSON, MOMENT, SHA256, choice

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_journal_entries()
    create_organisations()
    create_work()
    create_workers()
    create_accounts()
    create_journal_openings()
    create_idempotent_answers()
    create_performers()
    create_tokens()
    create_checks()
    create_explanations()
    create_gallery_changes()
    create_key_destructions()
    create_licences()
    create_performer_keys()
    create_representatives()
    create_consents()
    create_findings()
    create_enrolments()
    create_voiceprints()


def downgrade() -> None:
    op.drop_table("voiceprints")
    op.drop_table("enrolments")
    op.drop_table("findings")
    op.drop_table("consents")
    op.drop_table("representatives")
    op.drop_table("performer_keys")
    op.drop_table("licences")
    op.drop_table("key_destructions")
    op.drop_table("gallery_changes")
    op.drop_table("explanations")
    op.drop_table("checks")
    op.drop_table("tokens")
    op.drop_table("performers")
    op.drop_table("idempotent_answers")
    op.drop_table("journal_openings")
    op.drop_table("accounts")
    op.drop_table("workers")
    op.drop_table("work")
    op.drop_table("organisations")
    op.drop_table("journal_entries")


def create_journal_entries() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("leaf", BYTES, nullable=False),
        sa.Column("leaf_sha256", SHA256, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_entries_subject_id"), "journal_entries", ["subject_id"])
    op.create_index(op.f("ix_journal_entries_type"), "journal_entries", ["type"])


def create_organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", choice("organisation_kind", "studio", "auditor", "operator"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_organisations_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("name", name=op.f("uq_organisations_name")),
    )


def create_work() -> None:
    op.create_table(
        "work",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", choice("work_kind", "check", "enrolment"), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("state", choice("work_state", "queued", "leased", "done", "dead"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", MOMENT, nullable=False),
        sa.Column("leased_by", ID, nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("lease_expires_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("last_error", sa.String(length=1000), nullable=True),
        sa.CheckConstraint("(state = 'leased') = (lease_expires_at IS NOT NULL)", name=op.f("ck_work_leased_until")),
        sa.CheckConstraint("(state = 'leased') = (leased_by IS NOT NULL)", name=op.f("ck_work_leased_by_one")),
        sa.CheckConstraint(
            "(state IN ('done', 'dead')) = (finished_at IS NOT NULL)", name=op.f("ck_work_finished_when_over")
        ),
        sa.CheckConstraint("attempts >= 0 AND attempts <= max_attempts", name=op.f("ck_work_attempts_in_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_work_kind_subject_id")),
    )
    op.create_index(op.f("ix_work_state_available_at"), "work", ["state", "available_at"])


def create_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", ID, nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("engine_version", sa.String(length=200), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("gallery_seq", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_index(op.f("ix_workers_last_seen_at"), "workers", ["last_seen_at"])


def create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "role",
            choice("role", "performer", "representative", "studio_member", "studio_admin", "auditor", "operator"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(role IN ('performer', 'representative')) = (organisation_id IS NULL)",
            name=op.f("ck_accounts_organisation_fits_role"),
        ),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_accounts_name_not_empty")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_accounts_version_positive")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_accounts_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_organisation_id"), "accounts", ["organisation_id"])


def create_journal_openings() -> None:
    op.create_table(
        "journal_openings",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("salt", BYTES, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["journal_entries.seq"], name=op.f("fk_journal_openings_seq_journal_entries")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_openings")),
    )


def create_idempotent_answers() -> None:
    op.create_table(
        "idempotent_answers",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", SHA256, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", JSON, nullable=True),
        sa.Column("body", JSON, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_idempotent_answers_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_expires_at"), "idempotent_answers", ["expires_at"])


def create_performers() -> None:
    op.create_table(
        "performers",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "identity_assurance",
            choice(
                "identity_assurance", "self_declared", "representative_vouched", "union_vouched", "document_checked"
            ),
            nullable=False,
        ),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_performers_name_not_empty")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_performers_version_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_performers_account_id_accounts")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_performers_created_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performers")),
        sa.UniqueConstraint("account_id", name=op.f("uq_performers_account_id")),
    )


def create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_sha256", SHA256, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_tokens_expires_after_creation")),
        sa.CheckConstraint("length(secret_sha256) = 64", name=op.f("ck_tokens_secret_is_a_digest")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_tokens_secret_sha256")),
    )
    op.create_index(op.f("ix_tokens_account_id"), "tokens", ["account_id"])


def create_checks() -> None:
    op.create_table(
        "checks",
        sa.Column("id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("submitted_by", ID, nullable=False),
        sa.Column("state", choice("check_state", "queued", "done", "refused", "failed"), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("kind", choice("use_kind", "generated", "training", "reference"), nullable=False),
        sa.Column(
            "purpose",
            choice(
                "use_purpose",
                "training",
                "voice_clone",
                "dubbing",
                "translation",
                "narration",
                "character",
                "advertising",
                "assistant",
                "restoration",
            ),
            nullable=False,
        ),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column(
            "medium",
            choice(
                "medium",
                "film",
                "television",
                "streaming",
                "radio",
                "podcast",
                "audiobook",
                "game",
                "online",
                "telephony",
                "stage",
                "internal",
            ),
            nullable=False,
        ),
        sa.Column("territory", sa.String(length=5), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("fixed_on", sa.Date(), nullable=True),
        sa.Column("claimed_licence_ids", JSON, nullable=False),
        sa.Column("declared_source_id", ID, nullable=True),
        sa.Column(
            "verdict",
            choice(
                "verdict",
                "no_match",
                "licensed_use",
                "licensed_out_of_scope",
                "licensed_unpaid",
                "licence_suspended",
                "licence_expired",
                "expired_legacy_use",
                "consent_withdrawn",
                "opted_out_match",
                "unlicensed_match",
                "explained_by_declared_source",
                "sound_alike_review",
                "inconclusive",
                "not_assessed",
            ),
            nullable=True,
        ),
        sa.Column(
            "outcome", choice("evidence_outcome", "match", "sound_alike", "no_match", "inconclusive"), nullable=True
        ),
        sa.Column("speech_s", sa.Double(), nullable=True),
        sa.Column("reasons", JSON, nullable=True),
        sa.Column("engine", JSON, nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("spool_key", BYTES, nullable=True),
        sa.Column("spool_master_key_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'done') = (verdict IS NOT NULL)", name=op.f("ck_checks_done_has_a_verdict")),
        sa.CheckConstraint("(state = 'queued') = (finished_at IS NULL)", name=op.f("ck_checks_finished_unless_queued")),
        sa.CheckConstraint("state = 'queued' OR spool_key IS NULL", name=op.f("ck_checks_spool_key_only_while_queued")),
        sa.CheckConstraint("duration_s > 0", name=op.f("ck_checks_duration_positive")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_checks_version_positive")),
        sa.ForeignKeyConstraint(
            ["declared_source_id"], ["performers.id"], name=op.f("fk_checks_declared_source_id_performers")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_checks_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["submitted_by"], ["accounts.id"], name=op.f("fk_checks_submitted_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    op.create_index(op.f("ix_checks_organisation_id_id"), "checks", ["organisation_id", "id"])


def create_explanations() -> None:
    op.create_table(
        "explanations",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column(
            "purpose", choice("consent_purpose", "monitoring", "licensing", "engine_improvement"), nullable=False
        ),
        sa.Column("modality", choice("modality", "voice", "face"), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", SHA256, nullable=False),
        sa.Column("explained_by", sa.String(length=200), nullable=False),
        sa.Column("channel", ID, nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("copy_delivered_at", MOMENT, nullable=True),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint("duration_s >= 0", name=op.f("ck_explanations_duration_not_negative")),
        sa.CheckConstraint("length(text_sha256) = 64", name=op.f("ck_explanations_text_has_a_digest")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_explanations_performer_id_performers")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["accounts.id"], name=op.f("fk_explanations_recorded_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanations")),
    )
    op.create_index(op.f("ix_explanations_performer_id"), "explanations", ["performer_id"])


def create_gallery_changes() -> None:
    op.create_table(
        "gallery_changes",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("kind", choice("gallery_change_kind", "added", "removed"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_gallery_changes_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_gallery_changes")),
        sqlite_autoincrement=True,
    )


def create_key_destructions() -> None:
    op.create_table(
        "key_destructions",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("modality", sa.String(length=10), nullable=False),
        sa.Column("destroyed_at", MOMENT, nullable=False),
        sa.Column("voiceprints", sa.Integer(), nullable=False),
        sa.Column("commitment", SHA256, nullable=False),
        sa.Column("salt", BYTES, nullable=False),
        sa.CheckConstraint("voiceprints >= 0", name=op.f("ck_key_destructions_voiceprints_counted")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_key_destructions_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_destructions")),
        sa.UniqueConstraint("commitment", name=op.f("uq_key_destructions_commitment")),
    )
    op.create_index(op.f("ix_key_destructions_performer_id"), "key_destructions", ["performer_id"])


def create_licences() -> None:
    op.create_table(
        "licences",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column(
            "state",
            choice("licence_state", "draft", "offered", "active", "suspended", "revoked", "expired"),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("intended_use", sa.Text(), nullable=False),
        sa.Column("purposes", JSON, nullable=False),
        sa.Column("media", JSON, nullable=False),
        sa.Column("territories", JSON, nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("projects", JSON, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("exclusivity", choice("exclusivity", "non_exclusive", "exclusive"), nullable=False),
        sa.Column(
            "pay_basis",
            choice(
                "pay_basis",
                "none",
                "flat",
                "per_session",
                "per_line",
                "per_second",
                "per_thousand_inferences",
                "per_training_run",
                "per_real_time_hour",
            ),
            nullable=False,
        ),
        sa.Column("pay_amount_minor", sa.Integer(), nullable=False),
        sa.Column("pay_currency", sa.String(length=3), nullable=True),
        sa.Column("pay_due_within_days", sa.Integer(), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("offered_at", MOMENT, nullable=True),
        sa.Column("performer_signed_at", MOMENT, nullable=True),
        sa.Column("performer_signed_by", ID, nullable=True),
        sa.Column("studio_signed_at", MOMENT, nullable=True),
        sa.Column("studio_signed_by", ID, nullable=True),
        sa.Column("activated_at", MOMENT, nullable=True),
        sa.Column("suspended_at", MOMENT, nullable=True),
        sa.Column("suspended_by", sa.String(length=20), nullable=True),
        sa.Column("suspension_reason", sa.String(length=500), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(pay_basis = 'none') = (pay_currency IS NULL)", name=op.f("ck_licences_pay_has_a_currency")
        ),
        sa.CheckConstraint(
            "(state = 'suspended') = (suspended_at IS NOT NULL)", name=op.f("ck_licences_suspended_has_a_moment")
        ),
        sa.CheckConstraint(
            "state NOT IN ('active', 'suspended', 'expired') OR activated_at IS NOT NULL",
            name=op.f("ck_licences_in_force_once_active"),
        ),
        sa.CheckConstraint(
            "activated_at IS NULL OR (performer_signed_at IS NOT NULL AND studio_signed_at IS NOT NULL)",
            name=op.f("ck_licences_active_once_both_signed"),
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_licences_term_in_order")),
        sa.CheckConstraint("pay_amount_minor >= 0", name=op.f("ck_licences_pay_not_negative")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_licences_version_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_licences_created_by_accounts")),
        sa.ForeignKeyConstraint(["performer_id"], ["performers.id"], name=op.f("fk_licences_performer_id_performers")),
        sa.ForeignKeyConstraint(
            ["performer_signed_by"], ["accounts.id"], name=op.f("fk_licences_performer_signed_by_accounts")
        ),
        sa.ForeignKeyConstraint(["studio_id"], ["organisations.id"], name=op.f("fk_licences_studio_id_organisations")),
        sa.ForeignKeyConstraint(
            ["studio_signed_by"], ["accounts.id"], name=op.f("fk_licences_studio_signed_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licences")),
    )
    op.create_index(op.f("ix_licences_performer_id"), "licences", ["performer_id"])
    op.create_index(op.f("ix_licences_studio_id_performer_id"), "licences", ["studio_id", "performer_id"])


def create_performer_keys() -> None:
    op.create_table(
        "performer_keys",
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("modality", sa.String(length=10), nullable=False),
        sa.Column("master_key_id", ID, nullable=False),
        sa.Column("wrapped_key", BYTES, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_performer_keys_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("performer_id", "modality", name=op.f("pk_performer_keys")),
    )


def create_representatives() -> None:
    op.create_table(
        "representatives",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", choice("representative_kind", "agent", "guild", "guardian", "estate"), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("evidence_sha256", SHA256, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("dismissed_at", MOMENT, nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_representatives_expires_after_creation")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_representatives_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_representatives_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representatives")),
    )
    op.create_index(op.f("ix_representatives_account_id"), "representatives", ["account_id"])
    op.create_index(op.f("ix_representatives_performer_id"), "representatives", ["performer_id"])


def create_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("explanation_id", ID, nullable=False),
        sa.Column(
            "purpose", choice("consent_purpose", "monitoring", "licensing", "engine_improvement"), nullable=False
        ),
        sa.Column("modality", choice("modality", "voice", "face"), nullable=False),
        sa.Column("decision", choice("consent_decision", "given", "refused"), nullable=False),
        sa.Column(
            "state", choice("consent_state", "draft", "active", "withdrawn", "superseded", "expired"), nullable=False
        ),
        sa.Column("signed_by", sa.String(length=200), nullable=False),
        sa.Column("signature_method", ID, nullable=False),
        sa.Column("signature_evidence_sha256", SHA256, nullable=True),
        sa.Column("signed_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("superseded_by", ID, nullable=True),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (signed_at IS NULL)", name=op.f("ck_consents_signed_unless_draft")),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_consents_withdrawn_has_a_moment")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_consents_version_positive")),
        sa.ForeignKeyConstraint(
            ["explanation_id"], ["explanations.id"], name=op.f("fk_consents_explanation_id_explanations")
        ),
        sa.ForeignKeyConstraint(["performer_id"], ["performers.id"], name=op.f("fk_consents_performer_id_performers")),
        sa.ForeignKeyConstraint(["recorded_by"], ["accounts.id"], name=op.f("fk_consents_recorded_by_accounts")),
        sa.ForeignKeyConstraint(["superseded_by"], ["consents.id"], name=op.f("fk_consents_superseded_by_consents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_performer_id"), "consents", ["performer_id"])
    op.create_index(
        "uq_consents_one_active",
        "consents",
        ["performer_id", "purpose", "modality"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )


def create_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", ID, nullable=False),
        sa.Column("check_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "outcome", choice("evidence_outcome", "match", "sound_alike", "no_match", "inconclusive"), nullable=False
        ),
        sa.Column("log10_lr", sa.Double(), nullable=False),
        sa.Column("engines", JSON, nullable=False),
        sa.Column("cohort_percentile", sa.Double(), nullable=False),
        sa.Column("segments", JSON, nullable=False),
        sa.Column("evidence_reasons", JSON, nullable=False),
        sa.Column(
            "verdict",
            choice(
                "verdict",
                "no_match",
                "licensed_use",
                "licensed_out_of_scope",
                "licensed_unpaid",
                "licence_suspended",
                "licence_expired",
                "expired_legacy_use",
                "consent_withdrawn",
                "opted_out_match",
                "unlicensed_match",
                "explained_by_declared_source",
                "sound_alike_review",
                "inconclusive",
                "not_assessed",
            ),
            nullable=False,
        ),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("licence_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "cohort_percentile >= 0 AND cohort_percentile <= 100", name=op.f("ck_findings_percentile_in_range")
        ),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_findings_rank_from_one")),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_findings_check_id_checks")),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_findings_licence_id_licences")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_findings_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["performer_id"], ["performers.id"], name=op.f("fk_findings_performer_id_performers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("check_id", "performer_id", name=op.f("uq_findings_check_id_performer_id")),
        sa.UniqueConstraint("check_id", "rank", name=op.f("uq_findings_check_id_rank")),
    )
    op.create_index(op.f("ix_findings_organisation_id_id"), "findings", ["organisation_id", "id"])
    op.create_index(op.f("ix_findings_performer_id_id"), "findings", ["performer_id", "id"])


def create_enrolments() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("consent_id", ID, nullable=False),
        sa.Column("modality", choice("modality", "voice", "face"), nullable=False),
        sa.Column(
            "state", choice("enrolment_state", "queued", "active", "refused", "failed", "erased"), nullable=False
        ),
        sa.Column("recordings", JSON, nullable=False),
        sa.Column("quality", JSON, nullable=True),
        sa.Column("problem", JSON, nullable=True),
        sa.Column("spool_key", BYTES, nullable=True),
        sa.Column("spool_master_key_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'queued') = (finished_at IS NULL)", name=op.f("ck_enrolments_finished_unless_queued")
        ),
        sa.CheckConstraint(
            "state = 'queued' OR spool_key IS NULL", name=op.f("ck_enrolments_spool_key_only_while_queued")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_enrolments_version_positive")),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_enrolments_consent_id_consents")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_enrolments_created_by_accounts")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_enrolments_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
    )
    op.create_index(op.f("ix_enrolments_performer_id"), "enrolments", ["performer_id"])


def create_voiceprints() -> None:
    op.create_table(
        "voiceprints",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("enrolment_id", ID, nullable=False),
        sa.Column("encoder", ID, nullable=False),
        sa.Column("weights_sha256", SHA256, nullable=False),
        sa.Column("preprocessing", sa.String(length=80), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("sealed", BYTES, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("dimension > 0", name=op.f("ck_voiceprints_dimension_positive")),
        sa.CheckConstraint("speech_s > 0", name=op.f("ck_voiceprints_speech_positive")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_voiceprints_enrolment_id_enrolments")
        ),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_voiceprints_performer_id_performers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voiceprints")),
    )
    op.create_index(op.f("ix_voiceprints_enrolment_id"), "voiceprints", ["enrolment_id"])
    op.create_index(op.f("ix_voiceprints_performer_id"), "voiceprints", ["performer_id"])
