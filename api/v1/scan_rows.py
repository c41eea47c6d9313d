"""Rows of a scan that was reported: sent after its report, in parts, and shown once all of them are there."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.headers import entity_tag
from api.idempotency import idempotent
from api.schemas.scan_rows import NewRows, RowsOut
from api.schemas.scans import ScanOut, ScanPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.scanning import receiving_rows
from registry.scanning.row_lines import LARGEST_PART

resource = new_resource("scan-rows", "The rows of a scan that was made elsewhere.")


@resource.get("/scans/<id:scan_id>/rows", responses={200: RowsOut})
def get_scan_rows(path: ScanPath) -> Response:
    """Say how far the rows of a scan have come that was reported, and where the next part begins."""
    return answer(RowsOut.of(receiving_rows.rows_standing(context(), principal(), path.scan_id)))


@resource.post("/scans/<id:scan_id>/rows", responses={200: RowsOut})
@idempotent()
def send_scan_rows(path: ScanPath, form: NewRows) -> Response:
    """Take a part of the rows of a scan that was reported, once each block of it is the one that the report signs."""
    content = form.file.stream.read(LARGEST_PART + 1)
    standing = receiving_rows.receive_rows(context(), principal(), path.scan_id, first=form.first, content=content)
    return answer(RowsOut.of(standing))


@resource.post("/scans/<id:scan_id>/rows/complete", responses={200: ScanOut})
@idempotent()
def complete_scan_rows(path: ScanPath) -> Response:
    """Say that all rows were sent: they are shown from then on, where they are what the report counts."""
    scan = receiving_rows.complete_rows(context(), principal(), path.scan_id)
    return answer(ScanOut.of(scan), tag=entity_tag(scan.version))
