"""Samples of a scan that persons mark: how often the engine is wrong by what they say, and how far they agree.

Two who hear the same rows are compared by how many they say the same of, and by Cohen's kappa, which takes off what
chance alone would bring (J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
Measurement 20, 1960, pp. 37-46).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from registry.domain.proportions import wilson

FEWEST_IN_COMMON: Final = 20
"""Rows that two persons must both have marked before a kappa is said of them."""
MOST_PEOPLE: Final = 10
"""Who may mark one sample."""


class SampledBy(StrEnum):
    """What strata are made of."""

    OUTCOME = "outcome"  # of the evidence
    DURATION = "duration"  # of the recording
    OUTCOME_AND_DURATION = "outcome_and_duration"
    PROJECT = "project"  # as the source declares it


class Mark(StrEnum):
    """What a person says of a row."""

    AGREE = "agree"  # what was found is right
    DISAGREE = "disagree"  # it is wrong
    UNSURE = "unsure"  # the person cannot tell either


class NoKappa(StrEnum):
    """Why no kappa is said of two persons."""

    TOO_FEW = "too_few"  # they have fewer rows in common than `FEWEST_IN_COMMON`
    ALL_THE_SAME = "all_the_same"  # both say one and the same of every row, so that chance would agree as well


Marks = Mapping[int, Mark]
"""What one person says, by the number of the row."""


@dataclass(frozen=True, slots=True)
class HeardOf:
    """What persons say of the rows in which the same was found.

    Attributes:
        outcome: that was found.
        drawn: how many such rows the sample has.
        agree, disagree, unsure: how many rows are marked so.
        wrong: share of the rows that were told, in which it is wrong; None where none was told.
        low, high: its 95 % interval (Wilson).
        right: the share in which it is right; of matches, the precision.
        right_low, right_high: its 95 % interval.
    """

    outcome: str
    drawn: int
    agree: int
    disagree: int
    unsure: int
    wrong: float | None
    low: float | None
    high: float | None
    right: float | None
    right_low: float | None
    right_high: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two persons say the same.

    Attributes:
        first, second: who, by their accounts.
        rows: that both have marked.
        same: of these, those of which they say the same.
        raw: share of these; None where there are none.
        kappa: Cohen's; None where it is not said.
        no_kappa: why not; None where it is.
    """

    first: str
    second: str
    rows: int
    same: int
    raw: float | None
    kappa: float | None
    no_kappa: NoKappa | None


def heard_of(outcomes: Mapping[int, str], marks: Marks) -> Sequence[HeardOf]:
    """Say how often what was found is wrong, by what was found.

    Args:
        outcomes: what was found in each row of the sample.
        marks: of rows of the sample.
    """
    drawn = Counter(outcomes.values())
    counts = {outcome: Counter[Mark]() for outcome in drawn}
    for number, mark in marks.items():
        counts[outcomes[number]][mark] += 1
    return [_heard_of(outcome, drawn[outcome], counted) for outcome, counted in sorted(counts.items())]


def _heard_of(outcome: str, drawn: int, counted: Mapping[Mark, int]) -> HeardOf:
    agree, disagree, unsure = (counted[mark] for mark in (Mark.AGREE, Mark.DISAGREE, Mark.UNSURE))
    told = agree + disagree
    wrong = wilson(disagree, told) if told else (None, None, None)
    right = wilson(agree, told) if told else (None, None, None)
    return HeardOf(outcome, drawn, agree, disagree, unsure, *wrong, *right)


def together(said: Iterable[Marks]) -> Marks:
    """Answer what persons say together: where one says right and another wrong, it cannot be told.

    Who cannot tell takes nothing from who can.
    """
    of_row: dict[int, set[Mark]] = {}
    for marks in said:
        for number, mark in marks.items():
            of_row.setdefault(number, set()).add(mark)
    return {number: _settled(marks) for number, marks in of_row.items()}


def _settled(marks: set[Mark]) -> Mark:
    told = marks - {Mark.UNSURE}
    return next(iter(told)) if len(told) == 1 else Mark.UNSURE


def agreements(said: Mapping[str, Marks]) -> Sequence[Agreement]:
    """Compare each two persons, in the order in which they are given."""
    return [_agreement(first, second, said) for first, second in combinations(said, 2)]


def _agreement(first: str, second: str, said: Mapping[str, Marks]) -> Agreement:
    one, other = said[first], said[second]
    common = sorted(one.keys() & other.keys())
    pairs = [(one[number], other[number]) for number in common]
    same = sum(mine is theirs for mine, theirs in pairs)
    raw = same / len(pairs) if pairs else None
    kappa, why = _kappa(pairs)
    return Agreement(first, second, len(pairs), same, raw, kappa, why)


def _kappa(pairs: Sequence[tuple[Mark, Mark]]) -> tuple[float | None, NoKappa | None]:
    if len(pairs) < FEWEST_IN_COMMON:
        return None, NoKappa.TOO_FEW
    kappa = cohens_kappa(pairs)
    return kappa, None if kappa is not None else NoKappa.ALL_THE_SAME


def cohens_kappa(pairs: Sequence[tuple[Mark, Mark]]) -> float | None:
    """Answer (p_o - p_e) / (1 - p_e) of at least one pair; None where chance alone would agree on every row."""
    size = len(pairs)
    observed = sum(mine is theirs for mine, theirs in pairs) / size
    mine, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(mine[mark] * theirs[mark] for mark in Mark)
    if by_chance == size * size:
        return None
    expected = by_chance / size**2
    return (observed - expected) / (1 - expected)
