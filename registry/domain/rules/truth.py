"""Three-valued truth (Kleene): what is not known stays unknown until something that is known decides alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Truth(StrEnum):
    """Whether a condition holds."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def truth_of(holds: bool) -> Truth:  # noqa: FBT001  (it turns one kind of truth into the other)
    """Answer what is known to hold, or not to."""
    return Truth.YES if holds else Truth.NO


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a condition, and what it rests on.

    Attributes:
        truth: whether it holds.
        rests_on: names of the facts that decided; where unknown, of those that were looked at.
        missing: names of the facts without which it cannot be told; empty unless unknown.
    """

    truth: Truth
    rests_on: frozenset[str] = field(default_factory=frozenset)
    missing: frozenset[str] = field(default_factory=frozenset)


def all_of(parts: Sequence[Judgement]) -> Judgement:
    """Answer whether every part holds: one that does not decides alone, whatever is unknown of the others."""
    return _combined(parts, decisive=Truth.NO, otherwise=Truth.YES)


def any_of(parts: Sequence[Judgement]) -> Judgement:
    """Answer whether one part holds: it decides alone, whatever is unknown of the others."""
    return _combined(parts, decisive=Truth.YES, otherwise=Truth.NO)


def negated(part: Judgement) -> Judgement:
    """Answer whether a part does not hold; the unknown stays unknown."""
    opposite = {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.UNKNOWN: Truth.UNKNOWN}
    return Judgement(opposite[part.truth], part.rests_on, part.missing)


def _combined(parts: Sequence[Judgement], *, decisive: Truth, otherwise: Truth) -> Judgement:
    deciding = [part for part in parts if part.truth is decisive]
    if deciding:
        return Judgement(decisive, _union(part.rests_on for part in deciding))
    everything = _union(part.rests_on for part in parts)
    missing = _union(part.missing for part in parts)
    if any(part.truth is Truth.UNKNOWN for part in parts):
        return Judgement(Truth.UNKNOWN, everything, missing)
    return Judgement(otherwise, everything)


def _union(names: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*names)
