"""Vectors that are searched: one row each, as they are and in eight bits, in slabs that never move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from registry.engine.coarse import Coarse, coarse, require_exact, zeros

SLAB_ROWS = 65_536
"""Rows in one piece of memory. Pages of it that were never written take none."""
CPU = torch.device("cpu")
PAIRS_AT_ONCE = 512
"""Rows compared in full at a time: what a processor's cache holds."""
_WRITTEN_AT_ONCE = 8_192


@dataclass(frozen=True, slots=True)
class Slab:
    """Room for some rows.

    Attributes:
        exact: ``(n, d) float32``, in this machine's memory.
        coarse: the same in eight bits, on the device or beside the others.
    """

    exact: Tensor
    coarse: Coarse


class Rows:
    """Vectors in order. A full table gets one slab more, so that no row is ever copied to make room, and none is left
    behind. A row costs ``5 d + 12`` bytes, beside part of a slab.

    Args:
        dimension: of the vectors.
        device: where scores are first worked out.
        budget_bytes: what may lie on the device for good, where that is not the processor; the rest is sent there when
            it is searched, block by block. None means everything.
        slab_rows: rows of a slab.
    """

    def __init__(
        self,
        dimension: int,
        *,
        device: torch.device = CPU,
        budget_bytes: int | None = None,
        slab_rows: int = SLAB_ROWS,
    ) -> None:
        require_exact(dimension)
        self.dimension = dimension
        self.device = device
        self.slab_rows = slab_rows
        self._budget_bytes = budget_bytes
        self._slabs: list[Slab] = []
        self._count = 0

    @classmethod
    def of(cls, vectors: Tensor, *, device: torch.device = CPU, budget_bytes: int | None = None) -> Rows:
        """Answer the rows of ``(n, d) float32`` vectors; a copy."""
        rows = cls(vectors.shape[1], device=device, budget_bytes=budget_bytes)
        rows.append(vectors)
        return rows

    def __len__(self) -> int:
        """How many rows there are."""
        return self._count

    @property
    def slabs(self) -> Sequence[Slab]:
        """Where they lie; beyond the last row there are zeros."""
        return self._slabs

    def make_room(self, count: int) -> None:
        """Have slabs for so many rows in all."""
        while len(self._slabs) * self.slab_rows < count:
            exact = zeros(self.slab_rows, self.dimension)
            self._slabs.append(Slab(exact, Coarse.zeros(self.slab_rows, self.dimension, self._place_of_next())))

    def _place_of_next(self) -> torch.device:
        """Answer where the next slab keeps its eight bits."""
        slab_bytes = self.slab_rows * (self.dimension + 12)
        fits = self._budget_bytes is None or (len(self._slabs) + 1) * slab_bytes <= self._budget_bytes
        return self.device if fits else CPU

    def append(self, vectors: Tensor) -> None:
        """Write ``(n, d) float32`` rows behind the last."""
        self.make_room(self._count + len(vectors))
        done = 0
        while done < len(vectors):
            slab, at = divmod(self._count + done, self.slab_rows)
            some = vectors[done : done + min(self.slab_rows - at, _WRITTEN_AT_ONCE)]
            self._write(slab, slice(at, at + len(some)), some)
            done += len(some)
        self._count += done

    def replace(self, row: int, vector: Tensor) -> None:
        """Overwrite a row with ``(d,) float32``."""
        slab, at = divmod(row, self.slab_rows)
        self._write(slab, slice(at, at + 1), vector[None])

    def _write(self, slab: int, at: slice, vectors: Tensor) -> None:
        self._slabs[slab].exact[at] = vectors
        self._slabs[slab].coarse[at].put(coarse(vectors))

    def take_out(self, row: int) -> None:
        """Overwrite a row with the last one, and the last one with zeros, which is then no more."""
        last = self._count - 1
        self.replace(row, self[last])
        self.replace(last, torch.zeros(self.dimension))
        self._count = last
        del self._slabs[-(-last // self.slab_rows) :]

    def __getitem__(self, row: int) -> Tensor:
        """Answer one row, ``(d,) float32``; a view."""
        slab, at = divmod(row, self.slab_rows)
        return self._slabs[slab].exact[at]

    def gather(self, numbers: Tensor) -> Tensor:
        """Answer ``(n, d) float32``: the rows of these numbers, ``(n,) int64``; a copy."""
        if len(self._slabs) == 1:
            return self._slabs[0].exact[numbers]
        found = torch.empty((len(numbers), self.dimension))
        owners = numbers // self.slab_rows
        for slab in torch.unique(owners).tolist():
            mine = (owners == slab).nonzero()[:, 0]
            found[mine] = self._slabs[slab].exact[numbers[mine] % self.slab_rows]
        return found

    def blocks(self) -> Iterator[Tensor]:
        """Yield all rows as they are, slab by slab; views."""
        for number, slab in enumerate(self._slabs):
            yield slab.exact[: self._count - number * self.slab_rows]


def exact_scores(probes: Tensor, rows: Rows, numbers: Tensor) -> NDArray[np.float64]:
    """Answer ``(n_probes, n) float64``: inner products in double precision, as searches rank by them.

    Args:
        probes: ``(n_probes, d) float32``.
        rows: any.
        numbers: ``(n,) int64``: of the rows that are wanted.
    """
    found = np.empty((len(probes), len(numbers)))
    for at in range(0, len(numbers), PAIRS_AT_ONCE):
        some = rows.gather(numbers[at : at + PAIRS_AT_ONCE])
        for number, probe in enumerate(probes.double()):
            found[number, at : at + len(some)] = in_full(some, probe).numpy()
    return found


def in_full(rows: Tensor, probes: Tensor) -> Tensor:
    """Answer ``(n,) float64`` for ``(n, d)`` rows and ``(n, d)`` or ``(d,)`` probes in double precision.

    The answer for a pair is the same to the last bit whatever stands beside it, so that equals stay equal.
    """
    return torch.from_numpy((rows.numpy() * probes.numpy()).sum(axis=1))
