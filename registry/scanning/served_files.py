"""What came of a scan, for those who may see it: its signed report, its pages, and its rows, a few at a time.

It needs no engine. What reads tables is loaded where one is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from registry.domain.accounts import Principal
from registry.domain.scans import ScanOrigin, ScanState
from registry.errors import ConflictError, NotFoundError
from registry.scanning.results import REPORT, RESULTS, ResultRow
from registry.scanning.signing import REPORT_TYPE, open_claims
from registry.services.context import Context
from registry.services.scan_work import folder_of
from registry.services.scans import get_scan
from registry.store.scans import Scan

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """Which rows are wanted.

    Attributes:
        after: number of the row that the page begins after; -1 for the first page.
        limit: how many at most.
        where: value by column.
    """

    after: int
    limit: int
    where: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def report_of(ctx: Context, principal: Principal, scan_id: str) -> bytes:
    """Answer the signed report of a scan that is done, as JSON: that of workers, or the one that was filed.

    Raises:
        NotFoundError: there is no such scan that the caller may see, or its report is not kept any more.
        ConflictError: it is not done; figure ``state``.
    """
    scan = _done(ctx, principal, scan_id)
    if scan.origin is ScanOrigin.SERVER:
        return _read(_file(ctx, scan, REPORT))
    filed = _filed(ctx, scan_id)
    if filed is None:
        raise NotFoundError("the report of this scan is not kept any more")
    claims = dict(open_claims(filed, typ=REPORT_TYPE).claims)
    return json.dumps({"jws": filed, "report": claims}, ensure_ascii=False, indent=1).encode() + b"\n"


def page_of(ctx: Context, principal: Principal, scan_id: str, language: str) -> bytes:
    """Answer the report of a scan as a page.

    Args:
        ctx: what verbs work with.
        principal: who asks.
        scan_id: of the scan.
        language: ``en`` or ``ko``.

    Raises:
        NotFoundError: there is no such scan that the caller may see, or its pages are where it was made.
        ConflictError: it is not done; figure ``state``.
    """
    from registry.scanning.folder import PAGES

    return _read(_file(ctx, _served(ctx, principal, scan_id), PAGES[language]))


def results_file(ctx: Context, principal: Principal, scan_id: str) -> Path:
    """Answer where the table of all rows is.

    Raises:
        NotFoundError, ConflictError: see `page_of`.
    """
    return _file(ctx, _served(ctx, principal, scan_id), RESULTS)


def rows_of_scan(ctx: Context, principal: Principal, scan_id: str, wanted: RowsWanted) -> Sequence[ResultRow]:
    """Answer a page of rows, in their order, in memory that grows with the page and not with the table.

    Raises:
        NotFoundError, ConflictError: see `page_of`.
    """
    from pyarrow import parquet

    found: list[ResultRow] = []
    with parquet.ParquetFile(results_file(ctx, principal, scan_id)) as table:
        end = 0
        for group in range(table.num_row_groups):
            end += table.metadata.row_group(group).num_rows
            if end > wanted.after + 1 and len(found) < wanted.limit:
                found += _of_group(table, group, wanted, wanted.limit - len(found))
    return found


def _of_group(table: parquet.ParquetFile, group: int, wanted: RowsWanted, limit: int) -> list[ResultRow]:
    """Answer the first rows of a group that are wanted; only what they are told by is read of the others."""
    from pyarrow import compute

    told: pa.Table = table.read_row_group(group, columns=["number", *wanted.where])
    chosen = compute.greater(told["number"], wanted.after)
    for column, value in wanted.where.items():
        chosen = compute.and_(chosen, compute.equal(told[column], value))
    places = compute.indices_nonzero(chosen)[:limit]
    if not len(places):
        return []
    return [ResultRow.of(record) for record in table.read_row_group(group).take(places).to_pylist()]


# --- which scan ------------------------------------------------------------------------------------------------------


def _done(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    scan = get_scan(ctx, principal, scan_id)
    if scan.state is not ScanState.DONE:
        raise ConflictError(
            f"the scan is {scan.state.value}: there are results once it is done", state=scan.state.value
        )
    return scan


def _served(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    scan = _done(ctx, principal, scan_id)
    if scan.origin is not ScanOrigin.SERVER:
        raise NotFoundError("this scan was made where its recordings are: its rows and pages are there")
    return scan


def _filed(ctx: Context, scan_id: str) -> str | None:
    with ctx.database.read() as session:
        scan = session.get(Scan, scan_id)
        return None if scan is None else scan.report


def _file(ctx: Context, scan: Scan, name: str) -> Path:
    path = folder_of(ctx, scan) / name
    if not path.is_file():
        raise NotFoundError("what came of this scan is not kept here any more")
    return path


def _read(path: Path) -> bytes:
    return path.read_bytes()
