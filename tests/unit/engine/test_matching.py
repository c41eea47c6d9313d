from __future__ import annotations

import numpy as np
import pytest

from registry.engine.cohort import Cohort, Moments, Projection, Spread, expected_top, unit
from registry.engine.matching import (
    POOL,
    RIVALS,
    comparable_group,
    engine_features,
    log_speech,
    rivals_mean,
    share_less_close,
    stack,
)

COHORT = Moments(np.array([0.0, 0.1], dtype=np.float32), np.array([0.1, 0.05], dtype=np.float32))


def margin(scores: np.ndarray) -> np.ndarray:
    return engine_features(scores.astype(np.float32), COHORT).margin


@pytest.mark.parametrize("performers", [1, 2, 5, 6, 7, 40, POOL - 1, POOL, POOL + 1, POOL + 2, 200])
def test_rivals_are_the_nearest_others_with_virtual_ones_while_those_are_few(performers: int) -> None:
    scores = np.random.default_rng(performers).normal(0.1, 0.2, size=(2, performers))
    found = rivals_mean(scores, COHORT)
    missing = max(POOL - (performers - 1), 0)
    top = expected_top(min(RIVALS + 1, missing), missing) if missing else np.zeros(0)
    for voice in range(2):
        virtual = COHORT.mean[voice] + COHORT.sd[voice] * top
        for performer in range(performers):
            others = np.concatenate([np.delete(scores[voice], performer), virtual])
            assert found[voice, performer] == pytest.approx(np.sort(others)[::-1][:RIVALS].mean())


def test_a_gallery_of_one_is_judged_against_the_cohort() -> None:
    assert (margin(np.array([[0.1], [0.1]])) < 0).all()


def test_in_a_condition_that_lifts_everybody_nobody_stands_out() -> None:
    scores = np.random.default_rng(0).normal(0.1, 0.02, size=(2, 30))
    assert np.allclose(margin(scores + 0.5), margin(scores + 0.6), atol=1e-5)


def test_more_score_never_means_less_margin() -> None:
    scores = np.random.default_rng(1).normal(0.1, 0.2, size=(2, 20))
    before = margin(scores)
    for step in np.linspace(0, 1, 30):
        raised = scores.copy()
        raised[:, 7] += step
        after = margin(raised)
        assert (after[:, 7] >= before[:, 7] - 1e-6).all()
        before = after


def test_speech_counts_within_the_validated_range_only() -> None:
    assert log_speech(np.array([0.1, 1.0, 30.0, 900.0])).tolist() == [0.0, 0.0, np.log(30.0), np.log(30.0)]


def test_features_are_stacked_as_named() -> None:
    found = engine_features(np.full((2, 3), 0.4, dtype=np.float32), COHORT)
    stacked = stack(found, np.array([2.0, 4.0]))
    assert stacked.shape == (2, 3, 2)
    assert np.array_equal(stacked[..., 0], found.margin)
    assert stacked[1, :, 1] == pytest.approx(np.log(4.0))


def cohorts() -> dict[str, Cohort]:
    """Two groups, far apart along the first axis."""
    answer = {}
    for name, dimension in (("a", 6), ("b", 4)):
        axis = np.eye(dimension, dtype=np.float32)[0]
        project = Projection(np.zeros(dimension, dtype=np.float32), np.eye(dimension, dtype=np.float32))
        spread = np.eye(dimension, dtype=np.float32) * 0.05
        groups = (Spread(0.6 * axis, spread), Spread(-0.6 * axis, spread))
        answer[name] = Cohort(project, Spread(0 * axis, spread), groups)
    return answer


def voices(sign: float) -> dict[str, np.ndarray]:
    return {
        name: unit(np.array([[sign, *[0.1] * (dimension - 1)]], dtype=np.float32))
        for name, dimension in (("a", 6), ("b", 4))
    }


def test_each_voice_is_compared_with_the_group_it_is_nearest_to() -> None:
    assert comparable_group(cohorts(), voices(1.0)).tolist() == [0]
    assert comparable_group(cohorts(), voices(-1.0)).tolist() == [1]


def test_the_share_that_is_less_close_is_that_of_random_members_of_the_group() -> None:
    random = np.random.default_rng(0)
    deviations = random.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=200_000)
    projected = voices(1.0)
    moments = {name: cohort.groups[0].moments(projected[name]) for name, cohort in cohorts().items()}
    scores = {name: moments[name].mean[:, None] + moments[name].sd[:, None] * 1.2 for name in moments}
    found = share_less_close(cohorts(), projected, scores, np.array([0]), correlation=0.4)
    assert found[0, 0] == pytest.approx((deviations.sum(axis=1) < 2.4).mean(), abs=0.005)


def test_the_share_grows_with_either_score_and_stays_within_bounds() -> None:
    steps = np.linspace(-1, 1, 21)[None]
    for moving in ("a", "b"):
        scores = {name: steps if name == moving else np.zeros_like(steps) for name in ("a", "b")}
        found = share_less_close(cohorts(), voices(1.0), scores, np.array([0]), correlation=0.4)
        assert (np.diff(found, axis=1) >= 0).all()
        assert found.min() >= 0
        assert found.max() <= 1
