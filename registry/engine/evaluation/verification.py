"""Verification: every search and every performer as a trial, "is this one person or are they two?".

Target trials are mated searches with their own performer. Non-target trials are searches without a mate with everybody:
a mated recording counts with its speaker left out of the gallery, because its true speaker as a rival would push
everybody else down and make them look easier to tell apart than they are.

What is expensive is done once. Misses change at scores of target trials only, so that all non-target trials between two
of them are one place; a draw then only weighs people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.evaluation.resampling import Resamples, divided
from registry.engine.evaluation.searches import SearchResult
from registry.engine.metrics import crossing, error_rates, log_cost, lowest_cost, recalibrated_cost

Array = NDArray[np.float64]
LN10 = float(np.log(10))


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of trials.

    Attributes:
        log10_lr: ``(n,)``.
        person: ``(n,)``: column in `Resamples.weights` of the person whose recording it is.
    """

    log10_lr: Array
    person: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many trials each person has at each place; only what is not zero.

    Attributes:
        place, person: ``(n,)``.
        count: ``(n,)``.
        places: how many places there are.
    """

    place: NDArray[np.intp]
    person: NDArray[np.intp]
    count: Array
    places: int

    @classmethod
    def of(cls, place: NDArray[np.intp], person: NDArray[np.intp], places: int) -> Tally:
        """Count trials."""
        people = int(person.max(initial=0)) + 1
        found, count = np.unique(place * people + person, return_counts=True)
        return cls(found // people, found % people, count.astype(np.float64), places)

    def weighed(self, weights: Array) -> Array:
        """Answer the weight at each place when people count as often as ``(n_people,)`` says."""
        weighed = np.bincount(self.place, self.count * weights[self.person], minlength=self.places)
        return weighed.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Verification:
    """The trials of some searches.

    Attributes:
        target, other: scores of target and of non-target trials; at least one each.
        resamples: of the people.
    """

    target: Scores
    other: Scores
    resamples: Resamples

    @classmethod
    def of(
        cls, mated: Sequence[SearchResult], without_mate: Sequence[SearchResult], resamples: Resamples
    ) -> Verification:
        """Make trials of searches; at least one of each sort."""
        scores = np.stack([search.log10_lr for search in without_mate])
        row, column = np.nonzero(~np.isnan(scores))
        target = Scores(np.array([search.own_lr for search in mated]), resamples.people_of(mated))
        other = Scores(scores[row, column], resamples.people_of(without_mate)[row])
        return cls(target, other, resamples)

    def tallies(self) -> tuple[Tally, Tally]:
        """Answer target and non-target trials at the places that the distinct target scores make.

        Place ``2 k`` is under target score ``k``, place ``2 k + 1`` at it.
        """
        distinct = np.unique(self.target.log10_lr)
        places = 2 * distinct.size + 1

        def place(scores: Array) -> NDArray[np.intp]:
            return np.searchsorted(distinct, scores, "left") + np.searchsorted(distinct, scores, "right")

        return (
            Tally.of(place(self.target.log10_lr), self.target.person, places),
            Tally.of(place(self.other.log10_lr), self.other.person, places),
        )

    def equal_error_rates(self) -> Array:
        """Answer the equal error rate of each draw, ``(n_draws,)``."""
        return np.array([crossing(*error_rates(*pair)) if pair else np.nan for pair in self._weighed()])

    def figures(self) -> dict[str, Array]:
        """Answer ``eer``, ``min_dcf``, ``cllr``, ``cllr_min`` and ``cllr_gap`` of each draw, ``(n_draws,)`` each."""
        rows = [_of_places(*pair) if pair else (np.nan,) * 3 for pair in self._weighed()]
        eer, dcf, least = np.array(rows, dtype=np.float64).T
        cost = self.cllr()
        return {"eer": eer, "min_dcf": dcf, "cllr": cost, "cllr_min": least, "cllr_gap": cost - least}

    def cllr(self) -> Array:
        """Answer the cost of the log likelihood ratios as they are, ``(n_draws,)``."""
        miss = self._average(log_cost(-LN10 * self.target.log10_lr), self.target.person)
        false_alarm = self._average(log_cost(LN10 * self.other.log10_lr), self.other.person)
        return (miss + false_alarm) / 2

    def _weighed(self) -> Iterator[tuple[Array, Array] | None]:
        """Yield the weights at each place, of target and non-target trials; None where a draw has one sort only."""
        target, other = self.tallies()
        for row in self.resamples.weights:
            pair = target.weighed(row), other.weighed(row)
            yield pair if pair[0].any() and pair[1].any() else None

    def _average(self, cost: Array, person: NDArray[np.intp]) -> Array:
        people = self.resamples.weights.shape[1]
        total = np.bincount(person, cost, minlength=people)
        count = np.bincount(person, minlength=people).astype(np.float64)
        return divided(self.resamples.weights @ total, self.resamples.weights @ count)


def _of_places(target: Array, other: Array) -> tuple[float, float, float]:
    miss, false_alarm = error_rates(target, other)
    return crossing(miss, false_alarm), lowest_cost(miss, false_alarm), recalibrated_cost(target, other)
