"""What rests while a case lasts, without admission of anything."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from api.answers import answer
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.case_papers import NewPause, PauseEnd, PauseOut, PausePage, PausePath, PauseReview
from api.schemas.cases import CasePath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import case_pauses

resource = new_resource("case pauses", "Licences that rest while a case lasts, without admission of anything.")


@resource.post("/cases/<id:case_id>/pauses", responses={201: PausePage})
@idempotent()
def pause_licences(path: CasePath, body: NewPause) -> Response:
    """Let licences rest while the case lasts: the respondent, or an operator. It is no admission.

    Clearances under them are withdrawn, which their studio hears within one status interval.
    """
    made = case_pauses.pause(
        context(), principal(), path.case_id, body.licence_ids, reason=body.reason, review_at=body.review_at
    )
    shown = PausePage(items=[PauseOut.model_validate(each) for each in made], next_cursor=None)
    return answer(shown, HTTPStatus.CREATED, location=f"/v1/cases/{path.case_id}/pauses")


@resource.get("/cases/<id:case_id>/pauses", responses={200: PausePage})
def list_case_pauses(path: CasePath) -> Response:
    """List what rests or has rested for a case, and when it is looked at again."""
    return whole(case_pauses.list_pauses(context(), principal(), path.case_id), PausePage, PauseOut.model_validate)


@resource.post("/cases/<id:case_id>/pauses/<id:pause_id>/continue", responses={200: PauseOut})
@idempotent()
def continue_case_pause(path: PausePath, body: PauseReview) -> Response:
    """Review a pause, and let it go on until another day."""
    found = case_pauses.continue_pause(
        context(), principal(), path.case_id, path.pause_id, reason=body.reason, review_at=body.review_at
    )
    return answer(PauseOut.model_validate(found))


@resource.post("/cases/<id:case_id>/pauses/<id:pause_id>/end", responses={200: PauseOut})
@idempotent()
def end_case_pause(path: PausePath, body: PauseEnd) -> Response:
    """End a pause. The licence goes on, unless something else holds it."""
    found = case_pauses.end_pause(context(), principal(), path.case_id, path.pause_id, reason=body.reason)
    return answer(PauseOut.model_validate(found))
