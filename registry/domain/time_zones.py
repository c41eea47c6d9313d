"""Time zones: which there are, and which moment a clock on somebody's wall means."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from registry.errors import InvalidInputError

DEFAULT: Final = "UTC"
_NO_PLACE: Final = "Factory"
"""What the database of time zones calls a clock that nobody has set."""

_FARTHEST_AHEAD: Final = timedelta(hours=14)
"""How far the clocks are ahead of UTC where a day begins first."""

_FARTHEST_BEHIND: Final = timedelta(hours=12)
"""How far the clocks are behind UTC where a day begins last."""


@cache
def zone_names() -> frozenset[str]:
    """Answer the names of all time zones that there are, old ones too, as IANA's database has them.

    They are of the package ``tzdata``, so that they are the same on every machine. A name that is not among them is
    never looked up: `zoneinfo` looks for a file that is called so.
    """
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - {_NO_PLACE}


def zone_called(name: str) -> ZoneInfo | None:
    """Answer a time zone by its name, in any text that somebody sent; None where there is none."""
    return ZoneInfo(name) if name in zone_names() else None


def moment_in(local: datetime, zone: ZoneInfo) -> datetime:
    """Answer the one moment, in UTC, at which clocks of a zone show a time.

    Args:
        local: what they show, without a zone.
        zone: where they hang.

    Raises:
        InvalidInputError: no moment, or two: the clocks were set forward over it, or back to it (figure
            ``clock_change``: ``skipped`` or ``twice``), or the calendar ends there.
    """
    try:
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError as error:
        raise InvalidInputError("the calendar ends before this moment in UTC", local_time=local.isoformat()) from error
    if first == second:
        return first
    back = first.astimezone(zone).replace(tzinfo=None)
    raise InvalidInputError(
        f"clocks in {zone.key} show this time {'twice' if back == local else 'never'}",
        clock_change="twice" if back == local else "skipped",
        local_time=local.isoformat(timespec="minutes"),
        time_zone=zone.key,
    )


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Answer the first moment of a day in a zone, in UTC; where clocks are set forward over it, the moment they are.

    Each day ends where the next begins, also one that a zone has left out.

    Raises:
        InvalidInputError: the calendar ends before it, in UTC.
    """
    try:
        return datetime.combine(day, time(0), zone).astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError("the calendar ends at this day", local_time=day.isoformat()) from error


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Answer the last second of a day in a zone, in UTC; where clocks show it twice, the later one.

    Raises:
        InvalidInputError: the calendar ends before it, in UTC.
    """
    try:
        return datetime.combine(day, time(23, 59, 59), zone).replace(fold=1).astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError("the calendar ends before the end of this day", local_time=day.isoformat()) from error


def latest_day(now: datetime) -> date:
    """Answer the latest day that it is anywhere at a moment.

    Args:
        now: with its zone.
    """
    return (now.astimezone(UTC) + _FARTHEST_AHEAD).date()


def earliest_day(moment: datetime) -> date:
    """Answer the earliest day that it is anywhere at a moment.

    Args:
        moment: with its zone.
    """
    return (moment.astimezone(UTC) - _FARTHEST_BEHIND).date()


def still_to_come(day: date, now: datetime) -> bool:
    """Answer whether a day has begun nowhere yet, so that nothing can have been done on it, wherever it was done.

    Args:
        day: as somebody says it, by a clock that is not known.
        now: with its zone.
    """
    return day > latest_day(now)
