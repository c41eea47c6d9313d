"""Clearances, approvals of exact copy, approaches, source attestations.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.parts import BYTES, ID, JSON, MOMENT, SHA256, choice

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_clearances()
    create_approvals()
    create_approaches()
    create_source_attestations()
    create_unsealing_requests()
    # With their constraints in the column, which both databases add to a table that has rows, and take away again.
    op.execute(
        "ALTER TABLE checks ADD COLUMN declared_attestation_id VARCHAR(40) "
        "CONSTRAINT fk_checks_declared_attestation_id_source_attestations REFERENCES source_attestations (id)"
    )
    op.execute(
        "ALTER TABLE findings ADD COLUMN priority VARCHAR(40) DEFAULT 'normal' NOT NULL "
        "CONSTRAINT ck_findings_priority CHECK (priority IN ('normal', 'escalated'))"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE findings DROP COLUMN priority")
    op.execute("ALTER TABLE checks DROP COLUMN declared_attestation_id")
    op.drop_table("unsealing_requests")
    op.drop_table("source_attestations")
    op.drop_table("approaches")
    op.drop_table("approvals")
    op.drop_table("clearances")


def create_clearances() -> None:
    op.create_table(
        "clearances",
        sa.Column("id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("use", JSON, nullable=False),
        sa.Column("beyond", JSON, nullable=False),
        sa.Column("decision", choice("decision", "permitted", "refused", "ask"), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("licence_id", ID, nullable=True),
        sa.Column("licence_version", sa.Integer(), nullable=True),
        sa.Column("terms_sha256", SHA256, nullable=True),
        sa.Column("consent_id", ID, nullable=True),
        sa.Column("status_interval_s", sa.Integer(), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("decided_by", ID, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "decision <> 'permitted' OR (licence_id IS NOT NULL AND licence_version IS NOT NULL "
            "AND terms_sha256 IS NOT NULL AND consent_id IS NOT NULL)",
            name=op.f("ck_clearances_permitted_rests_on_a_licence"),
        ),
        sa.CheckConstraint(
            "(decision = 'permitted') = (expires_at IS NOT NULL)", name=op.f("ck_clearances_permitted_ends")
        ),
        sa.CheckConstraint(
            "(decision = 'permitted') = (status_interval_s IS NOT NULL)",
            name=op.f("ck_clearances_permitted_goes_stale"),
        ),
        sa.CheckConstraint("expires_at > decided_at", name=op.f("ck_clearances_ends_after_decision")),
        sa.CheckConstraint("status_interval_s > 0", name=op.f("ck_clearances_status_interval_positive")),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_clearances_consent_id_consents")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_clearances_decided_by_accounts")),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_clearances_licence_id_licences")),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_clearances_studio_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearances")),
    )
    op.create_index(op.f("ix_clearances_licence_id_project"), "clearances", ["licence_id", "project"])
    op.create_index(op.f("ix_clearances_performer_id_id"), "clearances", ["performer_id", "id"])
    op.create_index(op.f("ix_clearances_studio_id_id"), "clearances", ["studio_id", "id"])


def create_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", ID, nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("use", JSON, nullable=False),
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
                "generation",
                "audio_description",
                "research",
            ),
            nullable=False,
        ),
        sa.Column("beyond", JSON, nullable=False),
        sa.Column("copy_sha256", SHA256, nullable=False),
        sa.Column("copy_text", sa.Text(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("floor_minor", sa.BigInteger(), nullable=False),
        sa.Column("floor_currency", sa.String(length=3), nullable=True),
        sa.Column(
            "state", choice("approval_state", "requested", "approved", "refused", "used", "expired"), nullable=False
        ),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("refusal_reason", sa.String(length=500), nullable=True),
        sa.Column("clearance_id", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("fee_minor >= 0 AND floor_minor >= 0", name=op.f("ck_approvals_fee_not_negative")),
        sa.CheckConstraint("fee_minor >= floor_minor", name=op.f("ck_approvals_fee_reaches_the_floor")),
        sa.CheckConstraint("expires_at > requested_at", name=op.f("ck_approvals_expires_after_request")),
        sa.CheckConstraint(
            "(state = 'used') = (clearance_id IS NOT NULL)", name=op.f("ck_approvals_used_by_a_clearance")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal_reason IS NOT NULL)", name=op.f("ck_approvals_refused_has_a_reason")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused', 'used') OR answered_at IS NOT NULL",
            name=op.f("ck_approvals_answered_has_a_moment"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_approvals_version_positive")),
        sa.ForeignKeyConstraint(["answered_by"], ["accounts.id"], name=op.f("fk_approvals_answered_by_accounts")),
        sa.ForeignKeyConstraint(["clearance_id"], ["clearances.id"], name=op.f("fk_approvals_clearance_id_clearances")),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_approvals_licence_id_licences")),
        sa.ForeignKeyConstraint(["performer_id"], ["performers.id"], name=op.f("fk_approvals_performer_id_performers")),
        sa.ForeignKeyConstraint(["requested_by"], ["accounts.id"], name=op.f("fk_approvals_requested_by_accounts")),
        sa.ForeignKeyConstraint(["studio_id"], ["organisations.id"], name=op.f("fk_approvals_studio_id_organisations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("clearance_id", name=op.f("uq_approvals_clearance_id")),
    )
    op.create_index(op.f("ix_approvals_licence_id"), "approvals", ["licence_id"])
    op.create_index(op.f("ix_approvals_performer_id_id"), "approvals", ["performer_id", "id"])
    op.create_index(op.f("ix_approvals_studio_id_copy_sha256"), "approvals", ["studio_id", "copy_sha256"])


def create_approaches() -> None:
    op.create_table(
        "approaches",
        sa.Column("id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=True),
        sa.Column("studio_name", sa.String(length=200), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("purposes", JSON, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column(
            "outcome", choice("approach_outcome", "declined", "unanswered", "accepted", "retracted"), nullable=False
        ),
        sa.Column("evidence_sha256", SHA256, nullable=True),
        sa.Column("amends_id", ID, nullable=True),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "outcome <> 'retracted' OR amends_id IS NOT NULL", name=op.f("ck_approaches_only_amendments_retract")
        ),
        sa.ForeignKeyConstraint(["amends_id"], ["approaches.id"], name=op.f("fk_approaches_amends_id_approaches")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_approaches_performer_id_performers")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["accounts.id"], name=op.f("fk_approaches_recorded_by_accounts")),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_approaches_studio_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approaches")),
        sa.UniqueConstraint("amends_id", name=op.f("uq_approaches_amends_id")),
    )
    op.create_index(op.f("ix_approaches_performer_id_id"), "approaches", ["performer_id", "id"])


def create_source_attestations() -> None:
    op.create_table(
        "source_attestations",
        sa.Column("id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("product", sa.String(length=200), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("recordings", JSON, nullable=False),
        sa.Column("casting_sha256", JSON, nullable=False),
        sa.Column("direction_sha256", SHA256, nullable=True),
        sa.Column("mentions", JSON, nullable=True),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("identity", BYTES, nullable=True),
        sa.Column("identity_key", BYTES, nullable=True),
        sa.Column("identity_master_key_id", ID, nullable=True),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "sealed = (identity IS NOT NULL)", name=op.f("ck_source_attestations_sealed_has_an_identity")
        ),
        sa.CheckConstraint(
            "(identity IS NULL) = (identity_key IS NULL)", name=op.f("ck_source_attestations_identity_has_a_key")
        ),
        sa.CheckConstraint(
            "(identity IS NULL) = (identity_master_key_id IS NULL)",
            name=op.f("ck_source_attestations_identity_key_is_wrapped"),
        ),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_source_attestations_performer_id_performers")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_source_attestations_recorded_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_source_attestations_studio_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_attestations")),
    )
    op.create_index(op.f("ix_source_attestations_performer_id"), "source_attestations", ["performer_id"])
    op.create_index(op.f("ix_source_attestations_studio_id_id"), "source_attestations", ["studio_id", "id"])


def create_unsealing_requests() -> None:
    op.create_table(
        "unsealing_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("attestation_id", ID, nullable=False),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("approval_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("approved_by <> requested_by", name=op.f("ck_unsealing_requests_two_people")),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_unsealing_requests_approved_has_a_moment")
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approval_reason IS NULL)",
            name=op.f("ck_unsealing_requests_approved_has_a_reason"),
        ),
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
