"""From cosines to features: how a performer scores, relative to what this recording's condition makes everybody score.

One threshold on a cosine fails because recordings live on different scales: strangers on one telephone line score
higher with each other than one person does across two emotions. So each performer is judged by a margin: the score less
the mean of the `RIVALS` nearest others. The others are the rest of the gallery and a virtual cohort of `VIRTUAL`
voices, whose expected best scores follow from the fitted cohort; a gallery of one performer is thereby judged as
strictly as one of a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, Moments, expected_top
from registry.engine.gallery import EncoderScores

RIVALS = 5
VIRTUAL = 100
SPEECH_RANGE_S = (1.0, 30.0)
"""Net speech counts within this range only; nothing was validated beyond it."""

FEATURES = ("margin", "log_speech")
"""What calibration sees. Not the score itself: fitted on clean speech it takes over, and then fails elsewhere."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EngineFeatures:
    """What one engine says about every voice and performer.

    Attributes:
        margin: ``(n_voices, n_performers)``: mean of both scores less the rivals'.
        deviations: the same shape: the score with the mean of the enrolment, in deviations from what the cohort
            scores with this voice.
    """

    margin: Array
    deviations: Array


def engine_features(scores: EncoderScores, cohort_scores: Moments) -> EngineFeatures:
    """Answer the features of one engine.

    Args:
        scores: of every performer with every voice.
        cohort_scores: how each voice scores with the cohort.
    """
    mean = scores.mean.astype(np.float64)
    rivals = rivals_mean(mean, cohort_scores)
    margin = (mean + scores.best) / 2 - rivals
    deviations = (mean - cohort_scores.mean[:, None]) / cohort_scores.sd[:, None]
    return EngineFeatures(margin, deviations)


def rivals_mean(scores: Array, cohort_scores: Moments) -> Array:
    """Answer, for every voice and performer, the mean score of the `RIVALS` nearest others: gallery and cohort.

    Args:
        scores: ``(n_voices, n_performers)``.
        cohort_scores: ``(n_voices,)`` each.
    """
    kept = min(RIVALS + 1, scores.shape[1])
    nearest = -np.partition(-scores, kept - 1, axis=1)[:, :kept]
    top = expected_top(RIVALS + 1, VIRTUAL)
    virtual = cohort_scores.mean[:, None] + cohort_scores.sd[:, None] * top
    pool = -np.sort(-np.concatenate([nearest, virtual], axis=1), axis=1)
    without = pool[:, :RIVALS].sum(axis=1, keepdims=True)
    with_own = pool[:, : RIVALS + 1].sum(axis=1, keepdims=True) - scores
    own_counts = scores >= pool[:, RIVALS - 1 : RIVALS]
    mean: Array = np.where(own_counts, with_own, without) / RIVALS
    return mean


def log_speech(speech_s: Array) -> Array:
    """Answer the natural logarithm of net speech, within `SPEECH_RANGE_S`."""
    logarithm: Array = np.log(np.clip(speech_s, *SPEECH_RANGE_S))
    return logarithm


def stack(features: EngineFeatures, speech_s: Array) -> Array:
    """Answer ``(n_voices, n_performers, 2)``: the columns of `FEATURES`."""
    speech = np.broadcast_to(log_speech(speech_s)[:, None], features.margin.shape)
    return np.stack([features.margin, speech], axis=-1)


def cohort_percentile(features: EngineFeatures) -> Array:
    """Answer the percentage of the cohort that is less close to each voice than each performer is."""
    return 100 * Cohort.share_below(features.deviations)
