"""Putting the parts of the rows of a reported scan together: the table, the counts and the plan that pages read."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from registry.errors import ScanReportError, ScanStorageError
from registry.scanning.receiving_rows import FINDING_LINES, LINES, tables_of
from registry.scanning.reported_rows import SignedRows
from registry.scanning.results import PLAN, RESULTS, SUMMARY, ResultRow, Status
from registry.scanning.tables import replacing, schema_of, write_json
from registry.scanning.tally import HEARD, Tally
from registry.store.scans import Scan

_GROUP_ROWS: Final = 8192
_CHUNK: Final = 1 << 20
_CLOSE_S: Final = 0.01
"""Sums of seconds are made in another order than the report made them."""


def assemble(scan: Scan, signed: SignedRows, parts: Path) -> None:
    """Put the rows of a scan in its folder, once they are what its report says.

    1. The hash over all lines, and that over the lines of those in which somebody is found, are those that are signed.
    2. The counts that follow from the rows are those of the report.
    3. The plan and the counts are written, then the table.

    Args:
        scan: that was reported.
        signed: what its report signs of the rows.
        parts: the folder of the parts, all of which are there.

    Raises:
        ScanReportError: 1, 2; figures ``report`` and ``lines``.
        ScanStorageError: a part cannot be read, or something cannot be written.
    """
    out = parts.parent
    try:
        _require_hashes(signed, parts)
        made = parts / f"{RESULTS}~"
        counts = _Counts()
        _write_table(made, parts, counts)
        _require_counts(scan, counts)
        write_json(out / PLAN, {**signed.plan, "kind": scan.kind.value, "scan": scan.id})
        write_json(out / SUMMARY, counts.as_json() | {"finished_at": scan.finished_at and scan.finished_at.isoformat()})
        with replacing(out / RESULTS) as part:
            made.replace(part)
    except (OSError, EOFError, pa.ArrowException) as error:
        raise ScanStorageError("the parts of the rows cannot be read, or put together", scan_id=scan.id) from error


def _require_hashes(signed: SignedRows, parts: Path) -> None:
    lines, found = hashlib.sha256(), hashlib.sha256()
    for table in tables_of(parts):
        with gzip.open(table.with_name(table.stem + LINES)) as packed:
            for chunk in iter(lambda: packed.read(_CHUNK), b""):
                lines.update(chunk)
        found.update(table.with_name(table.stem + FINDING_LINES).read_bytes())
    for what, said, counted in (
        ("the rows", signed.sha256, lines.hexdigest()),
        ("the findings in them", signed.findings_sha256, found.hexdigest()),
    ):
        if said != counted:
            raise ScanReportError(
                f"{what} are not those that the report signs: {said} is signed, {counted} was sent",
                report=said,
                lines=counted,
            )


def _write_table(made: Path, parts: Path, counts: _Counts) -> None:
    with pq.ParquetWriter(made, schema_of(ResultRow), compression="zstd") as table:
        for group in _groups(parts):
            counts.add(group)
            table.write_table(group)


def _groups(parts: Path) -> Iterator[pa.Table]:
    """Yield the rows of all parts in order, so many of them at a time."""
    held: list[pa.Table] = []
    for path in tables_of(parts):
        held.append(pq.read_table(path))
        while sum(len(each) for each in held) >= _GROUP_ROWS:
            joined = pa.concat_tables(held)
            yield joined.slice(0, _GROUP_ROWS)
            held = [joined.slice(_GROUP_ROWS)]
    if any(len(each) for each in held):
        yield pa.concat_tables(held)


class _Counts:
    """Counts of rows: whole columns at a time, and row by row of those in which somebody is heard."""

    def __init__(self) -> None:
        self._by_column: dict[str, Counter[str]] = {
            name: Counter() for name in ("status", "outcome", "verdict", "error", "not_scanned")
        }
        self._rows = self._bytes = 0
        self._audio_s = self._speech_s = 0.0
        self._heard = Tally()

    def add(self, rows: pa.Table) -> None:
        self._rows += len(rows)
        for name in ("status", "outcome", "verdict", "error"):
            self._by_column[name].update(_counted(rows[name]))
        left_out = rows.filter(pc.equal(rows["status"], Status.NOT_SCANNED.value))
        self._by_column["not_scanned"].update(_counted(left_out["reasons"], empty=True))
        assessed = rows.filter(pc.equal(rows["status"], Status.ASSESSED.value))
        self._bytes += pc.sum(assessed["size"]).as_py() or 0
        self._audio_s += pc.sum(assessed["duration_s"]).as_py() or 0.0
        self._speech_s += pc.sum(assessed["speech_s"]).as_py() or 0.0
        heard = rows.filter(pc.is_in(rows["outcome"], value_set=pa.array(sorted(each.value for each in HEARD))))
        for record in heard.to_pylist():
            self._heard.add(ResultRow.of(record))

    def as_json(self) -> dict[str, Any]:
        """Answer the counts as `registry.scanning.tally.Tally` does."""
        heard, columns = self._heard.as_json(), self._by_column
        return heard | {
            "rows": self._rows,
            "statuses": {status.value: columns["status"][status.value] for status in Status},
            "outcomes": dict(sorted(columns["outcome"].items())),
            "verdicts": dict(sorted(columns["verdict"].items())),
            "errors": dict(sorted(columns["error"].items())),
            "not_scanned": dict(sorted(columns["not_scanned"].items())),
            "bytes": self._bytes,
            "audio_s": round(self._audio_s, 3),
            "speech_s": round(self._speech_s, 3),
        }


def _counted(column: pa.ChunkedArray, *, empty: bool = False) -> dict[str, int]:
    counts = {str(each["values"]): int(each["counts"]) for each in pc.value_counts(column).to_pylist()}
    return {name: count for name, count in counts.items() if name or empty}


def _require_counts(scan: Scan, counts: _Counts) -> None:
    """Refuse rows from which other counts follow than the report has; verdicts are the registry's own."""
    said: Mapping[str, Any] = scan.summary or {}
    counted = counts.as_json()
    for name in ("rows", "bytes"):
        _require_same(name, said[name], counted[name])
    for name in ("statuses", "outcomes", "errors", "not_scanned"):
        for kind in sorted({*said[name], *counted[name]}):
            _require_same(f"{name} {kind}", said[name].get(kind, 0), counted[name].get(kind, 0))
    for name in ("audio_s", "speech_s"):
        if not abs(said[name] - counted[name]) <= _CLOSE_S + 1e-9 * abs(said[name]):
            _require_same(name, said[name], counted[name])


def _require_same(what: str, report: float, lines: float) -> None:
    if report != lines:
        raise ScanReportError(
            f"the report counts {report} {what.replace('_', ' ')}, the rows make {lines}", report=report, lines=lines
        )
