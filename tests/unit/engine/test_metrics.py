from __future__ import annotations

import numpy as np
import pytest

from registry.engine.metrics import (
    Trials,
    cllr,
    cllr_min,
    equal_error_rate,
    error_curve,
    min_dcf,
    pool_adjacent_violators,
    threshold_at,
    wilson_interval,
)


def gaussians(separation: float, count: int = 20_000) -> Trials:
    random = np.random.default_rng(0)
    is_target = np.arange(count) % 2 == 0
    scores = random.normal(np.where(is_target, separation / 2, -separation / 2), 1.0)
    return Trials(scores, is_target, np.ones(count))


def test_no_stranger_exceeds_the_threshold_of_rate_zero() -> None:
    best = np.array([0.3, -1.0, 2.0, 0.5])
    assert threshold_at(best, 0.0) == 2.0
    assert threshold_at(best, 0.25) == 0.5
    assert threshold_at(best, 1.0) == -1.0


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05, 0.33])
def test_at_most_the_allowed_share_of_strangers_exceeds_a_threshold(rate: float) -> None:
    best = np.random.default_rng(0).normal(size=317)
    assert np.mean(best > threshold_at(best, rate)) <= rate


def test_rates_are_those_of_counting() -> None:
    trials = Trials(np.array([0.0, 1.0, 1.0, 2.0]), np.array([False, True, False, True]), np.ones(4))
    miss, false_alarm = error_curve(trials)
    assert miss.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert false_alarm.tolist() == [1.0, 0.5, 0.0, 0.0]


def test_equal_error_rate_of_two_gaussians_is_known() -> None:
    assert equal_error_rate(gaussians(2.0)) == pytest.approx(0.1587, abs=0.01)
    assert equal_error_rate(gaussians(0.0)) == pytest.approx(0.5, abs=0.01)


def test_detection_cost_is_one_when_scores_say_nothing_and_zero_when_they_say_all() -> None:
    nothing = Trials(np.zeros(10), np.arange(10) < 5, np.ones(10))
    everything = Trials(np.arange(10.0), np.arange(10) >= 5, np.ones(10))
    assert min_dcf(nothing) == pytest.approx(1.0)
    assert min_dcf(everything) == pytest.approx(0.0)


def test_recalibration_never_costs() -> None:
    for scale in (0.2, 1.0, 5.0):
        trials = gaussians(2.0, 2000)
        stretched = Trials(trials.scores * scale, trials.is_target, trials.weights)
        assert cllr_min(stretched) <= cllr(stretched) + 1e-9
        assert cllr_min(stretched) == pytest.approx(cllr_min(trials))


def test_true_log_likelihood_ratios_leave_nothing_to_recalibrate() -> None:
    trials = gaussians(2.0)
    exact = Trials(2.0 * trials.scores, trials.is_target, trials.weights)
    assert cllr(exact) - cllr_min(exact) < 0.01


def test_pooled_sequences_rise_and_keep_their_mean() -> None:
    random = np.random.default_rng(0)
    values, weights = random.normal(size=200), random.uniform(0.1, 1, 200)
    pooled = pool_adjacent_violators(values, weights)
    assert (np.diff(pooled) >= 0).all()
    assert np.average(pooled, weights=weights) == pytest.approx(np.average(values, weights=weights))
    assert np.array_equal(pool_adjacent_violators(np.sort(values), weights), np.sort(values))


def naive_pooled(target: list[float], other: list[float]) -> Trials:
    scores = np.array([*target, *other])
    return Trials(scores, np.arange(scores.size) < len(target), np.ones(scores.size))


def test_equal_scores_are_one_place_whichever_comes_first() -> None:
    mixed = naive_pooled([0.0, 1.0], [0.0, -1.0])
    turned = Trials(mixed.scores[::-1], mixed.is_target[::-1], mixed.weights)
    assert cllr_min(mixed) == cllr_min(turned)
    # The pool at 0 holds half of each sort and costs one bit each: (1/2 + 1/2) / 2.
    assert cllr_min(mixed) == pytest.approx(0.5)


def test_a_trial_of_weight_two_counts_as_two() -> None:
    once = naive_pooled([0.2, 1.0, 1.5, -0.3], [0.1, -1.0, 0.6, -0.7])
    weighted = Trials(once.scores, once.is_target, np.array([2.0, 1, 1, 1, 1, 3, 1, 0]))
    repeated = naive_pooled([0.2, 0.2, 1.0, 1.5, -0.3], [0.1, -1.0, -1.0, -1.0, 0.6])
    for figure in (equal_error_rate, min_dcf, cllr, cllr_min):
        assert figure(weighted) == pytest.approx(figure(repeated))


def test_wilson_intervals_are_those_of_the_literature() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    cases = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    for count, size, low, high in cases:
        assert wilson_interval(count, size) == pytest.approx((low, high), abs=5e-5)
