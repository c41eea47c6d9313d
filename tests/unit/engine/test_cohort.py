from __future__ import annotations

import numpy as np
import pytest

from registry.engine.cohort import expected_top, fit_projection, fit_spread, share_below, unit


def people(count: int, dimension: int = 12, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, dimension)) * np.linspace(0.3, 1.5, dimension) + 0.5
    return unit(vectors.astype(np.float32))


def names(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def two_channels(count: int = 200, dimension: int = 12) -> tuple[np.ndarray, list[str]]:
    """Every voice twice: as it is, and moved along one direction that has nothing to do with whose it is."""
    voices = np.random.default_rng(3).normal(size=(count, dimension))
    moved = voices + np.eye(dimension)[0] * np.random.default_rng(4).normal(0, 6, size=(count, 1))
    return unit(np.concatenate([voices, moved]).astype(np.float32)), [*names(count), *names(count)]


def test_closed_form_moments_are_those_of_the_cohorts_own_scores() -> None:
    project = fit_projection(people(4000), names(4000), ridge=1.0)
    projected = project(people(4000))
    probes = project(people(5, seed=1))
    moments = fit_spread(projected, shrinkage=0.0).moments(probes)
    scores = probes @ projected.T
    assert np.allclose(moments.mean, scores.mean(axis=1), atol=1e-4)
    assert np.allclose(moments.sd, scores.std(axis=1), rtol=1e-2)


def test_projection_keeps_unit_length_and_takes_the_common_part_off() -> None:
    vectors = people(500)
    projected = fit_projection(vectors, names(500), ridge=1.0)(vectors)
    assert np.allclose(np.linalg.norm(projected, axis=1), 1, atol=1e-5)
    assert np.abs(projected.mean(axis=0)).max() < 0.05 < np.abs(vectors.mean(axis=0)).max()


def test_at_full_ridge_vectors_are_only_centred() -> None:
    vectors, voices = two_channels()
    project = fit_projection(vectors, voices, ridge=1.0)
    assert np.allclose(project.whitening, np.eye(12), atol=1e-5)
    assert np.allclose(project(vectors), unit(vectors - vectors.mean(axis=0)), atol=1e-5)


def test_a_direction_that_channels_move_everybody_along_counts_less() -> None:
    vectors, voices = two_channels()
    half = len(vectors) // 2

    def apart(ridge: float) -> float:
        projected = fit_projection(vectors, voices, ridge)(vectors)
        own = (projected[:half] * projected[half:]).sum(axis=1).mean()
        return float(own - (projected[:half] @ projected[half:].T).mean())

    assert apart(0.1) > apart(1.0) + 0.05


def test_a_direction_that_a_small_cohort_never_took_is_not_impossible() -> None:
    spread = fit_spread(people(6, dimension=12), shrinkage=0.1)
    assert np.linalg.eigvalsh(spread.covariance.astype(np.float64))[0] > 1e-4


def test_a_vector_at_the_centre_does_not_become_infinite() -> None:
    project = fit_projection(people(50), names(50), ridge=0.5)
    assert np.isfinite(project(project.centre[None])).all()


def test_shares_below_are_those_of_a_normal_distribution() -> None:
    assert share_below(np.array([-1.6449, 0.0, 2.3263])) == pytest.approx([0.05, 0.5, 0.99], abs=1e-4)


@pytest.mark.parametrize("size", [20, 100])
def test_expected_best_scores_are_those_of_random_draws(size: int) -> None:
    draws = np.sort(np.random.default_rng(0).normal(size=(20_000, size)), axis=1)[:, ::-1]
    assert np.allclose(expected_top(6, size), draws[:, :6].mean(axis=0), atol=0.03)
