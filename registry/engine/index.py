"""Exact search: every row is compared, block by block. A record that may end in court rests on no shortcut.

1. All rows are compared in eight bits, and a bound on what that loses is known (`coarse`).
2. Kept on the way, for every probe: the ``k`` largest scores less the bound. The k-th of them is a floor under the k-th
   score there is.
3. Rows whose score and bound together reach the floor are compared again, in double precision, and ranked; of equals
   the lower row comes first.

The answer is that of comparing everything in double precision, whatever the block, the device and the threads.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from registry.engine.coarse import Coarse, bound, coarse, level_products
from registry.engine.rows import PAIRS_AT_ONCE, Rows, in_full

_BLOCK_PRODUCTS = {"cpu": 2**20, "cuda": 2**26}
"""Scores worked out at a time, for each thread: what a processor's cache holds, or keeps a graphics card busy."""
_PROBES_AT_ONCE = {"cpu": 256, "cuda": 1024}
_GROUP = 64
"""Rows whose best score stands for all of them, at first; a power of two."""
_BLOCKS_A_THREAD = 4
"""Less is not worth a thread."""
_NOBODY = -torch.inf


@dataclass(frozen=True, slots=True)
class Wanted:
    """One list that is wanted for every probe.

    Attributes:
        weights: for each table: what its products count for in the score.
        count: how long the list shall be.
    """

    weights: tuple[float, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Hits:
    """What was nearest to every probe, best first, of equals the lower row first.

    Attributes:
        scores: ``(n_probes, k) float64``.
        rows: ``(n_probes, k) int64``.
    """

    scores: NDArray[np.float64]
    rows: NDArray[np.int64]


def products(probes: Tensor, rows: Tensor, block_rows: int = 65_536) -> Tensor:
    """Answer ``(n_probes, n_rows) float32``: the inner product of every probe with every row.

    Args:
        probes: ``(n_probes, d) float32``.
        rows: ``(n_rows, d) float32``.
        block_rows: rows multiplied at a time, so that no temporary copy grows with the gallery.
    """
    answer = torch.empty((len(probes), len(rows)))
    for start in range(0, len(rows), block_rows):
        block = slice(start, start + block_rows)
        torch.matmul(probes, rows[block].T, out=answer[:, block])
    return answer


def top_k(probes: Tensor, rows: Rows, k: int, *, excluded: Collection[int] = (), threads: int | None = None) -> Hits:
    """Answer the ``k`` rows of the largest inner product with each probe, or all where there are fewer.

    Args:
        probes: ``(n_probes, d) float32``, finite.
        rows: to search.
        k: at least 1.
        excluded: numbers of rows that do not count.
        threads: that may search side by side; None means one for each processor of this process.
    """
    return search([probes], [rows], [Wanted((1.0,), k)], excluded=excluded, threads=threads)[0]


def search(
    probes: Sequence[Tensor],
    tables: Sequence[Rows],
    wanted: Sequence[Wanted],
    *,
    excluded: Collection[int] = (),
    threads: int | None = None,
    block_products: int | None = None,
) -> list[Hits]:
    """Answer several lists from one reading of several tables, whose rows belong together by their number.

    The score of a row is the sum over tables of weight times inner product.

    Args:
        probes: for each table ``(n_probes, d) float32``, finite.
        tables: of equal length.
        wanted: the lists.
        excluded: numbers of rows that do not count.
        threads: that may search side by side; None means one for each processor of this process.
        block_products: scores worked out at a time by a thread; memory beside the tables is a few times that, and the
            answer. None means what suits the device.

    Raises:
        ValueError: probes are none, not finite, or not as many for each table, or tables are not as long.
    """
    if not all(len(some) and torch.isfinite(some).all() for some in probes):
        raise ValueError("probes must be finite, and one at least")
    if len({len(rows) for rows in tables}) != 1 or len({len(some) for some in probes}) != 1:
        raise ValueError("tables, and their probes, must be as many in each")
    out = torch.tensor(sorted(set(excluded)), dtype=torch.int64)
    device = tables[0].device.type
    at_once, products_at_once = _PROBES_AT_ONCE[device], block_products or _BLOCK_PRODUCTS[device]
    workers = (threads or len(os.sched_getaffinity(0))) if device == "cpu" else 1
    with _one_thread_an_operation():
        parts = [
            _Search([some[at : at + at_once] for some in probes], tables, wanted, out, products_at_once).run(workers)
            for at in range(0, len(probes[0]), at_once)
        ]
    return [
        Hits(np.concatenate([hits.scores for hits in lists]), np.concatenate([hits.rows for hits in lists]))
        for lists in zip(*parts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of one slab: ``start`` to ``stop`` in it, of which ``first`` is the number of the first in the table."""

    slab: int
    start: int
    stop: int
    first: int


class _Search:
    """One search of all tables for some probes."""

    def __init__(
        self,
        probes: Sequence[Tensor],
        tables: Sequence[Rows],
        wanted: Sequence[Wanted],
        excluded: Tensor,
        block_products: int,
    ) -> None:
        self.probes = [some.double() for some in probes]
        self.tables = tables
        self._left = len(tables[0]) - len(excluded)
        self.wanted = [Wanted(one.weights, min(one.count, self._left)) for one in wanted]
        self.device = tables[0].device
        self.count = len(probes[0])
        self.coarse = [coarse(_padded(some), one_scale=True).to(self.device) for some in probes]
        self.open_pairs = block_products // 2
        self._excluded = excluded
        self._block_rows = max(_GROUP, block_products // len(self.coarse[0].levels) // _GROUP * _GROUP)

    def run(self, threads: int) -> list[Hits]:
        """Answer the lists."""
        blocks = list(self._blocks()) if self._left else []
        workers = min(threads, len(blocks) // _BLOCKS_A_THREAD)
        if workers <= 1:
            return _merged([self._sweep(blocks)])
        shares = [blocks[len(blocks) * n // workers : len(blocks) * (n + 1) // workers] for n in range(workers)]
        pool = _pool(threads)
        return _merged(list(pool.map(self._sweep, shares)), pool)

    def _blocks(self) -> Iterator[_Block]:
        rows, slab_rows = len(self.tables[0]), self.tables[0].slab_rows
        for first in range(0, rows, slab_rows):
            end = min(slab_rows, rows - first)
            for start in range(0, end, self._block_rows):
                yield _Block(first // slab_rows, start, min(start + self._block_rows, end), first + start)

    def _sweep(self, blocks: Sequence[_Block]) -> list[_Sought]:
        sought = [_Sought(self, one) for one in self.wanted]
        for block in blocks:
            some = [table.slabs[block.slab].coarse[block.start : block.stop].to(self.device) for table in self.tables]
            near = [self._scores(rows, probes) for rows, probes in zip(some, self.coarse, strict=True)]
            off = [bound(rows, probes)[: self.count] for rows, probes in zip(some, self.coarse, strict=True)]
            inside = (self._excluded >= block.first) & (self._excluded < block.first + block.stop - block.start)
            for one in sought:
                scores = _weighted(near, one.wanted.weights)
                bounds = sum(abs(weight) * part for weight, part in zip(one.wanted.weights, off, strict=True))
                scores[self._excluded[inside] - block.first] = _NOBODY
                one.offer(scores, torch.as_tensor(bounds), block.first)
        return sought

    def _scores(self, rows: Coarse, probes: Coarse) -> Tensor:
        """Answer ``(n_rows, n_probes)`` by levels."""
        near = level_products(rows, probes)
        return near.mul_((rows.scale * probes.scale[0])[:, None])[:, : self.count]

    def exact(self, weights: Sequence[float], probes: Tensor, rows: Tensor) -> Tensor:
        """Answer ``(n,) float64`` for pairs of probe and row, ``(n,) int64`` each."""
        found = torch.zeros(len(rows), dtype=torch.float64)
        for at in range(0, len(rows), PAIRS_AT_ONCE):
            part = slice(at, at + PAIRS_AT_ONCE)
            for weight, own, table in zip(weights, self.probes, self.tables, strict=True):
                if weight:
                    found[part] += weight * in_full(table.gather(rows[part]), own[probes[part]])
        return found


class _Sought:
    """What one list may still become, of every probe, and what is known of it.

    Attributes:
        floor: ``(n_probes, k)``: scores that are reached by so many rows; the last is reached by k.
    """

    def __init__(self, searched: _Search, wanted: Wanted) -> None:
        self._searched = searched
        self.wanted = wanted
        shape = (searched.count, wanted.count)
        self.floor = torch.full(shape, _NOBODY, device=searched.device)
        self._open: list[tuple[Tensor, Tensor, Tensor]] = []
        self._opened = 0
        self.scores = torch.full(shape, _NOBODY, dtype=torch.float64)
        self.rows = torch.zeros(shape, dtype=torch.int64)

    def offer(self, scores: Tensor, off: Tensor, first: int) -> None:
        """Take what may be of the list from a block.

        Args:
            scores: ``(n_rows, n_probes)``, by levels.
            off: ``(n_probes,)``: by how much any of them may be wrong.
            first: number of the first row.
        """
        groups = _grouped(scores, self.wanted.count)
        best = groups.amax(dim=0)
        self._raise(best - off)
        reach = self.floor[:, -1] - off
        group, probe = ((best >= reach) & (best > _NOBODY)).nonzero(as_tuple=True)
        if not len(group):
            return
        near = groups[:, group, probe]
        turn, place = ((near >= reach[probe]) & (near > _NOBODY)).nonzero(as_tuple=True)
        probe = probe[place]
        row = first + turn * best.shape[0] + group[place]
        self._open.append((probe.cpu(), row.cpu(), (near[turn, place] + off[probe]).cpu()))
        self._opened += len(row)
        if self._opened > self._searched.open_pairs:
            self.settle()
            self.floor = self.scores.float().to(self.floor.device)

    def _raise(self, low: Tensor) -> None:
        """Raise the floor by scores that rows of a block are sure to reach, ``(n, n_probes)``, each another row's."""
        rising = (low.amax(dim=0) > self.floor[:, -1]).nonzero()[:, 0]
        if len(rising):
            best = low[:, rising].T.topk(min(self.wanted.count, len(low)), dim=1).values
            both = torch.cat([self.floor[rising], best], dim=1)
            self.floor[rising] = both.topk(self.wanted.count, dim=1).values

    def settle(self) -> None:
        """Compare in full what still may be of the list, and keep the best.

        The most promising come first, so that what they reach spares others.
        """
        if not self._open:
            return
        probe, row, most = (torch.cat(parts) for parts in zip(*self._open, strict=True))
        self._open, self._opened = [], 0
        open_ = most >= self.floor[:, -1].cpu()[probe]
        probe, row, most = probe[open_], row[open_], most[open_]
        first = _leading(probe.numpy(), -most.numpy(), self.wanted.count)
        self._compare(probe[first], row[first])
        rest = ~first & (most >= self.scores[:, -1][probe])
        self._compare(probe[rest], row[rest])

    def _compare(self, probe: Tensor, row: Tensor) -> None:
        self.take(probe, row, self._searched.exact(self.wanted.weights, probe, row))

    def take(self, probe: Tensor, row: Tensor, score: Tensor) -> None:
        """Rank pairs, and their scores in full, among what there is."""
        known = self.scores > _NOBODY
        own = torch.arange(len(known))[:, None].expand_as(known)
        probes = torch.cat([own[known], probe]).numpy()
        rows, scores = torch.cat([self.rows[known], row]).numpy(), torch.cat([self.scores[known], score]).numpy()
        order = np.lexsort((rows, -scores, probes))
        rank = _ranks(probes[order])
        order, rank = order[rank < self.wanted.count], rank[rank < self.wanted.count]
        self.scores[probes[order], rank] = torch.from_numpy(scores[order])
        self.rows[probes[order], rank] = torch.from_numpy(rows[order])


@contextlib.contextmanager
def _one_thread_an_operation() -> Iterator[None]:
    """Have torch compute alone in this thread: threads that share a small operation wait for each other by spinning."""
    before = torch.get_num_threads()
    if before > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if before > 1:
            torch.set_num_threads(before)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Answer threads that compute alone, for good: new ones would each set memory aside that is not given back."""
    return ThreadPoolExecutor(threads, "search", initializer=torch.set_num_threads, initargs=(1,))


def _merged(parts: Sequence[Sequence[_Sought]], pool: ThreadPoolExecutor | None = None) -> list[Hits]:
    """Answer the lists, given what was found in each part of the rows."""
    for same in zip(*parts, strict=True):
        floor = torch.cat([one.floor for one in same], dim=1).topk(same[0].wanted.count, dim=1).values
        for one in same:
            one.floor = floor
    left = [one for part in parts for one in part]
    list(map(_Sought.settle, left) if pool is None else pool.map(_Sought.settle, left))
    for same in zip(*parts, strict=True):
        for other in same[1:]:
            found = other.scores > _NOBODY
            own = torch.arange(len(found))[:, None].expand_as(found)
            same[0].take(own[found], other.rows[found], other.scores[found])
    return [Hits(one.scores.numpy(), one.rows.numpy()) for one in parts[0]]


def _ranks(owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Answer how many of the same owner come before each; ``owners`` are in order."""
    before: NDArray[np.int64] = np.arange(len(owners)) - np.searchsorted(owners, owners)
    return before


def _leading(owners: NDArray[np.int64], keys: NDArray[np.float32], count: int) -> Tensor:
    """Answer whether each is among so many of the least keys of its owner."""
    order = np.lexsort((keys, owners))
    leading = np.zeros(len(owners), dtype=bool)
    leading[order] = _ranks(owners[order]) < count
    return torch.from_numpy(leading)


def _padded(probes: Tensor) -> Tensor:
    """Add probes of zeros up to a number that processors multiply fast: one, or a multiple of sixteen."""
    lacking = -len(probes) % 16 if len(probes) > 1 else 0
    return torch.nn.functional.pad(probes, (0, 0, 0, lacking))


def _weighted(near: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Answer the weighted sum; a copy unless one table alone counts, and once."""
    counted = [(weight, scores) for weight, scores in zip(weights, near, strict=True) if weight]
    if [weight for weight, _ in counted] == [1.0]:
        return counted[0][1]
    total = torch.zeros_like(near[0])
    for weight, scores in counted:
        total.add_(scores, alpha=weight)
    return total


def _grouped(scores: Tensor, count: int) -> Tensor:
    """Answer ``(rows_of_a_group, groups, n_probes)``; small blocks in small groups, so that those are more than wanted.

    Row ``i`` of group ``g`` is row ``i * groups + g``; rows of minus infinity fill the last.
    """
    size = _GROUP
    while size > 1 and len(scores) < 4 * count * size:
        size //= 2
    lacking = -len(scores) % size
    if lacking:
        scores = torch.nn.functional.pad(scores, (0, 0, 0, lacking), value=_NOBODY)
    return scores.reshape(size, -1, scores.shape[1])
