"""What came of a scan: its report, its pages, its rows; and calling one off."""

from __future__ import annotations

from flask import Response, send_file

from api.answers import answer
from api.document import answers_only, depends_on_state
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import NumberedQuery, numbered_page
from api.schemas.scan_results import (
    CoveragePage,
    CoveredOut,
    DifferenceOut,
    DifferencePage,
    DifferencesQuery,
    PageLanguage,
    RowsQuery,
    ScanRowOut,
    ScanRowPage,
    settings_of,
)
from api.schemas.scans import ScanOut, ScanPath
from api.state import context, principal
from api.v1.people import shown_people
from api.v1.resource import new_resource
from registry.scanning import served_files, serving
from registry.scanning.page_parts import POLICY
from registry.scanning.served_coverage import coverage_of
from registry.scanning.served_differences import differences_of
from registry.scanning.served_rows import rows_of_scan

resource = new_resource("scan-results", "What came of a scan: its signed report, its pages, its rows.")

_PARQUET = "application/vnd.apache.parquet"


@resource.post("/scans/<id:scan_id>/cancel", responses={200: ScanOut})
@idempotent()
def cancel_scan(path: ScanPath, header: ChangeHeaders) -> Response:
    """Call off a scan that workers run, or are to run. What is done of it is kept for its time, and shown to nobody."""
    scan = serving.cancel_scan(context(), principal(), path.scan_id, if_version=header.version())
    return answer(ScanOut.of(scan), tag=entity_tag(scan.version))


@resource.get("/scans/<id:scan_id>/report")
@depends_on_state
@answers_only("application/json")
def get_scan_report(path: ScanPath) -> Response:
    """Answer the signed report, `report.json`: of the workers, or as it was filed."""
    return Response(served_files.report_of(context(), principal(), path.scan_id), mimetype="application/json")


@resource.get("/scans/<id:scan_id>/report.html")
@depends_on_state
@answers_only("text/html")
def get_scan_page(path: ScanPath, query: PageLanguage) -> Response:
    """Answer the report as a page that fetches nothing and runs nothing."""
    content = served_files.page_of(context(), principal(), path.scan_id, query.lang.value)
    response = Response(content, mimetype="text/html")
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors 'none'; sandbox"
    return response


@resource.get("/scans/<id:scan_id>/results", responses={200: ScanRowPage})
@depends_on_state
def list_scan_results(path: ScanPath, query: RowsQuery) -> Response:
    """List the rows, one for each input, in the order of the source; or those that are wanted, the weightiest first."""
    found = rows_of_scan(context(), principal(), path.scan_id, query.wanted())
    return numbered_page(found, query, ScanRowPage, ScanRowOut.of, last=query.last(found))


@resource.get("/scans/<id:scan_id>/coverage", responses={200: CoveragePage})
@depends_on_state
def list_scan_coverage(path: ScanPath, query: NumberedQuery) -> Response:
    """List everybody who was found, with how often, and how often chance alone may have brought them up."""
    after = query.after(first=0)
    found = coverage_of(context(), principal(), path.scan_id)[after + 1 : after + 2 + query.limit]
    people = shown_people({one.performer_id for one in found})
    last = after + min(len(found), query.limit)
    return numbered_page(found, query, CoveragePage, lambda one: CoveredOut.of(one, people), last=last)


@resource.get("/scans/<id:scan_id>/differences", responses={200: DifferencePage})
@depends_on_state
def list_scan_differences(path: ScanPath, query: DifferencesQuery) -> Response:
    """List what changed from an earlier scan; what differs in how they were made stands before it."""
    comparison = differences_of(context(), principal(), path.scan_id, earlier_id=query.earlier)
    after = query.after(first=0)
    wanted = comparison.differences if query.change is None else comparison.of(query.change)
    found = wanted[after + 1 : after + 2 + query.limit]
    return numbered_page(
        found,
        query,
        DifferencePage,
        DifferenceOut.of,
        last=after + min(len(found), query.limit),
        beside={"setting": settings_of(comparison), "counts": comparison.as_counts()},
    )


@resource.get("/scans/<id:scan_id>/results.parquet")
@depends_on_state
@answers_only(_PARQUET)
def get_scan_table(path: ScanPath) -> Response:
    """Answer all rows as one table."""
    table = served_files.results_file(context(), principal(), path.scan_id)
    return send_file(table, mimetype=_PARQUET, as_attachment=True, download_name=f"{path.scan_id}.parquet")
