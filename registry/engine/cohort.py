"""The cohort: what voices at large score, kept as a fitted distribution that names and holds nobody.

For each space: the centre of the cohort's voiceprints, and mean and covariance of what is left after centring. The
score of a voice with a random member of the cohort is then a weighted sum of many small terms, close to Gaussian, with
mean and variance in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import from_numpy
from torch.special import ndtr

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and standard deviation of a voice's scores with the cohort, ``(n,) float32`` each."""

    mean: Array
    sd: Array


@dataclass(frozen=True, slots=True)
class Cohort:
    """The fitted distribution in one space.

    Attributes:
        centre: ``(d,) float32``: mean of the cohort's unit vectors; taken off every vector before comparison.
        mean: ``(d,) float32``: mean of centred vectors of unit length.
        covariance: ``(d, d) float32``: covariance of the same.
        size: voices it was fitted on.
    """

    centre: Array
    mean: Array
    covariance: Array
    size: int

    def centred(self, vectors: Array) -> Array:
        """Take the centre off ``(n, d)`` vectors and bring them back to unit length."""
        moved = vectors - self.centre
        unit: Array = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        return unit

    def moments(self, centred: Array) -> Moments:
        """Answer how ``(n, d)`` centred vectors score with the cohort."""
        variance = np.einsum("nd,nd->n", centred @ self.covariance, centred)
        return Moments(centred @ self.mean, np.sqrt(np.maximum(variance, 1e-8)))

    @staticmethod
    def share_below(scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Answer the share in [0, 1] of the cohort that scores less; scores are in deviations from its mean."""
        below: NDArray[np.float64] = ndtr(from_numpy(np.ascontiguousarray(scores, dtype=np.float64))).numpy()
        return below


def fit_cohort(vectors: Array, shrinkage: float) -> Cohort:
    """Fit the distribution to ``(n, d)`` unit vectors of ``n`` different people.

    Args:
        vectors: one for each person.
        shrinkage: share in [0, 1] of the covariance replaced by a sphere of the same trace; with fewer people than
            dimensions a sample covariance alone would call some directions impossible.
    """
    centre = vectors.mean(axis=0)
    moved = vectors - centre
    unit = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    sample = np.cov(unit, rowvar=False)
    sphere = np.eye(len(sample)) * np.trace(sample) / len(sample)
    covariance = (1 - shrinkage) * sample + shrinkage * sphere
    return Cohort(centre, unit.mean(axis=0), covariance.astype(np.float32), len(vectors))


def expected_top(k: int, size: int) -> NDArray[np.float64]:
    """Answer the expected ``k`` largest of ``size`` standard normal draws, largest first (Blom 1958)."""
    ranks = np.arange(1, k + 1, dtype=np.float64)
    shares = (size - ranks + 1 - 0.375) / (size + 0.25)
    top: NDArray[np.float64] = np.sqrt(2) * _erfinv(2 * shares - 1)
    return top


def _erfinv(values: NDArray[np.float64]) -> NDArray[np.float64]:
    inverted: NDArray[np.float64] = from_numpy(values).erfinv().numpy()
    return inverted
