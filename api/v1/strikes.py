"""Strikes."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.schemas.strikes import NewStrike, StrikeOut, StrikePage, StrikePath, StrikeQuery, SwitchedOut
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import strikes

resource = new_resource("strikes", "The switch that lets every licence rest that a strike covers.")


@resource.post("/strikes", responses={201: SwitchedOut})
@idempotent()
def declare_strike(body: NewStrike) -> Response:
    """Declare a strike, and suspend every licence that it covers at once: an operator, or the guild that strikes."""
    switched = strikes.declare_strike(context(), principal(), scope=body.scope, name=body.name, note=body.note)
    return created(SwitchedOut.of(switched), f"/v1/strikes/{switched.strike.id}", tag=entity_tag(1))


@resource.get("/strikes", responses={200: StrikePage})
def list_strikes(query: StrikeQuery) -> Response:
    """List strikes."""
    found = strikes.list_strikes(
        context(), principal(), on=query.on, after=query.after(IdPrefix.STRIKE), limit=query.limit + 1
    )
    return page(found, query, StrikePage, StrikeOut.model_validate)


@resource.get("/strikes/<id:strike_id>", responses={200: StrikeOut})
def get_strike(path: StrikePath) -> Response:
    """Answer one strike."""
    strike = strikes.get_strike(context(), principal(), path.strike_id)
    return answer(StrikeOut.model_validate(strike), tag=entity_tag(strike.version))


@resource.post("/strikes/<id:strike_id>/lift", responses={200: SwitchedOut})
@idempotent()
def lift_strike(path: StrikePath, header: ChangeHeaders) -> Response:
    """Lift a strike. What rests for another reason rests on."""
    switched = strikes.lift_strike(context(), principal(), path.strike_id, if_version=header.version())
    return answer(SwitchedOut.of(switched), tag=entity_tag(switched.strike.version))
