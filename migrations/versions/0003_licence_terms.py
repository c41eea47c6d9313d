"""Licence terms in one document, with versions and signatures; holds and strikes; what a check declares of its use.

Revision: 0003
"""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from migrations.parts import (
    BYTES,
    ID,
    JSON,
    MOMENT,
    SHA256,
    check,
    differ,
    drop_refusal,
    one_of,
    rebuild,
    refuse_changes,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


SIDES = ("performer", "studio")
PAY_BASES = (
    "none",
    "flat",
    "per_session",
    "per_line",
    "per_second",
    "per_thousand_inferences",
    "per_training_run",
    "per_real_time_hour",
)
PURPOSES_BEFORE = (
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
PURPOSES = (*PURPOSES_BEFORE, "generation", "audio_description", "research")
VERDICTS = (
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
)
MEDIA = (
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
)


LICENCE_CHECKS = {
    "version_positive": "version >= 1",
    "term_in_order": "ends_on >= starts_on",
    "active_once_both_signed": (
        "activated_at IS NULL OR (performer_signed_at IS NOT NULL AND studio_signed_at IS NOT NULL)"
    ),
    "in_force_once_active": "state NOT IN ('active', 'suspended', 'expired') OR activated_at IS NOT NULL",
    "suspended_has_a_moment": "(state = 'suspended') = (suspended_at IS NOT NULL)",
    "licence_state": one_of("state", "draft", "offered", "active", "suspended", "revoked", "expired"),
    "exclusivity": one_of("exclusivity", "non_exclusive", "exclusive"),
}
LICENCE_CHECKS_BEFORE = {
    "pay_not_negative": "pay_amount_minor >= 0",
    "pay_has_a_currency": "(pay_basis = 'none') = (pay_currency IS NULL)",
    "pay_basis": one_of("pay_basis", *PAY_BASES),
}
LICENCE_CHECKS_NEW = {"number_from_one": "number >= 1"}
CHECK_CHECKS = {
    "duration_positive": "duration_s > 0",
    "finished_unless_queued": "(state = 'queued') = (finished_at IS NULL)",
    "done_has_a_verdict": "(state = 'done') = (verdict IS NOT NULL)",
    "spool_key_only_while_queued": "state = 'queued' OR spool_key IS NULL",
    "version_positive": "version >= 1",
    "check_state": one_of("state", "queued", "done", "refused", "failed"),
    "use_kind": one_of("kind", "generated", "training", "reference"),
    "medium": one_of("medium", *MEDIA),
    "verdict": one_of("verdict", *VERDICTS),
    "evidence_outcome": one_of("outcome", "match", "sound_alike", "no_match", "inconclusive"),
}
USE_MODE = {"use_mode": one_of("use_mode", "fixed", "real_time")}


def upgrade() -> None:
    create_signing_keys()
    create_strikes()
    create_licence_versions()
    create_licence_signatures()
    create_licence_holds()
    write_first_versions()
    write_holds()
    keep_what_was_offered_and_signed()
    op.add_column("licences", sa.Column("number", sa.Integer(), nullable=True))
    op.execute("UPDATE licences SET number = 1")
    rebuild("licences", LICENCE_CHECKS | LICENCE_CHECKS_BEFORE, LICENCE_CHECKS | LICENCE_CHECKS_NEW, grow_licences)
    rebuild(
        "checks",
        CHECK_CHECKS | {"use_purpose": one_of("purpose", *PURPOSES_BEFORE)},
        CHECK_CHECKS | USE_MODE | {"use_purpose": one_of("purpose", *PURPOSES)},
        grow_checks,
    )
    op.execute("UPDATE checks SET quantities = '[]'")
    now = CHECK_CHECKS | USE_MODE | {"use_purpose": one_of("purpose", *PURPOSES)}
    rebuild("checks", now, now, require_quantities)


def downgrade() -> None:
    """Take the schema back. Amendments, signatures, and terms that the older one cannot hold are lost."""
    newer = f"NOT ({one_of('purpose', *PURPOSES_BEFORE)})"
    op.execute(f"DELETE FROM findings WHERE check_id IN (SELECT id FROM checks WHERE {newer})")  # noqa: S608  (our own words)
    op.execute(f"DELETE FROM checks WHERE {newer}")  # noqa: S608  (our own words)
    rebuild(
        "checks",
        CHECK_CHECKS | USE_MODE | {"use_purpose": one_of("purpose", *PURPOSES)},
        CHECK_CHECKS | {"use_purpose": one_of("purpose", *PURPOSES_BEFORE)},
        shrink_checks,
    )
    for column in (*LISTS, "projects"):
        op.add_column("licences", sa.Column(column, JSON, nullable=True))
    op.add_column("licences", sa.Column("pay_basis", ID, nullable=True))
    op.add_column("licences", sa.Column("pay_amount_minor", sa.Integer(), nullable=True))
    op.add_column("licences", sa.Column("pay_currency", sa.String(3), nullable=True))
    op.add_column("licences", sa.Column("pay_due_within_days", sa.Integer(), nullable=True))
    write_columns()
    rebuild("licences", LICENCE_CHECKS | LICENCE_CHECKS_NEW, LICENCE_CHECKS | LICENCE_CHECKS_BEFORE, shrink_licences)
    op.drop_table("licence_holds")
    for table in ("licence_signatures", "licence_versions"):
        op.drop_table(table)
        drop_refusal(table)
    op.drop_table("strikes")
    op.drop_table("signing_keys")


def keep_what_was_offered_and_signed() -> None:
    """Let the database itself refuse to change a signature, and what a version that was offered says."""
    refuse_changes("licence_signatures", "a signature is never changed")
    said = differ("title", "intended_use", "terms_document", "terms_sha256", "offered_at")
    retold = f"OLD.in_force_at IS NOT NULL AND ({differ('texts')})"
    refuse_changes(
        "licence_versions",
        "a version that was offered is never changed: amend it",
        when=f"OLD.offered_at IS NOT NULL AND ({said} OR ({retold}))",
    )


# --- rows ------------------------------------------------------------------------------------------------------------

LISTS = ("purposes", "media", "territories", "languages")
OLD = sa.table(
    "licences",
    *(sa.column(name, JSON) for name in (*LISTS, "projects")),
    *(sa.column(name, sa.Date()) for name in ("starts_on", "ends_on")),
    *(
        sa.column(name, MOMENT)
        for name in (
            "created_at",
            "offered_at",
            "performer_signed_at",
            "studio_signed_at",
            "activated_at",
            "suspended_at",
        )
    ),
    *(
        sa.column(name)
        for name in (
            "id",
            "performer_id",
            "studio_id",
            "state",
            "title",
            "intended_use",
            "exclusivity",
            "pay_basis",
            "pay_amount_minor",
            "pay_currency",
            "pay_due_within_days",
            "created_by",
            "performer_signed_by",
            "studio_signed_by",
            "suspended_by",
            "suspension_reason",
            "number",
        )
    ),
)
VERSIONS = sa.table(
    "licence_versions",
    *(sa.column(name) for name in ("licence_id", "number", "performer_id", "studio_id", "title", "intended_use")),
    *(sa.column(name, JSON) for name in ("terms_document", "texts")),
    *(sa.column(name) for name in ("terms_sha256", "created_by")),
    *(sa.column(name, MOMENT) for name in ("created_at", "offered_at", "in_force_at")),
)
SIGNATURES = sa.table(
    "licence_signatures",
    *(sa.column(name) for name in ("licence_id", "number", "side", "method", "signed_by")),
    sa.column("signed_at", MOMENT),
)
HOLDS = sa.table(
    "licence_holds",
    *(sa.column(name) for name in ("id", "licence_id", "reason", "note", "placed_by")),
    sa.column("placed_at", MOMENT),
)


def old_columns() -> list[Any]:
    return [column for column in OLD.columns if column.name != "number"]


def write_first_versions() -> None:
    """Give each licence the version that it was agreed on, in the document of that time, and its signatures."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(*old_columns())).mappings().all():
        document = first_document(row)
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        version = {name: row[name] for name in ("performer_id", "studio_id", "title", "intended_use", "created_by")}
        version |= {"licence_id": row["id"], "number": 1, "terms_document": document, "texts": {}}
        version |= {"terms_sha256": sha256(canonical.encode()).hexdigest(), "created_at": row["created_at"]}
        version |= {"offered_at": row["offered_at"], "in_force_at": row["activated_at"]}
        connection.execute(VERSIONS.insert().values(version))
        for side in SIDES:
            if row[f"{side}_signed_at"] is not None:
                signed = {"signed_at": row[f"{side}_signed_at"], "signed_by": row[f"{side}_signed_by"]}
                signed |= {"licence_id": row["id"], "number": 1, "side": side, "method": "signed_in"}
                connection.execute(SIGNATURES.insert().values(signed))


def first_document(row: sa.RowMapping) -> dict[str, Any]:
    """Write the terms as version 1 of the document: plain text and small integers, whose sorted JSON is canonical."""
    return {
        "type": "licence_terms",
        "version": 1,
        **{name: sorted(row[name]) for name in LISTS},
        "projects": None if row["projects"] is None else sorted(row["projects"]),
        "starts_on": row["starts_on"].isoformat(),
        "ends_on": row["ends_on"].isoformat(),
        "exclusivity": row["exclusivity"],
        "pay": {
            "basis": row["pay_basis"],
            "amount_minor": row["pay_amount_minor"],
            "currency": row["pay_currency"],
            "due_within_days": row["pay_due_within_days"],
        },
    }


def write_holds() -> None:
    """Give each suspended licence the hold that keeps it so; the id of a hold is made of its licence's."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(*old_columns()).where(OLD.c.state == "suspended")).mappings().all():
        by = row["suspended_by"] if row["suspended_by"] in {*SIDES, "operator", "system"} else "system"
        reason = "consent_ended" if by == "system" else "pause_without_admission"
        hold = {"id": f"hold_{row['id'].removeprefix('lic_')}", "licence_id": row["id"], "reason": reason}
        hold |= {"note": row["suspension_reason"], "placed_by": by, "placed_at": row["suspended_at"]}
        connection.execute(HOLDS.insert().values(hold))


def write_columns() -> None:
    """Write what the older schema knows of the terms back into its columns."""
    connection = op.get_bind()
    counts = sa.and_(VERSIONS.c.licence_id == OLD.c.id, VERSIONS.c.number == OLD.c.number)
    rows = connection.execute(sa.select(OLD.c.id, VERSIONS.c.terms_document).join_from(OLD, VERSIONS, counts)).all()
    for licence_id, document in rows:
        pay = document["pay"]
        rate = pay["rates"][0] if document["version"] > 1 else pay
        values = {name: document[name] for name in (*LISTS, "projects", "exclusivity")}
        values |= {name: date.fromisoformat(document[name]) for name in ("starts_on", "ends_on")}
        values |= {"pay_basis": rate["basis"], "pay_amount_minor": rate["amount_minor"]}
        values |= {"pay_currency": pay["currency"], "pay_due_within_days": pay["due_within_days"]}
        connection.execute(OLD.update().where(OLD.c.id == licence_id).values(values))


# --- the tables that change ------------------------------------------------------------------------------------------


def grow_licences(batch: BatchOperations) -> None:
    batch.alter_column("number", existing_type=sa.Integer(), nullable=False)
    for column in (*LISTS, "projects", "pay_basis", "pay_amount_minor", "pay_currency", "pay_due_within_days"):
        batch.drop_column(column)


def shrink_licences(batch: BatchOperations) -> None:
    for column in LISTS:
        batch.alter_column(column, existing_type=JSON, nullable=False)
    batch.alter_column("pay_basis", existing_type=ID, nullable=False)
    batch.alter_column("pay_amount_minor", existing_type=sa.Integer(), nullable=False)
    batch.alter_column("pay_due_within_days", existing_type=sa.Integer(), nullable=False)
    batch.drop_column("number")


def grow_checks(batch: BatchOperations) -> None:
    batch.add_column(sa.Column("use_mode", ID, nullable=True))
    batch.add_column(sa.Column("quantities", JSON, nullable=True))
    batch.add_column(sa.Column("copy_sha256", SHA256, nullable=True))
    batch.add_column(sa.Column("ai_disclosed", sa.Boolean(), nullable=True))


def require_quantities(batch: BatchOperations) -> None:
    batch.alter_column("quantities", existing_type=JSON, nullable=False)


def shrink_checks(batch: BatchOperations) -> None:
    for column in ("use_mode", "quantities", "copy_sha256", "ai_disclosed"):
        batch.drop_column(column)


# --- the tables that are new -----------------------------------------------------------------------------------------


def create_signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("custody", ID, nullable=False),
        sa.Column("public_key", BYTES, nullable=False),
        sa.Column("wrapped_key", BYTES, nullable=True),
        sa.Column("master_key_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        check("signing_keys", "custody", one_of("custody", "account", "registry")),
        check("signing_keys", "public_key_of_ed25519", "length(public_key) = 32"),
        check("signing_keys", "wrapped_by_a_master_key", "(wrapped_key IS NULL) = (master_key_id IS NULL)"),
        check("signing_keys", "kept_by_whom_it_says", "(custody = 'registry') = (wrapped_key IS NOT NULL)"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_signing_keys_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    in_use = sa.text("retired_at IS NULL")
    op.create_index(
        "uq_signing_keys_one_in_use",
        "signing_keys",
        ["account_id"],
        unique=True,
        sqlite_where=in_use,
        postgresql_where=in_use,
    )


def create_strikes() -> None:
    op.create_table(
        "strikes",
        sa.Column("id", ID, nullable=False),
        sa.Column("scope", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(200), nullable=False),
        sa.Column("note", sa.String(500), nullable=True),
        sa.Column("declared_by", ID, nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("lifted_by", ID, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        check("strikes", "strike_scope", one_of("scope", "agreement", "guild")),
        check("strikes", "version_positive", "version >= 1"),
        check("strikes", "name_not_empty", "length(name) > 0"),
        check("strikes", "lifted_by_somebody", "(lifted_by IS NULL) = (lifted_at IS NULL)"),
        sa.ForeignKeyConstraint(["declared_by"], ["accounts.id"], name=op.f("fk_strikes_declared_by_accounts")),
        sa.ForeignKeyConstraint(["lifted_by"], ["accounts.id"], name=op.f("fk_strikes_lifted_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strikes")),
    )
    on = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_strikes_one_on", "strikes", ["scope", "name_key"], unique=True, sqlite_where=on, postgresql_where=on
    )


def create_licence_versions() -> None:
    op.create_table(
        "licence_versions",
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("intended_use", sa.Text(), nullable=False),
        sa.Column("terms_document", JSON, nullable=False),
        sa.Column("terms_sha256", SHA256, nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("offered_at", MOMENT, nullable=True),
        sa.Column("in_force_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        check("licence_versions", "number_from_one", "number >= 1"),
        check("licence_versions", "terms_have_a_digest", "length(terms_sha256) = 64"),
        check("licence_versions", "in_force_once_offered", "in_force_at IS NULL OR offered_at IS NOT NULL"),
        check("licence_versions", "withdrawn_unless_in_force", "in_force_at IS NULL OR withdrawn_at IS NULL"),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_licence_versions_licence_id_licences")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_licence_versions_performer_id_performers")
        ),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_licence_versions_studio_id_organisations")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_licence_versions_created_by_accounts")),
        sa.PrimaryKeyConstraint("licence_id", "number", name=op.f("pk_licence_versions")),
    )


def create_licence_signatures() -> None:
    made = "(method IN ('own_key', 'registry_key')) = (signature IS NOT NULL)"
    with_key = "(signature IS NULL) = (key_id IS NULL) AND (signature IS NULL) = (public_key IS NULL)"
    op.create_table(
        "licence_signatures",
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("side", ID, nullable=False),
        sa.Column("method", ID, nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("signed_by", ID, nullable=False),
        sa.Column("agreement_sha256", SHA256, nullable=True),
        sa.Column("key_id", ID, nullable=True),
        sa.Column("public_key", BYTES, nullable=True),
        sa.Column("signature", BYTES, nullable=True),
        sa.Column("evidence_sha256", SHA256, nullable=True),
        check("licence_signatures", "side", one_of("side", *SIDES)),
        check(
            "licence_signatures", "signature_method", one_of("method", "own_key", "registry_key", "paper", "signed_in")
        ),
        check("licence_signatures", "signature_where_one_was_made", made),
        check("licence_signatures", "signature_with_its_key", with_key),
        check("licence_signatures", "signature_of_something", "signature IS NULL OR agreement_sha256 IS NOT NULL"),
        check("licence_signatures", "evidence_of_paper", "(method = 'paper') = (evidence_sha256 IS NOT NULL)"),
        sa.ForeignKeyConstraint(
            ["licence_id", "number"],
            ["licence_versions.licence_id", "licence_versions.number"],
            name=op.f("fk_licence_signatures_licence_id_number_licence_versions"),
        ),
        sa.ForeignKeyConstraint(["signed_by"], ["accounts.id"], name=op.f("fk_licence_signatures_signed_by_accounts")),
        sa.ForeignKeyConstraint(
            ["key_id"], ["signing_keys.id"], name=op.f("fk_licence_signatures_key_id_signing_keys")
        ),
        sa.PrimaryKeyConstraint("licence_id", "number", "side", name=op.f("pk_licence_signatures")),
    )


def create_licence_holds() -> None:
    reasons = ("dispute", "non_payment", "strike", "security", "pause_without_admission", "consent_ended")
    op.create_table(
        "licence_holds",
        sa.Column("id", ID, nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("reason", ID, nullable=False),
        sa.Column("note", sa.String(500), nullable=True),
        sa.Column("placed_by", sa.String(20), nullable=False),
        sa.Column("placed_by_account", ID, nullable=True),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("strike_id", ID, nullable=True),
        sa.Column("lifted_by_account", ID, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        check("licence_holds", "suspension_reason", one_of("reason", *reasons)),
        check("licence_holds", "placed_by_somebody", one_of("placed_by", *SIDES, "operator", "system")),
        check("licence_holds", "strike_of_a_strike", "(reason = 'strike') = (strike_id IS NOT NULL)"),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_licence_holds_licence_id_licences")),
        sa.ForeignKeyConstraint(
            ["placed_by_account"], ["accounts.id"], name=op.f("fk_licence_holds_placed_by_account_accounts")
        ),
        sa.ForeignKeyConstraint(["strike_id"], ["strikes.id"], name=op.f("fk_licence_holds_strike_id_strikes")),
        sa.ForeignKeyConstraint(
            ["lifted_by_account"], ["accounts.id"], name=op.f("fk_licence_holds_lifted_by_account_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_holds")),
    )
    op.create_index(op.f("ix_licence_holds_licence_id"), "licence_holds", ["licence_id"])
    op.create_index(op.f("ix_licence_holds_strike_id"), "licence_holds", ["strike_id"])
    still = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_licence_holds_one_a_strike",
        "licence_holds",
        ["licence_id", "strike_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
