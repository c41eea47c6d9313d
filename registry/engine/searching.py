"""Searches of a gallery: everybody's log10 LR, or that of the few who matter, which is the same for them.

A performer's fused log10 LR is linear in how much nearer they are than their rivals, in each space. The rivals are the
same for all but who is a rival, so that the order of all others is that of one weighted sum of two scores. Whoever is
among the best of everybody is therefore among the best by that sum, or one of the rivals; see `nearest`. No array of
all voices and performers is needed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from registry.engine.analysis import Analysis, Voice
from registry.engine.calibration import Calibration
from registry.engine.gallery import Found, Gallery
from registry.engine.matching import (
    RIVALS,
    EngineFeatures,
    comparable_group,
    engine_features,
    mean_without_own,
    ranked_rivals,
    share_less_close,
)
from registry.engine.reporting import CANDIDATES, Search

LISTED = 32
"""Performers listed for each voice at first; four times as many when all of them are reported."""
_TURNS_AT_ONCE = 256
_ROUNDING = 1e-9
"""More than double precision loses in a log10 LR."""

Vectors = Mapping[str, NDArray[np.float32]]


class Searcher:
    """Compares the voices of recordings with galleries.

    Args:
        calibration: from scores to log10 LR.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        fused = zip(calibration.engines.items(), calibration.fusion, strict=False)
        self._weights = {encoder: float(margin[0] * weight) for (encoder, margin), weight in fused}

    def everybody(self, analysis: Analysis, gallery: Gallery, without: Collection[str] = ()) -> Search:
        """Answer the log10 LR of everybody in a gallery; see `Engine.search`."""
        with gallery.held():
            voices = self._relative(analysis.voices, gallery, without)
            found = gallery.score(voices).without(without)
        features = {
            encoder: engine_features(found.encoders[encoder], self._calibration.cohorts[encoder].moments(vectors))
            for encoder, vectors in voices.items()
        }
        return self._search(analysis, voices, features, found.performers, len(found.performers))

    def nearest(self, analysis: Analysis, gallery: Gallery, least: float, without: Collection[str] = ()) -> Search:
        """Answer the log10 LR of the few who matter, at least the best `CANDIDATES` and whoever reaches ``least``.

        1. Rivals are the `RIVALS` nearest others in one space. Without themselves among them all performers have the
           same rivals; who is a rival has others. So one list of the nearest in each space gives everybody's rivals.
        2. Of those who are no rivals, the log10 LR is the weighted sum of scores, plus what is the same for all. At
           most `RIVALS` in each space are not of these, so that of any list by the weighted sum, long enough for them
           and `CANDIDATES`, the best are the best of all, once the rivals are put beside it.
        3. The list is long enough when what its last would have without being a rival stays under ``least``.

        Args:
            analysis: of the recording.
            gallery: to search; it may not change meanwhile.
            least: a log10 LR, fused and not capped.
            without: performers to leave out; see `Engine.search`.

        Raises:
            InvalidInputError: the gallery is empty, or nobody is left in it.
        """
        voices = self._relative(analysis.voices, gallery, without)
        listed = max(LISTED, CANDIDATES + RIVALS * len(voices))
        while True:
            found = gallery.nearest(voices, self._weights, listed, RIVALS + 1, without)
            if self._unlisted(analysis, voices, found) < least - _ROUNDING:
                features = self._features(voices, found)
                return self._search(analysis, voices, features, found.performers, found.gallery_size)
            listed *= 4

    def named(
        self, analysis: Analysis, gallery: Gallery, performers: Sequence[str], without: Collection[str] = ()
    ) -> Search:
        """Answer the log10 LR of some performers of a gallery; see `Engine.search_for`."""
        with gallery.held():
            voices = self._relative(analysis.voices, gallery, without)
            found = gallery.scores_of(voices, performers, RIVALS + 1, without)
        return self._search(analysis, voices, self._features(voices, found), found.performers, found.gallery_size)

    def turns(
        self,
        analysis: Analysis,
        voice: int,
        gallery: Gallery,
        performers: Sequence[str],
        without: Collection[str] = (),
    ) -> list[NDArray[np.float64]]:
        """Answer ``(n_performers,)`` for each turn of a voice: the log10 LR of the turn by itself."""
        alone = [Voice((turn,), turn.speech_s, turn.vectors) for turn in analysis.voices[voice].turns]
        some = [tuple(alone[at : at + _TURNS_AT_ONCE]) for at in range(0, len(alone), _TURNS_AT_ONCE)]
        searches = [self.named(replace(analysis, voices=turns), gallery, performers, without) for turns in some]
        return [ratios for search in searches for ratios in search.ratios.fused]

    def _relative(self, voices: Sequence[Voice], gallery: Gallery, without: Collection[str]) -> Vectors:
        """Answer ``(n_voices, d)`` by encoder id: projected, and less the middle of the gallery."""
        middles = gallery.middles(without)
        return {encoder: found - middles[encoder] for encoder, found in self._projected(voices).items()}

    def _projected(self, voices: Sequence[Voice]) -> Vectors:
        """Answer ``(n_voices, d)`` by encoder id."""
        return {
            encoder: cohort.project(np.stack([voice.vectors[encoder] for voice in voices]))
            for encoder, cohort in self._calibration.cohorts.items()
        }

    def _features(self, voices: Vectors, found: Found) -> dict[str, EngineFeatures]:
        return {
            encoder: EngineFeatures(scores - mean_without_own(self._ranked(voices, found, encoder), scores), scores)
            for encoder, scores in found.scores.items()
        }

    def _ranked(self, voices: Vectors, found: Found, encoder: str) -> NDArray[np.float64]:
        moments = self._calibration.cohorts[encoder].moments(voices[encoder])
        return ranked_rivals(found.nearest[encoder], found.gallery_size, moments)

    def _unlisted(self, analysis: Analysis, voices: Vectors, found: Found) -> float:
        """Answer the most that anybody's log10 LR may be who was not found."""
        if found.last is None:
            return -np.inf
        rows, columns = np.arange(len(found.last)), found.last
        features = {}
        for encoder, scores in found.scores.items():
            common = self._ranked(voices, found, encoder)[:, :RIVALS].mean(axis=1)
            last = scores[rows, columns]
            features[encoder] = EngineFeatures((last - common)[:, None], last[:, None])
        return float(self._calibration.ratios(features, _speech_s(analysis)).fused.max())

    def _search(
        self,
        analysis: Analysis,
        voices: Vectors,
        features: Mapping[str, EngineFeatures],
        performers: tuple[str, ...],
        gallery_size: int,
    ) -> Search:
        cohorts = self._calibration.cohorts
        groups = comparable_group(cohorts, self._projected(analysis.voices))
        scores = {encoder: features[encoder].score for encoder in voices}
        return Search(
            performers=performers,
            gallery_size=gallery_size,
            ratios=self._calibration.ratios(features, _speech_s(analysis)),
            percentiles=100 * share_less_close(cohorts, voices, scores, groups, self._calibration.correlation),
            groups=groups,
        )


def _speech_s(analysis: Analysis) -> NDArray[np.float64]:
    return np.array([voice.speech_s for voice in analysis.voices])
