"""Asking for a scan: what it would come to is said before; and filing the report of one that was made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.limits import MULTIPART, Takes
from api.pages.auditor.refused import NO_ROOT, said_of_asking
from api.pages.auditor.words import wording_of_scans
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import _
from api.pages.personal import page_of, personal, stands_for, takes, went_on
from api.rate_limits import of_app
from api.rates import Budget
from api.schemas.scans import EstimateQuery, NewScan
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, SourceError
from registry.scanning import foreseen, receiving, serving
from registry.scanning.declared import declared_use
from registry.scanning.reported import LARGEST_REPORT
from registry.services.engine_settings import settings_in_force

_NEW: Final = "/scans/new"
_OPERATION: Final = "/v1/scans"
_ESTIMATED: Final = ("root", "path", "limit", "target_fpir")
_FIELDS: Final = (*_ESTIMATED, "kind", "declared_use", "project")
_STRICTER: Final = (1.0, 0.1, 0.01)
"""Rates of chance matches that are offered, as shares of the one in force."""


@personal.get(_NEW)
@stands_for("GET /v1/scan-estimate", "GET /v1/scan-roots", f"POST {_OPERATION}")
def show_new_scan() -> Response:
    """Show the form by which a scan is asked for; once a root is named, what the scan would come to."""
    require_asker()
    typed = _typed(request.args)
    roots = serving.roots_for(context(), principal())
    if not typed.get("root"):
        return _form(typed, roots=roots)
    of_app().spend(Budget.SCANS, principal().organisation_id or principal().account_id)
    try:
        query = checked(EstimateQuery, **{name: typed[name] for name in _ESTIMATED if name in typed})
        asked = checked(NewScan, **typed).request()
        declared_use(asked.declared_use, serving.use_kind(asked.kind))
        return _form(typed, roots=roots, expected=foreseen.foresee(context(), principal(), query.request()))
    except (InvalidInputError, NotFoundError) as error:
        unseen, problem = isinstance(error, SourceError), said_of_asking(error)
        return _form(typed, HTTPStatus.UNPROCESSABLE_ENTITY, roots=roots, problem=problem, all_the_same=unseen)


@personal.post(_NEW)
@stands_for(f"POST {_OPERATION}")
@once
def ask_for_scan() -> Response:
    """Have workers scan what was looked at before."""
    require_asker()
    typed = _typed(request.form)
    if not typed.get("root"):
        return _form(typed, HTTPStatus.UNPROCESSABLE_ENTITY, problem=(_(NO_ROOT[0]), _(NO_ROOT[1])))
    of_app().spend(Budget.SCANS, principal().organisation_id or principal().account_id)
    try:
        scan = serving.request_scan(context(), principal(), checked(NewScan, **typed).request())
    except (InvalidInputError, NotFoundError, ConflictError) as error:
        return _form(typed, HTTPStatus.UNPROCESSABLE_ENTITY, problem=said_of_asking(error))
    return went_on(f"/scans/{scan.id}", done="asked")


def require_asker() -> None:
    """Refuse whoever may not ask for scans here: operators do so in an organisation's name, over the API.

    Raises:
        ForbiddenError: they may not.
    """
    principal().require(Scope.SCANS_WRITE)
    if principal().is_operator:
        raise ForbiddenError("operators ask for scans over the API, in an organisation's name")


def _typed(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in _FIELDS if (value := sent.get(name, "").strip())}


def _form(
    typed: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    roots: Any = None,
    expected: foreseen.Foreseen | None = None,
    problem: tuple[str, str] | None = None,
    all_the_same: bool = False,
) -> Response:
    in_force = settings_in_force(context())[1].target_fpir
    roots = serving.roots_for(context(), principal()) if roots is None else roots
    return page_of(
        "auditor/scan_new",
        status,
        typed=typed,
        roots=roots,
        in_force=in_force,
        rates=[in_force * share for share in _STRICTER],
        expected=expected,
        problem=problem,
        all_the_same=all_the_same,
        **wording_of_scans(),
    )


# --- filing a report -------------------------------------------------------------------------------------------------


@personal.get("/scans/file")
@stands_for(f"POST {_OPERATION}")
def show_filing() -> Response:
    """Show the form by which the report of a scan is filed that was made where the recordings are."""
    require_asker()
    return _filing()


def _filing(status: HTTPStatus = HTTPStatus.OK, *, problem: tuple[str, str] | None = None) -> Response:
    return page_of("auditor/scan_file", status, problem=problem, registry=request.host_url.rstrip("/"))


@personal.post("/scans/file")
@stands_for(f"POST {_OPERATION}")
@takes(Takes(MULTIPART, frozenset(), 2))
@once
def file_report() -> Response:
    """File a signed report with the findings that it signs; the same report again leads to the same scan."""
    require_asker()
    report, findings = request.files.get("report"), request.files.get("findings")
    if report is None or findings is None or not report.filename or not findings.filename:
        problem = (_("Two files are needed."), _("Choose report.json and findings.jsonl of the scan's folder."))
        return _filing(HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
    of_app().spend(Budget.SCANS, principal().organisation_id or principal().account_id)
    try:
        received = receiving.receive_scan(
            context(),
            principal(),
            report=report.stream.read(LARGEST_REPORT + 1),
            findings=findings.stream.read(receiving.LARGEST_FINDINGS + 1),
        )
    except (InvalidInputError, NotFoundError, ConflictError) as error:
        return _filing(HTTPStatus.UNPROCESSABLE_ENTITY, problem=said_of_asking(error))
    return went_on(f"/scans/{received.scan.id}", done="again" if received.again else "filed")
