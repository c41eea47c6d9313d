"""Lengths of time as laws write them: whole years, months and days, by the calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"([1-9][0-9]{0,4}) (year|month|day)s?")
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time.

    Attributes:
        months: whole months; a year has twelve.
        days: whole days beyond them.
    """

    months: int
    days: int

    def after(self, day: date) -> date:
        """Answer the first day that is no longer within this time from ``day`` on.

        A day that its month does not have counts as the first of the next, so that ten years from 29 February 2024
        last until the end of 28 February 2034.
        """
        whole = day.year * _MONTHS + day.month - 1 + self.months
        year, month = divmod(whole, _MONTHS)
        if day.day > monthrange(year, month + 1)[1]:
            year, month = divmod(whole + 1, _MONTHS)
            return date(year, month + 1, 1) + timedelta(days=self.days)
        return date(year, month + 1, day.day) + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days, both ends included."""

    first: date
    last: date

    def is_longer_than(self, duration: Duration) -> bool:
        """Whether it holds at least one day more than the duration; ten years to the day are not longer than ten."""
        try:
            return self.last >= duration.after(self.first)
        except (OverflowError, ValueError):
            return False  # the duration reaches past the last day that a calendar here can name, and so past any term

    def __str__(self) -> str:
        return f"{self.first.isoformat()} to {self.last.isoformat()}"


def duration_of(text: str) -> Duration:
    """Read a duration such as ``10 years``, ``18 months`` or ``90 days``.

    Raises:
        ValueError: it is none.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError(f"{text!r} is not a duration such as '10 years'")
    count, unit = int(written[1]), written[2]
    if unit == "day":
        return Duration(0, count)
    return Duration(count * _MONTHS if unit == "year" else count, 0)
