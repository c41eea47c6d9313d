"""Rows of a scan that was reported: sent after its report, in parts, and shown once all of them are there.

The report signs a hash of every block of rows. Each part is whole blocks, and is held against these before any of it is
kept: what is sent is what was signed, or it is refused. Parts are files in the folder of the scan; renaming the last of
a part is its commit point, so that a sender goes on wherever it was stopped. Nothing of the rows is shown until the
scan says that they are there, which is one commit.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.scans import ScanOrigin
from registry.errors import ConflictError, ForbiddenError, ScanReportError
from registry.scanning.digest import line_of
from registry.scanning.finding_lines import LONGEST_LINE
from registry.scanning.reported_rows import SignedRows, read_signed_rows
from registry.scanning.results import ResultRow
from registry.scanning.row_lines import GZIP, LARGEST_PART, as_known_here, line_of_finding, read_rows, unpacked
from registry.services.context import Context
from registry.services.scan_work import PARTS, folder_of
from registry.services.scans import get_scan, who_changes
from registry.services.unit import unit_of_work
from registry.store.checks import Finding
from registry.store.scans import Scan, ScanRow

log = structlog.get_logger()

MOST_ROWS: Final = 2_000_000
"""Rows of a scan that are taken."""
USUAL_PART: Final = 4_000_000
"""Bytes of lines after which a part ends, at the end of a block."""
MOST_OPEN: Final = 20
"""Scans of which an organisation may have sent some rows and not all."""

LINES, FINDING_LINES, TABLE = ".jsonl.gz", ".findings", ".parquet"
"""What a part is, in the order in which it is written: as it was sent, who was found, and as it is kept."""


@dataclass(frozen=True, slots=True)
class RowsStanding:
    """How far the rows of a scan have come.

    Attributes:
        scan: whose they are.
        received: how many are there, from the first on; the next part begins with the row of this number.
        block_rows: of the blocks that the report signs; a part is whole blocks. None where none is to be sent.
    """

    scan: Scan
    received: int
    block_rows: int | None


def rows_standing(ctx: Context, principal: Principal, scan_id: str) -> RowsStanding:
    """Say how far the rows of a scan have come; those of workers are there once it is done.

    Raises:
        NotFoundError: there is no such scan that the caller may see.
        ConflictError: no rows are taken of it: figures say why.
    """
    principal.require(Scope.SCANS_READ)
    scan = get_scan(ctx, principal, scan_id)
    if scan.has_rows:
        return RowsStanding(scan, scan.rows, None)
    return RowsStanding(scan, _received(_parts_of(ctx, scan)), _signed(ctx, scan).block_rows)


def receive_rows(ctx: Context, principal: Principal, scan_id: str, *, first: int, content: bytes) -> RowsStanding:
    """Take a part of the rows of a scan that was reported.

    1. The caller files for the organisation that filed the report, which is kept, and has not more rows than are taken.
    2. Rows that are there already are not looked at again; the next part begins where the last one ended.
    3. What was sent is unpacked as far as is taken, and is whole blocks.
    4. Every block is the one that the report signs.
    5. Every line is a row; performers have the ids, and the verdicts, of the findings on record.
    6. The part is put in its place. That is its commit point; of what came before, a crash leaves nothing that counts.

    Args:
        ctx: what verbs work with.
        principal: who sends them.
        scan_id: of the scan.
        first: number of the first row in it.
        content: lines of JSON, one for each row, packed by gzip or not.

    Raises:
        ForbiddenError, NotFoundError: 1.
        ConflictError: 1, 2; or another request is at it.
        ScanReportError: 1, 3 to 5: the sentence and its figures say what is signed, and what was sent.
        ScanStorageError, StorageFullError: 6.
    """
    scan = _scan_to_complete(ctx, principal, scan_id)
    signed = _signed(ctx, scan)
    if scan.has_rows:
        return RowsStanding(scan, scan.rows, None)
    with _held(ctx, scan, begin=first == 0) as parts:
        received = scan.rows if get_scan(ctx, who_changes(principal), scan_id).has_rows else _received(parts)
        if first < received:
            return RowsStanding(scan, received, signed.block_rows)
        if first > received:
            raise ConflictError(
                f"the rows before {received} are here, and the next part begins with that one", received=received
            )
        lines = _as_signed(signed, unpacked(content).splitlines(keepends=True), first)
        rows, found = _as_known_here(ctx, scan, list(read_rows(lines, first)))
        _write(parts / f"{first:010d}-{len(rows):08d}", b"".join(lines), rows, found)
        return RowsStanding(scan, first + len(rows), signed.block_rows)


def receive_all(ctx: Context, principal: Principal, scan_id: str, stream: IO[bytes]) -> Scan:
    """Take all rows of a scan that was reported from one file, part by part, and show them.

    Args:
        ctx: what verbs work with.
        principal: who sends them.
        scan_id: of the scan.
        stream: lines of JSON, one for each row, packed by gzip or not. It is read a part at a time.

    Raises:
        ForbiddenError, NotFoundError, ConflictError, ScanReportError: as `receive_rows` and `complete_rows`.
    """
    scan = _scan_to_complete(ctx, principal, scan_id)
    standing = rows_standing(ctx, who_changes(principal), scan_id)
    if standing.block_rows is None:
        return scan
    first = 0
    for lines in _in_parts(stream, standing.block_rows):
        receive_rows(ctx, principal, scan_id, first=first, content=b"".join(lines))
        first += len(lines)
    return complete_rows(ctx, principal, scan_id)


def _in_parts(stream: IO[bytes], block_rows: int) -> Iterator[list[bytes]]:
    """Yield lines, whole blocks of them together; where they are too many for a part, what takes them refuses them."""
    begins = stream.read(len(GZIP))
    stream.seek(0)
    held, size = list[bytes](), 0
    try:
        with gzip.open(stream) if begins == GZIP else nullcontext(stream) as lines:
            while line := lines.readline(LONGEST_LINE + 2):
                held.append(line)
                size += len(line)
                if size > LARGEST_PART or (size >= USUAL_PART and len(held) % block_rows == 0):
                    yield held
                    held, size = [], 0
    except (OSError, EOFError, zlib.error) as error:
        raise ScanReportError(f"the rows cannot be unpacked: {error}") from error
    if held:
        yield held


def complete_rows(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    """Say that all rows were sent: from then on they are shown.

    1. The caller files for the organisation that filed the report, and every row is there.
    2. Their hash, their counts and who was found in them are what the report says. Where not, nothing of the rows is
       kept: what was sent follows from the report block by block, and so the report does not agree with itself.
    3. The table, the counts and the plan are put in their places.
    4. The scan says that its rows are there, and the journal too: one commit. Before it, nothing of them is shown.
    5. Best effort: the parts are removed.

    Raises:
        ForbiddenError, NotFoundError, ConflictError: 1; figures ``rows`` and ``received``.
        ScanReportError: 2; figures ``report`` and ``lines``.
        ScanStorageError, StorageFullError: 3.
    """
    from registry.scanning.assembled_rows import assemble

    scan = _scan_to_complete(ctx, principal, scan_id)
    signed = _signed(ctx, scan)
    if scan.has_rows:
        return scan
    with _held(ctx, scan, begin=False) as parts:
        if (now := get_scan(ctx, who_changes(principal), scan_id)).has_rows:
            return now
        received = _received(parts)
        if received != scan.rows:
            raise ConflictError(
                f"the report counts {scan.rows} rows, {received} are here", rows=scan.rows, received=received
            )
        try:
            assemble(scan, signed, parts)
        except ScanReportError:
            shutil.rmtree(parts, ignore_errors=True)
            raise
        with unit_of_work(ctx) as unit:
            scan = unit.session.get_one(Scan, scan_id, with_for_update=True, populate_existing=True)
            if scan.rows_received_at is None:
                scan.rows_received_at = unit.now
                scan.version += 1
                unit.record(
                    EventType.SCAN_ROWS_RECEIVED,
                    scan.id,
                    principal.account_id,
                    organisation_id=scan.organisation_id,
                    rows=scan.rows,
                    results_sha256=scan.results_sha256,
                )
                unit.commit()
        shutil.rmtree(parts, ignore_errors=True)
    log.info("rows of a scan received", subject=scan.id, rows=scan.rows)
    return scan


# --- which scan ------------------------------------------------------------------------------------------------------


def _scan_to_complete(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    principal = who_changes(principal)
    if principal.is_operator:
        raise ForbiddenError("rows are sent by the organisation that filed the report", role=principal.role.value)
    scan = get_scan(ctx, principal, scan_id)
    if scan.rows > MOST_ROWS:
        raise ScanReportError(
            f"the scan has {scan.rows} rows, {MOST_ROWS} are taken: scan in parts", rows=scan.rows, most=MOST_ROWS
        )
    return scan


def _signed(ctx: Context, scan: Scan) -> SignedRows:
    if scan.origin is not ScanOrigin.REPORTED:
        raise ConflictError("no rows are sent of this scan: the registry's workers make them", origin=scan.origin.value)
    with ctx.database.read() as session:
        report = session.scalar(select(Scan.report).where(Scan.id == scan.id))
    if report is None:
        raise ConflictError(
            "the report of this scan is not kept, since it speaks of somebody who may not be looked for any more; so "
            "no rows are taken: scan again with a gallery file that is issued now",
            unresolved=scan.unresolved,
        )
    return read_signed_rows(report)


# --- parts -----------------------------------------------------------------------------------------------------------


def _parts_of(ctx: Context, scan: Scan) -> Path:
    return folder_of(ctx, scan) / PARTS


def _received(parts: Path) -> int:
    """Answer how many rows are there, from the first on."""
    received = 0
    for table in tables_of(parts):
        first, rows = (int(each) for each in table.stem.split("-"))
        if first != received:
            break
        received += rows
    return received


def tables_of(parts: Path) -> Sequence[Path]:
    """Answer the tables of the parts that are there, in order."""
    return sorted(path for path in parts.glob(f"*{TABLE}") if path.stem.replace("-", "").isdigit())


@contextmanager
def _held(ctx: Context, scan: Scan, *, begin: bool) -> Iterator[Path]:
    """Answer the folder of the parts of a scan, and keep every other request out while the block runs."""
    from registry.scanning.tables import unwritable

    parts = _parts_of(ctx, scan)
    if begin and not parts.exists():
        _require_few_open(parts.parent.parent)
    try:
        parts.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(parts, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unwritable(f"{PARTS} of the scan {scan.id} cannot be written to", error, Path(PARTS)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConflictError("another request is sending rows of this scan", scan_id=scan.id) from error
    try:
        yield parts
    finally:
        os.close(descriptor)


def _require_few_open(owner: Path) -> None:
    opened = sum(1 for _ in owner.glob(f"*/{PARTS}"))
    if opened >= MOST_OPEN:
        raise ConflictError(
            f"of {opened} scans of this organisation some rows were sent and not all, {MOST_OPEN} may be so: send "
            "the others; what is not gone on with for a week is removed",
            open=opened,
            most=MOST_OPEN,
        )


def _write(part: Path, lines: bytes, rows: Sequence[ResultRow], found: bytes) -> None:
    from registry.scanning.folder import write_whole
    from registry.scanning.tables import write_rows

    write_whole(part.with_name(part.name + LINES), gzip.compress(lines, 1, mtime=0))
    write_whole(part.with_name(part.name + FINDING_LINES), found)
    write_rows(part.with_name(part.name + TABLE), ResultRow, rows)


# --- what was sent ---------------------------------------------------------------------------------------------------


def _as_signed(signed: SignedRows, lines: Sequence[bytes], first: int) -> list[bytes]:
    """Answer lines as they are signed; a block that is not as it was sent may be, once its lines are made canonical.

    Raises:
        ScanReportError: they are not whole blocks, or one is not as it is signed.
    """
    end = first + len(lines)
    if not lines or end > signed.rows or first % signed.block_rows or (end % signed.block_rows and end != signed.rows):
        raise ScanReportError(
            f"rows {first} to {end - 1} are not whole blocks of {signed.block_rows} of the {signed.rows} rows of the "
            "report",
            block_rows=signed.block_rows,
            rows=signed.rows,
        )
    found = list[bytes]()
    for begins in range(0, len(lines), signed.block_rows):
        number = (first + begins) // signed.block_rows
        block = lines[begins : begins + signed.block_rows]
        counted = _digest(block)
        if counted != signed.blocks[number]:
            block = [_canonical(line, first + begins + at) for at, line in enumerate(block)]
            counted = _digest(block)
        if counted != signed.blocks[number]:
            raise ScanReportError(
                f"block {number}, from row {first + begins} on, is not the one that the report signs: "
                f"{signed.blocks[number]} is signed, {counted} was sent",
                block=number,
                report=signed.blocks[number],
                lines=counted,
            )
        found += block
    return found


def _digest(lines: Sequence[bytes]) -> str:
    return hashlib.sha256(b"".join(lines)).hexdigest()[:32]


def _canonical(line: bytes, number: int) -> bytes:
    """Answer a line as it is hashed."""
    (row,) = read_rows([line], number)
    return line_of(row.as_record())


def _as_known_here(ctx: Context, scan: Scan, rows: list[ResultRow]) -> tuple[list[ResultRow], bytes]:
    """Answer rows as the registry keeps them, and the lines of ``findings.jsonl`` that they have."""
    findings = _findings(ctx, scan.id, rows[0].number, rows[-1].number)
    known, lines = list[ResultRow](), list[bytes]()
    for row in rows:
        line = line_of_finding(row)
        try:
            if line is not None:
                lines.append(line_of(line))
            known.append(as_known_here(row, line, findings.get(row.number, ())))
        except (ValueError, KeyError, TypeError) as error:
            raise ScanReportError(f"row {row.number} cannot be used: its evidence is none", row=row.number) from error
    return known, b"".join(lines)


def _findings(ctx: Context, scan_id: str, first: int, last: int) -> dict[int, Sequence[Finding]]:
    query = (
        select(Finding)
        .join(ScanRow, Finding.scan_row_id == ScanRow.id)
        .where(ScanRow.scan_id == scan_id, ScanRow.number.between(first, last))
        .options(joinedload(Finding.scan_row))
        .order_by(ScanRow.number, Finding.rank)
    )
    with ctx.database.read() as session:
        found: Sequence[Any] = session.scalars(query).all()
    return {number: list(each) for number, each in groupby(found, lambda finding: finding.scan_row.number)}
