"""Points of the curves that evaluations are drawn with, few enough to draw and to keep."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.engine.evaluation.openset import OpenSet
from registry.engine.evaluation.resampling import Resamples, divided, interval
from registry.engine.evaluation.searches import Searches
from registry.engine.evaluation.verification import Scores, Verification
from registry.engine.metrics import error_rates

POINTS = 120
RELIABILITY_STEP = 0.5
"""Width of a bin of the reliability curve, in log10 LR."""

Array = NDArray[np.float64]
Pairs = list[list[float]]


def curves(searches: Searches, resamples: Resamples) -> dict[str, Any]:
    """Answer the points of all curves, each a list of small lists.

    ``det``: false-alarm and miss rate of verification. ``open_set``: FPIR, FNIR and its 95 % interval. ``tippett``:
    ``target`` and ``non_target``, each log10 LR and the share of trials that reach it. ``reliability``: mean log10 LR
    stated, log10 LR observed with its 95 % interval, and trials of each sort, for bins of `RELIABILITY_STEP`.
    """
    trials = Verification.of(searches.mated, searches.without_mate, resamples)
    return {
        "det": _det(trials),
        "open_set": _open_set(OpenSet.of(searches, resamples)),
        "tippett": {"target": _reaching(trials.target.log10_lr), "non_target": _reaching(trials.other.log10_lr)},
        "reliability": _reliability(trials),
    }


def _det(trials: Verification) -> Pairs:
    target, other = trials.tallies()
    everybody = np.ones(trials.resamples.weights.shape[1])
    miss, false_alarm = error_rates(target.weighed(everybody), other.weighed(everybody))
    return _thinned(false_alarm, miss)


def _thinned(x: Array, y: Array) -> Pairs:
    """Answer the corners of a staircase, and of them those that differ by more than can be seen on probit axes."""
    kept: list[tuple[float, float]] = []
    for one, two in zip(x.tolist(), y.tolist(), strict=True):
        if not kept or _apart(one, kept[-1][0]) or _apart(two, kept[-1][1]):
            kept.append((one, two))
    kept.append((float(x[-1]), float(y[-1])))
    return [[round(one, 6), round(two, 6)] for one, two in kept]


def _apart(one: float, other: float) -> bool:
    return abs(one - other) > 0.02 * max(min(one, other), 1e-4)


def _open_set(open_set: OpenSet) -> list[list[float | None]]:
    """Answer FNIR at rates from one alarm among all searches without a mate up to one half, evenly in logarithm."""
    rows = []
    for fpir in np.geomspace(1 / open_set.best.size, 0.5, POINTS // 2):
        fnir = open_set.fnir(float(fpir))
        low, high = interval(fnir) or (None, None)
        rows.append([round(float(fpir), 6), round(float(fnir[0]), 5), low, high])
    return rows


def _reaching(scores: Array) -> Pairs:
    """Answer the share of scores that reach each of `POINTS` strengths between the lowest and the highest."""
    ordered = np.sort(scores)
    at = np.linspace(ordered[0], ordered[-1], POINTS)
    share = 1 - np.searchsorted(ordered, at, "left") / ordered.size
    return [[round(float(one), 4), round(float(two), 6)] for one, two in zip(at, share, strict=True)]


def _reliability(trials: Verification) -> list[dict[str, Any]]:
    low = np.floor(min(trials.target.log10_lr.min(), trials.other.log10_lr.min()) / RELIABILITY_STEP)
    high = np.floor(max(trials.target.log10_lr.max(), trials.other.log10_lr.max()) / RELIABILITY_STEP)
    rows = []
    for step in np.arange(low, high + 1) * RELIABILITY_STEP:
        target, other = (_within(scores, step) for scores in (trials.target, trials.other))
        if target.any() and other.any():
            rows.append(_observed(trials, target, other))
    return rows


def _within(scores: Scores, low: float) -> NDArray[np.bool_]:
    return (scores.log10_lr >= low) & (scores.log10_lr < low + RELIABILITY_STEP)


def _observed(trials: Verification, target: NDArray[np.bool_], other: NDArray[np.bool_]) -> dict[str, Any]:
    """Answer how much more of the target trials than of the non-target trials lie in a bin."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(divided(_share(trials, trials.target, target), _share(trials, trials.other, other)))
    ratio[~np.isfinite(ratio)] = np.nan
    stated = np.concatenate([trials.target.log10_lr[target], trials.other.log10_lr[other]])
    return {
        "stated": round(float(stated.mean()), 4),
        "observed": round(float(ratio[0]), 4),
        "ci95": interval(ratio),
        "target": int(target.sum()),
        "non_target": int(other.sum()),
    }


def _share(trials: Verification, scores: Scores, inside: NDArray[np.bool_]) -> Array:
    weights = trials.resamples.weights
    people = weights.shape[1]
    part = np.bincount(scores.person[inside], minlength=people).astype(np.float64)
    whole = np.bincount(scores.person, minlength=people).astype(np.float64)
    return divided(weights @ part, weights @ whole)
