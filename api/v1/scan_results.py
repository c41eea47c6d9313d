"""What came of a scan: its report, its pages, its rows; and calling one off."""

from __future__ import annotations

from flask import Response, send_file

from api.answers import answer
from api.document import answers_only
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import numbered_page
from api.schemas.scan_results import PageLanguage, RowsQuery, ScanRowOut, ScanRowPage
from api.schemas.scans import ScanOut, ScanPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.scanning import served_files, serving
from registry.scanning.page_parts import POLICY
from registry.scanning.served_files import RowsWanted

resource = new_resource("scan-results", "What came of a scan: its signed report, its pages, its rows.")

_PARQUET = "application/vnd.apache.parquet"


@resource.post("/scans/<id:scan_id>/cancel", responses={200: ScanOut})
@idempotent()
def cancel_scan(path: ScanPath, header: ChangeHeaders) -> Response:
    """Call off a scan that workers run, or are to run. What is done of it is kept for its time, and shown to nobody."""
    scan = serving.cancel_scan(context(), principal(), path.scan_id, if_version=header.version())
    return answer(ScanOut.of(scan), tag=entity_tag(scan.version))


@resource.get("/scans/<id:scan_id>/report")
@answers_only("application/json")
def get_scan_report(path: ScanPath) -> Response:
    """Answer the signed report, `report.json`: of the workers, or as it was filed."""
    return Response(served_files.report_of(context(), principal(), path.scan_id), mimetype="application/json")


@resource.get("/scans/<id:scan_id>/report.html")
@answers_only("text/html")
def get_scan_page(path: ScanPath, query: PageLanguage) -> Response:
    """Answer the report as a page that fetches nothing and runs nothing."""
    content = served_files.page_of(context(), principal(), path.scan_id, query.lang.value)
    response = Response(content, mimetype="text/html")
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors 'none'; sandbox"
    return response


@resource.get("/scans/<id:scan_id>/results", responses={200: ScanRowPage})
def list_scan_results(path: ScanPath, query: RowsQuery) -> Response:
    """List the rows, one for each input, in the order of the source."""
    wanted = RowsWanted(query.after(first=0), query.limit + 1, query.where())
    found = served_files.rows_of_scan(context(), principal(), path.scan_id, wanted)
    last = found[: query.limit][-1].number if found else -1
    return numbered_page(found, query, ScanRowPage, ScanRowOut.of, last=last)


@resource.get("/scans/<id:scan_id>/results.parquet")
@answers_only(_PARQUET)
def get_scan_table(path: ScanPath) -> Response:
    """Answer all rows as one table."""
    table = served_files.results_file(context(), principal(), path.scan_id)
    return send_file(table, mimetype=_PARQUET, as_attachment=True, download_name=f"{path.scan_id}.parquet")
