"""Reports of use: what a studio says it used on days that are over, line by line or pasted from a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import named_wrong, told
from api.pages.studio.money import MONEY, own_licences
from api.pages.studio.refusals import REFUSALS
from api.pages.uses import wording_of_uses
from api.paging import PageQuery
from api.schemas.usage_reports import NewUsageReport, UsageReportOut
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.ids import IdPrefix
from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.errors import ForbiddenError, InvalidInputError, RegistryError
from registry.services import people, usage_reports

_ALL: Final = f"{MONEY}/reports"
COLUMNS: Final = ("licence_id", "unit", "medium", "quantity", "use_mode", "project")
"""Of a line of use, in this order; the last two may be left out."""
_FEWEST: Final = 4
_LINES_SHOWN: Final = 3
_ITEM: Final = re.compile(r"^#/items/([0-9]{1,4})(?:/|$)")

LABELS: Final[Mapping[str, str]] = {
    "starts_on": N_("First day"),
    "ends_on": N_("Last day"),
    "licence_id": N_("Licence"),
    "quantity": N_("How much"),
    "unit": N_("Unit"),
    "medium": N_("Where it is heard"),
    "use_mode": N_("How it is made"),
    "project": N_("Project"),
    "note": N_("Remark"),
}
"""What the parts of the form are called, by the name of the API's member or of an error's figure."""


@personal.get(_ALL)
@stands_for("GET /v1/usage-reports")
def show_usage_reports() -> Response:
    """Show what was reported, oldest first."""
    query = asked(PageQuery)
    found = usage_reports.list_reports(
        context(), principal(), after=query.after(IdPrefix.USAGE_REPORT), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/usage_reports",
        items=items,
        cursor=cursor,
        people=people.accounts_named(context(), {each.reported_by for each in items}),
        may_report=_may_report(),
    )


def _may_report() -> bool:
    return Scope.LEDGER_WRITE in principal().scopes and principal().role is Role.STUDIO_ADMIN


@personal.get(f"{_ALL}/new")
@stands_for("POST /v1/usage-reports", "GET /v1/licences")
def show_new_usage_report() -> Response:
    """Show the form of a report of use; of a correction, with what it corrects."""
    _require_may_report()
    amended = request.args.get("amends_id", "")
    return _form(_fields_of(amended) if amended else request.args)


def _require_may_report() -> None:
    principal().require(Scope.LEDGER_WRITE)
    if not _may_report():
        raise ForbiddenError("who used a voice reports the use", role=principal().role.value)


def _fields_of(report_id: str) -> Mapping[str, str]:
    report = UsageReportOut.of(usage_reports.get_report(context(), principal(), report_id))
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    for item in report.items:
        rows.writerow([item.licence_id, item.unit, item.medium, item.quantity, item.use_mode, item.project or ""])
    return {
        "amends_id": report.id,
        "starts_on": report.starts_on.isoformat(),
        "ends_on": report.ends_on.isoformat(),
        "note": report.note or "",
        "lines": written.getvalue(),
    }


def _form(typed: Mapping[str, str], error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    return page_of(
        "studio/usage_report_new",
        status,
        typed=typed,
        problem=problem,
        wrong=[*_wrong_lines(error), *named_wrong(error, LABELS)],
        rows=range(1, _LINES_SHOWN + 1),
        columns=COLUMNS,
        licences=own_licences(),
        usage_units=list(UsageUnit),
        media=list(Medium),
        modes=list(UseMode),
        **wording_of_uses(),
    )


def _wrong_lines(error: RegistryError | None) -> list[str]:
    """Answer which lines an error is about, counted as they were sent."""
    if error is None:
        return []
    found = error.figures.get("errors")
    pointers = (
        [str(each.get("pointer", "")) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    )
    lines = [int(index) + 1 for each in pointers for index in _ITEM.findall(each)]
    named = dict.fromkeys([int(str(error.figures["line"]))] if "line" in error.figures else lines)
    return [_("Line %(number)s") % {"number": number} for number in named]


@personal.post(f"{_ALL}/new")
@stands_for("POST /v1/usage-reports", "GET /v1/licences")
@once
def report_usage() -> Response:
    """Report what was used on days that are over."""
    _require_may_report()
    try:
        body = checked(NewUsageReport, **_sent())
        report = usage_reports.report_usage(
            context(),
            principal(),
            studio_id=None,
            period=body.period(),
            items=[item.value() for item in body.items],
            note=body.note,
            amends_id=body.amends_id,
        )
    except RegistryError as error:
        return _form(request.form, error)
    return went_on(f"{_ALL}/{report.id}", done="reported")


def _sent() -> dict[str, Any]:
    form = request.form
    return {
        "starts_on": form.get("starts_on", ""),
        "ends_on": form.get("ends_on", ""),
        "items": [*_typed(form), *_pasted(form.get("lines", ""))],
        "note": form.get("note", "").strip() or None,
        "amends_id": form.get("amends_id", "").strip() or None,
    }


def _typed(form: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Answer the lines that were filled in field by field; one without a quantity is none."""
    for row in range(1, _LINES_SHOWN + 1):
        cells = [form.get(f"{name}-{row}", "") for name in COLUMNS]
        if form.get(f"quantity-{row}", "").strip():
            yield _item(cells)


def _pasted(text: str) -> Iterator[dict[str, Any]]:
    """Answer the lines that were pasted: comma, semicolon or tab between the cells; a line of column names is none."""
    for number, line in enumerate(text.splitlines(), 1):
        mark = next((each for each in ("\t", ";") if each in line), ",")
        cells = next(csv.reader([line], delimiter=mark), [])
        if not cells or cells[0].strip().lower() == COLUMNS[0]:
            continue
        if len(cells) < _FEWEST or len(cells) > len(COLUMNS):
            raise InvalidInputError(f"line {number} does not have the columns {', '.join(COLUMNS)}", line=number)
        yield _item(cells)


def _item(cells: list[str]) -> dict[str, Any]:
    said = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=False))
    said["use_mode"] = said.get("use_mode") or UseMode.FIXED.value
    return {**said, "project": said.get("project") or None}


@personal.get(f"{_ALL}/<id:report_id>")
@stands_for("GET /v1/usage-reports/{report_id}")
def show_usage_report(report_id: str) -> Response:
    """Show one report of use."""
    report = UsageReportOut.of(usage_reports.get_report(context(), principal(), report_id))
    return page_of(
        "studio/usage_report",
        report=report,
        titles=people.licences_titled(context(), {item.licence_id for item in report.items}),
        people=people.accounts_named(context(), {report.reported_by}),
        may_report=_may_report(),
        **wording_of_uses(),
    )
