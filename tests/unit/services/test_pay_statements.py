"""Statements: whatever is posted, the two sides' agree to the last unit, in every form that they are written in."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from paying import FLAT, PER_SECOND, heard, licensed, paid_by, report, said
from steps import Registry

from registry.domain.accounts import Principal, Role
from registry.domain.ledger import EntryKind, LedgerAccount
from registry.domain.pay_statements import PayStatement
from registry.domain.terms import PayBasis, PayTerms, Rate
from registry.domain.usage import Period
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PaymentExceedsDueError,
    UsageOverlapsError,
)
from registry.interchange.pay_statements import as_csv, as_html, as_json
from registry.services import corrections, ledger, licence_course, licences, pay_statements, payments
from registry.services.payments import Paid
from registry.store.licences import Licence

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
TERMS = (
    paid_by(PER_SECOND),
    paid_by(PayTerms((Rate(PayBasis.PER_SECOND, 7), Rate(PayBasis.FLAT, 999)), "KRW", minimum_guarantee_minor=350)),
    paid_by(FLAT),
)


def of_performer(registry: Registry, licence: Licence, period: Period = YEAR) -> PayStatement:
    return pay_statements.performer_statement(registry.ctx, registry.operator, licence.performer_id, period)


def of_studio(registry: Registry, licence: Licence, period: Period = YEAR) -> PayStatement:
    return pay_statements.studio_statement(registry.ctx, registry.operator, licence.studio_id, period)


def test_nobody_reads_anothers_statement(sqlite_registry: Registry) -> None:
    studio, other = sqlite_registry.studio(), sqlite_registry.studio("Other")
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    own = sqlite_registry.principal(Role.PERFORMER, "Ada", performer_id=licence.performer_id)
    for principal in (studio, other):
        with pytest.raises(NotFoundError):
            pay_statements.performer_statement(sqlite_registry.ctx, principal, licence.performer_id, YEAR)
    for principal in (own, other):
        with pytest.raises(NotFoundError):
            pay_statements.studio_statement(sqlite_registry.ctx, principal, licence.studio_id, YEAR)
    auditor = sqlite_registry.principal(Role.AUDITOR, "Ear", "Open Ear")
    with pytest.raises(ForbiddenError):
        pay_statements.studio_statement(sqlite_registry.ctx, auditor, licence.studio_id, YEAR)
    assert pay_statements.performer_statement(sqlite_registry.ctx, own, licence.performer_id, YEAR).sections
    assert pay_statements.studio_statement(sqlite_registry.ctx, studio, licence.studio_id, YEAR).sections


def test_what_was_due_before_a_period_is_its_opening_and_its_closing_opens_the_next(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    sqlite_registry.clock.move(days=30)
    licence_course.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, licence.id)
    april = Period(date(2026, 4, 1), date(2026, 4, 30))
    (first,), (second,) = (of_studio(sqlite_registry, licence, each).sections for each in (MARCH, april))
    assert (first.opening_minor, first.closing_minor) == (0, 450_000)
    assert (second.opening_minor, second.closing_minor, second.totals) == (450_000, 0, {EntryKind.PAYMENT: -450_000})


def test_a_statement_is_final_once_nothing_of_its_days_can_still_be_written(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, sqlite_registry.studio(), paid_by(FLAT))
    sqlite_registry.clock.now = sqlite_registry.clock.now.replace(month=4, day=1, hour=0, minute=30)
    assert not of_studio(sqlite_registry, licence, MARCH).is_final
    sqlite_registry.clock.move(hours=1)
    assert of_studio(sqlite_registry, licence, MARCH).is_final


# --- any postings ----------------------------------------------------------------------------------------------------


def _report(registry: Registry, studio: Principal, licence: Licence, random: Random) -> None:
    day = date(2026, 1, 1) + timedelta(days=random.randrange(60))
    report(registry, studio, said(licence, f"{random.randrange(40_000) / 1000:.3f}"), period=Period(day, day))


def _pay(registry: Registry, studio: Principal, licence: Licence, random: Random) -> None:
    currency = licence.terms().pay.currency or ""
    paid = Paid(random.randrange(1, 500), currency, registry.clock().date())
    made = payments.report_payment(registry.ctx, studio, licence.id, paid)
    if random.random() < 0.8:
        payments.confirm_payment(registry.ctx, registry.operator, made.id, evidence_sha256="e" * 64)
    else:
        payments.dispute_payment(registry.ctx, registry.operator, made.id, reason="it has not come")


def _reverse(registry: Registry, _studio: Principal, licence: Licence, random: Random) -> None:
    found = ledger.list_entries(registry.ctx, registry.operator, licence_id=licence.id, after=None, limit=500)
    if found:
        corrections.reverse_entry(registry.ctx, registry.operator, random.choice(found).id, reason="=HYPERLINK(x)")


REFUSALS = (UsageOverlapsError, PaymentExceedsDueError, ConflictError, InvalidInputError)
_DEEDS: tuple[Callable[[Registry, Principal, Licence, Random], None], ...] = (_report, _report, _pay, _reverse)


def post_anything(registry: Registry, seed: int) -> list[Licence]:
    """Let two studios and two performers do whatever they like, also what is refused."""
    random = Random(seed)  # noqa: S311  (a test)
    agreed: list[tuple[Principal, Licence]] = []
    for number, name in enumerate(("Northlight", "Meridian")):
        studio = registry.studio(name)
        agreed += [(studio, licensed(registry, studio, terms, f"Ada {number}")) for terms in TERMS[: number + 2]]
    for _ in range(60):
        registry.clock.move(hours=random.randrange(24))
        studio, licence = random.choice(agreed)
        with suppress(*REFUSALS):
            random.choice(_DEEDS)(registry, studio, licence, random)
    heard(registry, agreed[0][0], agreed[0][1])
    return [licences.get_licence(registry.ctx, registry.operator, licence.id) for _, licence in agreed]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_posted_the_two_sides_agree_to_the_last_unit(sqlite_registry: Registry, seed: int) -> None:
    agreed = post_anything(sqlite_registry, seed)
    for period in (YEAR, MARCH, Period(date(2026, 3, 20), date(2026, 4, 5))):
        performers = {x.performer_id: of_performer(sqlite_registry, x, period) for x in agreed}
        studios = {x.studio_id: of_studio(sqlite_registry, x, period) for x in agreed}
        told = [_by_pair(side, period) for side in (performers.values(), studios.values())]
        assert told[0] == told[1]
        assert _closing(performers.values()) == _closing(studios.values())
    sums: Counter[str] = Counter()
    for licence in agreed:
        for currency, amount in _due(sqlite_registry, licence):
            sums[currency] += amount
    assert _closing(of_performer(sqlite_registry, x) for x in {x.performer_id: x for x in agreed}.values()) == {
        currency: amount for currency, amount in sums.items() if amount
    }


def _by_pair(side: Iterable[PayStatement], period: Period) -> Counter[tuple[str, str, str, int]]:
    """Count the lines of statements, whichever side they were drawn for."""
    lines: Counter[tuple[str, str, str, int]] = Counter()
    for statement in side:
        for section in statement.sections:
            assert section.opening_minor + sum(line.of_due for line in section.lines) == section.closing_minor
            for line in section.lines:
                assert period.starts_on <= line.posted_at.date() <= period.ends_on
                pair = tuple(sorted((statement.party_id, line.counterpart_id)))
                lines[f"{pair}", line.entry_id, line.currency, line.of_due] += 1
    return lines


def _closing(side: Iterable[PayStatement]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for statement in side:
        for section in statement.sections:
            sums[section.currency] += section.closing_minor
    return {currency: amount for currency, amount in sums.items() if amount}


def _due(registry: Registry, licence: Licence) -> list[tuple[str, int]]:
    found = ledger.get_accounts(registry.ctx, registry.operator, licence.id)
    assert all(sum(each.balances.values()) == 0 for each in found)
    return [(each.currency, each.balances[LedgerAccount.DUE]) for each in found]


@pytest.mark.parametrize(
    ("zone", "first_day", "begins"),
    [
        ("UTC", date(2026, 10, 1), "2026-10-01T00:00:00+00:00"),
        ("Asia/Seoul", date(2026, 10, 1), "2026-09-30T15:00:00+00:00"),
        ("Asia/Kathmandu", date(2026, 10, 1), "2026-09-30T18:15:00+00:00"),
        ("Europe/London", date(2026, 4, 1), "2026-03-31T23:00:00+00:00"),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00:00+00:00"),
        ("America/New_York", date(2026, 11, 2), "2026-11-02T05:00:00+00:00"),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00:00+00:00"),
    ],
)
def test_what_is_written_is_in_the_day_that_it_was_by_the_clocks_of_the_zone(
    sqlite_registry: Registry, zone: str, first_day: date, begins: str
) -> None:
    registry, by = sqlite_registry, ZoneInfo(zone)
    studio, edge = registry.studio(), datetime.fromisoformat(begins)
    registry.clock.now = edge - timedelta(seconds=1)
    licensed(registry, studio, paid_by(FLAT))
    registry.clock.now = edge
    second = licensed(registry, studio, paid_by(FLAT))
    days = Period(first_day - timedelta(days=28), first_day - timedelta(days=1)), Period(first_day, first_day)

    def drawn(period: Period) -> PayStatement:
        statement = pay_statements.studio_statement(registry.ctx, registry.operator, second.studio_id, period, by)
        page = pay_statements.page_of_studio_statement(
            registry.ctx, registry.operator, second.studio_id, period, by, limit=9
        )
        assert page == (statement, None)
        assert as_json(statement)["time_zone"] == zone
        assert {row["time_zone"] for row in csv.DictReader(io.StringIO(as_csv(statement)))} == {zone}
        assert zone in as_html(statement, "ko")
        return statement

    before, after = (drawn(each) for each in days)
    assert [line.licence_id == second.id for each in (before, after) for line in each.sections[0].lines] == [
        False,
        True,
    ]
    assert [each.day_of(each.sections[0].lines[0]) for each in (before, after)] == [
        first_day - timedelta(days=1),
        first_day,
    ]
    assert before.sections[0].closing_minor == after.sections[0].opening_minor
    registry.clock.now = edge + pay_statements.STILL_BEING_WRITTEN - timedelta(seconds=1)
    assert not drawn(days[0]).is_final
    registry.clock.now = edge + pay_statements.STILL_BEING_WRITTEN
    assert drawn(days[0]).is_final


@pytest.mark.parametrize("period", [Period(date(9999, 12, 31), date(9999, 12, 31)), Period(date.min, date.min)])
def test_days_at_which_the_calendar_ends_are_refused(sqlite_registry: Registry, period: Period) -> None:
    licence = licensed(sqlite_registry, sqlite_registry.studio(), paid_by(FLAT))
    with pytest.raises(InvalidInputError):
        pay_statements.studio_statement(
            sqlite_registry.ctx, sqlite_registry.operator, licence.studio_id, period, ZoneInfo("Asia/Seoul")
        )


# --- forms -----------------------------------------------------------------------------------------------------------


def test_json_and_csv_say_the_same_and_no_cell_is_a_formula(sqlite_registry: Registry) -> None:
    licence = post_anything(sqlite_registry, 7)[0]
    statement = of_studio(sqlite_registry, licence)
    rows = list(csv.DictReader(io.StringIO(as_csv(statement))))
    written = as_json(statement)
    for section in written["sections"]:  # type: ignore[attr-defined]
        own = [row for row in rows if row["currency"] == section["currency"]]
        assert [own[0]["row"], own[-1]["row"]] == ["opening", "closing"]
        assert [row["entry_id"] for row in own[1:-1]] == [line["entry_id"] for line in section["lines"]]
        amounts = [int(row["amount_minor"]) for row in own]
        assert sum(amounts[:-1]) == amounts[-1] == section["closing_minor"]
    words = [row[name] for row in rows for name in ("reason", "licence_title", "counterpart_name")]
    assert any("HYPERLINK" in word for word in words)
    assert not [word for word in words if word.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(("language", "word"), [("en", "Due after"), ("ko", "기말 미지급액"), ("fr", "Due after")])
def test_the_page_is_in_the_language_asked_for_and_escapes_what_people_wrote(
    sqlite_registry: Registry, language: str, word: str
) -> None:
    studio = sqlite_registry.studio("<b>Northlight</b>")
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    page = as_html(of_studio(sqlite_registry, licence), language)
    assert word in page
    assert "4,500.00" in page
    assert "<b>" not in page
    assert "&lt;b&gt;Northlight" in page
