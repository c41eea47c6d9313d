"""Fits logistic calibrations by gradient descent on Cllr, with weights that are not allowed to fall below zero.

Cllr is the cost of a log-likelihood ratio as forensic laboratories measure it (Brümmer and du Preez 2006): 0 is
perfect, 1 is a system that always says nothing. It weighs targets and non-targets equally, whatever their numbers, so
that what is fitted is a likelihood ratio and not a posterior.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cllr(targets: Array, non_targets: Array) -> float:
    """Answer Cllr, in bits, of natural log-likelihood ratios."""
    cost = np.logaddexp(0, -targets).mean() + np.logaddexp(0, non_targets).mean()
    return float(cost / (2 * np.log(2)))


def cllr_gradient(weights: Array, features: Array, is_target: NDArray[np.bool_], mass: Array) -> tuple[float, Array]:
    """Answer weighted Cllr of ``features @ weights`` and its gradient.

    Args:
        weights: ``(d,)``.
        features: ``(n, d)``, the last column 1 for the bias.
        is_target: ``(n,)``.
        mass: ``(n,)`` non-negative: how much each trial counts among its kind.
    """
    share = np.where(is_target, mass / mass[is_target].sum(), mass / mass[~is_target].sum())
    sign = np.where(is_target, -1.0, 1.0)
    signed = sign * (features @ weights)
    cost = float(share @ np.logaddexp(0, signed))
    slope = share * sign / (1 + np.exp(-signed))
    scale = 1 / (2 * np.log(2))
    return cost * scale, (features.T @ slope) * scale


def fit_logistic(
    features: Array, is_target: NDArray[np.bool_], mass: Array, monotone: NDArray[np.bool_], steps: int = 400
) -> Array:
    """Answer ``(d + 1,)`` weights, the bias last, that minimise Cllr: more of a monotone feature never means less LR.

    Accelerated projected gradient descent (Nesterov; restarted when the cost rises) on standardised features; the
    problem is convex, so where it starts does not matter and no randomness is needed.

    Args:
        features: ``(n, d)``.
        is_target: ``(n,)``.
        mass: ``(n,)``: how much each trial counts among its kind.
        monotone: ``(d,)``: which weights must not be negative.
        steps: of descent.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-12
    standard = np.column_stack([(features - mean) / spread, np.ones(len(features))])
    floor = np.append(np.where(monotone, 0.0, -np.inf), -np.inf)
    rate = 8 * np.log(2) / _curvature(standard, is_target, mass)
    weights = _descend(standard, is_target, mass, floor, rate, steps)
    raw = weights[:-1] / spread
    return np.append(raw, weights[-1] - raw @ mean)


def _curvature(standard: Array, is_target: NDArray[np.bool_], mass: Array) -> float:
    """Answer the largest eigenvalue of the weighted second moments: the cost curves by an eighth of it over ln 2."""
    share = np.where(is_target, mass / mass[is_target].sum(), mass / mass[~is_target].sum())
    return float(np.linalg.eigvalsh((standard * share[:, None]).T @ standard)[-1])


def _descend(  # noqa: PLR0917  (one optimiser needs all of the problem)
    standard: Array, is_target: NDArray[np.bool_], mass: Array, floor: Array, rate: float, steps: int
) -> Array:
    weights = ahead = np.maximum(np.zeros(standard.shape[1]), floor)
    momentum, cost = 1.0, np.inf
    for _ in range(steps):
        _, gradient = cllr_gradient(ahead, standard, is_target, mass)
        moved = np.maximum(ahead - rate * gradient, floor)
        new_cost, _ = cllr_gradient(moved, standard, is_target, mass)
        if new_cost > cost:
            momentum, ahead = 1.0, weights
            cost = np.inf
            continue
        grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / grown * (moved - weights)
        weights, momentum, cost = moved, grown, new_cost
    return weights
