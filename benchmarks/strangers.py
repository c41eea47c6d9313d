"""Nearest strangers: for each performer the people of the same sex who are not enrolled and come nearest to them.

All strangers together hardly try a performer: most are nothing like them. Those who come nearest by the engine's own
score are the hardest that the speech has, harder than chance would draw them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.engine.evaluation import SearchKind, SearchResult
from registry.engine.evaluation.resampling import Resamples

NEAREST = (1, 5)
"""How many strangers count as the nearest of a performer."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording that must not be called a match for one performer.

    Attributes:
        search: of the recording.
        performer: column of the performer.
    """

    search: SearchResult
    performer: int

    @property
    def called(self) -> bool:
        """Whether it is called one."""
        return self.performer in self.search.called


def impostors(results: Sequence[SearchResult], sexes: Mapping[int, str], random: np.random.Generator) -> dict[str, Any]:
    """Answer how often decoys, and the nearest strangers, are called a match for whom they come near.

    Args:
        results: every search; those of strangers and decoys count.
        sexes: of performers, by column; see `sexes_of`.
        random: for the draws of people that intervals come from.
    """
    resamples = Resamples.draw(results, random)
    decoys = [Trial(result, result.own) for result in results if _is_decoy(result) and result.own is not None]
    answer = {f"nearest_{count}": _figures(nearest(results, sexes, count), resamples) for count in NEAREST}
    together = [*decoys, *nearest(results, sexes, min(NEAREST))]
    return {**answer, "decoys_and_nearest_1": _figures(together, resamples)}


def sexes_of(results: Sequence[SearchResult]) -> dict[int, str]:
    """Answer the labelled sex of performers by column, from recordings of them, else from imitations of them."""
    labelled = [result for result in results if result.own is not None and result.labels.sex]
    labelled.sort(key=lambda result: result.kind is SearchKind.MATED)
    return {result.own: result.labels.sex for result in labelled if result.own is not None}


def nearest(results: Sequence[SearchResult], sexes: Mapping[int, str], count: int) -> list[Trial]:
    """Answer the recordings of each performer's nearest strangers of the same sex.

    How near a stranger is: their mean log10 LR with the performer, over their recordings. Scores that do not count,
    because two labels may be one person, make no trial.

    Args:
        results: every search; those of strangers whose sex is labelled count.
        sexes: of performers, by column.
        count: strangers for each performer.
    """
    people: dict[tuple[str, str], list[SearchResult]] = {}
    for result in results:
        if result.kind is SearchKind.NON_MATED and result.labels.sex:
            people.setdefault((result.person, result.labels.sex), []).append(result)
    return [trial for column, sex in sorted(sexes.items()) for trial in _nearest_to(column, sex, people, count)]


def _nearest_to(
    column: int, sex: str, people: Mapping[tuple[str, str], Sequence[SearchResult]], count: int
) -> list[Trial]:
    scored = [(_mean_lr(found, column), found) for (_, own), found in people.items() if own == sex]
    known = [(score, found) for score, found in scored if not np.isnan(score)]
    known.sort(key=lambda one: -one[0])
    return [Trial(search, column) for _, found in known[:count] for search in found]


def _mean_lr(found: Sequence[SearchResult], column: int) -> float:
    scores: NDArray[np.float64] = np.array([search.log10_lr[column] for search in found])
    return float(scores.mean())


def _is_decoy(result: SearchResult) -> bool:
    return result.kind is SearchKind.DECOY


def _figures(trials: Sequence[Trial], resamples: Resamples) -> dict[str, Any]:
    called = np.array([trial.called for trial in trials], dtype=np.bool_)
    share = resamples.share(called, [trial.search for trial in trials])
    return {
        "recordings": len(trials),
        "performers": len({trial.performer for trial in trials}),
        "strangers": share.people,
        "called": int(called.sum()),
        **share.figure(),
    }
