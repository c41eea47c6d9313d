"""Fits a calibration to simulated searches, and measures it on people that each fit never heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, fit_projection, fit_spread
from registry.engine.fitting import cllr, fit_logistic
from registry.engine.training.examples import Example, Part
from registry.engine.training.simulation import FOLDS, Trials

RIDGE = 0.7
"""Of the projection: more of the covariance within voices than this overfits the channels that were made by code."""
SHRINKAGE = 0.1
GROUP_SHRINKAGE = 0.3
ENGINE_SHARES = {"ge2e": 1.0, "campplus": 1.0}
"""How the engines' log LR are weighed before they are calibrated together.

A free fit on natural speech gives nearly everything to campplus; generated speech, which nothing here may be trained
on, keeps more of its target in ge2e. Both are asked, always.
"""

TAIL_RATES = (0.05, 0.005)

Array = NDArray[np.float64]


def fit_cohorts(examples: Sequence[Example], groups: Sequence[str]) -> dict[str, Cohort]:
    """Fit the names-free cohort of each space to the examples of the cohort's people."""
    own = [example for example in examples if example.part is Part.COHORT]
    cohorts = {}
    for name in own[0].vectors:
        vectors = np.stack([example.vectors[name] for example in own])
        project = fit_projection(vectors, [example.person for example in own], RIDGE)
        projected = project(vectors)
        rows = [np.array([example.group == group for example in own]) for group in groups]
        spreads = tuple(fit_spread(projected[chosen], GROUP_SHRINKAGE) for chosen in rows)
        cohorts[name] = Cohort(project, fit_spread(projected, SHRINKAGE), spreads)
    return cohorts


def engines_correlation(examples: Sequence[Example], cohorts: Mapping[str, Cohort]) -> float:
    """Answer how the engines' scores of two different people of the cohort correlate."""
    own = [example for example in examples if example.part is Part.COHORT]
    people = np.array([example.person for example in own])
    different = people[:, None] != people[None]
    scores = []
    for name, cohort in cohorts.items():
        projected = cohort.project(np.stack([example.vectors[name] for example in own]))
        scores.append((projected @ projected.T)[different])
    return float(np.corrcoef(np.stack(scores))[0, 1])


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of one fit: by encoder id, and of the fusion."""

    engines: Mapping[str, Array]
    fusion: Array


def fit(trials: Trials, rows: NDArray[np.bool_]) -> Fitted:
    """Fit both engines and their fusion on some of the trials: monotone in the margin, which is the first feature."""
    target, mass = trials.is_target[rows], trials.mass[rows]
    chosen = {name: features[rows] for name, features in trials.features.items()}
    monotone = np.arange(next(iter(chosen.values())).shape[1]) == 0
    engines = {name: fit_logistic(features, target, mass, monotone) for name, features in chosen.items()}
    shares = np.array([ENGINE_SHARES[name] for name in engines])
    ratios, covariates = _fusion_features(chosen, engines)
    weight, *others = fit_logistic(np.column_stack([ratios @ shares, covariates]), target, mass, monotone)
    return Fitted(engines, np.array([*(weight * shares), *others]))


def _fusion_features(features: Mapping[str, Array], engines: Mapping[str, Array]) -> tuple[Array, Array]:
    """Answer the engines' natural log LR, ``(…, n_engines)``, and all features but the margin, which they share."""
    natural = [features[name] @ weights[:-1] + weights[-1] for name, weights in engines.items()]
    return np.stack(natural, axis=-1), next(iter(features.values()))[..., 1:]


def fused(features: Mapping[str, Array], fitted: Fitted) -> Array:
    """Answer the natural log LR, ``(…)``.

    Args:
        features: by encoder id ``(…, d)``, as in `Trials`.
        fitted: to such features.
    """
    together = np.concatenate(_fusion_features(features, fitted.engines), axis=-1)
    natural: Array = together @ fitted.fusion[:-1] + fitted.fusion[-1]
    return natural


def cross_validated(trials: Trials) -> Array:
    """Answer the natural log LR of all trials, each by a fit that never heard its speaker."""
    answer = np.zeros(len(trials.mass))
    for fold in range(FOLDS):
        held = trials.fold == fold
        if held.any():
            answer[held] = fused(trials.features, fit(trials, ~held))[held]
    return answer


def fit_tail(trials: Trials, log10_lr: Array) -> Array:
    """Fit ``ln FPIR = offset + growth ln(size) - decay t`` to the best of each stranger's search: ``(3,)``.

    Points are the quantiles at `TAIL_RATES` and between them at every gallery size, by least squares.
    """
    rows, values = [], []
    for size in np.unique(trials.size):
        chosen = trials.stranger & (trials.size == size)
        best = np.full(int(trials.search.max()) + 1, -np.inf)
        np.maximum.at(best, trials.search[chosen], log10_lr[chosen])
        best = best[np.isfinite(best)]
        for rate in np.geomspace(*TAIL_RATES, 8):
            rows.append([1.0, np.log(size), -np.quantile(best, 1 - rate)])
            values.append(np.log(rate))
    design, wanted = np.array(rows), np.array(values)
    offset, growth, decay = np.linalg.lstsq(design, wanted, rcond=None)[0]
    return np.array([offset, max(growth, 0.0), decay])


def bounds(trials: Trials, independent: tuple[int, int], fitted: Fitted) -> Array:
    """Answer ``(3,)``: lower and upper cap of log10 LR, and the disagreement one true trial in a hundred exceeds.

    The caps follow the rule of three: what was never seen among so many independent trials has a rate below three in
    that many.

    Args:
        trials: fitted to.
        independent: numbers of target and non-target trials that are independent, or nearly.
        fitted: to them.
    """
    targets, non_targets = independent
    ratios = [trials.features[name] @ weights[:-1] + weights[-1] for name, weights in fitted.engines.items()]
    apart = np.abs(ratios[0] - ratios[1])[trials.is_target] / np.log(10)
    return np.array([-np.log10(targets / 3), np.log10(non_targets / 3), np.quantile(apart, 0.99)])


def measures(trials: Trials, log_lr: Array, tail: Array) -> dict[str, Any]:
    """Answer the error rates for the card, of cross-validated ratios."""
    target = trials.is_target
    offset, growth, decay = tail
    limit = (offset + growth * np.log(trials.size) - np.log(0.01)) / decay
    hit = log_lr / np.log(10) >= limit
    strangers = np.unique(trials.search[trials.stranger]).size
    accused = np.unique(trials.search[trials.stranger & hit]).size
    return {
        "cllr": round(cllr(log_lr[target], log_lr[~target]), 4),
        "target_trials": int(target.sum()),
        "non_target_trials": int((~target).sum()),
        "fnir_at_target_fpir_1_percent": round(float((~hit[target]).mean()), 4),
        "fpir_at_target_fpir_1_percent": round(accused / strangers, 4),
        "stranger_searches": int(strangers),
    }
