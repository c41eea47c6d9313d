"""Usage: exact quantities, days, and that nothing is counted twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from registry.domain.usage import (
    LARGEST_THOUSANDTHS,
    Period,
    Usage,
    UsageKind,
    added_by_measure,
    added_by_report,
    heard_thousandths,
    thousandths_of,
    units,
    whole_units,
)
from registry.domain.usage_report_document import report_of_json
from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.errors import InvalidInputError

LINES = UsageKind(UsageUnit.LINE, Medium.GAME, UseMode.FIXED)


@pytest.mark.parametrize("quantity", ["-1", "0.0001", "NaN", "Infinity"])
def test_a_quantity_that_cannot_be_counted_is_refused(quantity: str) -> None:
    with pytest.raises(InvalidInputError):
        thousandths_of(Decimal(quantity))


@pytest.mark.parametrize("thousandths", [-1, LARGEST_THOUSANDTHS + 1])
def test_a_use_out_of_range_is_refused(thousandths: int) -> None:
    with pytest.raises(InvalidInputError):
        Usage(LINES, thousandths)


@pytest.mark.parametrize(("quantity", "shown"), [("0", "0"), ("12.5", "12.5"), ("0.001", "0.001"), ("100", "100")])
def test_a_quantity_is_written_as_it_was_read(quantity: str, shown: str) -> None:
    assert units(thousandths_of(Decimal(quantity))) == shown


def test_a_part_of_a_unit_counts_whole_against_a_cap() -> None:
    assert [whole_units(each) for each in (0, 1, 1000, 1001)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("segments", "heard"),
    [
        ([], 9000),  # nothing was localised: the net speech of the whole recording
        ([(0.0, 4.0)], 4000),
        ([(0.0, 4.0), (2.0, 6.0)], 6000),  # what overlaps counts once
        ([(5.0, 6.0), (0.0, 4.0), (1.0, 2.0)], 5000),
    ],
)
def test_a_voice_is_counted_for_as_long_as_it_was_heard(segments: list[tuple[float, float]], heard: int) -> None:
    assert heard_thousandths(segments, 9.0) == heard


@pytest.mark.parametrize(
    ("measured", "before", "reported", "adds"),
    [
        (5, 0, 0, 5),
        (5, 3, 0, 5),
        (5, 0, 10, 0),  # the report had told of more
        (5, 8, 10, 3),
        (5, 12, 10, 5),
    ],
)
def test_a_measure_adds_what_its_report_had_not_told(measured: int, before: int, reported: int, adds: int) -> None:
    assert added_by_measure(measured, before=before, reported=reported) == adds


@pytest.mark.parametrize(
    ("reported", "measured", "counted", "adds"),
    [(10, 0, 0, 10), (10, 4, 4, 6), (3, 4, 4, 0), (10, 4, 2, 8), (0, 4, 2, 2)],
)
def test_a_report_adds_what_was_not_measured_and_makes_up_for_nothing(
    reported: int, measured: int, counted: int, adds: int
) -> None:
    assert added_by_report(reported, measured=measured, counted=counted) == adds


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Period(date(2026, 3, 2), date(2026, 3, 1))
    assert refused.value.figures == {"starts_on": "2026-03-02", "ends_on": "2026-03-01"}


def test_a_period_is_over_on_the_day_after_its_last() -> None:
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    assert not march.is_over(date(2026, 3, 31))
    assert march.is_over(date(2026, 4, 1))


# --- reports as files ------------------------------------------------------------------------------------------------

ITEM = {"licence_id": "lic_1", "unit": "line", "medium": "game", "quantity": "12.5"}
REPORT = {"starts_on": "2026-02-01", "ends_on": "2026-02-28", "items": [ITEM]}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"ends": "2026-02-28"}, "#"),
        ({"items": [ITEM | {"unit": "words"}]}, "#/items/0/unit"),
        ({"items": [ITEM | {"quantity": 12.5}]}, "#/items/0/quantity"),
        ({"items": [ITEM | {"quantity": "-1"}]}, "#/items/0/quantity"),
        ({"starts_on": "1 February"}, "#/starts_on"),
    ],
)
def test_a_report_that_is_not_one_says_where(changes: dict[str, object], pointer: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        report_of_json(REPORT | changes)
    assert refused.value.figures["pointer"] == pointer


def test_a_report_is_read_and_what_is_left_out_is_fixed_and_unsaid() -> None:
    read = report_of_json(REPORT)
    (item,) = read.items
    assert (read.period, read.note, read.amends_id) == (Period(date(2026, 2, 1), date(2026, 2, 28)), None, None)
    assert (item.licence_id, item.used, item.project) == ("lic_1", Usage(LINES, 12_500), None)
