"""Samples of a scan: rows for a person to hear, drawn again by the same seed; and how often the engine was wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.limits import MULTIPART, Takes
from api.pages.auditor.scans import SCANS, source_of
from api.pages.auditor.words import LENGTHS, wording_of_scans
from api.pages.checked import checked
from api.pages.language import _
from api.pages.personal import page_of, personal, stands_for, takes
from api.pages.verdicts import FOUND
from api.schemas.scan_results import SampleQuery
from api.state import context, principal
from api.v1.people import shown_people
from registry.domain.scores import EvidenceOutcome
from registry.errors import InvalidInputError
from registry.interchange.pay_statements import plain_cell
from registry.scanning.served_marks import HEARD, LARGEST, heard_of
from registry.scanning.served_sample import Sample, SampledBy, sample_of
from registry.services import scans

_ONE: Final = f"{SCANS}/<id:scan_id>"
_OPERATION: Final = "/v1/scans/{scan_id}"
_COLUMNS: Final = ("number", "name", "stratum", "outcome", "verdict", "performer_id", HEARD)


@personal.get(f"{_ONE}/sample")
@stands_for(f"GET {_OPERATION}/sample", f"GET {_OPERATION}")
def show_scan_sample(scan_id: str) -> Response:
    """Show rows that were drawn for a person to hear."""
    return _page(scan_id)


@personal.post(f"{_ONE}/sample")
@stands_for(f"POST {_OPERATION}/marks", f"GET {_OPERATION}/sample", f"GET {_OPERATION}")
@takes(Takes(MULTIPART, frozenset(), 1))
def weigh_scan_sample(scan_id: str) -> Response:
    """Show how often what was found is wrong, by the list that a person has filled in. Nothing of it is kept."""
    sent = request.files.get("marks")
    content = b"" if sent is None else sent.stream.read(LARGEST + 1)
    try:
        marks = heard_of(context(), principal(), scan_id, content)
    except InvalidInputError as error:
        return _page(scan_id, HTTPStatus.UNPROCESSABLE_ENTITY, problem=(_("This list cannot be read."), error.detail))
    return _page(scan_id, marks=marks)


def _page(scan_id: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    scan = scans.get_scan(context(), principal(), scan_id)
    query = _asked()
    drawn = sample_of(context(), principal(), scan_id, query.wanted())
    return page_of(
        "auditor/sample",
        status,
        scan=scan,
        source=source_of(scan),
        drawn=drawn,
        query=query,
        choices=list(SampledBy),
        stratum_said=stratum_said,
        outcome_of=lambda row: EvidenceOutcome(row.outcome) if row.outcome else None,
        outcome_called=EvidenceOutcome,
        people=shown_people({row.performer for _stratum, row in drawn.rows if row.performer}),
        **shown,
        **wording_of_scans(),
    )


@personal.get(f"{_ONE}/sample.csv")
@stands_for(f"GET {_OPERATION}/sample")
def get_scan_sample(scan_id: str) -> Response:
    """Answer the same rows as a list to be filled in by whoever hears them."""
    drawn = sample_of(context(), principal(), scan_id, _asked().wanted())
    response = Response(_written(drawn), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{scan_id}-sample.csv"'
    return response


def _asked() -> SampleQuery:
    sent: Mapping[str, Any] = {
        name: value for name in SampleQuery.model_fields if (value := request.args.get(name, "").strip())
    }
    return checked(SampleQuery, **sent)


def _written(drawn: Sample) -> str:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(_COLUMNS)
    for stratum, row in drawn.rows:
        cells = (row.name, stratum, row.outcome, row.verdict, row.performer, "")
        rows.writerow([row.number, *map(plain_cell, cells)])
    return written.getvalue()


def stratum_said(stratum: str) -> str:
    """Say what a stratum is, where its parts are words of ours; a project is said as it is declared."""
    return " · ".join(_part(part) for part in stratum.split(" ")) if stratum else _("nothing said")


def _part(part: str) -> str:
    if part in LENGTHS:
        return _(LENGTHS[part])
    return _(FOUND[EvidenceOutcome(part)]) if part in set(EvidenceOutcome) else part
