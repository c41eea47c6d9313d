"""Clearances: a studio asks before it uses a voice, and asks again whether the answer still holds."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import page
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.clearances import (
    ClearanceAnswer,
    ClearanceAnswers,
    ClearanceOut,
    ClearancePage,
    ClearancePath,
    ClearanceQuery,
    StatusOut,
    TokensBatch,
    Wanted,
    WantedBatch,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import clearance_status, clearances
from registry.services.clearances import Answered

resource = new_resource(
    "clearances", '"May I?", asked before a voice is used: permitted, refused, or ask the performer.'
)


@resource.post("/clearances", responses={201: ClearanceAnswer})
@spends(Budget.CLEARANCES)
@idempotent()
def ask_clearance(body: Wanted) -> Response:
    """Ask whether a performer's voice may be used so.

    The answer is by the same rules as a check's verdict. Where it is `permitted`, a signed token says what is
    permitted; it is stale once `status_interval_s` has passed since the registry last said that it holds.
    """
    (answered,) = clearances.ask_clearances(context(), principal(), [body.value()])
    return created(ClearanceAnswer.of(answered), f"/v1/clearances/{answered.clearance.id}")


@resource.post("/clearances/batch", responses={200: ClearanceAnswers})
@spends(Budget.CLEARANCES, lambda arguments: len(arguments["body"].items))
@idempotent()
def ask_clearances(body: WantedBatch) -> Response:
    """Ask up to 10,000 questions at once. All answers are written together, or none."""
    answered = clearances.ask_clearances(context(), principal(), [each.value() for each in body.items])
    return answer(ClearanceAnswers(items=[ClearanceAnswer.of(each) for each in answered]))


@resource.post("/clearances/status", responses={200: StatusOut})
def ask_clearance_status(body: TokensBatch) -> Response:
    """Ask whether tokens still hold. What is not `holds` must not be acted on."""
    return answer(StatusOut.of(clearance_status.ask_status(context(), principal(), body.tokens)))


@resource.get("/clearances", responses={200: ClearancePage})
def list_clearances(query: ClearanceQuery) -> Response:
    """List clearances, newest first: of one's own studio, about oneself, or all of them for an operator."""
    found = clearances.list_clearances(
        context(),
        principal(),
        decision=query.decision,
        performer_id=query.performer_id,
        licence_id=query.licence_id,
        after=query.after(IdPrefix.CLEARANCE),
        limit=query.limit + 1,
    )
    return page(found, query, ClearancePage, lambda each: ClearanceOut.whole(Answered(each, None), None))


@resource.get("/clearances/<id:clearance_id>", responses={200: ClearanceOut})
def get_clearance(path: ClearancePath) -> Response:
    """Answer one clearance, and how it stands now; the studio that asked gets its token with it."""
    answered = clearances.get_clearance(context(), principal(), path.clearance_id)
    stands = clearance_status.standing_of(context(), principal(), path.clearance_id)
    return answer(ClearanceOut.whole(answered, stands))
