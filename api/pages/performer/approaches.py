"""Who asked a performer, and what they answered: the list, a new entry, and putting one right."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.performer.addressing import words_of_choices
from api.pages.performer.conflicts import does_not_fit
from api.pages.performer.mandates import covers
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.zones import today
from api.paging import PageQuery
from api.schemas.approaches import NewApproach
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.approaches import ApproachOutcome
from registry.domain.ids import IdPrefix
from registry.domain.uses import UsePurpose
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services import approaches
from registry.store.performers import Performer

_ALL: Final = "/performers/<id:performer_id>/approaches"
_OPERATION: Final = "/v1/performers/{performer_id}/approaches"
_MOST_SHOWN: Final = 50
_FOR: Final = "for-"
"""What the boxes of the form begin with, one for each use."""

OUTCOMES: Final = {
    ApproachOutcome.DECLINED: N_("declined"),
    ApproachOutcome.UNANSWERED: N_("not answered"),
    ApproachOutcome.ACCEPTED: N_("accepted"),
    ApproachOutcome.RETRACTED: N_("taken back: the entry was a mistake"),
}


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}", "GET /v1/performers/{performer_id}")
def list_approaches(performer_id: str) -> Response:
    """Show who asked, the earliest first, with what was put right since; and the form for another entry."""
    return _page(performer_of(performer_id))


def _page(performer: Performer, status: HTTPStatus = HTTPStatus.OK, problem: tuple[str, str] | None = None) -> Response:
    query = asked(PageQuery, limit=_MOST_SHOWN)
    found = approaches.list_approaches(
        context(), principal(), performer.id, after=query.after(IdPrefix.APPROACH), limit=query.limit + 1
    )
    shown, older = cut(found, query)
    return page_about(
        performer,
        "performer/approaches",
        status,
        problem=problem,
        found=shown,
        older=older,
        amended={each.amends_id for each in shown},
        outcome_words=OUTCOMES,
        use_words=words_of_choices()["use_words"],
        uses=list(UsePurpose),
        field=_FOR,
        amends=_to_amend(performer),
        may_write=covers(performer.id, Scope.APPROACHES_WRITE),
        may_not_write=not covers(performer.id, Scope.APPROACHES_WRITE) and not principal().is_operator,
        typed=request.form,
        today=today(),
        retracted=ApproachOutcome.RETRACTED,
    )


def _to_amend(performer: Performer) -> object | None:
    """Answer the entry that is to be put right, as the address says; None where a new one is written.

    Raises:
        NotFoundError: there is no such entry.
    """
    wanted = request.args.get("amends") or request.form.get("amends_id")
    if not wanted:
        return None
    return approaches.get_approach(context(), principal(), performer.id, wanted)


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}", "GET /v1/performers/{performer_id}")
@once
def record_approach(performer_id: str) -> Response:
    """Write down that a studio asked, and what was answered; or put an earlier entry right."""
    performer = performer_of(performer_id)
    try:
        body = checked(NewApproach, **_said())
        approaches.record_approach(context(), principal(), performer_id, **body.model_dump())
    except NotFoundError as error:
        return _page(performer, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    except ConflictError as error:
        return _page(performer, HTTPStatus.CONFLICT, does_not_fit(error))
    except InvalidInputError as error:
        return _page(performer, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return went_on(f"/performers/{performer_id}/approaches", done="recorded")


def _said() -> dict[str, object]:
    """Answer what the form says; what was left empty is left out."""
    fields = {name: request.form.get(name, "").strip() for name in ("studio_name", "asked_on", "scope", "outcome")}
    return {
        **{name: value for name, value in fields.items() if value},
        "purposes": [each for each in UsePurpose if f"{_FOR}{each.value}" in request.form],
        "evidence_sha256": request.form.get("evidence_sha256", "").strip() or None,
        "amends_id": request.form.get("amends_id") or None,
    }
