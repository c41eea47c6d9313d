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
    return error_rates(*masses(trials))


def masses(trials: Trials) -> tuple[Array, Array]:
    """Answer how much target and other weight lies at each distinct score, lowest first, ``(n_distinct,)`` each."""
    _, place = np.unique(trials.scores, return_inverse=True)
    target = np.bincount(place, np.where(trials.is_target, trials.weights, 0.0)).astype(np.float64)
    other = np.bincount(place, np.where(trials.is_target, 0.0, trials.weights)).astype(np.float64)
    return target, other


def error_rates(target: Array, other: Array) -> tuple[Array, Array]:
    """Answer miss and false-alarm rates, ``(n + 1,)`` each, when the lowest 0, 1, … n places are rejected.

    Args:
        target: ``(n,)``: weight of target trials at each place, in ascending order of score; not all zero.
        other: ``(n,)``: the same of non-target trials.
    """
    miss = np.append(0.0, np.cumsum(target) / target.sum())
    false_alarm = np.append(1.0, np.maximum(1 - np.cumsum(other) / other.sum(), 0.0))
    return miss, false_alarm


def equal_error_rate(trials: Trials) -> float:
    """Answer the rate at which misses and false alarms are equal, between thresholds by straight lines."""
    return crossing(*error_curve(trials))


def crossing(miss: Array, false_alarm: Array) -> float:
    """Answer where rising misses meet falling false alarms, by straight lines between the points of `error_rates`."""
    after = int(np.argmax(miss >= false_alarm))
    before = after - 1
    rise = (miss[after] - miss[before]) + (false_alarm[before] - false_alarm[after])
    share = (false_alarm[before] - miss[before]) / rise
    return float(miss[before] + share * (miss[after] - miss[before]))


def min_dcf(trials: Trials, prior: float = MIN_DCF_PRIOR) -> float:
    """Answer the lowest detection cost over thresholds, 1 being the better of always yes and always no."""
    return lowest_cost(*error_curve(trials), prior)


def lowest_cost(miss: Array, false_alarm: Array, prior: float = MIN_DCF_PRIOR) -> float:
    """Answer the lowest detection cost over the points of `error_rates`, both errors costing 1."""
    cost = prior * miss + (1 - prior) * false_alarm
    return float(cost.min() / min(prior, 1 - prior))


def cllr(trials: Trials) -> float:
    """Answer the cost of natural log-likelihood ratios, in bits (Brümmer and du Preez 2006)."""
    target, other = trials.is_target, ~trials.is_target
    miss = np.average(log_cost(-trials.scores[target]), weights=trials.weights[target])
    false_alarm = np.average(log_cost(trials.scores[other]), weights=trials.weights[other])
    return float((miss + false_alarm) / 2)


def log_cost(against: Array) -> Array:
    """Answer what each trial costs in bits, given the natural log-likelihood ratio *against* what is true."""
    cost: Array = np.logaddexp(0, against) / np.log(2)
    return cost


def cllr_min(trials: Trials) -> float:
    """Answer Cllr after the best monotone recalibration: what discrimination alone leaves (pool adjacent violators)."""
    return recalibrated_cost(*masses(trials))


def recalibrated_cost(target: Array, other: Array) -> float:
    """Answer Cllr after the best monotone recalibration of the places of `error_rates`."""
    there = (target > 0) | (other > 0)
    target, other = target[there] / target.sum(), other[there] / other.sum()
    posterior = pool_adjacent_violators(target / (target + other), target + other)
    with np.errstate(divide="ignore"):
        log_odds = np.log(posterior) - np.log1p(-posterior)
    miss = target[target > 0] @ log_cost(-log_odds[target > 0])
    false_alarm = other[other > 0] @ log_cost(log_odds[other > 0])
    return float(miss + false_alarm) / 2


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


def wilson_interval(count: float, size: int) -> tuple[float, float]:
    """Answer the 95 % interval of a proportion, as a pair of shares in [0, 1] (Wilson 1927).

    Args:
        count: how many of ``size`` have the property, 0 to ``size``; need not be whole.
        size: at least one.
    """
    z = 1.959964
    share = count / size
    middle = share + z**2 / (2 * size)
    reach = z * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    scale = 1 + z**2 / size
    return max(0.0, float((middle - reach) / scale)), min(1.0, float((middle + reach) / scale))
