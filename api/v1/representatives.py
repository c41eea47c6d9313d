"""Who acts for a performer."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.performers import PerformerPath
from api.schemas.representatives import NewRepresentative, RepresentativeOut, RepresentativePage, RepresentativePath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import representatives
from registry.store.performers import Representative

resource = new_resource("representatives", "Agents, guilds, guardians and estates who act for a performer.")


@resource.post("/performers/<id:performer_id>/representatives", responses={201: RepresentativeOut})
@idempotent()
def appoint_representative(path: PerformerPath, body: NewRepresentative) -> Response:
    """Let an account act for the performer, in what is named, until a moment. Representatives appoint nobody."""
    mandate = representatives.appoint_representative(context(), principal(), path.performer_id, **body.model_dump())
    return created(_out(mandate), f"/v1/performers/{path.performer_id}/representatives")


@resource.get("/performers/<id:performer_id>/representatives", responses={200: RepresentativePage})
def list_representatives(path: PerformerPath) -> Response:
    """List everybody who ever acted for the performer."""
    found = representatives.list_representatives(context(), principal(), path.performer_id)
    return whole(found, RepresentativePage, _out)


@resource.post(
    "/performers/<id:performer_id>/representatives/<id:representative_id>/dismiss", responses={200: RepresentativeOut}
)
@idempotent()
def dismiss_representative(path: RepresentativePath) -> Response:
    """End a mandate."""
    mandate = representatives.dismiss_representative(context(), principal(), path.performer_id, path.representative_id)
    return answer(_out(mandate))


def _out(mandate: Representative) -> RepresentativeOut:
    return RepresentativeOut.model_validate(mandate)
