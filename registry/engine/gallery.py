"""The gallery in memory: the voiceprints being searched. What is removed is overwritten, not just forgotten."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, unit
from registry.engine.index import products
from registry.engine.voiceprint import Space, Voiceprint, require_same_space
from registry.errors import InvalidInputError

Array = NDArray[np.float32]

_FIRST_ROWS = 64


@dataclass(frozen=True, slots=True)
class GalleryScores:
    """The scores of all performers, in every space.

    Attributes:
        performers: the gallery's names, in the order of the columns.
        encoders: by encoder id ``(n_voices, n_performers) float32``: the cosine of each voice with the mean of each
            performer's prototypes, all projected.
    """

    performers: tuple[str, ...]
    encoders: Mapping[str, Array]

    def without(self, performers: Collection[str]) -> GalleryScores:
        """Answer the scores of a gallery in which some performers are not enrolled.

        Raises:
            InvalidInputError: nobody is left.
        """
        if not performers:
            return self
        kept = np.flatnonzero([performer not in performers for performer in self.performers])
        if not kept.size:
            raise InvalidInputError("nobody else is in the gallery: there is nobody to compare with", gallery_size=0)
        names = tuple(self.performers[column] for column in kept)
        return GalleryScores(names, {encoder: scores[:, kept] for encoder, scores in self.encoders.items()})


class _Shelf:
    """The mean of every performer's prototypes in one space, one row each, in memory that doubles when it is full.

    Attention over the single prototypes, and the nearest of them, were tried and found no more: docs/accuracy.md.
    """

    def __init__(self, dimension: int) -> None:
        self.rows: Array = np.zeros((_FIRST_ROWS, dimension), dtype=np.float32)

    def put(self, row: int, mean: Array) -> None:
        if row == len(self.rows):
            grown = np.zeros((2 * row, self.rows.shape[1]), dtype=np.float32)
            grown[:row] = self.rows
            self.rows.fill(0)
            self.rows = grown
        self.rows[row] = mean

    def take_out(self, row: int, last: int) -> None:
        """Overwrite a row with the last one, and the last one with zeros."""
        self.rows[row] = self.rows[last]
        self.rows[last] = 0


class Gallery:
    """Performers and their voices, in the spaces of one engine; safe to use from several threads.

    `Engine.new_gallery` makes one. Of each performer the mean of the projected prototypes is kept. Adding and removing
    one costs the same however many there are.

    Args:
        spaces: by encoder id: what voiceprints must live in.
        cohorts: by encoder id: what projects vectors.
    """

    def __init__(self, spaces: Mapping[str, Space], cohorts: Mapping[str, Cohort]) -> None:
        self._spaces = dict(spaces)
        self._cohorts = dict(cohorts)
        self._shelves = {encoder: _Shelf(space.dimension) for encoder, space in spaces.items()}
        self._names: list[str] = []
        self._row: dict[str, int] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        """How many performers are searched."""
        return len(self._names)

    def performers(self) -> tuple[str, ...]:
        """Answer the names of the performers, in the order of the columns of `score`; removing one changes it."""
        with self._lock:
            return tuple(self._names)

    def add(self, performer_id: str, voiceprints: Sequence[Voiceprint]) -> None:
        """Add a performer, or replace all voiceprints of one; every space needs at least one.

        Raises:
            SpaceMismatchError: a voiceprint lives in another space than this gallery.
            InvalidInputError: some space has no voiceprint.
        """
        means = {encoder: self._mean(encoder, rows) for encoder, rows in self._sorted(performer_id, voiceprints)}
        with self._lock:
            if performer_id not in self._row:
                self._row[performer_id] = len(self._names)
                self._names.append(performer_id)
            for encoder, shelf in self._shelves.items():
                shelf.put(self._row[performer_id], means[encoder])

    def _sorted(self, performer_id: str, voiceprints: Sequence[Voiceprint]) -> Iterable[tuple[str, list[Array]]]:
        """Answer the vectors of every space, once it is known that all of them belong and none is missing."""
        rows: dict[str, list[Array]] = {encoder: [] for encoder in self._spaces}
        for voiceprint in voiceprints:
            encoder = voiceprint.space.encoder
            require_same_space(voiceprint.space, self._spaces.get(encoder, next(iter(self._spaces.values()))))
            rows[encoder].append(voiceprint.vector)
        missing = [encoder for encoder, found in rows.items() if not found]
        if missing:
            raise InvalidInputError(
                f"{performer_id} has no voiceprint for {', '.join(missing)}", performer=performer_id, missing=missing
            )
        return rows.items()

    def _mean(self, encoder: str, rows: Sequence[Array]) -> Array:
        mean: Array = unit(self._cohorts[encoder].project(np.stack(rows)).mean(axis=0, keepdims=True))[0]
        return mean

    def remove(self, performer_id: str) -> None:
        """Drop a performer; when this returns, no array of this gallery holds a vector of theirs. Absent is fine."""
        with self._lock:
            row = self._row.pop(performer_id, None)
            if row is None:
                return
            last = self._names.pop()
            for shelf in self._shelves.values():
                shelf.take_out(row, len(self._names))
            if last != performer_id:
                self._names[row] = last
                self._row[last] = row

    def score(self, voices: Mapping[str, Array]) -> GalleryScores:
        """Score every performer against some voices.

        Args:
            voices: by encoder id ``(n_voices, d) float32``, projected.
        """
        with self._lock:
            enrolled = len(self._names)
            if not enrolled:
                raise InvalidInputError("the gallery is empty: there is nobody to compare with", gallery_size=0)
            scores = {
                encoder: products(
                    torch.from_numpy(rows), torch.from_numpy(self._shelves[encoder].rows[:enrolled])
                ).numpy()
                for encoder, rows in voices.items()
            }
            return GalleryScores(tuple(self._names), scores)
