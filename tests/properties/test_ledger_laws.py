"""Laws of the ledger: the book always balances, nothing is lost by rounding, and both sides' statements agree."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.ledger import Debt, EntryKind, LedgerAccount, Movement, arrears, balances, movement, recoupment
from registry.domain.pay_statements import StatementLine, sections
from registry.domain.pricing import price, round_off
from registry.domain.terms import Multiplier, PayBasis, PayTerms, Rate
from registry.domain.usage import Usage, UsageKind, added_by_measure, added_by_report
from registry.domain.uses import Medium, UsageUnit, UseMode

START = datetime(2026, 1, 1, tzinfo=UTC)
MOVING = sorted(set(EntryKind) - {EntryKind.REVERSAL})

amounts = st.integers(-(10**12), 10**12).filter(bool)
movements = st.builds(movement, st.sampled_from(MOVING), amounts)
fractions = st.fractions(-1000, 1000, max_denominator=10_000)


@given(st.lists(movements))
def test_whatever_is_posted_the_book_balances(posted: list[Movement]) -> None:
    assert balances(posted).total() == 0


@given(st.lists(movements, min_size=1))
def test_what_is_taken_back_leaves_nothing(posted: list[Movement]) -> None:
    both = [*posted, *(moved.reversed() for moved in posted)]
    assert set(balances(both).values()) == {0}


@given(st.integers(0, 10**9), st.lists(st.integers(-(10**6), 10**9).filter(bool), max_size=8))
def test_what_is_due_is_the_larger_of_guarantee_and_use_however_it_comes_in(guaranteed: int, uses: list[int]) -> None:
    posted = [movement(EntryKind.GUARANTEE, guaranteed)] if guaranteed else []
    used = 0
    for amount in uses:
        if used + amount < 0:
            continue
        used += amount
        posted.append(movement(EntryKind.USAGE, amount))
        owed = recoupment(balances(posted))
        if owed:
            posted.append(movement(EntryKind.RECOUPMENT, owed))
        assert balances(posted)[LedgerAccount.DUE] == max(guaranteed, used)


@given(st.lists(fractions, max_size=60))
def test_what_is_posted_is_within_half_a_unit_of_the_exact_price_of_all_use(
    prices: list[Fraction],
) -> None:
    carried, posted = Fraction(0), 0
    for exact in prices:
        whole, carried = round_off(exact, carried)
        posted += whole
    assert posted + carried == sum(prices, Fraction(0))
    assert abs(carried) <= Fraction(1, 2)


@given(
    st.integers(1, 10**9),
    st.decimals("0.01", "100", places=2),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=10),
)
def test_use_costs_the_same_in_one_piece_and_in_many(rate: int, factor: Decimal, pieces: list[int]) -> None:
    pay = PayTerms((Rate(PayBasis.PER_SECOND, rate),), "EUR", multipliers=(Multiplier(Medium.RADIO, factor),))
    kind = UsageKind(UsageUnit.SECOND, Medium.RADIO, UseMode.FIXED)
    priced = [price(pay, Usage(kind, each)) for each in (*pieces, sum(pieces))]
    exact = [each.exact_minor for each in priced if each is not None]
    assert sum(exact[:-1], Fraction(0)) == exact[-1]


@given(st.lists(st.integers(0, 1000), max_size=8), st.integers(0, 5000), st.integers(0, 8))
def test_what_counts_is_the_larger_of_report_and_measures_in_whatever_order_they_come(
    measures: list[int], reported: int, at: int
) -> None:
    counted = measured = standing = 0
    for number, measure in enumerate([*measures, 0]):
        if number == min(at, len(measures)):
            counted += max(0, added_by_report(reported, measured=measured, counted=counted))
            standing = reported
        counted += added_by_measure(measure, before=measured, reported=standing)
        measured += measure
    assert counted == max(sum(measures), reported)


# --- arrears ---------------------------------------------------------------------------------------------------------

days = st.integers(-60, 60).map(lambda offset: date(2026, 6, 15) + timedelta(days=offset))
debts = st.lists(
    st.builds(Debt, st.integers(1, 10**6), days) | st.builds(Debt, st.integers(-(10**6), -1), st.none()), max_size=12
)


@given(debts, days)
def test_what_is_overdue_is_what_was_due_before_less_what_was_settled(owed: list[Debt], today: date) -> None:
    past = sum(debt.of_due for debt in owed if debt.due_on is not None and debt.due_on < today)
    settled = sum(debt.of_due for debt in owed if debt.of_due < 0)
    found = arrears(owed, today)
    assert (found.amount_minor if found else 0) == max(0, past + settled)
    assert found is None or found.since < today


@given(debts, days)
def test_more_payment_never_makes_anything_later(owed: list[Debt], today: date) -> None:
    before, after = arrears(owed, today), arrears([*owed, Debt(-1)], today)
    assert after is None or (before is not None and after.since >= before.since)


# --- statements ------------------------------------------------------------------------------------------------------


Posted = tuple[EntryKind, int, str, tuple[str, str]]
"""Kind, amount, currency, and the two parties: the performer first."""


def _line(number: int, posting: Posted, side: int) -> StatementLine:
    kind, amount, currency, parties = posting
    return StatementLine(
        entry_id=f"ent_{number:03}",
        posted_at=START + timedelta(hours=number),
        kind=kind,
        licence_id="lic_1",
        counterpart_id=parties[1 - side],
        currency=currency,
        of_due=movement(kind, amount).of_due,
        due_on=None,
        use=None,
        reverses_id=None,
        reason=None,
    )


posted = st.lists(
    st.tuples(
        st.sampled_from(MOVING),
        amounts,
        st.sampled_from(("EUR", "KRW")),
        st.tuples(st.sampled_from(("perf_a", "perf_b")), st.sampled_from(("org_a", "org_b", "org_c"))),
    ),
    max_size=40,
)


def _totals(entries: list[tuple[int, Posted]], side: int) -> Counter[tuple[str, str]]:
    """Draw a statement for every party of a side; answer what all of them come to, by currency and what of it."""
    sums: Counter[tuple[str, str]] = Counter()
    for party in sorted({parties[side] for _, (_, _, _, parties) in entries}):
        own = [(n, each) for n, each in entries if each[3][side] == party]
        opening: Counter[str] = Counter()
        for _, (kind, amount, currency, _) in own[: len(own) // 2]:
            opening[currency] += movement(kind, amount).of_due
        lines = [_line(n, each, side) for n, each in own[len(own) // 2 :]]
        for section in sections(opening, lines[::-1]):
            assert section.closing_minor == section.opening_minor + sum(line.of_due for line in section.lines)
            assert sum(section.totals.values()) == section.closing_minor - section.opening_minor
            assert list(section.lines) == sorted(section.lines, key=lambda line: line.posted_at)
            sums[section.currency, "closing"] += section.closing_minor
    return sums


@given(posted)
def test_the_performers_statements_and_the_studios_come_to_the_same_to_the_last_unit(
    entries: list[Posted],
) -> None:
    numbered = list(enumerate(entries))
    expected: Counter[tuple[str, str]] = Counter()
    for kind, amount, currency, _ in entries:
        expected[currency, "closing"] += movement(kind, amount).of_due
    for side in (0, 1):
        found = _totals(numbered, side)
        assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}
