"""A scan: shard by shard, each of which is whole or not there, so that it can be killed at any moment.

    manifest ──stretches──▶ Scans ──rows──▶ duplicates get their answer ──▶ Judge ──▶ shard (rename: commit point)

What is done is what is in shards; taking a scan up again reads them and goes on behind the last. When all are there,
the results are put together from them, and counted against the manifest.
"""

from __future__ import annotations

import csv
import fcntl
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from registry.errors import (
    InputChangedError,
    ScanBusyError,
    ScanInterruptedError,
    ScanMismatchError,
    ScanUnreconciledError,
)
from registry.interchange.pay_statements import plain_cell
from registry.scanning.evidence_lines import columns_of
from registry.scanning.folder import result_rows, shard_rows
from registry.scanning.judging import Judge, without_verdicts
from registry.scanning.manifest import Choice, Manifest
from registry.scanning.pipeline import Owner
from registry.scanning.results import (
    MANIFEST,
    PLAN,
    RESULTS,
    SHARDS,
    SUMMARY,
    InputRow,
    ResultRow,
    Status,
    shard_path,
)
from registry.scanning.seen import Seen
from registry.scanning.tables import (
    PART,
    grouped,
    read_results,
    replacing,
    sync_folder,
    unwritable,
    write_json,
    write_rows,
)
from registry.scanning.tally import Tally

JSONL: Final = "results.jsonl"
CSV: Final = "results.csv"
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_HALF_WRITTEN: Final = re.compile(r"\.(report|training-summary)(\.\w+)+\.\w{8}")
"""Temporary names of `registry.scanning.folder.write_whole`; those of `registry.scanning.tables` are used again."""
_STRETCH_ROWS: Final = 4096
"""At least so many rows go through the pipeline before it runs empty; a longer shard goes through whole."""


class Progress(Protocol):
    """Is told how far a scan has come."""

    def begin(self, files: int, done: Sequence[ResultRow]) -> None:
        """Take note of how many files are chosen, and once for each shard of its rows that are there from before."""

    def ended(self, row: ResultRow) -> None:
        """Take note of a row that has ended, and is not judged yet."""

    def committed(self, rows: Sequence[ResultRow]) -> None:
        """Take note of the rows of a shard that is durable."""


class Scans(Protocol):
    """Turns inputs into rows, as `registry.scanning.pipeline.Scanner` does here and `RayScanner` elsewhere."""

    def scan(self, inputs: Sequence[InputRow], owner: Owner) -> Iterator[ResultRow]:
        """Yield a row for each input, in order; see `Scanner.scan`."""


# --- the folder ------------------------------------------------------------------------------------------------------


@contextmanager
def claimed(out: Path, *, resume: bool) -> Iterator[None]:
    """Make the folder of a scan, or take it up again, and keep any other process out while the block runs.

    Raises:
        ScanMismatchError: it is not empty and nothing is to be taken up, or holds something else.
        ScanBusyError: another process is at it.
        StorageFullError: the disk is full.
        ScanStorageError: it cannot be made, or the block could not read or write what it has to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unwritable(f"{out} cannot be written to", error, out) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ScanBusyError(f"another process is scanning into {out}", differs=["out"]) from error
        _require_ours(out, resume=resume)
        _sweep(out)
        yield
    except OSError as error:
        raise unwritable(f"{out} cannot be written to", error, out) from error
    finally:
        os.close(descriptor)


def _require_ours(out: Path, *, resume: bool) -> None:
    found = {path.name for path in out.iterdir()}
    if found and not resume:
        raise ScanMismatchError(
            f"{out} is not empty: give another folder, or --resume to go on with the scan in it", differs=["out"]
        )
    if PLAN not in found and any(not name.startswith(PART) and name != MANIFEST for name in found):
        raise ScanMismatchError(f"{out} holds no scan that could be taken up: there is no {PLAN}", differs=["out"])


def _sweep(out: Path) -> None:
    """Remove what a process that was killed had begun to write."""
    for path in out.iterdir():
        if _HALF_WRITTEN.fullmatch(path.name):
            path.unlink()


# --- the run ---------------------------------------------------------------------------------------------------------


@dataclass
class LocalScan:
    """One scan, led from this machine.

    Attributes:
        manifest: frozen.
        choice: of its rows.
        scanner: turns inputs into rows.
        judge: gives them verdicts.
        shard_rows: rows of a shard.
        progress: is told.
        stopping: whether to end after the shard in hand.
    """

    manifest: Manifest
    choice: Choice
    scanner: Scans
    judge: Judge
    shard_rows: int
    progress: Progress
    stopping: Callable[[], bool]

    def run(self) -> None:
        """Scan what is not in shards yet.

        Raises:
            ScanInterruptedError: it was told to stop; what is in shards stays.
            RegistryError: the machine gives out; what is in shards stays.
        """
        with Seen() as seen:
            Running(self, seen).go_on()


class Running:
    """A scan that was taken up: what is in shards is known, and what is left goes on from there, as often as asked.

    Args:
        scan: which.
        seen: empty; it outlives this.

    Attributes:
        done: shards that are there.

    Raises:
        ScanMismatchError: what is in the shards is not of this scan.
        ScanStorageError: they cannot be read.
    """

    def __init__(self, scan: LocalScan, seen: Seen) -> None:
        self._scan = scan
        self._out = scan.manifest.out
        self._seen = seen
        self._last_read: tuple[int, list[ResultRow]] = (-1, [])
        (self._out / SHARDS).mkdir(exist_ok=True)
        sync_folder(self._out)
        self.done = self._take_up()
        rows = islice(scan.manifest.rows(), self.done * scan.shard_rows, None)
        self._stretches = grouped(rows, scan.shard_rows * math.ceil(_STRETCH_ROWS / scan.shard_rows))
        self._left: Sequence[InputRow] = ()

    def go_on(self) -> None:
        """Scan what is not in shards yet.

        Raises:
            ScanInterruptedError: it was told to stop; what is in shards stays.
            RegistryError: the machine gives out; what is in shards stays, and this is not to be used again.
        """
        while stretch := self._left or next(self._stretches, ()):
            self._scan_stretch(stretch)

    def _take_up(self) -> int:
        """Answer how many shards are there, and remember what was scanned in them."""
        done = 0
        files = self._scan.choice.count(self._scan.manifest.counts.rows)
        self._scan.progress.begin(files, [])
        while (path := shard_path(self._out, done)).exists():
            rows = read_results(path)
            first = done * self._scan.shard_rows
            size = min(self._scan.shard_rows, self._scan.manifest.counts.rows - first)
            if [row.number for row in rows] != list(range(first, first + size)):
                raise ScanMismatchError(f"{path} does not hold rows {first} to {first + size - 1}", differs=["shards"])
            for row in rows:
                self._remember(row)
            self._scan.progress.begin(files, rows)
            done += 1
        return done

    def _remember(self, row: ResultRow) -> None:
        if row.sha256 and row.duplicate_of < 0 and row.error != InputChangedError.slug:
            self._seen.number_of(row.sha256, row.number)

    def _scan_stretch(self, stretch: Sequence[InputRow]) -> None:
        """Scan some shards."""
        inputs = [row for row in stretch if not row.problem and not self._scan.choice.reason_against(row)]
        answers = self._scan.scanner.scan(inputs, self._seen.known)
        for number, shard in enumerate(grouped(stretch, self._scan.shard_rows), start=1):
            rows = self._scan.judge.judge(self._ended(shard, answers))
            write_rows(shard_path(self._out, self.done), ResultRow, rows)  # the commit point
            self.done += 1
            self._left = stretch[number * self._scan.shard_rows :]
            self._scan.progress.committed(rows)
            self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        rows = self._scan.manifest.counts.rows
        rows_done = min(self.done * self._scan.shard_rows, rows)
        if self._scan.stopping() and rows_done < rows:
            raise ScanInterruptedError(
                f"stopped after {rows_done} of {rows} rows; the same command with --resume goes on",
                rows_done=rows_done,
                rows=rows,
            )

    def _ended(self, shard: Sequence[InputRow], answers: Iterator[ResultRow]) -> list[ResultRow]:
        """Answer the rows of a shard, not judged."""
        ended: list[ResultRow] = []
        for row in shard:
            unscanned = self._unscanned(row)
            result = unscanned or self._with_answer(next(answers), ended)
            self._remember(result)
            self._scan.progress.ended(result)
            ended.append(result)
        return ended

    def _unscanned(self, row: InputRow) -> ResultRow | None:
        if reason := self._scan.choice.reason_against(row):
            return _result(row, Status.NOT_SCANNED, reasons=reason)
        if row.problem:
            return _result(row, Status.FAILED, error=row.problem, error_detail=row.problem_detail)
        return None

    def _with_answer(self, result: ResultRow, ended: Sequence[ResultRow]) -> ResultRow:
        """Give a duplicate the answer of the row whose bytes it has; the verdict may be another."""
        if result.duplicate_of < 0:
            return result
        number = result.duplicate_of
        earlier = ended[number - ended[0].number] if ended and number >= ended[0].number else self._stored(number)
        if earlier.status is Status.FAILED:
            return replace(result, status=Status.FAILED, error=earlier.error, error_detail=earlier.error_detail)
        return replace(result, **columns_of(without_verdicts(json.loads(earlier.evidence))))

    def _stored(self, number: int) -> ResultRow:
        shard, place = divmod(number, self._scan.shard_rows)
        if self._last_read[0] != shard:
            self._last_read = shard, read_results(shard_path(self._out, shard))
        return self._last_read[1][place]


def _result(row: InputRow, status: Status, **more: Any) -> ResultRow:
    return ResultRow(
        number=row.number,
        name=row.name,
        locator=row.locator,
        status=status,
        declared_use=row.declared_use,
        project=row.project,
        licence=row.licence,
        **more,
    )


# --- the results -----------------------------------------------------------------------------------------------------


def conclude(
    manifest: Manifest, finished_at: str, *, jsonl: bool, as_csv: bool, more: Mapping[str, Any] = _NOTHING
) -> Tally:
    """Put the results together from the shards, and count them.

    1. Results, in which every row is that of the manifest. 2. JSON lines and CSV, where asked for. 3. The summary: who
    finds it knows that the others are there.

    Args:
        manifest: of the scan, every shard of which is there.
        finished_at: when the last of them was.
        jsonl, as_csv: what to write besides.
        more: further members of the summary.

    Raises:
        ScanUnreconciledError: a row is not that of the manifest; nothing is written.
        ScanStorageError: something cannot be written.
    """
    out, tally = manifest.out, Tally()
    write_rows(out / RESULTS, ResultRow, _reconciled(manifest, tally))
    if jsonl:
        with replacing(out / JSONL) as part, part.open("w", encoding="utf-8") as lines:
            for row in result_rows(out):
                lines.write(json.dumps(_plain(row), ensure_ascii=False, allow_nan=False) + "\n")
    if as_csv:
        with replacing(out / CSV) as part, part.open("w", encoding="utf-8", newline="") as table:
            writer = csv.DictWriter(table, [field.name for field in fields(ResultRow)])
            writer.writeheader()
            writer.writerows(_cells(row) for row in result_rows(out))
    write_json(out / SUMMARY, tally.as_json() | {"finished_at": finished_at, **more})
    return tally


def _reconciled(manifest: Manifest, tally: Tally) -> Iterator[ResultRow]:
    """Yield the rows of all shards, counted, as long as they are those of the manifest.

    Raises:
        ScanUnreconciledError: one is not, or some are missing, or there are more.
    """
    results = shard_rows(manifest.out)
    number = 0
    for row in manifest.rows():
        result = next(results, None)
        if result is None or (result.number, result.name, result.locator) != (row.number, row.name, row.locator):
            raise ScanUnreconciledError(f"row {row.number} ({row.name}) of the manifest has no result", row=row.number)
        tally.add(result)
        yield result
        number += 1
    if next(results, None) is not None or number != sum(tally.statuses.values()):
        raise ScanUnreconciledError(f"there are more results than the manifest has rows: {number}", row=number)


def _plain(row: ResultRow) -> dict[str, Any]:
    """Answer a row as JSON and CSV hold it: what is not a number is null."""
    record = row.as_record()
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in record.items()}


def _cells(row: ResultRow) -> dict[str, Any]:
    """Answer a row as a spreadsheet may open it: a file's name is no formula."""
    return {name: plain_cell(value) if isinstance(value, str) else value for name, value in _plain(row).items()}
