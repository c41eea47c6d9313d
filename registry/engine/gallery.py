"""The gallery in memory: the voiceprints being searched. What is removed is overwritten, not just forgotten."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from registry.engine.cohort import Cohort, unit
from registry.engine.index import products
from registry.engine.voiceprint import Space, Voiceprint, require_same_space
from registry.errors import InvalidInputError

Array = NDArray[np.float32]


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
    """The mean of every performer's prototypes in one space, stacked for one matrix product.

    Attention over the single prototypes, and the nearest of them, were tried and found no more: docs/accuracy.md.
    """

    def __init__(self, prototypes: Sequence[Array]) -> None:
        self.means = torch.from_numpy(unit(np.stack([rows.mean(axis=0) for rows in prototypes])))

    def wipe(self) -> None:
        self.means.zero_()


class Gallery:
    """Performers and their voiceprints, in the spaces of one engine; safe to use from several threads.

    `Engine.new_gallery` makes one. Vectors are kept projected.

    Args:
        spaces: by encoder id: what voiceprints must live in.
        cohorts: by encoder id: what projects vectors.
    """

    def __init__(self, spaces: Mapping[str, Space], cohorts: Mapping[str, Cohort]) -> None:
        self._spaces = dict(spaces)
        self._cohorts = dict(cohorts)
        self._vectors: dict[str, dict[str, Array]] = {}
        self._shelves: dict[str, _Shelf] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        """How many performers are searched."""
        return len(self._vectors)

    def performers(self) -> tuple[str, ...]:
        """Answer the names of the performers, in the order in which they were added."""
        with self._lock:
            return tuple(self._vectors)

    def add(self, performer_id: str, voiceprints: Sequence[Voiceprint]) -> None:
        """Add a performer, or replace all voiceprints of one; every space needs at least one.

        Raises:
            SpaceMismatchError: a voiceprint lives in another space than this gallery.
            InvalidInputError: some space has no voiceprint.
        """
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
        projected = {encoder: self._cohorts[encoder].project(np.stack(found)) for encoder, found in rows.items()}
        with self._lock:
            self.remove(performer_id)
            self._vectors[performer_id] = projected

    def remove(self, performer_id: str) -> None:
        """Drop a performer; when this returns, no array of this gallery holds a vector of theirs. Absent is fine."""
        with self._lock:
            for rows in self._vectors.pop(performer_id, {}).values():
                rows.fill(0)
            for shelf in self._shelves.values():
                shelf.wipe()
            self._shelves.clear()

    def score(self, voices: Mapping[str, Array]) -> GalleryScores:
        """Score every performer against some voices.

        Args:
            voices: by encoder id ``(n_voices, d) float32``, projected.
        """
        with self._lock:
            if not self._vectors:
                raise InvalidInputError("the gallery is empty: there is nobody to compare with", gallery_size=0)
            if not self._shelves:
                self._shelves = {encoder: self._shelf(encoder) for encoder in self._spaces}
            scores = {
                encoder: products(torch.from_numpy(rows), self._shelves[encoder].means).numpy()
                for encoder, rows in voices.items()
            }
            return GalleryScores(tuple(self._vectors), scores)

    def _shelf(self, encoder: str) -> _Shelf:
        return _Shelf([rows[encoder] for rows in self._vectors.values()])
