"""A time by somebody's clock is one moment, or is refused with what is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.time_zones import (
    earliest_day,
    end_of_day,
    moment_in,
    start_of_day,
    still_to_come,
    zone_called,
    zone_names,
)
from registry.errors import InvalidInputError

SEOUL, LOS_ANGELES = ZoneInfo("Asia/Seoul"), ZoneInfo("America/Los_Angeles")


def by_the_clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


HOSTILE = (
    "",
    "utc ",
    "Asia/Seoul\x00",
    "../../../etc/passwd",
    "/etc/localtime",
    "Asia/../Asia/Seoul",
    "posix/Asia/Seoul",
    "localtime",
    "Factory",
    "Asia",
    "zone.tab",
    "UTC+9",
    "<script>",
    "A" * 100_000,
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_that_is_no_time_zone_is_none(name: str) -> None:
    assert zone_called(name) is None


def test_every_name_opens_a_zone_old_names_too() -> None:
    assert all(ZoneInfo(name).utcoffset(by_the_clock("2026-01-01T00:00")) is not None for name in sorted(zone_names()))
    assert {"UTC", "Asia/Seoul", "Asia/Calcutta", "Asia/Kolkata", "US/Pacific"} <= zone_names()


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        (by_the_clock("2026-11-26T09:00"), SEOUL, datetime(2026, 11, 26, 0, tzinfo=UTC)),
        (by_the_clock("2026-11-26T08:59"), SEOUL, datetime(2026, 11, 25, 23, 59, tzinfo=UTC)),
        (by_the_clock("2026-03-08T01:59"), LOS_ANGELES, datetime(2026, 3, 8, 9, 59, tzinfo=UTC)),
        (by_the_clock("2026-03-08T03:00"), LOS_ANGELES, datetime(2026, 3, 8, 10, 0, tzinfo=UTC)),
        (by_the_clock("2026-11-01T00:59"), LOS_ANGELES, datetime(2026, 11, 1, 7, 59, tzinfo=UTC)),
        (by_the_clock("2026-11-01T02:00"), LOS_ANGELES, datetime(2026, 11, 1, 10, 0, tzinfo=UTC)),
    ],
)
def test_a_time_by_the_clock_is_one_moment(local: datetime, zone: ZoneInfo, utc: datetime) -> None:
    assert moment_in(local, zone) == utc


@pytest.mark.parametrize(
    ("local", "change"),
    [
        (by_the_clock("2026-03-08T02:00"), "skipped"),
        (by_the_clock("2026-03-08T02:59"), "skipped"),
        (by_the_clock("2026-11-01T01:00"), "twice"),
        (by_the_clock("2026-11-01T01:59"), "twice"),
    ],
)
def test_a_time_that_clocks_show_never_or_twice_is_refused(local: datetime, change: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        moment_in(local, LOS_ANGELES)
    figures = refused.value.figures
    assert (figures["clock_change"], figures["time_zone"]) == (change, "America/Los_Angeles")


@given(
    minutes=st.integers(0, 150 * 365 * 24 * 60),
    name=st.sampled_from(sorted(zone_names())),
)
def test_what_a_clock_shows_leads_back_to_its_moment_or_is_said_to_come_twice(minutes: int, name: str) -> None:
    moment, zone = datetime(1950, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), ZoneInfo(name)
    local = moment.astimezone(zone).replace(tzinfo=None)
    if {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)} == {moment}:
        assert moment_in(local, zone) == moment
    else:
        with pytest.raises(InvalidInputError, match="twice"):
            moment_in(local, zone)


def test_a_day_ends_at_its_last_second_there() -> None:
    assert end_of_day(date(2026, 11, 26), SEOUL) == datetime(2026, 11, 26, 14, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2026, 11, 1), LOS_ANGELES) == datetime(2026, 11, 2, 7, 59, 59, tzinfo=UTC)
    # in 2025 Greenland's clocks went from midnight back to eleven in the evening
    back = end_of_day(date(2025, 10, 25), ZoneInfo("America/Nuuk"))
    assert back.astimezone(ZoneInfo("America/Nuuk")).utcoffset() == timedelta(hours=-2)
    assert (back + timedelta(seconds=1)).astimezone(ZoneInfo("America/Nuuk")).date() == date(2025, 10, 26)


@pytest.mark.parametrize(
    ("local", "zone"),
    [(by_the_clock("9999-12-31T23:59"), LOS_ANGELES), (by_the_clock("0001-01-01T00:00"), SEOUL)],
)
def test_where_the_calendar_ends_a_time_is_refused(local: datetime, zone: ZoneInfo) -> None:
    with pytest.raises(InvalidInputError):
        moment_in(local, zone)


@pytest.mark.parametrize(
    ("now", "day", "to_come"),
    [
        ("2026-11-26T09:59", date(2026, 11, 26), False),
        ("2026-11-26T09:59", date(2026, 11, 27), True),
        ("2026-11-26T10:00", date(2026, 11, 27), False),
        ("2026-11-26T23:59", date(2026, 11, 28), True),
        ("2026-11-26T00:00", date.min, False),
        ("2026-11-26T00:00", date.max, True),
    ],
)
def test_a_day_is_still_to_come_until_it_has_begun_where_it_begins_first(*, now: str, day: date, to_come: bool) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert still_to_come(day, moment) is to_come
    assert still_to_come(day, moment.astimezone(LOS_ANGELES)) is to_come


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-11-26T11:59", date(2026, 11, 25)), ("2026-11-26T12:00", date(2026, 11, 26))],
)
def test_the_earliest_day_is_that_of_where_a_day_begins_last(now: str, day: date) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert earliest_day(moment) == earliest_day(moment.astimezone(SEOUL)) == day


def test_where_the_calendar_ends_a_day_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        end_of_day(date.max, LOS_ANGELES)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", date(2026, 10, 1), "2026-10-01T00:00:00+00:00"),
        ("Asia/Seoul", date(2026, 10, 1), "2026-09-30T15:00:00+00:00"),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00:00+00:00"),  # clocks there go from 0:00 to 1:00
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00+00:00"),  # and here from 1:00 back to 0:00
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00+00:00"),  # a day that there never was
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00+00:00"),
    ],
)
def test_a_day_begins_where_the_one_before_has_ended(zone: str, day: date, begins: str) -> None:
    assert start_of_day(day, ZoneInfo(zone)) == datetime.fromisoformat(begins)


def test_a_day_before_which_the_calendar_ends_does_not_begin() -> None:
    with pytest.raises(InvalidInputError):
        start_of_day(date.min, ZoneInfo("Asia/Seoul"))
