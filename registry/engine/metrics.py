"""The figures that speaker recognition is judged by, from scores alone.

Scores are natural log-likelihood ratios where that matters, else any number that grows with support. A weight says how
often a trial counts: one, or what a bootstrap drew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MIN_DCF_PRIOR = 0.01
"""Prior of a target in the detection cost, with both errors at cost 1, as in NIST's evaluations."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Verification trials.

    Attributes:
        scores: ``(n,)``.
        is_target: ``(n,)``.
        weights: ``(n,)`` non-negative.
    """

    scores: Array
    is_target: NDArray[np.bool_]
    weights: Array


def threshold_at(stranger_best: Array, fpir: float) -> float:
    """Answer the score that at most a share ``fpir`` of strangers' best candidates exceed; a match must exceed it.

    Args:
        stranger_best: ``(n,)``, at least one: the best score of each search of somebody who is not in the gallery.
        fpir: in [0, 1]. Under ``1 / n`` the answer is the highest score seen.
    """
    allowed = min(int(np.floor(fpir * stranger_best.size + 1e-9)), stranger_best.size - 1)
    return float(np.sort(stranger_best)[::-1][allowed])


def error_curve(trials: Trials) -> tuple[Array, Array]:
    """Answer miss and false-alarm rates at every threshold, from rejecting nothing to rejecting all."""
    order = np.argsort(trials.scores, kind="stable")
    target = np.where(trials.is_target[order], trials.weights[order], 0.0)
    other = np.where(trials.is_target[order], 0.0, trials.weights[order])
    last = np.append(np.flatnonzero(np.diff(trials.scores[order]) > 0), order.size - 1)
    miss = np.append(0.0, np.cumsum(target)[last] / target.sum())
    false_alarm = np.append(1.0, 1 - np.cumsum(other)[last] / other.sum())
    return miss, false_alarm


def equal_error_rate(trials: Trials) -> float:
    """Answer the rate at which misses and false alarms are equal, between thresholds by straight lines."""
    miss, false_alarm = error_curve(trials)
    after = int(np.argmax(miss >= false_alarm))
    before = after - 1
    rise = (miss[after] - miss[before]) + (false_alarm[before] - false_alarm[after])
    share = (false_alarm[before] - miss[before]) / rise
    return float(miss[before] + share * (miss[after] - miss[before]))


def min_dcf(trials: Trials, prior: float = MIN_DCF_PRIOR) -> float:
    """Answer the lowest detection cost over thresholds, 1 being the better of always yes and always no."""
    miss, false_alarm = error_curve(trials)
    cost = prior * miss + (1 - prior) * false_alarm
    return float(cost.min() / min(prior, 1 - prior))


def cllr(trials: Trials) -> float:
    """Answer the cost of natural log-likelihood ratios, in bits (Brümmer and du Preez 2006)."""
    target, other = trials.is_target, ~trials.is_target
    miss = np.average(np.logaddexp(0, -trials.scores[target]), weights=trials.weights[target])
    false_alarm = np.average(np.logaddexp(0, trials.scores[other]), weights=trials.weights[other])
    return float((miss + false_alarm) / (2 * np.log(2)))


def cllr_min(trials: Trials) -> float:
    """Answer Cllr after the best monotone recalibration: what discrimination alone leaves (pool adjacent violators)."""
    order = np.argsort(trials.scores, kind="stable")
    is_target, weights = trials.is_target[order], trials.weights[order]
    share = np.where(is_target, weights / weights[is_target].sum(), weights / weights[~is_target].sum())
    posterior = pool_adjacent_violators(is_target.astype(np.float64), share)
    with np.errstate(divide="ignore"):
        log_odds = np.log(posterior) - np.log1p(-posterior)
    return cllr(Trials(log_odds, is_target, weights))


def pool_adjacent_violators(values: Array, weights: Array) -> Array:
    """Answer the non-decreasing ``(n,)`` sequence nearest to ``values`` in weighted squares (Ayer et al. 1955)."""
    means: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while means and means[-1] >= mean:
            before = masses.pop()
            mean = (means.pop() * before + mean * mass) / max(before + mass, 1e-300)
            mass += before
            count += counts.pop()
        means.append(mean)
        masses.append(mass)
        counts.append(count)
    return np.repeat(means, counts)
