"""Scans: which there are, how far each is, what it came to, and calling one off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.auditor.refused import said_of_end
from api.pages.auditor.words import wording_of_scans
from api.pages.forms import once
from api.pages.language import _
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.paging import PageQuery
from api.schemas.findings import FindingQuery
from api.state import context, principal
from api.v1.people import shown_people
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix
from registry.domain.scans import ENDED, ScanOrigin, ScanState
from registry.scanning import serving
from registry.services import checks, people, scans
from registry.store.scans import Scan

SCANS: Final = "/scans"
_ONE: Final = f"{SCANS}/<id:scan_id>"
_OPERATION: Final = "/v1/scans"
_TOLD_APART: Final = 6
"""So many characters of an id tell it from others that one has."""


@personal.get(SCANS)
@stands_for(f"GET {_OPERATION}")
def show_scans() -> Response:
    """Show the scans of one's own organisation, newest first; to an operator, those of all."""
    query = asked(PageQuery)
    found = scans.list_scans(context(), principal(), after=query.after(IdPrefix.SCAN), limit=query.limit + 1)
    items, cursor = cut(found, query)
    return page_of(
        "auditor/scans",
        items=items,
        cursor=cursor,
        organisations=organisations_of(items),
        may_ask=_may_ask(),
        sources=source_of,
        **wording_of_scans(),
    )


def _may_ask() -> bool:
    return Scope.SCANS_WRITE in principal().scopes and not principal().is_operator


def organisations_of(found: Collection[Scan]) -> Mapping[str, str]:
    """Answer whose scans they are, to an operator, who sees those of all."""
    if not principal().is_operator:
        return {}
    return people.organisations_named(context(), {scan.organisation_id for scan in found})


def source_of(scan: Scan) -> str:
    """Answer what was scanned, as it was asked for; of a report, which says no place, with which file."""
    if scan.request is None:
        return _("Scanned with the gallery file …%(end)s") % {"end": (scan.gallery_file_id or "")[-_TOLD_APART:]}
    return f"{scan.request['root']}/{scan.request['path']}".rstrip("/")


def shown_scan(scan: Scan) -> dict[str, Any]:
    """Answer what every page about a scan shows of it: what was scanned, and who reported it, where somebody has."""
    reported = scan.origin is ScanOrigin.REPORTED
    names = people.organisations_named(context(), {scan.organisation_id} if reported else ())
    return {"scan": scan, "source": source_of(scan), "reporter": names.get(scan.organisation_id)}


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}/{{scan_id}}")
def show_scan(scan_id: str) -> Response:
    """Show how far a scan is, and what it came to."""
    return page_of_scan(scans.get_scan(context(), principal(), scan_id))


def page_of_scan(scan: Scan, status: HTTPStatus = HTTPStatus.OK, *, problem: tuple[str, str] | None = None) -> Response:
    """Answer the page of one scan, with what is wrong with what was sent of it, if something is."""
    return page_of(
        "auditor/scan",
        status,
        problem=problem,
        ended_because=said_of_end(scan.problem),
        **shown_scan(scan),
        organisations=organisations_of([scan]),
        here=scan.has_rows,
        registry=request.host_url.rstrip("/"),
        is_served=scan.origin is ScanOrigin.SERVER,
        may_send=_may_ask(),
        rows_taken=scan.unresolved == 0,
        is_open=scan.state not in ENDED,
        is_done=scan.state is ScanState.DONE,
        left=left_of(scan),
        expected=_said_before(scan, "expected_false_hits"),
        operating_point=_said_before(scan, "operating_point") or {},
        may_cancel=scan.state not in ENDED and Scope.SCANS_WRITE in principal().scopes,
        may_find=Scope.FINDINGS_READ in principal().scopes,
        scripts=scan.state not in ENDED,
        **wording_of_scans(),
    )


def _said_before(scan: Scan, name: str) -> Any:
    return (scan.engine or {}).get(name)


def left_of(scan: Scan) -> timedelta | None:
    """Answer how long a running scan goes on at the pace it had so far; None where that cannot be told yet."""
    if scan.state is not ScanState.RUNNING or scan.started_at is None or not scan.rows_done:
        return None
    return (context().clock() - scan.started_at) / scan.rows_done * (scan.rows - scan.rows_done)


@personal.post(f"{_ONE}/cancel")
@stands_for(f"POST {_OPERATION}/{{scan_id}}/cancel")
@once
def cancel_scan(scan_id: str) -> Response:
    """Call a scan off. One that has ended meanwhile is shown as it ended, and stays so."""
    principal().require(Scope.SCANS_WRITE)
    scan = scans.get_scan(context(), principal(), scan_id)
    if scan.state not in ENDED:  # its version goes up with each shard: that it has gone on is no reason to refuse
        serving.cancel_scan(context(), principal(), scan_id)
        return went_on(f"{SCANS}/{scan_id}", done="cancelled")
    return went_on(f"{SCANS}/{scan_id}", done="over")


@personal.get(f"{_ONE}/findings")
@stands_for("GET /v1/findings", f"GET {_OPERATION}/{{scan_id}}")
def show_scan_findings(scan_id: str) -> Response:
    """Show who was found in a scan and may still be spoken of, newest first."""
    scan = scans.get_scan(context(), principal(), scan_id)
    query = asked(FindingQuery, scan_id=scan_id)
    found = checks.list_findings(
        context(),
        principal(),
        verdict=query.verdict,
        performer_id=query.performer_id,
        scan_id=scan_id,
        after=query.after(IdPrefix.FINDING),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "auditor/findings",
        **shown_scan(scan),
        items=items,
        cursor=cursor,
        query=query,
        people=shown_people({finding.performer_id for finding in items}),
        **wording_of_scans(),
    )


def home() -> Response:
    """Show an auditor the scans that run, and those that came last."""
    found = scans.list_scans(context(), principal(), after=None, limit=10)
    own = principal().organisation_id
    names = people.organisations_named(context(), {own})
    return page_of(
        "auditor/home",
        organisation=names.get(own or "", "") or _("My page"),
        running=[scan for scan in found if scan.state not in ENDED],
        ended=[scan for scan in found if scan.state in ENDED],
        sources=source_of,
        may_ask=_may_ask(),
        done=request.args.get("done", ""),
        **wording_of_scans(),
    )
