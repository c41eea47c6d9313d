"""Ledger, usage, payments, and certificates of destruction.

Revision: 0005
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.parts import ID, JSON, MOMENT, SHA256, choice, drop_refusal, refuse_changes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CURRENCY = sa.String(3)
FRACTION = sa.String(120)
LARGEST_AMOUNT = 2**53 - 1
LARGEST_THOUSANDTHS = 10**15

ACCOUNTS = ("due", "fees", "use", "guarantee", "recouped", "paid")
UNITS = ("session", "line", "second", "thousand_inferences", "training_run", "real_time_hour")
MODES = ("fixed", "real_time")
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


def upgrade() -> None:
    create_ledger_entries()
    refuse_changes(
        "ledger_entries",
        "an entry of the ledger is never changed: reverse it",
        delete=True,
        unique=("id", "key", "reverses_id"),
    )
    create_pay_remainders()
    create_payments()
    create_usage_reports()
    create_usage_report_items()
    create_usage_lines()
    create_destruction_certificates()
    write_fees()


def downgrade() -> None:
    op.drop_table("destruction_certificates")
    op.drop_table("usage_lines")
    op.drop_table("usage_report_items")
    op.drop_table("usage_reports")
    op.drop_table("payments")
    op.drop_table("pay_remainders")
    op.drop_table("ledger_entries")
    drop_refusal("ledger_entries")


# --- rows ------------------------------------------------------------------------------------------------------------

LICENCES = sa.table(
    "licences",
    *(sa.column(name) for name in ("id", "performer_id", "studio_id", "number")),
    *(sa.column(name, MOMENT) for name in ("activated_at", "paid_at")),
)
VERSIONS = sa.table(
    "licence_versions", *(sa.column(n) for n in ("licence_id", "number")), sa.column("terms_document", JSON)
)
ENTRIES = sa.table(
    "ledger_entries",
    *(sa.column(name) for name in ("id", "key", "kind", "debit", "credit", "amount_minor", "currency")),
    *(sa.column(name) for name in ("licence_id", "performer_id", "studio_id", "recorded_by")),
    sa.column("due_on", sa.Date()),
    sa.column("recorded_at", MOMENT),
)


def write_fees() -> None:
    """Post the flat fee of each licence that came into force before there was a ledger, and its payment."""
    connection = op.get_bind()
    counts = sa.and_(VERSIONS.c.licence_id == LICENCES.c.id, VERSIONS.c.number == LICENCES.c.number)
    agreed = sa.select(LICENCES, VERSIONS.c.terms_document).join_from(LICENCES, VERSIONS, counts)
    for row in connection.execute(agreed.where(LICENCES.c.activated_at.is_not(None))).mappings().all():
        for entry in fee_entries(dict(row)):
            connection.execute(ENTRIES.insert().values(entry))


def fee_entries(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Answer the entries of one licence; their ids and keys are made of the licence's."""
    document = row["terms_document"]
    pay = document["pay"]
    rates = pay["rates"] if document["version"] > 1 else [pay]
    fee = sum(rate["amount_minor"] for rate in rates if rate["basis"] == "flat")
    if not fee:
        return
    body = str(row["id"]).removeprefix("lic_")
    common = {name: row[name] for name in ("performer_id", "studio_id")}
    common |= {"licence_id": row["id"], "amount_minor": fee, "currency": pay["currency"], "recorded_by": "system"}
    due_on = (row["activated_at"] + timedelta(days=pay["due_within_days"])).date()
    legs = {"kind": "flat_fee", "debit": "due", "credit": "fees", "due_on": due_on}
    yield common | legs | {"id": f"ent_{body}", "key": f"flat_fee:{row['id']}", "recorded_at": row["activated_at"]}
    if row["paid_at"] is not None:
        legs = {"kind": "payment", "debit": "paid", "credit": "due", "due_on": None}
        # ids of payments would collide with those of fees: the last character, which is random, is another
        other = body[:-1] + ("1" if body[-1] == "0" else "0")
        yield common | legs | {"id": f"ent_{other}", "key": f"payment:{row['id']}", "recorded_at": row["paid_at"]}


# --- tables ----------------------------------------------------------------------------------------------------------


def create_ledger_entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            choice("entry_kind", "flat_fee", "guarantee", "usage", "approval_fee", "recoupment", "payment", "reversal"),
            nullable=False,
        ),
        sa.Column("debit", choice("debit", *ACCOUNTS), nullable=False),
        sa.Column("credit", choice("credit", *ACCOUNTS), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", CURRENCY, nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reverses_id", ID, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            f"amount_minor BETWEEN 1 AND {LARGEST_AMOUNT}", name=op.f("ck_ledger_entries_amount_in_range")
        ),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_entries_between_two_accounts")),
        sa.CheckConstraint("debit = 'due' OR credit = 'due'", name=op.f("ck_ledger_entries_one_side_is_due")),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)",
            name=op.f("ck_ledger_entries_reversal_names_its_entry"),
        ),
        sa.CheckConstraint(
            "debit <> 'due' OR due_on IS NOT NULL OR kind = 'reversal'", name=op.f("ck_ledger_entries_debt_has_a_day")
        ),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_ledger_entries_licence_id_licences")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_ledger_entries_performer_id_performers")
        ),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_ledger_entries_studio_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["ledger_entries.id"], name=op.f("fk_ledger_entries_reverses_id_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entries_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_entries_reverses_id")),
    )
    op.create_index(op.f("ix_ledger_entries_licence_id_currency"), "ledger_entries", ["licence_id", "currency"])
    op.create_index(
        op.f("ix_ledger_entries_performer_id_recorded_at"), "ledger_entries", ["performer_id", "recorded_at"]
    )
    op.create_index(op.f("ix_ledger_entries_studio_id_recorded_at"), "ledger_entries", ["studio_id", "recorded_at"])


def create_pay_remainders() -> None:
    op.create_table(
        "pay_remainders",
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("currency", CURRENCY, nullable=False),
        sa.Column("remainder", FRACTION, nullable=False),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_pay_remainders_licence_id_licences")),
        sa.PrimaryKeyConstraint("licence_id", "currency", name=op.f("pk_pay_remainders")),
    )


def create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", ID, nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", CURRENCY, nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("evidence_sha256", SHA256, nullable=True),
        sa.Column("state", choice("payment_state", "reported", "confirmed", "disputed"), nullable=False),
        sa.Column("reported_by", ID, nullable=False),
        sa.Column("reported_at", MOMENT, nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("entry_id", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"amount_minor BETWEEN 1 AND {LARGEST_AMOUNT}", name=op.f("ck_payments_amount_in_range")),
        sa.CheckConstraint(
            "(state = 'reported') = (decided_at IS NULL)", name=op.f("ck_payments_decided_unless_reported")
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_payments_decided_by_somebody")),
        sa.CheckConstraint(
            "(state = 'confirmed') = (entry_id IS NOT NULL)", name=op.f("ck_payments_confirmed_is_posted")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_payments_version_positive")),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_payments_licence_id_licences")),
        sa.ForeignKeyConstraint(["performer_id"], ["performers.id"], name=op.f("fk_payments_performer_id_performers")),
        sa.ForeignKeyConstraint(["studio_id"], ["organisations.id"], name=op.f("fk_payments_studio_id_organisations")),
        sa.ForeignKeyConstraint(["reported_by"], ["accounts.id"], name=op.f("fk_payments_reported_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_payments_decided_by_accounts")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entries.id"], name=op.f("fk_payments_entry_id_ledger_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_payments_entry_id")),
    )
    for column in ("licence_id", "performer_id", "studio_id"):
        op.create_index(op.f(f"ix_payments_{column}"), "payments", [column])


def create_usage_reports() -> None:
    op.create_table(
        "usage_reports",
        sa.Column("id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("digest", SHA256, nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("amends_id", ID, nullable=True),
        sa.Column("superseded_at", MOMENT, nullable=True),
        sa.Column("reported_by", ID, nullable=False),
        sa.Column("reported_at", MOMENT, nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_usage_reports_period_in_order")),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_usage_reports_studio_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["amends_id"], ["usage_reports.id"], name=op.f("fk_usage_reports_amends_id_usage_reports")
        ),
        sa.ForeignKeyConstraint(["reported_by"], ["accounts.id"], name=op.f("fk_usage_reports_reported_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_reports")),
        sa.UniqueConstraint("amends_id", name=op.f("uq_usage_reports_amends_id")),
    )
    op.create_index(op.f("ix_usage_reports_studio_id_id"), "usage_reports", ["studio_id", "id"])
    op.create_index(
        "uq_usage_reports_one_standing",
        "usage_reports",
        ["studio_id", "digest"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def create_usage_report_items() -> None:
    op.create_table(
        "usage_report_items",
        sa.Column("report_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("unit", choice("usage_unit", *UNITS), nullable=False),
        sa.Column("medium", choice("medium", *MEDIA), nullable=False),
        sa.Column("use_mode", choice("use_mode", *MODES), nullable=False),
        sa.Column("thousandths", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            f"thousandths BETWEEN 0 AND {LARGEST_THOUSANDTHS}", name=op.f("ck_usage_report_items_quantity_in_range")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_usage_report_items_number_from_one")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["usage_reports.id"], name=op.f("fk_usage_report_items_report_id_usage_reports")
        ),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licences.id"], name=op.f("fk_usage_report_items_licence_id_licences")
        ),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_usage_report_items")),
    )
    op.create_index(op.f("ix_usage_report_items_licence_id"), "usage_report_items", ["licence_id"])


def create_usage_lines() -> None:
    op.create_table(
        "usage_lines",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("licence_id", ID, nullable=False),
        sa.Column("performer_id", ID, nullable=False),
        sa.Column("studio_id", ID, nullable=False),
        sa.Column("unit", choice("usage_unit", *UNITS), nullable=False),
        sa.Column("medium", choice("medium", *MEDIA), nullable=False),
        sa.Column("use_mode", choice("use_mode", *MODES), nullable=False),
        sa.Column("thousandths", sa.BigInteger(), nullable=False),
        sa.Column("measured", sa.BigInteger(), nullable=True),
        sa.Column("used_from", sa.Date(), nullable=False),
        sa.Column("used_to", sa.Date(), nullable=False),
        sa.Column("finding_id", ID, nullable=True),
        sa.Column("report_id", ID, nullable=True),
        sa.Column("exact_minor", FRACTION, nullable=True),
        sa.Column("currency", CURRENCY, nullable=True),
        sa.Column("entry_id", ID, nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("voided_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            f"thousandths BETWEEN 0 AND {LARGEST_THOUSANDTHS}", name=op.f("ck_usage_lines_quantity_in_range")
        ),
        sa.CheckConstraint("(finding_id IS NULL) <> (report_id IS NULL)", name=op.f("ck_usage_lines_from_one_source")),
        sa.CheckConstraint(
            "(finding_id IS NULL) = (measured IS NULL)", name=op.f("ck_usage_lines_measured_by_a_finding")
        ),
        sa.CheckConstraint(
            "measured IS NULL OR thousandths <= measured", name=op.f("ck_usage_lines_counts_no_more_than_measured")
        ),
        sa.CheckConstraint(
            "(exact_minor IS NULL) = (currency IS NULL)", name=op.f("ck_usage_lines_price_has_a_currency")
        ),
        sa.CheckConstraint(
            "entry_id IS NULL OR exact_minor IS NOT NULL", name=op.f("ck_usage_lines_posted_when_priced")
        ),
        sa.CheckConstraint("used_to >= used_from", name=op.f("ck_usage_lines_days_in_order")),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.id"], name=op.f("fk_usage_lines_licence_id_licences")),
        sa.ForeignKeyConstraint(
            ["performer_id"], ["performers.id"], name=op.f("fk_usage_lines_performer_id_performers")
        ),
        sa.ForeignKeyConstraint(
            ["studio_id"], ["organisations.id"], name=op.f("fk_usage_lines_studio_id_organisations")
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_usage_lines_finding_id_findings")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["usage_reports.id"], name=op.f("fk_usage_lines_report_id_usage_reports")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_usage_lines_entry_id_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_lines")),
        sa.UniqueConstraint("key", name=op.f("uq_usage_lines_key")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_usage_lines_entry_id")),
    )
    op.create_index(op.f("ix_usage_lines_performer_id"), "usage_lines", ["performer_id"])
    op.create_index(op.f("ix_usage_lines_licence_id_unit"), "usage_lines", ["licence_id", "unit"])


def create_destruction_certificates() -> None:
    op.create_table(
        "destruction_certificates",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("schedule_sha256", SHA256, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("cutoff", MOMENT, nullable=False),
        sa.Column("commitment", SHA256, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("destroyed_by", ID, nullable=False),
        sa.Column("destroyed_at", MOMENT, nullable=False),
        sa.CheckConstraint("records >= 1", name=op.f("ck_destruction_certificates_records_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction_certificates")),
        sa.UniqueConstraint("commitment", name=op.f("uq_destruction_certificates_commitment")),
    )
    op.create_index(op.f("ix_destruction_certificates_rule"), "destruction_certificates", ["rule"])
