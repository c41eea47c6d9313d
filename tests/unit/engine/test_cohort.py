from __future__ import annotations

import numpy as np
import pytest

from registry.engine.cohort import Cohort, expected_top, fit_cohort


def people(count: int, dimension: int = 12, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, dimension)) * np.linspace(0.3, 1.5, dimension) + 0.5
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_closed_form_moments_are_those_of_the_cohorts_own_scores() -> None:
    vectors = people(4000)
    cohort = fit_cohort(vectors, shrinkage=0.0)
    probes = cohort.centred(people(5, seed=1))
    scores = probes @ cohort.centred(vectors).T
    moments = cohort.moments(probes)
    assert np.allclose(moments.mean, scores.mean(axis=1), atol=1e-4)
    assert np.allclose(moments.sd, scores.std(axis=1), rtol=1e-2)


def test_centring_keeps_unit_length_and_takes_the_common_part_off() -> None:
    vectors = people(500)
    centred = fit_cohort(vectors, 0.1).centred(vectors)
    assert np.allclose(np.linalg.norm(centred, axis=1), 1, atol=1e-5)
    assert np.abs(centred.mean(axis=0)).max() < 0.05 < np.abs(vectors.mean(axis=0)).max()


def test_a_direction_that_a_small_cohort_never_took_is_not_impossible() -> None:
    cohort = fit_cohort(people(6, dimension=12), shrinkage=0.1)
    assert np.linalg.eigvalsh(cohort.covariance.astype(np.float64))[0] > 1e-4


def test_a_vector_at_the_centre_does_not_become_infinite() -> None:
    cohort = fit_cohort(people(50), 0.1)
    assert np.isfinite(cohort.centred(cohort.centre[None])).all()


def test_shares_below_are_those_of_a_normal_distribution() -> None:
    assert Cohort.share_below(np.array([-1.6449, 0.0, 2.3263])) == pytest.approx([0.05, 0.5, 0.99], abs=1e-4)


@pytest.mark.parametrize("size", [20, 100])
def test_expected_best_scores_are_those_of_random_draws(size: int) -> None:
    draws = np.sort(np.random.default_rng(0).normal(size=(20_000, size)), axis=1)[:, ::-1]
    assert np.allclose(expected_top(6, size), draws[:, :6].mean(axis=0), atol=0.03)
