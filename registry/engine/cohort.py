"""The cohort: what voices at large are like, kept as fitted distributions that name and hold nobody.

For each space: where vectors are brought before they are compared (the projection), and mean and covariance of the
cohort there, of everybody and of groups that sound alike in kind. The score of a voice with a random member is then a
weighted sum of many small terms, close to Gaussian, with mean and variance in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import from_numpy
from torch.special import ndtr

Array = NDArray[np.float32]

VOICES_BESIDE = 20
"""Voices of the cohort that count beside a gallery when its middle is found: few performers do not say where it is.

People of the development split cannot tell it from 0 to 100 by what is missed, and calibration loses least with 10 or
20: see ``docs/accuracy.md``.
"""


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and standard deviation of a voice's scores with the cohort, ``(n,) float32`` each."""

    mean: Array
    sd: Array


@dataclass(frozen=True, slots=True)
class Projection:
    """Where vectors are brought before they are compared: centred, and channels made to count less.

    Attributes:
        centre: ``(d,) float32``: mean of the cohort's unit vectors; taken off every vector.
        whitening: ``(d, d) float32``, symmetric: how one voice varies over channels, turned into a sphere, so that a
            direction along which a telephone or a room moves everybody counts less (within-class covariance
            normalisation, Hatch, Kajarekar and Stolcke 2006).
    """

    centre: Array
    whitening: Array

    def __call__(self, vectors: Array) -> Array:
        """Map ``(n, d)`` unit vectors of the encoder to ``(n, d)`` unit vectors that may be compared."""
        return unit(unit(vectors - self.centre) @ self.whitening)


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean ``(d,)`` and covariance ``(d, d)``, float32, of projected unit vectors."""

    mean: Array
    covariance: Array

    def moments(self, projected: Array) -> Moments:
        """Answer how ``(n, d)`` projected vectors score with random members."""
        variance = np.einsum("nd,nd->n", projected @ self.covariance, projected)
        return Moments(projected @ self.mean, np.sqrt(np.maximum(variance, 1e-8)))


@dataclass(frozen=True, slots=True)
class Cohort:
    """The fitted distributions in one space.

    Attributes:
        project: brings vectors to where they are compared.
        everybody: all of the cohort, in every condition.
        groups: parts of it that are comparable among each other, clean recordings only; the same order in every space.
    """

    project: Projection
    everybody: Spread
    groups: tuple[Spread, ...]

    def moments(self, projected: Array) -> Moments:
        """Answer how ``(n, d)`` projected vectors score with everybody."""
        return self.everybody.moments(projected)

    def group_scores(self, projected: Array) -> NDArray[np.float64]:
        """Answer ``(n, n_groups)``: how near each vector is to the middle of each group."""
        middles = unit(np.stack([group.mean for group in self.groups]))
        nearness: NDArray[np.float64] = (projected @ middles.T).astype(np.float64)
        return nearness


def share_below(deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Answer the share in [0, 1] of a normal distribution that lies under scores given in deviations from its mean."""
    below: NDArray[np.float64] = ndtr(from_numpy(np.ascontiguousarray(deviations, dtype=np.float64))).numpy()
    return below


def middle(total: NDArray[np.float64], count: int) -> Array:
    """Answer the middle of a gallery, ``(d,) float32``: what its performers have in common.

    It is taken off a voice before the voice is compared. That takes off every performer's score how near they are to
    everybody else, so that a voice like many is not taken for each of them. The cohort, whose middle is at zero, counts
    as `VOICES_BESIDE` performers.

    Args:
        total: ``(d,)``: the sum of the performers' means, projected.
        count: how many they are.
    """
    found: Array = (total / (count + VOICES_BESIDE)).astype(np.float32)
    return found


def means_of(rows: Array, first: NDArray[np.intp]) -> Array:
    """Answer ``(n, d)``, of unit length: the mean of each performer's prototypes.

    Args:
        rows: ``(n_prototypes, d)``, projected, of one performer after the other.
        first: ``(n,)``: where each performer's begin.
    """
    return unit(np.add.reduceat(rows, first, axis=0))


def unit(vectors: Array) -> Array:
    """Bring ``(n, d)`` vectors to unit length."""
    scaled: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return scaled


def fit_projection(vectors: Array, voices: Sequence[str], ridge: float) -> Projection:
    """Fit the projection to ``(n, d)`` unit vectors.

    Args:
        vectors: some voices, each under several conditions.
        voices: ``(n,)``: whose voice each is.
        ridge: share in [0, 1] of the covariance within voices replaced by a sphere of the same trace. At 1 vectors are
            only centred.
    """
    centre = vectors.mean(axis=0)
    moved = unit(vectors - centre).astype(np.float64)
    names, owner = np.unique(np.asarray(voices), return_inverse=True)
    means = np.zeros((len(names), moved.shape[1]))
    np.add.at(means, owner, moved)
    apart = moved - (means / np.bincount(owner)[:, None])[owner]
    within = apart.T @ apart / max(len(moved) - len(names), 1)
    if not np.trace(within) > 0:  # nobody comes twice: nothing is known of channels
        within = np.eye(len(within))
    values, directions = np.linalg.eigh(_towards_sphere(within, ridge))
    whitening = (directions * values**-0.5) @ directions.T
    scaled = whitening / np.trace(whitening) * len(whitening)
    return Projection(centre.astype(np.float32), scaled.astype(np.float32))


def fit_spread(projected: Array, shrinkage: float) -> Spread:
    """Fit mean and covariance to ``(n, d)`` projected vectors.

    Args:
        projected: of different people.
        shrinkage: share in [0, 1] of the covariance replaced by a sphere of the same trace; with fewer people than
            dimensions a sample covariance alone would call some directions impossible.
    """
    covariance = _towards_sphere(np.cov(projected.astype(np.float64), rowvar=False), shrinkage)
    return Spread(projected.mean(axis=0), covariance.astype(np.float32))


def _towards_sphere(covariance: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    sphere = np.eye(len(covariance)) * np.trace(covariance) / len(covariance)
    mixed: NDArray[np.float64] = (1 - share) * covariance + share * sphere
    return mixed


def expected_top(k: int, size: int) -> NDArray[np.float64]:
    """Answer the expected ``k`` largest of ``size`` standard normal draws, largest first (Blom 1958)."""
    ranks = np.arange(1, k + 1, dtype=np.float64)
    shares = (size - ranks + 1 - 0.375) / (size + 0.25)
    top: NDArray[np.float64] = np.sqrt(2) * _erfinv(2 * shares - 1)
    return top


def _erfinv(values: NDArray[np.float64]) -> NDArray[np.float64]:
    inverted: NDArray[np.float64] = from_numpy(values).erfinv().numpy()
    return inverted
