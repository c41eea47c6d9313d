"""Intervals over people: everybody is drawn with all their recordings, again and again.

Recordings of one person are not independent, so that drawing recordings would make intervals look far too narrow. The
enrolled (and imitated) people and the strangers are drawn apart, each as many times as there are people. Every figure
is computed on the same draws, thresholds included; the gallery itself is taken as given.

Draws of people of whom none was missed all say zero, which would look like certainty. Where a share is 0 or 1 in every
draw, the interval is the exact one for that many people (Clopper and Pearson 1934).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.engine.evaluation.searches import SearchKind, SearchResult

RESAMPLES = 500
_DIGITS = 5
_TAIL = 0.025

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Resamples:
    """How often each person counts: once in the first row, then as drawn.

    Attributes:
        number: of each person, a column of ``weights``.
        weights: ``(1 + RESAMPLES, n_people)``, whole numbers.
    """

    number: Mapping[str, int]
    weights: Array

    @classmethod
    def draw(cls, searches: Sequence[SearchResult], random: np.random.Generator, times: int = RESAMPLES) -> Resamples:
        """Draw the people of some searches; a label is either of a stranger or of somebody enrolled, never both."""
        strangers = sorted({search.person for search in searches if search.kind is SearchKind.NON_MATED})
        enrolled = sorted({search.person for search in searches if search.kind is not SearchKind.NON_MATED})
        drawn = [
            random.multinomial(len(people), np.full(len(people), 1 / len(people)), size=times)
            for people in (enrolled, strangers)
            if people
        ]
        weights = np.concatenate(drawn, axis=1).astype(np.float64)
        number = {person: column for column, person in enumerate([*enrolled, *strangers])}
        return cls(number, np.concatenate([np.ones((1, weights.shape[1])), weights]))

    def people_of(self, searches: Sequence[SearchResult]) -> NDArray[np.intp]:
        """Answer the column of each search's person, ``(n_searches,)``."""
        return np.array([self.number[search.person] for search in searches], dtype=np.intp)

    def of(self, searches: Sequence[SearchResult]) -> Array:
        """Answer how often each search counts, ``(1 + RESAMPLES, n_searches)``."""
        return self.weights[:, self.people_of(searches)]

    def share(self, flags: NDArray[np.bool_], searches: Sequence[SearchResult]) -> Share:
        """Answer the share of searches that are flagged; NaN on draws without any of these people.

        Args:
            flags: ``(n_searches,)``, or ``(1 + RESAMPLES, n_searches)`` where they depend on the draw.
            searches: one for each flag.
        """
        weights = self.of(searches)
        values = divided((weights * flags).sum(axis=1), weights.sum(axis=1))
        return Share(values, len({search.person for search in searches}))


@dataclass(frozen=True, slots=True)
class Share:
    """A figure between 0 and 1.

    Attributes:
        values: ``(1 + RESAMPLES,)``: on everybody once, then on each draw.
        people: how many it was measured on.
    """

    values: Array
    people: int

    @property
    def value(self) -> float | None:
        """The figure itself; None when there is nobody."""
        return plain(self.values)

    @property
    def ci95(self) -> list[float] | None:
        """Its 95 % interval over people; None when there is nobody."""
        found = interval(self.values)
        if found not in ([0.0, 0.0], [1.0, 1.0]) or found is None:
            return found
        open_end = round(float(_TAIL ** (1 / self.people)), _DIGITS)
        return [0.0, round(1 - open_end, _DIGITS)] if found == [0.0, 0.0] else [open_end, 1.0]

    def figure(self) -> dict[str, Any]:
        """Answer the figure with its interval, ready for JSON."""
        return {"value": self.value, "ci95": self.ci95}


def divided(part: Array, whole: Array) -> Array:
    """Divide, answering NaN where the whole is nothing."""
    share: Array = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return share


def plain(values: Array) -> float | None:
    """Answer the figure itself: the value on everybody once, or None when there is nobody."""
    return None if np.isnan(values[0]) else round(float(values[0]), _DIGITS)


def interval(values: Array) -> list[float] | None:
    """Answer the middle 95 % of the values on the draws; None when there is no figure."""
    drawn = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not drawn.size:
        return None
    return [round(float(value), _DIGITS) for value in np.quantile(drawn, [_TAIL, 1 - _TAIL])]
