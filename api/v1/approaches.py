"""Approaches: a performer's own record of who asked, and what they answered."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.schemas.approaches import ApproachOut, ApproachPage, ApproachPath, NewApproach
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import approaches

resource = new_resource("approaches", "A performer's record of who asked for their voice, and what they answered.")


@resource.post("/performers/<id:performer_id>/approaches", responses={201: ApproachOut})
@idempotent()
def record_approach(path: PerformerPath, body: NewApproach) -> Response:
    """Record that a studio asked and what the performer answered. A later finding by that studio is put first."""
    recorded = approaches.record_approach(
        context(),
        principal(),
        path.performer_id,
        studio_id=body.studio_id,
        studio_name=body.studio_name,
        asked_on=body.asked_on,
        purposes=body.purposes,
        scope=body.scope,
        outcome=body.outcome,
        evidence_sha256=body.evidence_sha256,
        amends_id=body.amends_id,
    )
    shown = ApproachOut.model_validate(recorded)
    return created(shown, f"/v1/performers/{recorded.performer_id}/approaches/{recorded.id}")


@resource.get("/performers/<id:performer_id>/approaches", responses={200: ApproachPage})
def list_approaches(path: PerformerPath, query: PageQuery) -> Response:
    """List a performer's entries, oldest first, with those that were amended. Studios do not read them."""
    found = approaches.list_approaches(
        context(), principal(), path.performer_id, after=query.after(IdPrefix.APPROACH), limit=query.limit + 1
    )
    return page(found, query, ApproachPage, ApproachOut.model_validate)


@resource.get("/performers/<id:performer_id>/approaches/<id:approach_id>", responses={200: ApproachOut})
def get_approach(path: ApproachPath) -> Response:
    """Answer one entry."""
    found = approaches.get_approach(context(), principal(), path.performer_id, path.approach_id)
    return answer(ApproachOut.model_validate(found))
