"""Open-set identification: thresholds that strangers set, and who is missed at them.

A search without a mate raises a false alarm when anybody scores over the threshold; a mated search misses when its own
performer does not. The searches without a mate are those of strangers and those of mated recordings whose speaker was
left out of the gallery.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.evaluation.resampling import Resamples, divided
from registry.engine.evaluation.searches import Searches

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OpenSet:
    """The scores that open-set figures are made of.

    Attributes:
        own: ``(n_mated,)``: what mated searches score with their own performer.
        own_weights: ``(n_draws, n_mated)``; the first draw counts everybody once, here and below.
        best: ``(n_without_mate,)``, highest first: the best score of each search without a mate.
        counted: ``(n_draws, n_without_mate)``: how many searches have been counted down to each of them.
    """

    own: Array
    own_weights: Array
    best: Array
    counted: Array

    @classmethod
    def of(cls, searches: Searches, resamples: Resamples) -> OpenSet:
        """Take what is needed from the searches; at least one of each sort."""
        best = np.array([search.best for search in searches.without_mate])
        order = np.argsort(-best, kind="stable")
        counted = np.cumsum(resamples.of(searches.without_mate)[:, order], axis=1)
        own = np.array([search.own_lr for search in searches.mated])
        return cls(own, resamples.of(searches.mated), best[order], counted)

    def thresholds(self, fpir: float) -> Array:
        """Answer the threshold of each draw, ``(n_draws,)``: `metrics.threshold_at`, with weights.

        At most a share ``fpir`` of the searches without a mate score more; a match must score more.
        """
        total = self.counted[:, -1]
        allowed = np.minimum(np.floor(fpir * total + 1e-9), total - 1)
        places = (self.counted <= allowed[:, None]).sum(axis=1)
        found: Array = self.best[places]
        return found

    def fnir(self, fpir: float) -> Array:
        """Answer the share of mated searches whose own performer stays under the threshold, ``(n_draws,)``."""
        missed = self.own[None, :] <= self.thresholds(fpir)[:, None]
        return divided((self.own_weights * missed).sum(axis=1), self.own_weights.sum(axis=1))
