"""The frozen manifest: every input in order, with a hash over the rows; and which of them are chosen.

Written once, before anything is heard: into a folder beside its place, which is renamed when all of it is durable. So a
manifest that is there is whole.
"""

from __future__ import annotations

import hashlib
import heapq
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from registry.errors import ScanMismatchError
from registry.scanning.digest import RowsDigest
from registry.scanning.folder import input_rows
from registry.scanning.results import MANIFEST, InputRow
from registry.scanning.tables import PART, grouped, record_of, sync_folder, unwritable, write_rows

BEYOND_LIMIT: Final = "beyond_limit"
NOT_SAMPLED: Final = "not_sampled"
_PART_ROWS: Final = 65_536


@dataclass(slots=True)
class Counts:
    """What a manifest comes to.

    Attributes:
        rows: of it.
        problems: rows that are wrong already.
        bytes: of those whose size the source says.
        sized: how many these are.
        strata: rows of each group.
    """

    rows: int = 0
    problems: int = 0
    bytes: int = 0
    sized: int = 0
    strata: Counter[str] = field(default_factory=Counter)

    def add(self, row: InputRow) -> None:
        """Count the next row."""
        self.rows += 1
        self.problems += bool(row.problem)
        self.strata[row.group] += 1
        if row.size >= 0:
            self.sized += 1
            self.bytes += row.size


@dataclass(frozen=True, slots=True)
class Manifest:
    """A frozen manifest.

    Attributes:
        out: the folder of the scan.
        sha256: over its rows, see `registry.scanning.digest`.
        counts: of its rows.
    """

    out: Path
    sha256: str
    counts: Counts

    def as_json(self) -> dict[str, Any]:
        """Answer what a plan says of it."""
        return {"rows": self.counts.rows, "sha256": self.sha256, "problems": self.counts.problems}

    def rows(self) -> Iterator[InputRow]:
        """Yield its rows in order."""
        return input_rows(self.out)


def freeze(rows: Iterable[InputRow], out: Path) -> Manifest:
    """Write a manifest below ``out``, in memory that does not grow with it.

    Raises:
        SourceError: the rows' source gives out; nothing is left of the manifest.
        ScanStorageError, StorageFullError: it cannot be written.
    """
    digest, counts = RowsDigest(), Counts()

    def counted() -> Iterator[InputRow]:
        for row in rows:
            digest.add(record_of(row))
            counts.add(row)
            yield row

    part = out / f"{PART}{MANIFEST}"
    discard(part)
    try:
        part.mkdir()
        number = -1
        for number, group in enumerate(grouped(counted(), _PART_ROWS)):
            write_rows(part / f"{number:08d}.parquet", InputRow, group)
        if number < 0:
            write_rows(part / f"{0:08d}.parquet", InputRow, [])
        sync_folder(part)
        part.rename(out / MANIFEST)
        sync_folder(out)
    except OSError as error:
        raise unwritable("the manifest cannot be written", error, part) from error
    finally:
        discard(part)
    return Manifest(out, digest.hexdigest(), counts)


def discard(folder: Path) -> None:
    """Remove what an earlier attempt may have left."""
    shutil.rmtree(folder, ignore_errors=True)


def reopen(out: Path, rows: Iterable[InputRow], sha256: str) -> Manifest:
    """Answer the manifest that was frozen, once the source and the frozen rows are as they were.

    Args:
        out: the folder of the scan.
        rows: as the source has them now.
        sha256: of the manifest, as the plan says.

    Raises:
        ScanMismatchError: the source has changed, or the frozen rows have; the sentence names the first such row.
    """
    digest, counts = RowsDigest(), Counts()
    for frozen, now in zip_longest(input_rows(out), rows):
        if frozen != now:
            number, name = counts.rows, (now or frozen).name
            raise ScanMismatchError(
                f"the source is not what it was when the scan began: row {number} ({name}) differs; start a new scan",
                differs=["manifest"],
                row=number,
            )
        digest.add(record_of(frozen))
        counts.add(frozen)
    _require_planned(digest, sha256)
    return Manifest(out, sha256, counts)


def taken_up(out: Path, sha256: str) -> Manifest:
    """Answer the manifest that was frozen, as it is: whatever has become of its source.

    Args:
        out: the folder of the scan.
        sha256: of the manifest, as the plan says.

    Raises:
        ScanMismatchError: the rows are not those that the plan was made for.
        InvalidInputError: they cannot be read.
    """
    digest, counts = RowsDigest(), Counts()
    for row in input_rows(out):
        digest.add(record_of(row))
        counts.add(row)
    _require_planned(digest, sha256)
    return Manifest(out, sha256, counts)


def _require_planned(digest: RowsDigest, sha256: str) -> None:
    if digest.hexdigest() != sha256:
        raise ScanMismatchError(
            "the manifest in the folder is not the one that the plan was made for; start a new scan",
            differs=["manifest"],
        )


# --- which are chosen ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are scanned.

    Attributes:
        limit: the first so many; None for all.
        sampled: numbers of those that were drawn; None where nothing was.
    """

    limit: int | None = None
    sampled: frozenset[int] | None = None

    def reason_against(self, row: InputRow) -> str:
        """Answer why a row is not scanned, as a code; empty where it is."""
        if self.limit is not None and row.number >= self.limit:
            return BEYOND_LIMIT
        if self.sampled is not None and row.number not in self.sampled:
            return NOT_SAMPLED
        return ""

    def count(self, rows: int) -> int:
        """Answer how many of so many rows are chosen."""
        return min(rows, rows if self.limit is None else self.limit) if self.sampled is None else len(self.sampled)


def draw(manifest: Manifest, size: int, seed: int) -> Choice:
    """Draw rows at random, from each stratum its share, and from none fewer than one while there are enough.

    Whether a row is drawn depends on the seed, its number and the strata alone.
    """
    shares = _shares(manifest.counts.strata, size)
    return Choice(sampled=_drawn(((row.number, row.group) for row in manifest.rows()), shares, seed))


def drawn_of(rows: Iterable[tuple[int, str]], size: int, seed: int) -> frozenset[int]:
    """Draw numbers, each with its stratum, as `draw` draws rows of a manifest."""
    held = list(rows)
    return _drawn(held, _shares(Counter(group for _, group in held), size), seed)


def _drawn(rows: Iterable[tuple[int, str]], shares: Mapping[str, int], seed: int) -> frozenset[int]:
    kept: dict[str, list[tuple[int, int]]] = {group: [] for group in shares}
    for number, group in rows:
        heap, share = kept[group], shares[group]
        entry = -_rank(seed, number), number
        if len(heap) < share:
            heapq.heappush(heap, entry)
        elif share and entry > heap[0]:
            heapq.heapreplace(heap, entry)
    return frozenset(number for heap in kept.values() for _, number in heap)


def _shares(strata: Counter[str], size: int) -> dict[str, int]:
    """Share a sample out over strata: one to each, the largest first, then the rest by size (largest remainder)."""
    rows = sum(strata.values())
    size = min(size, rows)
    by_size = sorted(strata, key=lambda group: (-strata[group], group))
    shares = {group: int(rank < size) for rank, group in enumerate(by_size)}
    left = size - sum(shares.values())
    if left <= 0:
        return shares
    room = {group: strata[group] - shares[group] for group in by_size}
    exact = {group: left * room[group] / sum(room.values()) for group in by_size}
    for group in by_size:
        shares[group] += int(exact[group])
    missing = size - sum(shares.values())
    for group in sorted(by_size, key=lambda group: (int(exact[group]) - exact[group], group))[:missing]:
        shares[group] += 1
    return shares


def _rank(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:8])
