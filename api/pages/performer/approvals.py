"""Exact words to approve: those that wait, and one, with its fee and its floor, to be approved or refused."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.performer.conflicts import decided_already, does_not_fit
from api.pages.performer.mandates import covers, require_cover
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.uses import lines_of
from api.pages.wording import APPROVAL_STATES
from api.schemas.approvals import ApprovalQuery, Refusal
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.approvals import ApprovalState, Beyond
from registry.domain.ids import IdPrefix
from registry.errors import ApprovalExpiredError, ConflictError, InvalidInputError, NotFoundError
from registry.services import approvals, licences, people
from registry.store.approvals import Approval
from registry.store.performers import Performer

_ALL: Final = "/performers/<id:performer_id>/approvals"
_ONE: Final = f"{_ALL}/<id:approval_id>"
_OPERATION: Final = "/v1/approvals/{approval_id}"
_PERFORMER: Final = "GET /v1/performers/{performer_id}"
_MOST_SHOWN: Final = 50

_BEYOND: Final = {
    Beyond.SUBLICENCE: N_("somebody else may use what the studio was permitted"),
    Beyond.DERIVED_VOICE: N_("the voice may be mixed or changed into a new one"),
    Beyond.MODEL_IMPROVEMENT: N_("models that serve others may be made better with it"),
}


@personal.get(_ALL)
@stands_for("GET /v1/approvals", _PERFORMER)
def list_approvals(performer_id: str) -> Response:
    """Show what a performer was asked to approve: of the latest fifty, what waits first; then what is older."""
    performer = performer_of(performer_id)
    require_cover(performer_id, Scope.CLEARANCES_READ)
    query = asked(ApprovalQuery, performer_id=performer_id, limit=_MOST_SHOWN)
    found = approvals.list_approvals(
        context(),
        principal(),
        state=query.state,
        performer_id=performer_id,
        after=query.after(IdPrefix.APPROVAL),
        limit=query.limit + 1,
    )
    shown, older = cut(found, query)
    return page_about(
        performer,
        "performer/approvals",
        found=sorted(shown, key=lambda each: _state_of(each) is not ApprovalState.REQUESTED),
        older=older,
        state=query.state,
        state_of=_state_of,
        state_words=APPROVAL_STATES,
        studios=people.organisations_named(context(), {each.studio_id for each in shown}),
    )


def _state_of(approval: Approval) -> ApprovalState:
    return approval.value().state_at(context().clock())


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}", _PERFORMER)
def show_approval(performer_id: str, approval_id: str) -> Response:
    """Show one question: the words as they will be spoken, the use, the fee and the floor, and until when."""
    return _page(performer_of(performer_id), approval_id)


def _page(
    performer: Performer,
    approval_id: str,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
) -> Response:
    approval = _approval_of(performer, approval_id)
    state = _state_of(approval)
    waits = state is ApprovalState.REQUESTED
    return page_about(
        performer,
        "performer/approval",
        status,
        problem=problem,
        approval=approval,
        state=state,
        state_words=APPROVAL_STATES,
        lines=lines_of(approval.value().use),
        beyond=[_BEYOND[each] for each in Beyond if each in approval.value().beyond],
        title=_title_of(performer, approval),
        studio=people.organisations_named(context(), {approval.studio_id}).get(approval.studio_id),
        answered_by=people.accounts_named(context(), {approval.answered_by}).get(approval.answered_by or ""),
        may_answer=waits and covers(performer.id, Scope.CLEARANCES_WRITE) and not principal().is_operator,
        typed=request.form,
    )


def _approval_of(performer: Performer, approval_id: str) -> Approval:
    approval = approvals.get_approval(context(), principal(), approval_id)
    if approval.performer_id != performer.id:
        raise NotFoundError("there is no such approval")
    return approval


def _title_of(performer: Performer, approval: Approval) -> str | None:
    """Answer what the licence is called under which it was asked; None where the mandate does not cover licences."""
    if not covers(performer.id, Scope.LICENCES_READ):
        return None
    return licences.get_licence(context(), principal(), approval.licence_id).title


@personal.post(f"{_ONE}/approve")
@stands_for(f"POST {_OPERATION}/approve", _PERFORMER)
@once
def approve_copy(performer_id: str, approval_id: str) -> Response:
    """Agree to the words, for one use."""
    return _answered(performer_id, approval_id, lambda: approvals.approve(context(), principal(), approval_id))


@personal.post(f"{_ONE}/refuse")
@stands_for(f"POST {_OPERATION}/refuse", _PERFORMER)
@once
def refuse_copy(performer_id: str, approval_id: str) -> Response:
    """Refuse the words, and say why."""

    def refuse() -> Approval:
        body = checked(Refusal, reason=request.form.get("reason", ""))
        return approvals.refuse(context(), principal(), approval_id, reason=body.reason)

    return _answered(performer_id, approval_id, refuse)


def _answered(performer_id: str, approval_id: str, answer: Callable[[], Approval]) -> Response:
    """Answer, and lead back; who comes second is shown what was answered, by whom and when."""
    performer = performer_of(performer_id)
    _approval_of(performer, approval_id)
    try:
        answer()
    except ApprovalExpiredError as error:
        return _page(performer, approval_id, HTTPStatus.CONFLICT, does_not_fit(error))
    except ConflictError as error:
        said = decided_already() if error.slug == ConflictError.slug else does_not_fit(error)
        return _page(performer, approval_id, HTTPStatus.CONFLICT, said)
    except InvalidInputError as error:
        return _page(performer, approval_id, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return went_on(f"/performers/{performer_id}/approvals/{approval_id}", done="answered")
