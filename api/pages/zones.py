"""Zones: in which time zone a reader is told of moments, and in which they give one.

As the language, it is chosen on a page and kept in that browser. Moments are moved into it, and say how far it is from
UTC. Days that stand in a contract or a law are dates, which nothing here moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import get_timezone_location
from flask import Response, g, request

from api import cookies
from api.state import context, settings
from registry.domain.time_zones import DEFAULT, end_of_day, moment_in, zone_called
from registry.errors import InvalidInputError

ZONE: Final = "zone"
"""The parameter of an address that chooses a time zone, as ``lang`` chooses a language."""

DAY_IN: Final = "day_in"
"""The field of a form that says in which time zone a day of it ends."""

_COOKIE: Final = "likeness-time-zone"
_KEPT: Final = timedelta(days=365)
_MINUS: Final = "\N{MINUS SIGN}"


def time_zone() -> ZoneInfo:
    """Answer the reader's time zone: as chosen on the page, as chosen before in this browser, or as the setting has it.

    A name that is none counts as if nothing had been chosen.
    """
    found: ZoneInfo | None = g.get("time_zone")
    if found is None:
        found = g.time_zone = _wanted_zone()
    return found


def _wanted_zone() -> ZoneInfo:
    for chosen in (request.args.get(ZONE), cookies.sent(_COOKIE)):
        if chosen is not None and (found := zone_called(chosen)) is not None:
            return found
    return ZoneInfo(settings().time_zone)


def keep_zone(response: Response) -> None:
    """Let a browser keep the time zone that was chosen on the page."""
    chosen = request.args.get(ZONE, "")
    if zone_called(chosen) is not None:
        cookies.give(response, _COOKIE, chosen, _KEPT)


def in_zone(at: datetime) -> datetime:
    """Answer a moment by the reader's clock; one at the very end of the calendar, which would leave it, by UTC."""
    try:
        return at.astimezone(time_zone())
    except OverflowError:
        return at.astimezone(UTC)


def today() -> date:
    """Answer the day that it is at this moment where the reader is."""
    return in_zone(context().clock()).date()


def from_utc(at: datetime) -> str:
    """Say how far a clock is from UTC: ``UTC``, ``UTC+9``, or ``UTC`` with a minus sign and ``3:30``.

    Args:
        at: with its zone.
    """
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "" if minutes == 0 else _MINUS if minutes < 0 else "+"
    return f"UTC{sign}{hours if minutes else ''}{f':{rest:02}' if rest else ''}"


def exactly(at: datetime) -> str:
    """Write a moment for programs: in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# --- moments that somebody gives -------------------------------------------------------------------------------------


def given_moment(text: str, zone: str) -> datetime:
    """Answer the moment that a form names by the clock of a zone that it names as well.

    Raises:
        InvalidInputError: it is no time, or clocks there show it never or twice (`moment_in`).
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError("this is no day and time", local_time=text[:40]) from error
    return local if local.tzinfo is not None else moment_in(local, _given(zone))


def given_day_end(text: str, zone: str) -> datetime | str | None:
    """Answer the end of the day that a form names; what is no day stays as it was sent, for the model to refuse."""
    if not text:
        return None
    try:
        return end_of_day(date.fromisoformat(text), _given(zone))
    except ValueError:
        return text


def _given(name: str) -> ZoneInfo:
    """Answer the zone that a form names; one that names none means UTC, as a program that fills it in would."""
    return zone_called(name) or ZoneInfo(DEFAULT)


def zone_choices(typed: str = "") -> Sequence[tuple[str, str]]:
    """Answer in which zones a form takes a moment: the reader's and UTC, and the one that was typed before."""
    names = dict.fromkeys([time_zone().key, DEFAULT] + [typed] * (zone_called(typed) is not None))
    return [(name, name) for name in names]


# --- which there are -------------------------------------------------------------------------------------------------


@lru_cache
def places(locale: str) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Answer the zones that a page offers, by the part of the world, each with what it is called in a language."""
    parts: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(_offered()):
        parts.setdefault(name.partition("/")[0], []).append((name, f"{name} · {get_timezone_location(name, locale)}"))
    return list(parts.items())


def _offered() -> Iterable[str]:
    """Answer zones of places, each once: what was renamed goes by one name."""
    of_places = get_global("zone_territories")
    return (name for name, place in of_places.items() if place != "001" and "/" in name and zone_called(name))
