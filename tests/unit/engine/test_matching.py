from __future__ import annotations

import numpy as np
import pytest

from registry.engine.cohort import Moments, expected_top
from registry.engine.gallery import EncoderScores
from registry.engine.matching import RIVALS, VIRTUAL, cohort_percentile, engine_features, log_speech, rivals_mean, stack

COHORT = Moments(np.array([0.0, 0.1], dtype=np.float32), np.array([0.1, 0.05], dtype=np.float32))


def features(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    zeros = Moments(np.zeros(scores.shape[1], dtype=np.float32), np.ones(scores.shape[1], dtype=np.float32))
    found = engine_features(EncoderScores(scores, scores, zeros), COHORT)
    return found.margin, cohort_percentile(found)


@pytest.mark.parametrize("performers", [1, 2, 5, 6, 7, 40])
def test_rivals_are_the_nearest_others_of_gallery_and_cohort(performers: int) -> None:
    scores = np.random.default_rng(performers).normal(0.1, 0.2, size=(2, performers))
    found = rivals_mean(scores, COHORT)
    for voice in range(2):
        virtual = COHORT.mean[voice] + COHORT.sd[voice] * expected_top(RIVALS + 1, VIRTUAL)
        for performer in range(performers):
            others = np.concatenate([np.delete(scores[voice], performer), virtual])
            assert found[voice, performer] == pytest.approx(np.sort(others)[::-1][:RIVALS].mean())


def test_a_gallery_of_one_is_judged_against_the_cohort() -> None:
    margin, _ = features(np.array([[0.1], [0.1]], dtype=np.float32))
    assert (margin < 0).all()


def test_in_a_condition_that_lifts_everybody_nobody_stands_out() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(0.1, 0.02, size=(2, 30)).astype(np.float32)
    assert np.allclose(features(scores + 0.5)[0], features(scores + 0.6)[0], atol=1e-5)


def test_more_score_never_means_less_margin() -> None:
    scores = np.random.default_rng(1).normal(0.1, 0.2, size=(2, 20)).astype(np.float32)
    before, _ = features(scores)
    for step in np.linspace(0, 1, 30, dtype=np.float32):
        raised = scores.copy()
        raised[:, 7] += step
        after, _ = features(raised)
        assert (after[:, 7] >= before[:, 7] - 1e-6).all()
        before = after


def test_percentiles_grow_with_the_score_and_stay_within_bounds() -> None:
    _, percentile = features(np.linspace(-1, 1, 21, dtype=np.float32)[None].repeat(2, axis=0))
    assert (np.diff(percentile, axis=1) >= 0).all()
    assert percentile.min() >= 0
    assert percentile.max() <= 100


def test_speech_counts_within_the_validated_range_only() -> None:
    assert log_speech(np.array([0.1, 1.0, 30.0, 900.0])).tolist() == [0.0, 0.0, np.log(30.0), np.log(30.0)]


def test_features_are_stacked_as_named() -> None:
    scores = np.full((2, 3), 0.4, dtype=np.float32)
    found = engine_features(EncoderScores(scores, scores, COHORT), COHORT)
    stacked = stack(found, np.array([2.0, 4.0]))
    assert stacked.shape == (2, 3, 2)
    assert np.array_equal(stacked[..., 0], found.margin)
    assert stacked[1, :, 1] == pytest.approx(np.log(4.0))
