"""Sending the rows of a scan that was reported, as one file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.limits import MULTIPART, Takes
from api.pages.auditor.refused import said_of_rows
from api.pages.auditor.scan_requests import require_asker
from api.pages.auditor.scans import SCANS, page_of_scan
from api.pages.forms import once
from api.pages.language import _
from api.pages.personal import personal, stands_for, takes, went_on
from api.state import context, principal
from registry.errors import ConflictError, InvalidInputError
from registry.scanning.receiving_rows import receive_all
from registry.services import scans

_OPERATION: Final = "/v1/scans/{scan_id}/rows"


@personal.post(f"{SCANS}/<id:scan_id>/rows")
@stands_for(f"POST {_OPERATION}", f"POST {_OPERATION}/complete", f"GET {_OPERATION}")
@takes(Takes(MULTIPART, frozenset(), 1))
@once
def send_file_of_rows(scan_id: str) -> Response:
    """Take all rows of a scan that was reported; they are shown once they are what its report signs."""
    require_asker()
    scan = scans.get_scan(context(), principal(), scan_id)
    sent = request.files.get("rows")
    if sent is None or not sent.filename:
        problem = (_("A file is needed."), _("Choose results.jsonl of the scan's folder."))
        return page_of_scan(scan, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
    try:
        receive_all(context(), principal(), scan_id, sent.stream)
    except (InvalidInputError, ConflictError) as error:
        return page_of_scan(scan, HTTPStatus.UNPROCESSABLE_ENTITY, problem=said_of_rows(error))
    return went_on(f"{SCANS}/{scan_id}", done="rows")
