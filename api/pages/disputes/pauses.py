"""Licences that rest while a case lasts, without admission of anything: placed, looked at again, ended."""

from __future__ import annotations

from datetime import datetime

from flask import Response, request

from api.pages.checked import checked
from api.pages.disputes.access import ANSWER, acting_in
from api.pages.disputes.one_case import case_page
from api.pages.disputes.trying import sent, trying
from api.pages.forms import once
from api.pages.personal import personal, stands_for, went_on
from api.pages.zones import DAY_IN, given_day_end
from api.schemas.case_papers import NewPause, PauseEnd, PauseReview
from api.state import context, principal
from registry.services import case_pauses

_ALL = "/cases/<id:case_id>/pauses"
_OPERATION = "/v1/cases/{case_id}/pauses"


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}")
@once
def pause_licences(case_id: str) -> Response:
    """Let licences rest while the case lasts."""
    acting_in(case_id, ANSWER)

    def pause() -> Response:
        body = checked(
            NewPause, licence_ids=request.form.getlist("licence_ids"), **sent("reason"), review_at=_review_at()
        )
        case_pauses.pause(
            context(), principal(), case_id, body.licence_ids, reason=body.reason, review_at=body.review_at
        )
        return went_on(f"/cases/{case_id}", done="paused")

    return trying("pause", pause, lambda failed: case_page(case_id, failed))


def _review_at() -> datetime | str | None:
    """Answer the moment at which a pause is looked at again: the end of the day that was chosen, where it was."""
    return given_day_end(request.form.get("review_on", "").strip(), request.form.get(DAY_IN, ""))


@personal.post(f"{_ALL}/<id:pause_id>/continue")
@stands_for(f"POST {_OPERATION}/{{pause_id}}/continue")
@once
def continue_case_pause(case_id: str, pause_id: str) -> Response:
    """Let a pause go on until another day."""
    acting_in(case_id, ANSWER)

    def go_on() -> Response:
        body = checked(PauseReview, **sent("reason"), review_at=_review_at())
        case_pauses.continue_pause(
            context(), principal(), case_id, pause_id, reason=body.reason, review_at=body.review_at
        )
        return went_on(f"/cases/{case_id}", done="paused")

    return trying(f"pause-{pause_id}", go_on, lambda failed: case_page(case_id, failed))


@personal.post(f"{_ALL}/<id:pause_id>/end")
@stands_for(f"POST {_OPERATION}/{{pause_id}}/end")
@once
def end_case_pause(case_id: str, pause_id: str) -> Response:
    """End a pause: the licence goes on, unless something else holds it."""
    acting_in(case_id, ANSWER)

    def end() -> Response:
        body = checked(PauseEnd, **sent("reason"))
        case_pauses.end_pause(context(), principal(), case_id, pause_id, reason=body.reason)
        return went_on(f"/cases/{case_id}", done="pause_ended")

    return trying(f"pause-{pause_id}", end, lambda failed: case_page(case_id, failed))
