"""Open-set evaluation: how often the engine misses, accuses and is deceived, by people, with intervals.

A search is one recording against the whole gallery. It is *mated* when its speaker is in the gallery, *non_mated* when
not; a *clone* is generated speech in the voice of an enrolled performer; a *decoy* is somebody else made to sound like
one. Intervals come from drawing people, not recordings, again and again: recordings of one person are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.engine.metrics import Trials, cllr, cllr_min, equal_error_rate, min_dcf, threshold_at

FPIRS = (0.001, 0.01, 0.05)
SPEECH_BUCKETS_S = (0.0, 3.0, 6.0, 12.0, float("inf"))
RESAMPLES = 500
_LN10 = float(np.log(10))

Array = NDArray[np.float64]


class SearchKind(StrEnum):
    """What a search is of."""

    MATED = "mated"
    NON_MATED = "non_mated"
    CLONE = "clone"
    DECOY = "decoy"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One recording against the gallery.

    Attributes:
        kind: of the search.
        person: who speaks; for clones and decoys, whom it imitates.
        system: what generated it, for clones; else empty.
        speech_s: net speech.
        log10_lr: ``(n_performers,) float64``: with every performer, fused, not capped, best over voices.
        own: the column of ``person``, or None when they are not in the gallery.
        called: columns that the engine called a match at its default operating point.
    """

    kind: SearchKind
    person: str
    system: str
    speech_s: float
    log10_lr: Array
    own: int | None
    called: frozenset[int]

    @property
    def best(self) -> float:
        """The highest log10 LR with anybody."""
        return float(self.log10_lr.max())

    @property
    def own_lr(self) -> float:
        """The log10 LR with the person."""
        if self.own is None:
            raise ValueError(f"{self.person} is not in the gallery")
        return float(self.log10_lr[self.own])


@dataclass(frozen=True, slots=True)
class Draw:
    """Searches with the number of times each counts."""

    mated: Sequence[SearchResult]
    mated_weights: Array
    strangers: Sequence[SearchResult]
    stranger_weights: Array

    def threshold(self, fpir: float) -> float:
        """Answer the threshold at a false-positive identification rate."""
        best = np.array([search.best for search in self.strangers])
        return threshold_at(np.repeat(best, self.stranger_weights.astype(np.int64)), fpir)

    def fnir(self, fpir: float) -> float:
        """Answer the share of mated searches whose own performer stays under that threshold."""
        own = np.array([search.own_lr for search in self.mated])
        return float(np.average(own <= self.threshold(fpir), weights=self.mated_weights))

    def rank1(self) -> float:
        """Answer the share of mated searches in which nobody scores higher than the right performer."""
        first = [search.own_lr >= search.best for search in self.mated]
        return float(np.average(first, weights=self.mated_weights))

    def trials(self) -> Trials:
        """Answer every mated and non-mated search against every performer, as verification trials in natural logs."""
        searches = [*self.mated, *self.strangers]
        scores = np.concatenate([search.log10_lr for search in searches]) * _LN10
        width = searches[0].log10_lr.size
        target = np.zeros(scores.size, dtype=bool)
        for row, search in enumerate(self.mated):
            if search.own is not None:
                target[row * width + search.own] = True
        weights = np.repeat(np.concatenate([self.mated_weights, self.stranger_weights]), width)
        return Trials(scores, target, weights)


def evaluate(results: Sequence[SearchResult], random: np.random.Generator) -> dict[str, Any]:
    """Answer all figures, ready for JSON.

    Args:
        results: at least one mated and one non-mated search, all against the same gallery.
        random: for the bootstrap.
    """
    mated = [result for result in results if result.kind is SearchKind.MATED]
    strangers = [result for result in results if result.kind is SearchKind.NON_MATED]
    if not mated or not strangers:
        raise ValueError("an evaluation needs at least one mated and one non-mated search")
    plain = Draw(mated, np.ones(len(mated)), strangers, np.ones(len(strangers)))
    draws = [_drawn(mated, strangers, random) for _ in range(RESAMPLES)]
    trials = plain.trials()
    return {
        "counts": _counts(results),
        "fnir": [_fnir_at(fpir, plain, draws) for fpir in FPIRS],
        "rank1": _with_interval(Draw.rank1, plain, draws),
        "eer": round(equal_error_rate(trials), 5),
        "min_dcf": round(min_dcf(trials), 5),
        "cllr": round(cllr(trials), 5),
        "cllr_min": round(cllr_min(trials), 5),
        "by_speech": [_bucket(low, high, plain) for low, high in pairwise(SPEECH_BUCKETS_S)],
        "clones": _imitations(results, SearchKind.CLONE, plain, random),
        "decoys": _imitations(results, SearchKind.DECOY, plain, random),
        "operating_point": _operating_point(results),
    }


def _counts(results: Sequence[SearchResult]) -> dict[str, Any]:
    counts = {}
    for kind in SearchKind:
        found = [result for result in results if result.kind is kind]
        counts[kind.value] = {"searches": len(found), "people": len({result.person for result in found})}
    return counts


def _drawn(mated: Sequence[SearchResult], strangers: Sequence[SearchResult], random: np.random.Generator) -> Draw:
    return Draw(mated, people_drawn(mated, random), strangers, people_drawn(strangers, random))


def people_drawn(results: Sequence[SearchResult], random: np.random.Generator) -> Array:
    """Answer how often each search counts when as many people as there are have been drawn with replacement."""
    people, owner = np.unique([result.person for result in results], return_inverse=True)
    times = np.bincount(random.integers(len(people), size=len(people)), minlength=len(people))
    return times[owner].astype(np.float64)


def interval(values: Sequence[float]) -> list[float]:
    """Answer the middle 95 % of bootstrap values."""
    return [round(float(value), 5) for value in np.quantile(values, [0.025, 0.975])]


def _with_interval(measure: Callable[[Draw], float], plain: Draw, draws: Sequence[Draw]) -> dict[str, Any]:
    return {"value": round(measure(plain), 5), "ci95": interval([measure(draw) for draw in draws])}


def _fnir_at(fpir: float, plain: Draw, draws: Sequence[Draw]) -> dict[str, Any]:
    threshold = plain.threshold(fpir)
    misses = sum(search.own_lr <= threshold for search in plain.mated)
    return {
        "fpir": fpir,
        "resolvable": fpir * len(plain.strangers) >= 1,
        "threshold_log10_lr": round(threshold, 4),
        "misses": misses,
        "mated": len(plain.mated),
    } | _with_interval(lambda draw: draw.fnir(fpir), plain, draws)


def _bucket(low_s: float, high_s: float, plain: Draw) -> dict[str, Any]:
    """Answer misses and false alarms among recordings with this much speech, at the thresholds of all."""
    mated = [search for search in plain.mated if low_s <= search.speech_s < high_s]
    strangers = [search for search in plain.strangers if low_s <= search.speech_s < high_s]
    rates = []
    for fpir in FPIRS:
        threshold = plain.threshold(fpir)
        misses = sum(search.own_lr <= threshold for search in mated)
        alarms = sum(search.best > threshold for search in strangers)
        rates.append({"fpir": fpir, "misses": misses, "fnir": _share(misses, len(mated)), "false_alarms": alarms})
    return {
        "speech_s": [low_s, None if np.isinf(high_s) else high_s],
        "mated": len(mated),
        "non_mated": len(strangers),
        "rates": rates,
    }


def _imitations(
    results: Sequence[SearchResult], kind: SearchKind, plain: Draw, random: np.random.Generator
) -> dict[str, Any]:
    """Answer how many imitations reach the person they imitate, in all and by system."""
    found = [result for result in results if result.kind is kind and result.own is not None]
    systems = sorted({result.system for result in found if result.system})
    answer: dict[str, Any] = {"all": _reached(found, plain, random)}
    if systems:
        answer["systems"] = {
            system: _reached([result for result in found if result.system == system], plain, random)
            for system in systems
        }
    return answer


def _reached(found: Sequence[SearchResult], plain: Draw, random: np.random.Generator) -> dict[str, Any]:
    rates = []
    for fpir in FPIRS if found else ():
        threshold = plain.threshold(fpir)
        reached = np.array([search.own_lr > threshold for search in found])
        draws = [people_drawn(found, random) for _ in range(RESAMPLES)]
        values = [float(np.average(reached, weights=weights)) for weights in draws]
        rates.append(
            {
                "fpir": fpir,
                "reached": int(reached.sum()),
                "share": _share(reached.sum(), len(found)),
                "ci95": interval(values),
            }
        )
    return {"searches": len(found), "people": len({result.person for result in found}), "rates": rates}


def _operating_point(results: Sequence[SearchResult]) -> dict[str, Any]:
    """Answer what the engine's own decisions did: own found, and somebody else accused."""
    answer: dict[str, Any] = {}
    for kind in SearchKind:
        found = [result for result in results if result.kind is kind]
        own = sum(result.own in result.called for result in found)
        other = sum(bool(result.called - {result.own}) for result in found)
        answer[kind.value] = {
            "searches": len(found),
            "own_matched": own,
            "own_matched_share": _share(own, len(found)),
            "others_matched": other,
            "others_matched_share": _share(other, len(found)),
        }
    return answer


def _share(part: float, whole: int) -> float | None:
    return round(float(part) / whole, 5) if whole else None


def speech_label(bucket: Mapping[str, Any]) -> str:
    """Answer a bucket's name for a table, such as ``3 to 6 s``."""
    low, high = bucket["speech_s"]
    return f"{low:g} s and more" if high is None else f"{low:g} to {high:g} s"
