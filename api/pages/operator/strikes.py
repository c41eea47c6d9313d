"""Strikes: the switch that lets every licence rest that one covers, and lets it go again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.lists import asked, cut
from api.pages.operator.words import REFUSALS, STRIKE_SCOPES
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version, told
from api.schemas.strikes import NewStrike, StrikeQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix
from registry.errors import ForbiddenError, RegistryError
from registry.services import people, strikes

AT: Final = "/strikes"


@personal.get(AT)
@stands_for("GET /v1/strikes")
def list_strikes() -> Response:
    """Show which strikes are on, and which were; to operators, with the switch."""
    return _list()


def _list(error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    query = asked(StrikeQuery)
    found = strikes.list_strikes(
        context(), principal(), on=query.on, after=query.after(IdPrefix.STRIKE), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    switches = principal().is_operator and Scope.LICENCES_WRITE in principal().scopes
    switched_by = {each.declared_by for each in items} | {each.lifted_by for each in items}
    return page_of(
        "operator/strikes",
        status,
        items=items,
        cursor=cursor,
        query=query,
        switches=switches,
        who=people.accounts_named(context(), switched_by) if switches else {},
        scope_words=STRIKE_SCOPES,
        typed=request.form,
        problem=problem,
    )


@personal.post(AT)
@stands_for("POST /v1/strikes")
@once
def declare_strike() -> Response:
    """Declare a strike: every licence that it covers rests at once."""
    _require_operator()
    form = request.form
    try:
        body = checked(
            NewStrike,
            scope=form.get("scope", ""),
            name=form.get("name", "").strip(),
            note=form.get("note", "").strip() or None,
        )
        done = strikes.declare_strike(context(), principal(), scope=body.scope, name=body.name, note=body.note)
    except RegistryError as error:
        return _list(error)
    return went_on(AT, done="declared", licences=str(len(done.licences)))


@personal.post(f"{AT}/<id:strike_id>/lift")
@stands_for("POST /v1/strikes/{strike_id}/lift")
@once
def lift_strike(strike_id: str) -> Response:
    """Lift a strike: what is suspended for another reason stays so."""
    _require_operator()
    try:
        done = strikes.lift_strike(context(), principal(), strike_id, if_version=seen_version())
    except RegistryError as error:
        return _list(error)
    return went_on(AT, done="lifted", licences=str(len(done.licences)), resting=str(len(done.still_suspended)))


def _require_operator() -> None:
    """Refuse everybody else before anything is read: a guild that strikes switches its own over the API."""
    principal().require(Scope.LICENCES_WRITE)
    if not principal().is_operator:
        raise ForbiddenError("strikes are switched here by whoever runs the registry", role=principal().role.value)
