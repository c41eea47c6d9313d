"""Sound that an organisation shares with a performer: which stretches of a recording are cut out, and for how long.

The registry keeps no recording of a check. Who sent one in may let the performer, and who acts for them, hear the
places where the performer is heard. What is cut is this finding's alone: a little before and after each place, never
into what another performer's turns own, and no more in all than it takes to hear whose voice it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from registry.domain.scores import Span

MARGIN_S = 0.2
"""Seconds kept before and after each place, so that the first and the last sound of it are whole."""

MOST_S = 60.0
"""Seconds of one share, of all its stretches together."""

MOST_STRETCHES = 20
LEAST_S = 1.0
"""What is left of `MOST_S` is not filled with less than this."""

DEFAULT_DAYS = 30
MOST_DAYS = 90
"""For how many days sound is shared at most; it can be shared again after."""


class SoundEnding(StrEnum):
    """Why sound is not shared any more."""

    BY_ORGANISATION = "by_organisation"
    RAN_OUT = "ran_out"
    CONSENT_ENDED = "consent_ended"  # the performer's consent to monitoring of the voice has, or they were forgotten


class ListenerSide(StrEnum):
    """On whose side somebody listens."""

    PERFORMER = "performer"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One part of a recording that is cut out.

    Attributes:
        start_s, end_s: where in the recording it lies, margins included.
        log10_lr: how strongly the place in it supports that the performer speaks; of several, the strongest.
    """

    start_s: float
    end_s: float
    log10_lr: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def as_json(self) -> dict[str, float]:
        """Answer it as it is stored."""
        return {"start_s": round(self.start_s, 3), "end_s": round(self.end_s, 3), "log10_lr": round(self.log10_lr, 3)}

    @classmethod
    def of_json(cls, stored: Mapping[str, float]) -> Stretch:
        """Answer one that was stored, or a place of a finding, which has the same members."""
        return cls(float(stored["start_s"]), float(stored["end_s"]), float(stored["log10_lr"]))


def life_of(days: int) -> timedelta:
    """Answer for how long sound is shared.

    Args:
        days: from 1 to `MOST_DAYS`.

    Raises:
        ValueError: fewer or more.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"sound is shared for 1 to {MOST_DAYS} days, not {days}")
    return timedelta(days=days)


def stretches_to_share(places: Iterable[Stretch], others: Sequence[Span], duration_s: float) -> Sequence[Stretch]:
    """Answer what is cut out of a recording.

    1. Each place gets a margin on both sides, which ends where another performer's turn begins or ends, and where the
       recording does.
    2. Places that touch are one.
    3. The strongest come first, as long as there are seconds left: they say most of why the performer was found. The
       last is cut to what is left, unless that is less than `LEAST_S`.

    Args:
        places: where the performer is heard.
        others: where other performers are heard who were found in the same recording.
        duration_s: of the recording.

    Returns:
        Stretches in the order of time, apart from each other, `MOST_S` in all at most; none where there is no place.
    """
    whole = [each for each in places if 0 <= each.start_s < min(each.end_s, duration_s)]
    joined = _joined(sorted((_with_margin(each, others, duration_s) for each in whole), key=lambda each: each.start_s))
    strongest = sorted(joined, key=lambda each: (-each.log10_lr, each.start_s))[:MOST_STRETCHES]
    taken: list[Stretch] = []
    left_s = MOST_S
    for each in strongest:
        if taken and left_s < LEAST_S:
            break
        taken.append(replace(each, end_s=min(each.end_s, each.start_s + left_s)))
        left_s -= taken[-1].duration_s
    return sorted(taken, key=lambda each: each.start_s)


def _with_margin(place: Stretch, others: Sequence[Span], duration_s: float) -> Stretch:
    end_s = min(place.end_s, duration_s)
    first, last = max(0.0, place.start_s - MARGIN_S), min(duration_s, end_s + MARGIN_S)
    for other in others:
        if other.start_s < place.start_s and other.end_s > first:
            first = min(other.end_s, place.start_s)
        if other.end_s > end_s and other.start_s < last:
            last = max(other.start_s, end_s)
    return Stretch(first, last, place.log10_lr)


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Answer stretches in the order of their beginnings, those that touch as one."""
    joined: list[Stretch] = []
    for each in stretches:
        if joined and each.start_s <= joined[-1].end_s:
            before = joined[-1]
            joined[-1] = Stretch(before.start_s, max(before.end_s, each.end_s), max(before.log10_lr, each.log10_lr))
        else:
            joined.append(each)
    return joined
