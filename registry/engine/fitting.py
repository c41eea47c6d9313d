"""Fits logistic calibrations by descent on Cllr, with weights that are not allowed to fall below zero.

Cllr is the cost of a log-likelihood ratio as forensic laboratories measure it (Brümmer and du Preez 2006): 0 is
perfect, 1 is a system that always says nothing. It weighs targets and non-targets equally, whatever their numbers, so
that what is fitted is a likelihood ratio and not a posterior.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LEVEL = 1e-9
"""Descent ends where the cost falls by no more than this, in bits for a standard deviation of a feature."""
MOST_STEPS = 100
"""Of descent. It takes about ten; twice as many where no target is like any non-target."""

Array = NDArray[np.float64]
_SCALE = float(1 / (2 * np.log(2)))  # from nats to bits, and the mean of both kinds
_ROUNDING = 1e-13  # costs that differ by less are equal
_DAMPING = 1e-12  # so that a feature that never varies has curvature too


def cllr(targets: Array, non_targets: Array) -> float:
    """Answer Cllr, in bits, of natural log-likelihood ratios."""
    return float(np.logaddexp(0, -targets).mean() + np.logaddexp(0, non_targets).mean()) * _SCALE


def cllr_gradient(weights: Array, features: Array, is_target: NDArray[np.bool_], mass: Array) -> tuple[float, Array]:
    """Answer weighted Cllr of ``features @ weights`` and its gradient.

    Args:
        weights: ``(d,)``.
        features: ``(n, d)``, the last column 1 for the bias.
        is_target: ``(n,)``.
        mass: ``(n,)`` non-negative: how much each trial counts among its kind.
    """
    share, sign = _shares(is_target, mass), np.where(is_target, -1.0, 1.0)
    signed = sign * (features @ weights)
    slope = share * sign * _logistic(signed)
    return float(share @ np.logaddexp(0, signed)) * _SCALE, (features.T @ slope) * _SCALE


def cllr_curvature(weights: Array, features: Array, is_target: NDArray[np.bool_], mass: Array) -> Array:
    """Answer the second derivatives of weighted Cllr, ``(d, d)``; see `cllr_gradient`."""
    chance = _logistic(features @ weights)
    bend = _shares(is_target, mass) * chance * (1 - chance)
    curvature: Array = (features.T * bend) @ features * _SCALE
    return curvature


def _shares(is_target: NDArray[np.bool_], mass: Array) -> Array:
    shares: Array = np.where(is_target, mass / mass[is_target].sum(), mass / mass[~is_target].sum())
    return shares


def _logistic(values: Array) -> Array:
    answer: Array = np.exp(-np.logaddexp(0, -values))
    return answer


def fit_logistic(features: Array, is_target: NDArray[np.bool_], mass: Array, monotone: NDArray[np.bool_]) -> Array:
    """Answer ``(d + 1,)`` weights, the bias last, that minimise Cllr: more of a monotone feature never means less LR.

    Projected gradient descent, each step scaled by the curvature (Bertsekas 1982), on standardised features. The
    problem is convex, so where it starts does not matter and no randomness is needed.

    Args:
        features: ``(n, d)``.
        is_target: ``(n,)``.
        mass: ``(n,)``: how much each trial counts among its kind.
        monotone: ``(d,)``: which weights must not be negative.

    Raises:
        ValueError: no target counts, or no non-target, or a feature is not finite.
    """
    if min(mass[is_target].sum(), mass[~is_target].sum()) <= 0 or not np.isfinite(features).all():
        raise ValueError("a calibration is fitted to finite features of targets and of non-targets")
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-12
    standard = np.column_stack([(features - mean) / spread, np.ones(len(features))])
    floor = np.append(np.where(monotone, 0.0, -np.inf), -np.inf)
    weights = _descend(standard, is_target, mass, floor)
    raw = weights[:-1] / spread
    return np.append(raw, weights[-1] - raw @ mean)


def _descend(standard: Array, is_target: NDArray[np.bool_], mass: Array, floor: Array) -> Array:
    def cost_at(place: Array) -> float:
        return cllr_gradient(place, standard, is_target, mass)[0]

    weights = np.zeros(standard.shape[1])
    for _ in range(MOST_STEPS):
        cost, gradient = cllr_gradient(weights, standard, is_target, mass)
        free = (weights > floor) | (gradient < 0)
        if np.abs(gradient[free]).max() <= LEVEL:
            return weights
        curvature = cllr_curvature(weights, standard, is_target, mass)[np.ix_(free, free)]
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(curvature + _DAMPING * np.eye(len(curvature)), gradient[free])
        weights = _lower(weights, step, cost + _ROUNDING, cost_at, floor)
    raise ValueError(f"no minimum of Cllr within {MOST_STEPS} steps")


def _lower(weights: Array, step: Array, most: float, cost_at: Callable[[Array], float], floor: Array) -> Array:
    """Answer where the step leads, or the half of it, and so on: the first place that costs no more."""
    while cost_at(moved := np.maximum(weights - step, floor)) > most:
        step = step / 2
    return moved
