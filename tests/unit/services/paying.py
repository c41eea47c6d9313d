"""Steps of pay: licences with a price, and looks at what they come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from steps import TERMS, USE, Registry, candidate

from registry.domain.accounts import Principal
from registry.domain.consents import ConsentPurpose
from registry.domain.ledger import LedgerAccount
from registry.domain.terms import LicenceTerms, PayBasis, PayTerms, Rate
from registry.domain.usage import Period, Usage, UsageKind, thousandths_of
from registry.domain.usage_report_document import ReportedItem
from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.services import ledger, usage_reports
from registry.store.checks import Check
from registry.store.ledger import LedgerEntry
from registry.store.licences import Licence
from registry.store.usage import UsageLine, UsageReport

PER_SECOND = PayTerms((Rate(PayBasis.PER_SECOND, 30),), "GBP", due_within_days=30)
FLAT = PayTerms((Rate(PayBasis.FLAT, 450_000),), "GBP", due_within_days=30)
FEBRUARY = Period(date(2026, 2, 1), date(2026, 2, 28))


def paid_by(pay: PayTerms, **changes: object) -> LicenceTerms:
    return replace(TERMS, pay=pay, **changes)  # type: ignore[arg-type]


def licensed(registry: Registry, studio: Principal, terms: LicenceTerms, name: str = "Ada Lind") -> Licence:
    """Let a performer in who is enrolled, and license their voice to a studio."""
    performer_id = registry.enrolled(name)
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    return registry.licence(performer_id, studio, terms)


def heard(registry: Registry, studio: Principal, licence: Licence, seconds: float = 10.0, **use: object) -> Check:
    """Check the example recording, in which the performer is heard for so many seconds."""
    spans = ((0.0, seconds),)
    return registry.checked(studio, candidate(licence.performer_id, spans=spans), use=replace(USE, **use))  # type: ignore[arg-type]


def said(licence: Licence, quantity: str, unit: UsageUnit = UsageUnit.SECOND) -> ReportedItem:
    return said_under(licence.id, quantity, unit)


def said_under(licence_id: str, quantity: str, unit: UsageUnit = UsageUnit.SECOND) -> ReportedItem:
    kind = UsageKind(unit, Medium.RADIO, UseMode.FIXED)
    return ReportedItem(licence_id, Usage(kind, thousandths_of(Decimal(quantity))))


def report(
    registry: Registry, studio: Principal, *items: ReportedItem, period: Period = FEBRUARY, amends: str | None = None
) -> UsageReport:
    return usage_reports.report_usage(
        registry.ctx, studio, studio_id=None, period=period, items=items, amends_id=amends
    )


def balance(registry: Registry, licence: Licence, account: LedgerAccount = LedgerAccount.DUE) -> int:
    found = ledger.get_accounts(registry.ctx, registry.operator, licence.id)
    return sum(each.balances[account] for each in found)


def entries(registry: Registry) -> list[LedgerEntry]:
    with registry.ctx.database.read() as session:
        return list(session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))


def lines(registry: Registry) -> list[UsageLine]:
    with registry.ctx.database.read() as session:
        return list(session.scalars(select(UsageLine).order_by(UsageLine.id)))
