"""What is told of how voices stand to a cohort: enough to read a conclusion from, too little to find somebody in it.

Of people of the registry, ranks are counted in tens, moved by a number that nobody knows who reads them, so that the
coming or going of one says nothing; and strengths are told to a tenth. Of few people no rank is told at all: whether
somebody is unusually near, the calibration's own population says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from registry.domain.cohorts import TENS, in_tens
from registry.domain.comparison import (
    Alikeness,
    Comparison,
    Likeness,
    Rank,
    RecordingScore,
    Strength,
    TurnScore,
    UnderCohort,
)
from registry.domain.scores import Log10LR

LEAST_RANKED: Final = 10
"""People of an archive under which no rank is told: it would speak of each of them."""

LEAST_IN_TENS: Final = 100
"""People of the registry under which no rank is told: ten of fewer are too many to say anything."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How much is told of one cohort.

    Attributes:
        ranked: whether ranks are told.
        offset: by how much counts are moved before they are told in tens, from 0 to 9; None where they are told as they
            are, and strengths too.
    """

    ranked: bool = True
    offset: int | None = None

    def of(self, cohort: UnderCohort) -> UnderCohort:
        """Answer what is told of a cohort."""
        if self.offset is None:
            return cohort if self.ranked else _unranked(cohort)
        source, alike = cohort.source, cohort.alike
        return replace(
            cohort,
            performer=self._likeness(cohort.performer),
            source=None if source is None else self._likeness(source),
            alike=None if alike is None else Alikeness(_coarse(alike.from_performer), _coarse(alike.from_source)),
            set_aside=(),
            distribution=None,
        )

    def of_recording(self, score: RecordingScore) -> RecordingScore:
        """Answer what is told of one questioned recording under the cohort."""
        if self.offset is None:
            return score
        return replace(
            score,
            performer=_coarse(score.performer),
            source=None if score.source is None else _coarse(score.source),
            turns=tuple(
                TurnScore(turn.span, _tenth(turn.performer), None if turn.source is None else _tenth(turn.source))
                for turn in score.turns
            ),
        )

    def _likeness(self, likeness: Likeness) -> Likeness:
        rank = likeness.rank
        told = None if rank is None or not self.ranked else self._rank(rank)
        return Likeness(_coarse(likeness.strength), told)

    def _rank(self, rank: Rank) -> Rank | None:
        voices = in_tens(rank.voices)
        if voices < LEAST_IN_TENS:
            return None
        closer = self._count(rank.at_least_as_close, voices)
        engines = {name: self._count(count, voices) for name, count in rank.engines.items()}
        most = TENS - 1  # by so many the count may be moved, either way
        ends = (_wilson(max(closer - most, 0), voices)[0], _wilson(min(closer + most, voices), voices)[1])
        return Rank(voices, closer, ends, engines, in_tens=True)

    def _count(self, people: float, voices: int) -> int:
        return min(in_tens(math.floor(people) + (self.offset or 0)), voices)


EVERYTHING: Final = Telling()
UNRANKED: Final = Telling(ranked=False)


def told(comparison: Comparison, tellings: Mapping[str, Telling]) -> Comparison:
    """Answer what is told of a comparison, and read: by name of the cohort, everything of those that are not named.

    Args:
        comparison: as it was measured.
        tellings: by name of the cohort.
    """
    cohorts = tuple(tellings.get(cohort.name, EVERYTHING).of(cohort) for cohort in comparison.cohorts)
    first = EVERYTHING if not cohorts else tellings.get(cohorts[0].name, EVERYTHING)
    recordings = tuple(first.of_recording(score) for score in comparison.recordings)
    return replace(comparison, cohorts=cohorts, recordings=recordings)


def _unranked(cohort: UnderCohort) -> UnderCohort:
    source = None if cohort.source is None else replace(cohort.source, rank=None)
    return replace(cohort, performer=replace(cohort.performer, rank=None), source=source, distribution=None)


def _wilson(people: float, voices: int) -> tuple[float, float]:
    """Answer the 95 % interval of a share (Wilson 1927, equation 4), times ``voices``."""
    share, z = people / voices, 1.959964
    middle = share + z**2 / (2 * voices)
    reach = z * math.sqrt(share * (1 - share) / voices + z**2 / (4 * voices**2))
    scale = 1 + z**2 / voices
    ends = (max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))
    return round(voices * ends[0], 2), round(voices * ends[1], 2)


def _coarse(strength: Strength) -> Strength:
    engines = {name: _tenth(log10_lr) for name, log10_lr in strength.engines.items()}
    return Strength(_tenth(strength.log10_lr), engines, strength.engines_disagree)


def _tenth(log10_lr: Log10LR) -> Log10LR:
    """Round a strength towards nothing: it says less, for either side."""
    return Log10LR(math.trunc(round(log10_lr * 10, 6)) / 10 + 0.0)  # JSON has no minus zero
