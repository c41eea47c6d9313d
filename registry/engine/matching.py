"""From cosines to features: how a performer scores, relative to what this recording's condition makes everybody score.

One threshold on a cosine fails because recordings live on different scales: strangers on one telephone line score
higher with each other than one person does across two emotions. So each performer is judged by a margin: the score less
the mean of the `RIVALS` nearest others. The others are the rest of the gallery; while they are fewer than `POOL`,
virtual voices make up the number, whose expected best scores follow from the fitted cohort. A gallery of one performer
is thereby judged about as strictly as one of fifty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, Moments, expected_top, share_below

RIVALS = 5
POOL = 50
SPEECH_RANGE_S = (1.0, 30.0)
"""Net speech counts within this range only; nothing was validated beyond it."""

FEATURES = ("margin", "log_speech")
"""What calibration sees. Not the score itself: fitted on clean speech it takes over, and then fails elsewhere."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EngineFeatures:
    """What one engine says about every voice and performer.

    Attributes:
        margin: ``(n_voices, n_performers)``: the score less the rivals'.
        score: the same shape: the score itself, a cosine of projected vectors.
    """

    margin: Array
    score: Array


def engine_features(scores: NDArray[np.float32], cohort_scores: Moments) -> EngineFeatures:
    """Answer the features of one engine, for everybody.

    Args:
        scores: ``(n_voices, n_performers)``: with the mean of each performer's prototypes.
        cohort_scores: how each voice scores with the cohort.
    """
    exact = scores.astype(np.float64)
    return EngineFeatures(exact - rivals_mean(exact, cohort_scores), exact)


def rivals_mean(scores: Array, cohort_scores: Moments, rivals: int = RIVALS, pool: int = POOL) -> Array:
    """Answer, for every voice and performer, the mean score of the nearest others.

    Args:
        scores: ``(n_voices, n_performers)``.
        cohort_scores: ``(n_voices,)`` each.
        rivals: how many of the nearest others.
        pool: others that there are at least, virtual voices included; 0 leaves virtual voices out, and there must be
            ``rivals`` others.
    """
    kept = min(rivals + 1, scores.shape[1])
    nearest = -np.partition(-scores, kept - 1, axis=1)[:, :kept]
    return mean_without_own(ranked_rivals(nearest, scores.shape[1], cohort_scores, rivals, pool), scores, rivals)


def ranked_rivals(
    nearest: Array, n_performers: int, cohort_scores: Moments, rivals: int = RIVALS, pool: int = POOL
) -> Array:
    """Answer, for every voice, the highest scores there are, highest first, virtual voices included.

    Args:
        nearest: ``(n_voices, min(rivals + 1, n_performers))``: the highest of performers, in any order.
        n_performers: how many were searched.
        cohort_scores: ``(n_voices,)`` each.
        rivals: as for `rivals_mean`.
        pool: as for `rivals_mean`.
    """
    virtual = pool - (n_performers - 1)
    top = expected_top(min(rivals + 1, virtual), virtual) if virtual > 0 else np.zeros(0)
    made_up = cohort_scores.mean[:, None] + cohort_scores.sd[:, None] * top
    ranked: Array = -np.sort(-np.concatenate([nearest, made_up], axis=1), axis=1)
    return ranked


def mean_without_own(ranked: Array, scores: Array, rivals: int = RIVALS) -> Array:
    """Answer the mean score of the nearest others, ``(n_voices, n)``, of any performers.

    Args:
        ranked: what `ranked_rivals` answers, of all performers.
        scores: ``(n_voices, n)``: of these performers, the very numbers that were ranked.
        rivals: as for `rivals_mean`.
    """
    with_own = ranked[:, : rivals + 1].sum(axis=1, keepdims=True) - scores
    own_counts = scores >= ranked[:, rivals - 1 : rivals]
    mean: Array = np.where(own_counts, with_own, ranked[:, :rivals].sum(axis=1, keepdims=True)) / rivals
    return mean


def log_speech(speech_s: Array) -> Array:
    """Answer the natural logarithm of net speech, within `SPEECH_RANGE_S`."""
    logarithm: Array = np.log(np.clip(speech_s, *SPEECH_RANGE_S))
    return logarithm


def stack(features: EngineFeatures, speech_s: Array) -> Array:
    """Answer ``(n_voices, n_performers, 2)``: the columns of `FEATURES`."""
    speech = np.broadcast_to(log_speech(speech_s)[:, None], features.margin.shape)
    return np.stack([features.margin, speech], axis=-1)


def comparable_group(cohorts: Mapping[str, Cohort], projected: Mapping[str, NDArray[np.float32]]) -> NDArray[np.intp]:
    """Answer the number of the cohort's group that each voice is nearest to, ``(n_voices,)``, by all engines."""
    nearness = sum(cohorts[encoder].group_scores(vectors) for encoder, vectors in projected.items())
    nearest: NDArray[np.intp] = np.asarray(nearness).argmax(axis=1)
    return nearest


def share_less_close(
    cohorts: Mapping[str, Cohort],
    projected: Mapping[str, NDArray[np.float32]],
    scores: Mapping[str, Array],
    groups: NDArray[np.intp],
    correlation: float,
) -> Array:
    """Answer the share in [0, 1] of the comparable group that is less close to each voice than each performer is.

    Closeness is the sum of the engines' scores in deviations from what the group scores.

    Args:
        cohorts: by encoder id, and so the rest.
        projected: ``(n_voices, d)``.
        scores: ``(n_voices, n_performers)``.
        groups: ``(n_voices,)``: the group of each voice.
        correlation: between two engines' deviations of the same cohort voice.
    """
    total = sum(
        _deviations(cohorts[encoder], vectors, scores[encoder], groups) for encoder, vectors in projected.items()
    )
    count = len(projected)
    spread = np.sqrt(count + count * (count - 1) * correlation)
    return share_below(np.asarray(total) / spread)


def _deviations(cohort: Cohort, projected: NDArray[np.float32], scores: Array, groups: NDArray[np.intp]) -> Array:
    deviations = np.empty_like(scores)
    for number, group in enumerate(cohort.groups):
        rows = groups == number
        if rows.any():
            moments = group.moments(projected[rows])
            deviations[rows] = (scores[rows] - moments.mean[:, None]) / moments.sd[:, None]
    return deviations
