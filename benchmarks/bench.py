"""Laid-out speech that was heard, stacked, so that it can be searched again in other ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.laid_out import HeardFile, LaidOut
from benchmarks.scoring import Enrolled, Vectors, Way, enrolled_of
from registry.engine.evaluation import SearchKind, SearchResult


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording of the folder, its voices, and who must not count.

    Attributes:
        heard: the recording.
        rows: its voices, in the stacked vectors.
        doubtful: columns of performers who may be its speaker under another label.
    """

    heard: HeardFile
    rows: slice
    doubtful: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Asked:
    """One search of a trial.

    Attributes:
        trial: what is searched for.
        kind: of the search.
        kept: columns of performers who are searched.
        own: column of the person whom to find; None when nobody is right.
    """

    trial: Trial
    kind: SearchKind
    kept: NDArray[np.intp]
    own: int | None


class Bench:
    """Everything to be searched, stacked.

    Args:
        laid_out: heard.
    """

    def __init__(self, laid_out: LaidOut) -> None:
        performers = laid_out.enrolled.gallery.performers()
        self.enrolled: Enrolled = enrolled_of(
            {name: [one.voices[0].vectors for one in laid_out.enrolment[name]] for name in performers}
        )
        voices = [voice for one in laid_out.heard for voice in one.analysis.voices]
        self.voices: Mapping[str, Vectors] = {
            encoder: np.stack([voice.vectors[encoder] for voice in voices]) for encoder in laid_out.engine.spaces
        }
        ends = np.cumsum([0, *(len(one.analysis.voices) for one in laid_out.heard)])
        self.trials = [
            Trial(one, slice(start, end), self._columns(laid_out.doubts.about(one.file.person, performers)))
            for one, start, end in zip(laid_out.heard, ends[:-1], ends[1:], strict=True)
        ]

    def _columns(self, names: frozenset[str]) -> NDArray[np.intp]:
        performers = self.enrolled.performers
        return np.array([column for column, name in enumerate(performers) if name in names], dtype=np.intp)

    def search(self, way: Way, columns: NDArray[np.intp] | None = None) -> Iterator[tuple[HeardFile, SearchResult]]:
        """Yield all searches of a gallery of some performers, or of everybody, by one way."""
        for asked, scores in self.scores(way, columns):
            yield asked.trial.heard, self.result(asked, way.together(scores).max(axis=0))

    def scores(
        self, way: Way, columns: NDArray[np.intp] | None = None
    ) -> Iterator[tuple[Asked, Mapping[str, NDArray[np.float64]]]]:
        """Yield the same with the scores of every voice by encoder, each ``(n_voices, n_kept)``."""
        similarities = way.similarities(self.voices, self.enrolled)
        for asked in self.asked(columns):
            rows = asked.trial.rows
            voices = {encoder: vectors[rows] for encoder, vectors in self.voices.items()}
            near = {encoder: found[rows] for encoder, found in similarities.items()}
            yield asked, way.scores(voices, near, asked.kept)

    def asked(self, columns: NDArray[np.intp] | None = None) -> Iterator[Asked]:
        """Yield what is to be searched for among some performers, or among everybody."""
        whole = np.arange(len(self.enrolled.performers)) if columns is None else columns
        for trial in self.trials:
            own = self._own(trial, whole)
            for kind, without in self._kinds(trial, own):
                alone = kind in {SearchKind.NON_MATED, SearchKind.LEFT_OUT}
                yield Asked(trial, kind, np.setdiff1d(whole, without), None if alone else own)

    def result(self, asked: Asked, found: NDArray[np.float64]) -> SearchResult:
        """Answer the result of a search, given the score of each performer who was searched."""
        scores = np.full(len(self.enrolled.performers), np.nan)
        scores[asked.kept] = found
        scores[asked.trial.doubtful] = np.nan
        file, speech_s = asked.trial.heard.file, asked.trial.heard.analysis.speech_s
        labels = asked.trial.heard.labels
        return SearchResult(asked.kind, file.person, file.system, speech_s, scores, asked.own, frozenset(), labels)

    def _own(self, trial: Trial, columns: NDArray[np.intp]) -> int | None:
        person = trial.heard.file.person
        return next((int(column) for column in columns if self.enrolled.performers[column] == person), None)

    @staticmethod
    def _kinds(trial: Trial, own: int | None) -> list[tuple[SearchKind, NDArray[np.intp]]]:
        """Answer the searches to make of a recording, and whom each leaves out."""
        kind = trial.heard.file.kind
        if own is None:
            imitation = kind in {SearchKind.CLONE, SearchKind.DECOY}
            return [] if imitation else [(SearchKind.NON_MATED, trial.doubtful)]
        nobody = np.zeros(0, dtype=np.intp)
        left_out = [(SearchKind.LEFT_OUT, np.append(trial.doubtful, own))] if kind is SearchKind.MATED else []
        return [(kind, nobody), *left_out]
