"""Who is a public figure: what an operator has said of it, and why. Two operators read the notices of one."""

from __future__ import annotations

from flask import Response

from api.answers import created
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.misuse import NewPublicFigure, PublicFigureOut, PublicFigurePage
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import public_figures

resource = new_resource("public figures", "Whether a performer is a public figure, as an operator has said, and why.")


@resource.get("/performers/<id:performer_id>/public-figure", responses={200: PublicFigurePage})
def list_public_figure(path: PerformerPath) -> Response:
    """List what was said of whether a performer is a public figure, oldest first; the last one stands."""
    found = public_figures.list_public_figure(context(), principal(), path.performer_id)
    return whole(found, PublicFigurePage, PublicFigureOut.model_validate)


@resource.post("/performers/<id:performer_id>/public-figure", responses={201: PublicFigureOut})
@idempotent()
def state_public_figure(path: PerformerPath, body: NewPublicFigure) -> Response:
    """Say, as an operator, whether a performer is a public figure, and why."""
    said = public_figures.state_public_figure(
        context(), principal(), path.performer_id, is_public_figure=body.is_public_figure, reason=body.reason
    )
    return created(PublicFigureOut.model_validate(said), f"/v1/performers/{said.performer_id}/public-figure")
