from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.engine.fitting import LEVEL, cllr, cllr_curvature, cllr_gradient, fit_logistic


def trials(count: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussians a true likelihood ratio is known for, beside a feature that says nothing."""
    random = np.random.default_rng(seed)
    is_target = random.random(count) < 0.3
    score = random.normal(np.where(is_target, 1.0, -1.0), 1.0)
    return np.column_stack([score, random.normal(size=count)]), is_target


def design(features: np.ndarray) -> np.ndarray:
    return np.column_stack([features, np.ones(len(features))])


@pytest.mark.parametrize("kind", ["targets", "non-targets"])
def test_trials_of_one_kind_fit_nothing(kind: str) -> None:
    features, is_target = trials(50)
    with pytest.raises(ValueError, match="of targets and of non-targets"):
        fit_logistic(features, np.full_like(is_target, kind == "targets"), np.ones(50), np.array([True, False]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_feature_that_is_not_finite_fits_nothing(value: float) -> None:
    features, is_target = trials(50)
    features[7, 1] = value
    with pytest.raises(ValueError, match="finite"):
        fit_logistic(features, is_target, np.ones(50), np.array([True, False]))


def test_targets_without_any_mass_fit_nothing() -> None:
    features, is_target = trials(50)
    with pytest.raises(ValueError, match="of targets and of non-targets"):
        fit_logistic(features, is_target, np.where(is_target, 0.0, 1.0), np.array([True, False]))


def test_saying_nothing_costs_one_bit() -> None:
    assert cllr(np.zeros(7), np.zeros(11)) == pytest.approx(1.0)


def test_the_gradient_is_the_numeric_gradient() -> None:
    features, is_target = trials(200)
    mass = np.random.default_rng(1).uniform(0.1, 2.0, len(features))
    for seed in range(5):
        weights = np.random.default_rng(seed).normal(size=3)
        _, gradient = cllr_gradient(weights, design(features), is_target, mass)
        for axis, step in enumerate(1e-6 * np.eye(3)):
            above, _ = cllr_gradient(weights + step, design(features), is_target, mass)
            below, _ = cllr_gradient(weights - step, design(features), is_target, mass)
            assert gradient[axis] == pytest.approx((above - below) / 2e-6, abs=1e-6)


def test_the_curvature_is_the_numeric_gradient_of_the_gradient() -> None:
    features, is_target = trials(200)
    mass = np.random.default_rng(1).uniform(0.1, 2.0, len(features))
    for seed in range(5):
        weights = np.random.default_rng(seed).normal(size=3)
        curvature = cllr_curvature(weights, design(features), is_target, mass)
        for axis, step in enumerate(1e-6 * np.eye(3)):
            _, above = cllr_gradient(weights + step, design(features), is_target, mass)
            _, below = cllr_gradient(weights - step, design(features), is_target, mass)
            assert curvature[axis] == pytest.approx((above - below) / 2e-6, abs=1e-6)


def test_the_likelihood_ratio_of_two_gaussians_is_found_whatever_the_numbers_of_trials() -> None:
    features, is_target = trials(20_000)
    weights = fit_logistic(features, is_target, np.ones(len(features)), np.array([True, False]))
    assert weights == pytest.approx([2.0, 0.0, 0.0], abs=0.1)


def test_what_is_monotone_never_gets_a_negative_weight() -> None:
    features, is_target = trials()
    weights = fit_logistic(-features, is_target, np.ones(len(features)), np.array([True, True]))
    assert (weights[:2] >= 0).all()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    apart=st.floats(-3, 3),
    scales=st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)),
    mixed=st.floats(-2, 2),
    monotone=st.tuples(st.booleans(), st.booleans()),
)
def test_where_it_ends_no_step_that_is_allowed_lowers_the_cost(
    seed: int, apart: float, scales: tuple[float, float], mixed: float, monotone: tuple[bool, bool]
) -> None:
    """Level along every weight that is free; rising along one that is held at zero. The problem is convex."""
    random = np.random.default_rng(seed)
    is_target = np.arange(300) % 3 == 0
    plain = random.normal(size=(300, 2))
    plain[:, 0] += np.where(is_target, apart, -apart)
    features = np.column_stack([plain[:, 0], plain[:, 1] + mixed * plain[:, 0]]) * scales + [3.0, -20.0]
    mass = random.uniform(0.1, 2.0, 300)
    weights = fit_logistic(features, is_target, mass, np.array(monotone))
    _, gradient = cllr_gradient(weights, design(features), is_target, mass)
    level = LEVEL * 1e4 * np.array([*scales, 1.0])
    held = np.append(weights[:2] == 0, False) & np.append(monotone, False)
    assert (np.abs(gradient) < level)[~held].all()
    assert (gradient > -level)[held].all()
    assert (weights[:2][np.array(monotone)] >= 0).all()


def test_targets_that_are_like_no_non_target_end_the_descent_too() -> None:
    features = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    weights = fit_logistic(features, features[:, 0] > 0, np.ones(4), np.array([True]))
    assert np.isfinite(weights).all()
    assert weights[0] > 10


def test_a_feature_that_never_varies_gets_a_finite_weight() -> None:
    features, is_target = trials(500)
    features[:, 1] = 4.0
    assert np.isfinite(fit_logistic(features, is_target, np.ones(500), np.array([True, False]))).all()


def test_a_trial_of_no_mass_counts_for_nothing() -> None:
    features, is_target = trials(1000)
    extra = np.vstack([features, [[50.0, 0.0]]])
    mass = np.append(np.ones(1000), 0.0)
    with_it = fit_logistic(extra, np.append(is_target, False), mass, np.array([True, False]))
    without = fit_logistic(features, is_target, np.ones(1000), np.array([True, False]))
    assert with_it == pytest.approx(without, abs=1e-6)
