"""Usage: lines in which use is counted and posted at the price of the terms, and what checks measure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.ids import IdPrefix
from registry.domain.ledger import EntryKind
from registry.domain.pricing import price, round_off
from registry.domain.usage import (
    THOUSAND,
    Period,
    Usage,
    UsageKind,
    added_by_measure,
    heard_thousandths,
    sums_of,
    whole_units,
)
from registry.domain.uses import UsageUnit
from registry.domain.verdicts import Verdict
from registry.services.ledger import due_day, licence_to_post, post, settle_guarantee, take_back
from registry.services.unit import Unit
from registry.store import ledger, usage
from registry.store.checks import Check, Finding
from registry.store.ledger import LedgerEntry
from registry.store.licences import Licence
from registry.store.usage import UsageLine

COUNTED_VERDICTS = frozenset({Verdict.LICENSED_USE, Verdict.LICENSED_UNPAID})
"""A use that a licence covers is owed for, also while an earlier payment is late."""


# --- what counts -----------------------------------------------------------------------------------------------------


def used_quantities(
    session: Session, licence_ids: Collection[str], *, apart_from: str | None = None, until: datetime | None = None
) -> Mapping[str, Mapping[UsageUnit, int]]:
    """Answer how many units were used under each licence; a part of a unit counts whole.

    A licence, or a unit, that is not among the keys was not used.

    Args:
        session: to read in.
        licence_ids: of which.
        apart_from: SHA-256 of a recording that is checked again: what it counted itself is not held against it.
        until: a moment; what was written after it is left out. None leaves nothing out.
    """
    counted = usage.used_thousandths(session, licence_ids, apart_from=apart_from, until=until)
    return {
        licence_id: {unit: whole_units(thousandths) for unit, thousandths in used.items()}
        for licence_id, used in counted.items()
    }


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line comes from: a finding that has measured it, or a report.

    Attributes:
        key: names what is counted, so that it is counted once.
        days: on which it was used.
        finding_id, report_id: one of the two.
        measured: by the finding, in thousandths.
    """

    key: str
    days: Period
    finding_id: str | None = None
    report_id: str | None = None
    measured: int | None = None


def count(unit: Unit, licence: Licence, used: Usage, source: Source, actor_id: str) -> UsageLine:
    """Write one line of use, and post its price by the terms of the last of its days.

    The caller holds the lock on the licence's performer.
    """
    pay = licence.value().terms_on(source.days.ends_on).pay
    priced = price(pay, used)
    line = UsageLine(
        id=unit.new_id(IdPrefix.USAGE_LINE),
        key=source.key,
        licence_id=licence.id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        unit=used.kind.unit,
        medium=used.kind.medium,
        use_mode=used.kind.mode,
        thousandths=used.thousandths,
        measured=source.measured,
        used_from=source.days.starts_on,
        used_to=source.days.ends_on,
        finding_id=source.finding_id,
        report_id=source.report_id,
        exact_minor=str(priced.exact_minor) if priced else None,
        currency=pay.currency if priced else None,
        recorded_at=unit.now,
    )
    if priced is not None and pay.currency is not None:
        owed = _Owed(priced.exact_minor, pay.currency, f"usage:{line.id}")
        entry = _post_price(unit, licence, owed, actor_id)
        line.entry_id = entry.id if entry else None
    unit.session.add(line)
    return line


@dataclass(frozen=True, slots=True)
class _Owed:
    """An exact price, and the key under which it is posted."""

    exact_minor: Fraction
    currency: str
    key: str


def _post_price(unit: Unit, licence: Licence, owed: _Owed, actor_id: str) -> LedgerEntry | None:
    """Post an exact price as whole minor units, carry what is left over, and settle the guarantee."""
    carried = ledger.remainder_of(unit.session, licence.id, owed.currency)
    amount, left = round_off(owed.exact_minor, carried)
    ledger.keep_remainder(unit.session, licence.id, owed.currency, left)
    if amount == 0:
        return None
    entry = post(
        unit,
        licence,
        EntryKind.USAGE,
        amount,
        key=owed.key,
        currency=owed.currency,
        actor_id=actor_id,
        due_on=due_day(licence.terms().pay, unit.now),
    )
    settle_guarantee(unit, licence, entry)
    return entry


def void(unit: Unit, licence: Licence, line: UsageLine, *, reason: str, actor_id: str) -> LedgerEntry | None:
    """Take a line of use back, with its entry; the caller holds the lock on the licence's performer.

    Returns:
        The entry that takes the line's own back, or None where nothing had been posted for it.
    """
    line.voided_at = unit.now
    if line.exact_minor is None or line.currency is None:
        return None
    posted, reversal = 0, None
    if line.entry_id is not None:
        entry = unit.session.get_one(LedgerEntry, line.entry_id)
        posted = entry.movement().of_due
        reversal = take_back(unit, entry, reason=reason, actor_id=actor_id)
        settle_guarantee(unit, licence, reversal)
    moved_by_rounding = posted - Fraction(line.exact_minor)  # between this line and the others
    _post_price(unit, licence, _Owed(moved_by_rounding, line.currency, f"rounding:{line.id}"), actor_id)
    return reversal


# --- measured by checks ----------------------------------------------------------------------------------------------


def count_check(unit: Unit, check: Check, actor_id: str) -> None:
    """Count the licensed use that a check has heard, in the caller's unit, after its findings were written.

    Performers are locked in the order of their ids, so that two checks of the same people never wait for each other.
    """
    unit.session.flush()
    heard = unit.session.scalars(
        select(Finding)
        .where(Finding.check_id == check.id, Finding.verdict.in_(COUNTED_VERDICTS), Finding.licence_id.is_not(None))
        .order_by(Finding.performer_id)
    ).all()
    for finding in heard:
        licence = licence_to_post(unit, str(finding.licence_id))
        for used in _measures(check, finding):
            _count_measure(unit, licence, _Heard(check, finding, actor_id), used)


def _measures(check: Check, finding: Finding) -> Iterable[Usage]:
    """Answer what a finding has measured: seconds as heard, every other unit as the studio has declared it."""
    use = check.use()
    segments = [(segment["start_s"], segment["end_s"]) for segment in finding.segments]
    seconds = UsageKind(UsageUnit.SECOND, use.medium, use.mode)
    if use.is_counted_in(UsageUnit.SECOND):
        yield Usage(seconds, heard_thousandths(segments, check.speech_s or check.duration_s))
    for quantity in use.quantities:
        if quantity.unit is not UsageUnit.SECOND and use.is_counted_in(quantity.unit):
            yield Usage(UsageKind(quantity.unit, use.medium, use.mode), quantity.amount * THOUSAND)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A licensed finding of a check, and the worker that has made it."""

    check: Check
    finding: Finding
    actor_id: str


def _count_measure(unit: Unit, licence: Licence, heard: _Heard, used: Usage) -> None:
    check, kind = heard.check, used.kind
    key = f"{licence.id}:{check.content_sha256}:{kind.unit.value}:{kind.medium.value}:{kind.mode.value}"
    if usage.line_with_key(unit.session, key) is not None:
        return  # the same recording, checked before
    checked_on = check.created_at.date()
    used_on = min(check.fixed_on or checked_on, checked_on)
    day = Period(used_on, used_on)
    before, reported = _known_on(unit.session, licence.id, kind, day)
    adds = added_by_measure(used.thousandths, before=before, reported=reported)
    source = Source(key, day, finding_id=heard.finding.id, measured=used.thousandths)
    count(unit, licence, Usage(kind, adds), source, heard.actor_id)


def _known_on(session: Session, licence_id: str, kind: UsageKind, day: Period) -> tuple[int, int]:
    """Answer what was measured and what is reported for the days of the report that speaks of a day; 0 without one."""
    for report in usage.reports_on_days(session, [licence_id], day):
        counted = usage.counted_on(session, licence_id, report.period())
        before = sum(line.measured or 0 for line in counted if line.usage().kind == kind)
        return before, sums_of(item.usage() for item in report.items if item.licence_id == licence_id)[kind]
    return 0, 0
