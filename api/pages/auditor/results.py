"""What a scan came to: its rows, who was found how often, and what changed from an earlier one."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from flask import Response, request

from api.pages.auditor.scans import SCANS, shown_scan, source_of
from api.pages.auditor.words import wording_of_scans
from api.pages.checked import checked
from api.pages.personal import page_of, personal, stands_for
from api.paging import NumberedQuery, cursor_after_number
from api.schemas.scan_results import DifferencesQuery, RowsQuery, settings_of
from api.state import context, principal
from api.v1.people import shown_people
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.scanning.changes import Change
from registry.scanning.results import ResultRow
from registry.scanning.served_coverage import coverage_of
from registry.scanning.served_differences import differences_of
from registry.scanning.served_files import plan_and_summary
from registry.scanning.served_rows import rows_of_scan
from registry.services import scans

_ONE: Final = f"{SCANS}/<id:scan_id>"
_OPERATION: Final = "/v1/scans/{scan_id}"
_MOST_EARLIER: Final = 50
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TOLD_APART: Final = 12


def _sent(model: type[NumberedQuery], **fixed: Any) -> dict[str, Any]:
    """Answer what the address says of a list; a filter that is left empty is none."""
    return {name: value for name in model.model_fields if (value := request.args.get(name, "").strip())} | fixed


@personal.get(f"{_ONE}/results")
@stands_for(f"GET {_OPERATION}/results", f"GET {_OPERATION}")
def show_scan_rows(scan_id: str) -> Response:
    """Show the rows of a scan, those that are asked for, in the order that is asked for."""
    scan = scans.get_scan(context(), principal(), scan_id)
    query = checked(RowsQuery, **_sent(RowsQuery))
    found = rows_of_scan(context(), principal(), scan_id, query.wanted())
    shown = found[: query.limit]
    more = len(found) > query.limit
    _plan, summary = plan_and_summary(context(), principal(), scan_id)
    return page_of(
        "auditor/rows",
        **shown_scan(scan),
        rows=shown,
        cursor=cursor_after_number(query.last(found)) if more else None,
        query=query,
        errors=sorted(summary.get("errors", {})),
        verdicts=[each for each in Verdict if each.value in summary.get("verdicts", {})],
        outcomes=list(EvidenceOutcome),
        people=shown_people({row.performer for row in shown if row.performer}),
        verdict_of=lambda row: Verdict(row.verdict) if row.verdict else None,
        outcome_of=lambda row: EvidenceOutcome(row.outcome) if row.outcome else None,
        as_close_in=as_close_in,
        **wording_of_scans(),
    )


def as_close_in(row: ResultRow) -> int | None:
    """Answer how many of 1,000 comparable voices are as close as the performer of a row; None where it does not say."""
    candidates = json.loads(row.evidence)["candidates"] if row.evidence else []
    named: dict[str, Any] = next((one for one in candidates if one["performer"] == row.performer), {})
    percentile = named.get("cohort_percentile")
    return None if percentile is None else round((100.0 - percentile) * 10)


@personal.get(f"{_ONE}/coverage")
@stands_for(f"GET {_OPERATION}/coverage", f"GET {_OPERATION}")
def show_scan_coverage(scan_id: str) -> Response:
    """Show who was found how often, beside what chance alone may bring."""
    scan = scans.get_scan(context(), principal(), scan_id)
    query = checked(NumberedQuery, **_sent(NumberedQuery))
    after = query.after(first=0)
    found = coverage_of(context(), principal(), scan_id)
    shown = found[after + 1 : after + 1 + query.limit]
    plan, _summary = plan_and_summary(context(), principal(), scan_id)
    return page_of(
        "auditor/coverage",
        **shown_scan(scan),
        items=shown,
        cursor=cursor_after_number(after + len(shown)) if len(found) > after + 1 + len(shown) else None,
        people=shown_people({one.performer_id for one in shown}),
        enrolled=plan["gallery"]["performers"],
        expected=plan["expected_false_hits"],
        **wording_of_scans(),
    )


@personal.get(f"{_ONE}/differences")
@stands_for(f"GET {_OPERATION}/differences", f"GET {_OPERATION}", "GET /v1/scans")
def show_scan_differences(scan_id: str) -> Response:
    """Show what changed from an earlier scan; first, what differs in how the two were made."""
    scan = scans.get_scan(context(), principal(), scan_id)
    others = [
        each
        for each in scans.list_scans(context(), principal(), after=None, limit=_MOST_EARLIER)
        if each.id != scan_id and each.has_rows
    ]
    shown: dict[str, Any] = {"comparison": None, "people": {}, "items": (), "cursor": None}
    if request.args.get("earlier"):
        query = checked(DifferencesQuery, **_sent(DifferencesQuery))
        shown = _compared(scan_id, query)
    return page_of(
        "auditor/differences",
        **shown_scan(scan),
        others=others,
        sources=source_of,
        changes=list(Change),
        **shown,
        **wording_of_scans(),
    )


def _compared(scan_id: str, query: DifferencesQuery) -> dict[str, Any]:
    earlier = scans.get_scan(context(), principal(), query.earlier)
    comparison = differences_of(context(), principal(), scan_id, earlier_id=query.earlier)
    after = query.after(first=0)
    wanted = comparison.differences if query.change is None else comparison.of(query.change)
    items = wanted[after + 1 : after + 1 + query.limit]
    return {
        "comparison": comparison,
        "earlier": earlier,
        "setting": settings_of(comparison),
        "shortened": shortened,
        "counts": comparison.as_counts(),
        "query": query,
        "items": items,
        "cursor": cursor_after_number(after + len(items)) if len(wanted) > after + 1 + len(items) else None,
        "people": shown_people({one.performer for one in items if one.performer}),
        "said_of": _said_of,
    }


def shortened(written: str) -> str:
    """Answer what is said of a setting; of a digest, so much that it is told from another."""
    return f"{written[:_TOLD_APART]}…" if _DIGEST.fullmatch(written) else written


def _said_of(said: Any) -> Any:
    """Answer the outcome of what one scan says, where it is one of the evidence; None for an error or what was left."""
    return EvidenceOutcome(said.outcome) if said is not None and said.outcome in set(EvidenceOutcome) else None
