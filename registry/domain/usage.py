"""Usage: how much a licensed voice was used, in exact thousandths of a unit, and how nothing is counted twice.

Use becomes known in two ways. A check in which a licensed voice is heard *measures* some: so many seconds. A studio
*reports* how much there was in all on some days. Both may speak of the same work, so the rule is:

1. The same recording is measured once under a licence, for a medium and a mode, however often it is checked.
2. A report is about days that are over, and no two standing reports speak of the same day of one licence.
3. Of one kind (unit, medium and mode), what counts for the days of a report is the larger of what it says and what was
   measured. On days that no report speaks of, what was measured counts.

A measure belongs to the day on which the work was finished, where the studio has declared one, else to the day of the
check. So a report never makes up for less than was heard, and a late check of reported work costs nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.errors import InvalidInputError

THOUSAND = 1000
LARGEST_THOUSANDTHS = 10**15
"""A million million units: no use is larger, and every sum of uses stays far within 64 bits."""


@dataclass(frozen=True, slots=True)
class UsageKind:
    """What use is counted by: two uses of one kind may be added."""

    unit: UsageUnit
    medium: Medium
    mode: UseMode


@dataclass(frozen=True, slots=True)
class Usage:
    """So much use of one kind.

    Attributes:
        kind: what is counted.
        thousandths: how much, in thousandths of the unit (milliseconds for seconds), 0 to `LARGEST_THOUSANDTHS`.

    Raises:
        InvalidInputError: below 0, or beyond what can be counted.
    """

    kind: UsageKind
    thousandths: int

    def __post_init__(self) -> None:
        if not 0 <= self.thousandths <= LARGEST_THOUSANDTHS:
            raise InvalidInputError(
                f"a use is 0 to {LARGEST_THOUSANDTHS // THOUSAND} units, not {units(self.thousandths)}",
                unit=self.kind.unit.value,
                quantity=units(self.thousandths),
            )


def thousandths_of(quantity: Decimal) -> int:
    """Answer a quantity in thousandths, exactly.

    Raises:
        InvalidInputError: it is no number, below 0, or has more than three decimals.
    """
    if not quantity.is_finite() or quantity < 0 or quantity * THOUSAND % 1 != 0:
        raise InvalidInputError(
            f"a quantity is 0 or more, with at most three decimals, not {quantity}", quantity=str(quantity)
        )
    return int(quantity * THOUSAND)


def units(thousandths: int) -> str:
    """Write a quantity in units, exactly and without needless zeros: ``12.5``."""
    whole = f"{Decimal(thousandths) / THOUSAND:f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def whole_units(thousandths: int) -> int:
    """Answer how many units a cap counts: a part of one counts whole."""
    return -(-thousandths // THOUSAND)


def heard_thousandths(segments: Iterable[tuple[float, float]], speech_s: float) -> int:
    """Answer how long a voice was heard, in milliseconds; stretches that overlap count once.

    Args:
        segments: start and end of each stretch, in seconds from the beginning.
        speech_s: net speech of the whole recording, which counts where nothing was localised.
    """
    stretches = sorted((round(start * THOUSAND), round(end * THOUSAND)) for start, end in segments)
    if not stretches:
        return round(speech_s * THOUSAND)
    heard, until = 0, 0
    for start, end in stretches:
        heard += max(0, end - max(start, until))
        until = max(until, end)
    return heard


def added_by_measure(measured: int, *, before: int, reported: int) -> int:
    """Answer what a measure adds to what counts for its days, in thousandths, by rule 3.

    Args:
        measured: now.
        before: measured on these days before now.
        reported: what the standing report on these days says; 0 where there is none.
    """
    return max(reported, before + measured) - max(reported, before)


def added_by_report(reported: int, *, measured: int, counted: int) -> int:
    """Answer what a report adds to what counts for its days, in thousandths, by rule 3.

    Args:
        reported: in all.
        measured: on these days.
        counted: of what was measured; less than that where an earlier report, which stands no more, had covered it.
    """
    return max(reported, measured) - counted


def sums_of(uses: Iterable[Usage]) -> Counter[UsageKind]:
    """Answer how much there is of each kind, in the order in which the kinds first come."""
    sums: Counter[UsageKind] = Counter()
    for use in uses:
        sums[use.kind] += use.thousandths
    return sums


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included.

    Raises:
        InvalidInputError: it ends before it starts; figures ``starts_on`` and ``ends_on``.
    """

    starts_on: date
    ends_on: date

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise InvalidInputError(
                f"the period ends on {self.ends_on}, before it starts on {self.starts_on}",
                starts_on=self.starts_on.isoformat(),
                ends_on=self.ends_on.isoformat(),
            )

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.ends_on < today

    def overlaps(self, other: Period) -> bool:
        """Whether the two have a day in common."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on
