"""Figures for the public: nobody works out a count from one to four, also who knows the rules of what is held back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.conclusions import Conclusion
from registry.domain.transparency import (
    GROUPINGS,
    LEAST,
    Counted,
    Decided,
    Decision,
    Quarter,
    counted,
    decided,
    quarters_over,
)

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
QUARTERS = quarters_over(FIRST, datetime(2028, 1, 1, tzinfo=UTC))
counts_of_quarters = st.lists(st.integers(0, 12), min_size=1, max_size=len(QUARTERS))


def moments(counts: Sequence[int]) -> Iterator[datetime]:
    for quarter, count in zip(QUARTERS, counts, strict=False):
        yield from (quarter.begins_at + timedelta(days=day) for day in range(count))


def counted_of(counts: Sequence[int]) -> tuple[Counted, ...]:
    return counted(moments(counts), QUARTERS[: len(counts)])


def decided_of(tables: Sequence[Sequence[int]]) -> tuple[Decided, ...]:
    made = [
        Decision(QUARTERS[number].begins_at, conclusion, 1.0)
        for number, table in enumerate(tables)
        for conclusion, count in zip(Conclusion, table, strict=False)
        for _ in range(count)
    ]
    return decided(made, QUARTERS[: len(tables)])


def all_of(parts: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield every row of so many counts that has at most so many events in all."""
    if parts == 0:
        yield ()
        return
    for first in range(most + 1):
        for rest in all_of(parts - 1, most - first):
            yield first, *rest


def known(most: int, secrets: Iterable[tuple[int, ...]], print_it: Callable[..., Hashable]) -> list[tuple[int, ...]]:
    """Answer what has a count from one to four that follows from what is printed, for whoever knows how it is printed.

    Whatever is printed alike has as many events in all, but for up to four that are held back at the end: so of rows
    with at most ``most`` less four, everything that could be behind them is among ``secrets``.
    """
    behind = defaultdict(list)
    for secret in secrets:
        behind[print_it(secret)].append(secret)
    found = []
    for possible in behind.values():
        certain = [values for values in map(set, zip(*possible, strict=True)) if len(values) == 1]
        if any(0 < values.pop() < LEAST for values in certain):
            found += [secret for secret in possible if sum(secret) <= most - LEAST + 1][:1]
    assert len(behind) > 50
    return found


def test_of_no_table_of_conclusions_a_small_count_can_be_worked_out() -> None:
    assert known(15, all_of(len(Conclusion), 15), lambda table: repr(decided_of([table]))) == []


def test_of_no_two_quarters_a_small_count_of_conclusions_can_be_worked_out() -> None:
    assert known(16, all_of(4, 16), lambda four: repr(decided_of([four[:2], four[2:]]))) == []


def test_of_no_four_quarters_a_small_count_can_be_worked_out() -> None:
    assert known(16, all_of(4, 16), counted_of) == []


def test_what_would_tell_is_found() -> None:
    def left_out(three: tuple[int, ...]) -> Hashable:
        return *(each if each >= LEAST else None for each in three), sum(three)

    assert known(16, all_of(3, 16), left_out) != []


@given(counts_of_quarters)
def test_every_figure_counts_at_least_five_events_or_none_and_no_event_is_in_two(counts: list[int]) -> None:
    told = counted_of(counts)
    of = dict(zip(QUARTERS, counts, strict=False))
    covered = [quarter for each in told for quarter in QUARTERS if each.first <= quarter <= each.last]
    assert covered == list(of)
    for each in told:
        within = sum(count for quarter, count in of.items() if each.first <= quarter <= each.last)
        assert each.count == within if each.count is not None else 0 < within < LEAST
        assert each.count is None or each.count == 0 or each.count >= LEAST


@given(counts_of_quarters, st.integers(0, 12))
def test_a_quarter_more_changes_nothing_that_was_given(counts: list[int], more: int) -> None:
    before, after = counted_of(counts), counted_of([*counts, more][: len(QUARTERS)])
    given_then = [each for each in before if each.count is not None]
    assert list(after[: len(given_then)]) == given_then


@given(st.lists(st.tuples(*[st.integers(0, 9)] * len(Conclusion)), min_size=1, max_size=4))
def test_the_same_holds_of_conclusions(tables: list[tuple[int, ...]]) -> None:
    told = decided_of(tables)
    for each in told:
        rows = [table for quarter, table in zip(QUARTERS, tables, strict=False) if each.first <= quarter <= each.last]
        counts = dict(zip(Conclusion, map(sum, zip(*rows, strict=True)), strict=True))
        if each.count is None:
            assert 0 < sum(counts.values()) < LEAST
            assert each.median_days is None
        for group, count in each.groups:
            assert count == sum(counts[kind] for kind in group)
            assert count == 0 or count >= LEAST
    before = [each for each in decided_of(tables[:-1]) if each.count is not None]
    assert list(told[: len(before)]) == before


def test_every_grouping_has_every_conclusion_once_and_each_is_coarser_than_the_one_before() -> None:
    for grouping in GROUPINGS:
        assert sorted(kind for group in grouping for kind in group) == sorted(Conclusion)
    for finer, coarser in pairwise(GROUPINGS):
        assert all(any(set(group) <= set(other) for other in coarser) for group in finer)


@pytest.mark.parametrize(
    ("first", "now", "over"),
    [
        ("2026-03-31T23:59:59Z", "2026-03-31T23:59:59Z", []),
        ("2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z", ["2026-Q1"]),
        ("2025-12-31T23:00:00-02:00", "2026-07-01T00:00:00Z", ["2026-Q1", "2026-Q2"]),
        ("2025-11-05T00:00:00Z", "2026-04-01T00:00:00Z", ["2025-Q4", "2026-Q1"]),
    ],
)
def test_a_quarter_is_counted_when_it_is_over(first: str, now: str, over: list[str]) -> None:
    found = quarters_over(datetime.fromisoformat(first), datetime.fromisoformat(now))
    assert [str(each) for each in found] == over


def test_a_quarter_that_is_not_over_is_not_counted() -> None:
    running = Quarter.of(FIRST + timedelta(days=400)).begins_at
    assert counted([running] * 9, QUARTERS[:4]) == tuple(Counted(each, each, 0) for each in QUARTERS[:4])


def test_the_median_is_of_all_decisions_of_a_period() -> None:
    made = [Decision(FIRST, Conclusion.SUPPORTS_P, days) for days in (3, 4, 10, 20, 300)]
    assert [each.median_days for each in decided(made, QUARTERS[:1])] == [10]
    assert [each.median_days for each in decided(made[:4], QUARTERS[:1])] == [None]
