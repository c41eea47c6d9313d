"""Ways to score a recording against a gallery: the engine's steps one by one, and what was tried besides.

Every way answers a number for each voice and performer; more means nearer. None is calibrated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, Moments, means_of, middle, unit
from registry.engine.matching import POOL, RIVALS, rivals_mean

COHORT_SAMPLES = 1000
COHORT_NEAREST = 100
"""Of the sampled cohort: how many of the nearest normalise a score, as is usual."""
ATTENTION = 10.0
"""How much more a prototype counts that is nearer by 0.1: e times."""

Vectors = NDArray[np.float32]
Array = NDArray[np.float64]
Projecting = Callable[[str, Vectors], Vectors]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who is enrolled.

    Attributes:
        performers: in the order of the columns.
        vectors: by encoder id ``(n_prototypes, d)``, unit length, of one performer after the other.
        first: ``(n_performers,)``: where each performer's begin.
    """

    performers: tuple[str, ...]
    vectors: Mapping[str, Vectors]
    first: NDArray[np.intp]


Pooling = Callable[[str, Vectors, Enrolled], Array]
Relating = Callable[[str, Vectors, Array, NDArray[np.intp]], Array]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to score.

    Attributes:
        name: for the table.
        pooled: similarity of ``(n_voices, d)`` vectors with each performer, ``(n_voices, n_performers)``, by encoder;
            it does not depend on who else is enrolled.
        relative: from these to scores that may be compared between recordings, by encoder, given the columns that are
            searched; None takes them as they are.
        shares: how much each encoder counts; one that is not named does not.
    """

    name: str
    pooled: Pooling
    relative: Relating | None
    shares: Mapping[str, float]

    def similarities(self, voices: Mapping[str, Vectors], enrolled: Enrolled) -> dict[str, Array]:
        """Answer the similarity of voices with everybody, by encoder."""
        return {encoder: self.pooled(encoder, voices[encoder], enrolled) for encoder in self.shares}

    def scores(
        self, voices: Mapping[str, Vectors], similarities: Mapping[str, Array], columns: NDArray[np.intp]
    ) -> dict[str, Array]:
        """Answer, by encoder, ``(n_voices, n_columns)``: scores against a gallery of some performers alone."""
        found = {encoder: similarities[encoder][:, columns] for encoder in self.shares}
        if self.relative is None:
            return found
        return {encoder: self.relative(encoder, voices[encoder], near, columns) for encoder, near in found.items()}

    def together(self, scores: Mapping[str, Array]) -> Array:
        """Answer the encoders' scores together, each counting its share."""
        return sum((share * scores[encoder] for encoder, share in self.shares.items()), np.zeros(1))

    def score(
        self, voices: Mapping[str, Vectors], similarities: Mapping[str, Array], columns: NDArray[np.intp]
    ) -> Array:
        """Answer ``(n_columns,)``: the best score over voices against a gallery of some performers alone."""
        best: Array = self.together(self.scores(voices, similarities, columns)).max(axis=0)
        return best


class Ways:
    """Makes ways from the cohorts of a calibration.

    Args:
        cohorts: by encoder id.
        enrolled: everybody, for normalisation on their side.
        random: to sample the cohorts with.
    """

    def __init__(self, cohorts: Mapping[str, Cohort], enrolled: Enrolled, random: np.random.Generator) -> None:
        self._cohorts = cohorts
        self._both = dict.fromkeys(cohorts, 1.0)
        self._means = {
            encoder: means_of(self._projected(encoder, enrolled.vectors[encoder]), enrolled.first)
            for encoder in cohorts
        }
        self._samples = {encoder: _sampled(cohort, random) for encoder, cohort in cohorts.items()}
        self._theirs = {encoder: _nearest_moments(self._means[encoder], self._samples[encoder]) for encoder in cohorts}

    def steps(self) -> list[Way]:
        """Answer the engine's steps, each with the ones before it, as far as a gallery of this size knows them."""
        centred, projected, both = self._centred, self._projected, self._both
        return [
            *(Way(f"{name}, cosine, nearest prototype", nearest(_plain), None, {name: 1.0}) for name in both),
            Way("sum of both", nearest(_plain), None, both),
            Way("+ centred, mean of the prototypes", mean(centred), None, both),
            Way(
                f"+ less the mean of the {RIVALS} nearest others",
                mean(centred),
                self.margin(pool=0, from_middle=False),
                both,
            ),
            Way(
                "+ projection (within-class covariance)",
                mean(projected),
                self.margin(pool=0, from_middle=False),
                both,
            ),
            Way("+ from the middle of the gallery", mean(projected), self.margin(pool=0), both),
        ]

    def with_virtual_voices(self) -> list[Way]:
        """Answer the last step without virtual voices, and with them."""
        projected = self._projected
        return [
            Way("no virtual voices", mean(projected), self.margin(pool=0), self._both),
            Way(f"virtual voices, to {POOL} others", mean(projected), self.margin(pool=POOL), self._both),
        ]

    def tried(self) -> list[Way]:
        """Answer what was tried in place of a step, or on top of all of them."""
        projected, margin, both = self._projected, self.margin(pool=0), self._both
        ge2e, campplus = both
        return [
            Way("projection, no margin", mean(projected), None, both),
            Way("nearest prototype, not the mean", nearest(projected), margin, both),
            Way("attention over prototypes, not the mean", attentive(projected), margin, both),
            Way("not from the middle", mean(projected), self.margin(pool=0, from_middle=False), both),
            Way("adaptive s-norm, not the margin", mean(projected), self._s_norm, both),
            Way("adaptive s-norm, then the margin", mean(projected), self._s_norm_then_margin, both),
            *(Way(f"{count} nearest others", mean(projected), self.margin(count, 0), both) for count in (1, 3, 8, 12)),
            Way("ge2e counts twice", mean(projected), margin, {ge2e: 2.0, campplus: 1.0}),
            Way("campplus counts twice", mean(projected), margin, {ge2e: 1.0, campplus: 2.0}),
            Way("ge2e alone", mean(projected), margin, {ge2e: 1.0}),
            Way("campplus alone", mean(projected), margin, {campplus: 1.0}),
        ]

    def margin(self, rivals: int = RIVALS, pool: int = POOL, *, from_middle: bool = True) -> Relating:
        """Answer the score less the mean of the nearest others; see `rivals_mean`. Virtual voices are projected.

        Args:
            rivals: so many others.
            pool: see `rivals_mean`.
            from_middle: whether the middle of the gallery is taken off the voice; performers are projected then.
        """

        def relative(encoder: str, voices: Vectors, scores: Array, columns: NDArray[np.intp]) -> Array:
            projected = self._projected(encoder, voices)
            if from_middle:
                means = self._means[encoder][columns]
                off = middle(means.sum(axis=0, dtype=np.float64), len(columns))
                projected, scores = projected - off, scores - (means @ off)
            return scores - rivals_mean(scores, self._cohorts[encoder].moments(projected), rivals, pool)

        return relative

    def _s_norm(self, encoder: str, voices: Vectors, scores: Array, columns: NDArray[np.intp]) -> Array:
        """Normalise adaptively on both sides, with the sampled cohort (Matejka et al. 2017)."""
        own = _nearest_moments(self._projected(encoder, voices), self._samples[encoder])
        theirs = self._theirs[encoder]
        by_voice = (scores - own.mean[:, None]) / own.sd[:, None]
        by_performer = (scores - theirs.mean[columns]) / theirs.sd[columns]
        normal: Array = (by_voice + by_performer) / 2
        return normal

    def _s_norm_then_margin(self, encoder: str, voices: Vectors, scores: Array, columns: NDArray[np.intp]) -> Array:
        margin = self.margin(pool=0, from_middle=False)
        return margin(encoder, voices, self._s_norm(encoder, voices, scores, columns), columns)

    def _centred(self, encoder: str, vectors: Vectors) -> Vectors:
        return unit(vectors - self._cohorts[encoder].project.centre)

    def _projected(self, encoder: str, vectors: Vectors) -> Vectors:
        return self._cohorts[encoder].project(vectors)


def _plain(_: str, vectors: Vectors) -> Vectors:
    return vectors


def mean(projecting: Projecting) -> Pooling:
    """Answer the similarity with the mean of a performer's prototypes."""

    def pooled(encoder: str, voices: Vectors, enrolled: Enrolled) -> Array:
        means = means_of(projecting(encoder, enrolled.vectors[encoder]), enrolled.first)
        return (projecting(encoder, voices) @ means.T).astype(np.float64)

    return pooled


def nearest(projecting: Projecting) -> Pooling:
    """Answer the similarity with the nearest of a performer's prototypes."""

    def pooled(encoder: str, voices: Vectors, enrolled: Enrolled) -> Array:
        every = projecting(encoder, voices) @ projecting(encoder, enrolled.vectors[encoder]).T
        return np.maximum.reduceat(every, enrolled.first, axis=1).astype(np.float64)

    return pooled


def attentive(projecting: Projecting) -> Pooling:
    """Answer the similarity with a performer's prototypes, the nearer ones counting more."""

    def pooled(encoder: str, voices: Vectors, enrolled: Enrolled) -> Array:
        every = (projecting(encoder, voices) @ projecting(encoder, enrolled.vectors[encoder]).T).astype(np.float64)
        weights = np.exp(ATTENTION * every)
        total = np.add.reduceat(weights * every, enrolled.first, axis=1)
        answer: Array = total / np.add.reduceat(weights, enrolled.first, axis=1)
        return answer

    return pooled


def enrolled_of(prototypes: Mapping[str, Sequence[Mapping[str, Vectors]]]) -> Enrolled:
    """Answer a gallery of performers, in order, from the vectors of each prototype by encoder id."""
    flat = [one for found in prototypes.values() for one in found]
    sizes = [len(found) for found in prototypes.values()]
    return Enrolled(
        tuple(prototypes),
        {encoder: np.stack([one[encoder] for one in flat]) for encoder in flat[0]},
        np.cumsum([0, *sizes[:-1]]).astype(np.intp),
    )


def _sampled(cohort: Cohort, random: np.random.Generator) -> Vectors:
    """Answer voices drawn from the fitted distribution: nobody's."""
    spread = cohort.everybody
    drawn = random.multivariate_normal(spread.mean.astype(np.float64), spread.covariance, COHORT_SAMPLES)
    return unit(drawn.astype(np.float32))


def _nearest_moments(vectors: Vectors, cohort: Vectors) -> Moments:
    """Answer mean and deviation of the scores with the nearest of a cohort."""
    top = -np.partition(-(vectors @ cohort.T), COHORT_NEAREST, axis=1)[:, :COHORT_NEAREST]
    return Moments(top.mean(axis=1), top.std(axis=1))
