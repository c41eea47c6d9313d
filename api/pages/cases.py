"""Cases as they stand, for both sides alike: whose turn it is, until when, what was done, what is proposed. To read."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, request

from api.pages.language import language
from api.pages.personal import page_of, personal, stands_for
from api.pages.wording import CASE_ENDINGS, CASE_SIDES, CASE_STATES, CASE_STEPS, CONCLUSIONS
from api.paging import PageQuery, cursor_after
from api.state import context, principal
from registry.domain.ids import IdPrefix
from registry.services import cases

_AT_ONCE = 50
_WORDS: Final[dict[str, Any]] = {
    "state_words": CASE_STATES,
    "ending_words": CASE_ENDINGS,
    "side_words": CASE_SIDES,
    "step_words": CASE_STEPS,
    "conclusion_words": CONCLUSIONS,
}


@personal.get("/cases")
@stands_for("GET /v1/cases")
def list_cases() -> Response:
    """Show the cases that somebody is a side of, newest first."""
    query = PageQuery(limit=_AT_ONCE, cursor=request.args.get("cursor"))
    after = query.after(IdPrefix.CASE)
    found = cases.list_cases(context(), principal(), state=None, after=after, limit=query.limit + 1)
    shown = found[: query.limit]
    older = cursor_after(shown[-1].id) if len(found) > query.limit else None
    return page_of("cases", found=shown, older=older, **_WORDS)


@personal.get("/cases/<id:case_id>")
@stands_for("GET /v1/cases/{case_id}", "GET /v1/cases/{case_id}/steps", "GET /v1/cases/{case_id}/proposals")
def show_case(case_id: str) -> Response:
    """Show one case: its state and clock, its course, and what is proposed. Papers are read over the API."""
    return page_of(
        "case",
        case=cases.get_case(context(), principal(), case_id),
        steps=cases.list_steps(context(), principal(), case_id),
        proposals=cases.list_proposals(context(), principal(), case_id),
        report=f"/v1/cases/{case_id}/report?language={language()}",
        **_WORDS,
    )
