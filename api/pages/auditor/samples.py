"""Samples of a scan: rows for persons to hear, drawn again by the same seed, and what they say of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from api.limits import MULTIPART, Takes
from api.pages.auditor.refused import said_of_marks
from api.pages.auditor.scans import SCANS, shown_scan
from api.pages.auditor.words import LENGTHS, wording_of_scans
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import _
from api.pages.personal import page_of, personal, stands_for, takes, went_on
from api.pages.verdicts import FOUND
from api.schemas.scan_samples import SampleQuery
from api.state import context, principal
from api.v1.people import shown_people
from registry.domain.accounts import Scope
from registry.domain.scan_samples import Mark, SampledBy
from registry.domain.scores import EvidenceOutcome
from registry.errors import ConflictError, InvalidInputError
from registry.interchange.pay_statements import plain_cell
from registry.scanning.served_marks import (
    HEARD,
    LARGEST,
    Standing,
    mark_rows,
    read_marks,
    samples_of,
    standing_of,
    who_marks,
)
from registry.scanning.served_sample import Sample, sample_of
from registry.services import people, scans

_ONE: Final = f"{SCANS}/<id:scan_id>"
_OPERATION: Final = "/v1/scans/{scan_id}"
_COLUMNS: Final = ("number", "name", "stratum", "outcome", "verdict", "performer_id", HEARD)
_MOST_SAMPLES: Final = 20
_FORM_OF_A_MARK: Final = "number, and agree, disagree or unsure"


@personal.get(f"{_ONE}/sample")
@stands_for(f"GET {_OPERATION}/sample", f"GET {_OPERATION}", f"GET {_OPERATION}/samples", f"GET {_OPERATION}/marks")
def show_scan_sample(scan_id: str) -> Response:
    """Show rows that were drawn for persons to hear, and what they have said of them."""
    return _page(scan_id)


@personal.post(f"{_ONE}/sample")
@stands_for(f"POST {_OPERATION}/marks", f"GET {_OPERATION}/sample", f"GET {_OPERATION}")
@takes(Takes(MULTIPART, frozenset(), 1))
@once
def send_scan_marks(scan_id: str) -> Response:
    """Keep what a person says of rows, by the list that they have filled in."""
    who_marks(principal())
    sent = request.files.get("marks")
    content = b"" if sent is None else sent.stream.read(LARGEST + 1)
    query = _asked()
    try:
        marks = read_marks(content)
        mark_rows(context(), principal(), scan_id, query.wanted(), marks)
    except InvalidInputError as error:
        return _page(scan_id, HTTPStatus.UNPROCESSABLE_ENTITY, problem=said_of_marks(error))
    except ConflictError as error:
        return _page(scan_id, HTTPStatus.CONFLICT, problem=said_of_marks(error))
    return went_on(_address(scan_id, query), done="kept" if marks else "none")


@personal.post(f"{_ONE}/sample/mark")
@stands_for(f"POST {_OPERATION}/marks", f"GET {_OPERATION}/sample", f"GET {_OPERATION}")
@once
def mark_scan_row(scan_id: str) -> Response:
    """Keep what a person says of one row, and go on with the next that they have not marked."""
    who_marks(principal())
    query = _asked()
    try:
        number, mark = _pressed(request.form.get("mark", ""))
        standing = mark_rows(context(), principal(), scan_id, query.wanted(), {number: mark})
    except InvalidInputError as error:
        return _page(scan_id, HTTPStatus.UNPROCESSABLE_ENTITY, problem=said_of_marks(error))
    except ConflictError as error:
        return _page(scan_id, HTTPStatus.CONFLICT, problem=said_of_marks(error))
    return went_on(f"{_address(scan_id, query)}#row-{_next(standing, number)}")


def _pressed(said: str) -> tuple[int, Mark]:
    """Read which button of which row was pressed.

    Raises:
        InvalidInputError: it is none.
    """
    number, _space, mark = said.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) < len("10000000000") and mark in set(Mark)):
        raise InvalidInputError(f"a mark is {_FORM_OF_A_MARK}", mark=said[:100])
    return int(number), Mark(mark)


def _next(standing: Standing, number: int) -> int:
    """Answer the next row that is not marked, from the beginning again behind the last; the same where none is left."""
    left = [each for each, _stratum, _outcome in standing.sample.rows if each not in standing.own]
    return next((each for each in left if each > number), left[0] if left else number)


def _address(scan_id: str, query: SampleQuery) -> str:
    return f"{SCANS}/{scan_id}/sample?{_told(query)}"


def _told(query: SampleQuery) -> str:
    return urlencode({"size": query.size, "seed": query.seed, "by": query.by.value})


def _page(scan_id: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    scan = scans.get_scan(context(), principal(), scan_id)
    query = _asked()
    drawn = sample_of(context(), principal(), scan_id, query.wanted())
    standing = standing_of(context(), principal(), scan_id, query.wanted())
    found = samples_of(context(), principal(), scan_id, after=None, limit=_MOST_SAMPLES)
    return page_of(
        "auditor/sample",
        status,
        **shown_scan(scan),
        drawn=drawn,
        query=query,
        told=_told(query),
        standing=standing,
        others=[each for each in found if each.id != standing.sample.id],
        names=people.colleagues_named(context(), principal(), list(standing.said)),
        may_mark=Scope.SCANS_WRITE in principal().scopes and not principal().is_operator,
        choices=list(SampledBy),
        marks=list(Mark),
        stratum_said=stratum_said,
        outcome_of=lambda row: EvidenceOutcome(row.outcome) if row.outcome else None,
        outcome_called=EvidenceOutcome,
        people=shown_people({row.performer for _stratum, row in drawn.rows if row.performer}),
        scripts=True,
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
