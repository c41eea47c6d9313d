from __future__ import annotations

import numpy as np
import pytest

from registry.engine.fitting import cllr, cllr_gradient, fit_logistic


def trials(count: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussians a true likelihood ratio is known for, beside a feature that says nothing."""
    random = np.random.default_rng(seed)
    is_target = random.random(count) < 0.3
    score = random.normal(np.where(is_target, 1.0, -1.0), 1.0)
    return np.column_stack([score, random.normal(size=count)]), is_target


def test_saying_nothing_costs_one_bit() -> None:
    assert cllr(np.zeros(7), np.zeros(11)) == pytest.approx(1.0)


def test_the_gradient_is_the_numeric_gradient() -> None:
    features, is_target = trials(200)
    design = np.column_stack([features, np.ones(len(features))])
    mass = np.random.default_rng(1).uniform(0.1, 2.0, len(features))
    for seed in range(5):
        weights = np.random.default_rng(seed).normal(size=3)
        _, gradient = cllr_gradient(weights, design, is_target, mass)
        for axis in range(3):
            step = np.zeros(3)
            step[axis] = 1e-6
            above, _ = cllr_gradient(weights + step, design, is_target, mass)
            below, _ = cllr_gradient(weights - step, design, is_target, mass)
            assert gradient[axis] == pytest.approx((above - below) / 2e-6, abs=1e-6)


def test_the_likelihood_ratio_of_two_gaussians_is_found_whatever_the_numbers_of_trials() -> None:
    features, is_target = trials(20_000)
    weights = fit_logistic(features, is_target, np.ones(len(features)), np.array([True, False]))
    assert weights == pytest.approx([2.0, 0.0, 0.0], abs=0.1)


def test_what_is_monotone_never_gets_a_negative_weight() -> None:
    features, is_target = trials()
    weights = fit_logistic(-features, is_target, np.ones(len(features)), np.array([True, True]))
    assert (weights[:2] >= 0).all()


def test_the_gradient_is_zero_where_descent_ends() -> None:
    features, is_target = trials(1000)
    mass = np.ones(len(features))
    weights = fit_logistic(features * [1.0, 50.0] + [3.0, -20.0], is_target, mass, np.array([True, False]))
    design = np.column_stack([features * [1.0, 50.0] + [3.0, -20.0], np.ones(len(features))])
    _, gradient = cllr_gradient(weights, design, is_target, mass)
    assert np.abs(gradient).max() < 1e-4


def test_a_trial_of_no_mass_counts_for_nothing() -> None:
    features, is_target = trials(1000)
    extra = np.vstack([features, [[50.0, 0.0]]])
    mass = np.append(np.ones(1000), 0.0)
    with_it = fit_logistic(extra, np.append(is_target, False), mass, np.array([True, False]))
    without = fit_logistic(features, is_target, np.ones(1000), np.array([True, False]))
    assert with_it == pytest.approx(without, abs=1e-3)
