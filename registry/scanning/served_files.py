"""What came of a scan, for those who may see it: its signed report, its pages, and where its table is.

It needs no engine. What reads tables is loaded where one is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry.domain.accounts import Principal
from registry.domain.scans import ScanOrigin, ScanState
from registry.errors import ConflictError, NotFoundError
from registry.scanning.results import PLAN, REPORT, RESULTS, SUMMARY
from registry.scanning.signing import REPORT_TYPE, open_claims
from registry.services.context import Context
from registry.services.scan_work import folder_of
from registry.services.scans import get_scan
from registry.store.scans import Scan


def report_of(ctx: Context, principal: Principal, scan_id: str) -> bytes:
    """Answer the signed report of a scan that is done, as JSON: that of workers, or the one that was filed.

    Raises:
        NotFoundError: there is no such scan that the caller may see, or its report is not kept any more.
        ConflictError: it is not done; figure ``state``.
    """
    scan = done_scan(ctx, principal, scan_id)
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

    scan = _served(ctx, principal, scan_id)
    if scan.origin is not ScanOrigin.SERVER:
        raise NotFoundError("this scan was made where its recordings are: its pages are there")
    return _read(_file(ctx, scan, PAGES[language]))


def results_file(ctx: Context, principal: Principal, scan_id: str) -> Path:
    """Answer where the table of all rows is.

    Raises:
        NotFoundError, ConflictError: see `page_of`.
    """
    return _file(ctx, _served(ctx, principal, scan_id), RESULTS)


def plan_and_summary(ctx: Context, principal: Principal, scan_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Answer what was asked of a scan whose rows are here, and what it came to.

    Raises:
        NotFoundError, ConflictError: see `page_of`.
    """
    from registry.scanning.folder import read_json

    scan = _served(ctx, principal, scan_id)
    return read_json(_file(ctx, scan, PLAN)), read_json(_file(ctx, scan, SUMMARY))


def folder_of_results(ctx: Context, principal: Principal, scan_id: str) -> Path:
    """Answer the folder of a scan whose rows are here, in which its plan and its table are.

    Raises:
        NotFoundError, ConflictError: see `page_of`.
    """
    scan = _served(ctx, principal, scan_id)
    _file(ctx, scan, PLAN)
    return _file(ctx, scan, RESULTS).parent


# --- which scan ------------------------------------------------------------------------------------------------------


def done_scan(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    """Answer a scan that is done.

    Raises:
        NotFoundError: there is no such scan that the caller may see.
        ConflictError: it is not done; figure ``state``.
    """
    scan = get_scan(ctx, principal, scan_id)
    if scan.state is not ScanState.DONE:
        raise ConflictError(
            f"the scan is {scan.state.value}: there are results once it is done", state=scan.state.value
        )
    return scan


def _served(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    scan = done_scan(ctx, principal, scan_id)
    if not scan.has_rows:
        raise NotFoundError("this scan was made where its recordings are: its rows are there, and were not sent")
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
