"""The gallery in memory: the voiceprints being searched. What is removed is overwritten, not just forgotten."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from registry.engine.cohort import Cohort, means_of, middle
from registry.engine.index import Hits, Wanted, products, search
from registry.engine.rows import Rows, exact_scores
from registry.engine.voiceprint import Space, Voiceprint, require_same_space
from registry.errors import InvalidInputError

Array = NDArray[np.float32]

_UNIT_WITHIN = 1e-3


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


@dataclass(frozen=True, slots=True)
class Found:
    """Some performers and how they score, given who is nearest of all.

    Attributes:
        performers: their names, in the order of the columns.
        scores: by encoder id ``(n_voices, n) float64``.
        nearest: by encoder id ``(n_voices, rivals) float64``: the highest scores of all who were searched.
        gallery_size: how many were searched.
        last: ``(n_voices,)``: column of the last of those listed for each voice; None when nobody else was searched.
    """

    performers: tuple[str, ...]
    scores: Mapping[str, NDArray[np.float64]]
    nearest: Mapping[str, NDArray[np.float64]]
    gallery_size: int
    last: NDArray[np.intp] | None


class Gallery:
    """Performers and their voices, in the spaces of one engine; safe to use from several threads.

    `Engine.new_gallery` makes one. Of each performer the mean of the projected prototypes is kept, as it is and in
    eight bits. Adding and removing one costs the same however many there are. Attention over the single prototypes, and
    the nearest of them, were tried and found no more: docs/accuracy.md.

    Args:
        spaces: by encoder id: what voiceprints must live in.
        cohorts: by encoder id: what projects vectors.
        threads: that a search may use; None means one for each processor of this process.
    """

    def __init__(
        self, spaces: Mapping[str, Space], cohorts: Mapping[str, Cohort], *, threads: int | None = None
    ) -> None:
        self._spaces = dict(spaces)
        self._cohorts = dict(cohorts)
        self._rows = {encoder: Rows(space.dimension) for encoder, space in spaces.items()}
        self._totals = {encoder: np.zeros(space.dimension) for encoder, space in spaces.items()}
        self._threads = threads
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
        self._put([performer_id], means)

    def add_many(self, performer_ids: Sequence[str], means: Mapping[str, Array]) -> None:
        """Add performers, or replace all voiceprints of those who are there, given the means themselves: all or nobody.

        The means are copied once, to where they are searched.

        Args:
            performer_ids: ``n`` of them, nobody twice.
            means: by encoder id, for every space, ``(n, d) float32``: the mean of each performer's projected
                prototypes, brought to unit length.

        Raises:
            InvalidInputError: somebody is named twice, a space is missing or unknown, or an array is not as it must be.
        """
        if len(set(performer_ids)) < len(performer_ids):
            raise InvalidInputError("a performer is named twice", performers=len(performer_ids))
        if set(means) != set(self._spaces):
            raise InvalidInputError(
                f"means are wanted for {', '.join(self._spaces)}, not for {', '.join(means) or 'nothing'}",
                wanted=list(self._spaces),
                given=list(means),
            )
        for encoder, rows in means.items():
            _require_unit_rows(encoder, rows, (len(performer_ids), self._spaces[encoder].dimension))
        self._put(performer_ids, means)

    def _put(self, performer_ids: Sequence[str], means: Mapping[str, Array]) -> None:
        """Write rows of means: of who is there where they are, of the rest at the end."""
        with self._lock:
            here = [number for number, name in enumerate(performer_ids) if name in self._row]
            new = [number for number, name in enumerate(performer_ids) if name not in self._row]
            for rows in self._rows.values():
                rows.make_room(len(self._names) + len(new))
            for encoder, rows in self._rows.items():
                for number in here:
                    self._totals[encoder] -= rows[self._row[performer_ids[number]]].numpy()
                    rows.replace(self._row[performer_ids[number]], _tensor(means[encoder][number]))
                rows.append(_tensor(means[encoder][new] if here else means[encoder]))
                self._totals[encoder] += means[encoder].sum(axis=0, dtype=np.float64)
            for number in new:
                self._row[performer_ids[number]] = len(self._names)
                self._names.append(performer_ids[number])

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
        return means_of(self._cohorts[encoder].project(np.stack(rows)), np.zeros(1, dtype=np.intp))

    def remove(self, performer_id: str) -> None:
        """Drop a performer; when this returns, no array of this gallery holds a vector of theirs. Absent is fine.

        The sum of everybody's keeps what rounding left, less than one part in 10^15.
        """
        with self._lock:
            row = self._row.pop(performer_id, None)
            if row is None:
                return
            last = self._names.pop()
            for encoder, rows in self._rows.items():
                self._totals[encoder] -= rows[row].numpy()
                rows.take_out(row)
                if not self._names:
                    self._totals[encoder][:] = 0
            if last != performer_id:
                self._names[row] = last
                self._row[last] = row

    def means(self) -> tuple[tuple[str, ...], dict[str, Array]]:
        """Answer the performers and, by encoder id ``(n, d) float32``, a copy of their means: what `add_many` takes."""
        with self._lock:
            blocks = {encoder: [block.numpy() for block in rows.blocks()] for encoder, rows in self._rows.items()}
            nobody = {encoder: np.empty((0, rows.dimension), np.float32) for encoder, rows in self._rows.items()}
            return tuple(self._names), {
                encoder: np.concatenate([nobody[encoder], *found]) for encoder, found in blocks.items()
            }

    def held(self) -> AbstractContextManager[bool]:
        """Answer a context in which nobody is added or removed by another thread."""
        return self._lock

    def searched(self, without: Collection[str] = ()) -> int:
        """Answer how many performers there are without some.

        Raises:
            InvalidInputError: nobody.
        """
        with self._lock:
            return len(self._names) - len(self._left_out(without))

    def middles(self, without: Collection[str] = ()) -> dict[str, Array]:
        """Answer, by encoder id ``(d,) float32``, the middle of those who are searched; see `cohort.middle`.

        Raises:
            InvalidInputError: the gallery is empty, or nobody is left in it.
        """
        with self._lock:
            size, left_out = self.searched(without), self._left_out(without)
            return {
                encoder: middle(total - sum((self._rows[encoder][row].numpy() for row in left_out), np.zeros(1)), size)
                for encoder, total in self._totals.items()
            }

    def score(self, voices: Mapping[str, Array]) -> GalleryScores:
        """Score every performer against some voices; memory grows with both.

        Args:
            voices: by encoder id ``(n_voices, d) float32``, projected.

        Raises:
            InvalidInputError: the gallery is empty.
        """
        with self._lock:
            self._left_out(())
            scores = {
                encoder: torch.cat([products(_tensor(rows), block) for block in self._rows[encoder].blocks()], 1)
                for encoder, rows in voices.items()
            }
            return GalleryScores(tuple(self._names), {encoder: found.numpy() for encoder, found in scores.items()})

    def nearest(
        self,
        voices: Mapping[str, Array],
        weights: Mapping[str, float],
        count: int,
        rivals: int,
        without: Collection[str] = (),
    ) -> Found:
        """Answer who is nearest to some voices: by the weighted sum of scores, and by each space alone.

        Everybody is compared, a block at a time. No array of all voices and performers is made, only of all voices and
        the performers that were found.

        Args:
            voices: by encoder id ``(n_voices, d) float32``, projected.
            weights: by encoder id.
            count: of performers who are listed for each voice by the weighted sum.
            rivals: how many are listed by each space.
            without: performers to leave out, as if they were not enrolled.

        Raises:
            InvalidInputError: the gallery is empty, or nobody is left in it.
        """
        with self._lock:
            size = self.searched(without)
            mixed = Wanted(tuple(weights[encoder] for encoder in voices), count)
            *alone, together = self._search(voices, [*_one_by_one(voices, rivals), mixed], without)
            numbers = np.unique(np.concatenate([hits.rows.ravel() for hits in (*alone, together)]))
            last = None if together.rows.shape[1] == size else np.searchsorted(numbers, together.rows[:, -1])
            return self._found(voices, numbers, alone, size, last)

    def scores_of(
        self, voices: Mapping[str, Array], performers: Sequence[str], rivals: int, without: Collection[str] = ()
    ) -> Found:
        """Answer how some performers score, and the highest scores of everybody.

        Args:
            voices: by encoder id ``(n_voices, d) float32``, projected.
            performers: who is wanted, nobody twice.
            rivals: how many of the highest scores.
            without: performers to leave out, as if they were not enrolled.

        Raises:
            InvalidInputError: the gallery is empty, or one of them is not in it, or is left out.
        """
        with self._lock:
            size = self.searched(without)
            missing = [name for name in performers if name not in self._row or name in without]
            if missing:
                raise InvalidInputError(f"not searched: {', '.join(missing)}", performers=missing)
            alone = self._search(voices, _one_by_one(voices, rivals), without)
            return self._found(voices, np.array([self._row[name] for name in performers], dtype=np.int64), alone, size)

    def _search(self, voices: Mapping[str, Array], wanted: Sequence[Wanted], without: Collection[str]) -> list[Hits]:
        probes = [_tensor(rows) for rows in voices.values()]
        tables = [self._rows[encoder] for encoder in voices]
        return search(probes, tables, wanted, excluded=self._left_out(without), threads=self._threads)

    def _found(
        self,
        voices: Mapping[str, Array],
        numbers: NDArray[np.int64],
        alone: Sequence[Hits],
        size: int,
        last: NDArray[np.intp] | None = None,
    ) -> Found:
        wanted = torch.from_numpy(numbers)
        return Found(
            performers=tuple(self._names[number] for number in numbers),
            scores={
                encoder: exact_scores(_tensor(rows), self._rows[encoder], wanted) for encoder, rows in voices.items()
            },
            nearest={encoder: hits.scores for encoder, hits in zip(voices, alone, strict=True)},
            gallery_size=size,
            last=last,
        )

    def _left_out(self, without: Collection[str]) -> set[int]:
        """Answer the rows of some performers, where somebody else is left."""
        if not self._names:
            raise InvalidInputError("the gallery is empty: there is nobody to compare with", gallery_size=0)
        rows = {self._row[name] for name in without if name in self._row}
        if len(rows) == len(self._names):
            raise InvalidInputError("nobody else is in the gallery: there is nobody to compare with", gallery_size=0)
        return rows


def _tensor(vectors: Array) -> Tensor:
    """Answer the same memory, or a copy of such as may not be written to."""
    return torch.from_numpy(np.require(vectors, requirements=["C", "W"]))


def _one_by_one(encoders: Collection[str], count: int) -> list[Wanted]:
    """Answer one list for each encoder, by its score alone."""
    return [Wanted(tuple(float(other == encoder) for other in encoders), count) for encoder in encoders]


def _require_unit_rows(encoder: str, rows: Array, shape: tuple[int, int]) -> None:
    """Refuse rows of another shape or type, and such as are of another length than 1, or 0 as the mean of opposites."""
    if rows.shape != shape or rows.dtype != np.float32:
        raise InvalidInputError(
            f"the means of {encoder} must be {shape} float32, not {rows.shape} {rows.dtype}", encoder=encoder
        )
    lengths = np.einsum("nd,nd->n", rows, rows)
    if not ((np.abs(lengths - 1) < _UNIT_WITHIN) | (lengths == 0)).all():
        raise InvalidInputError(f"not all means of {encoder} are of unit length", encoder=encoder)
