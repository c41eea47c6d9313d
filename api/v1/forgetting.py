"""How a performer stands, and the choice to be forgotten."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.headers import entity_tag
from api.idempotency import idempotent
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.consents import WithdrawalOut
from api.schemas.forgetting import Forgetting, Remembering, StandingOut
from api.schemas.performers import PerformerOut, PerformerPath
from api.state import context, principal
from api.v1.performers import names_tried
from api.v1.resource import new_resource
from registry.services import consents, forgetting

resource = new_resource("standing", "What a performer permits at this moment; being monitored, or being forgotten.")


@resource.get("/performers/<id:performer_id>/standing", responses={200: StandingOut})
def get_standing(path: PerformerPath) -> Response:
    """Answer what the performer permits at this moment, for the voice and for the face."""
    found = consents.standing_of(context(), principal(), path.performer_id)
    return answer(StandingOut.of(path.performer_id, minor=found.minor, standings=list(found.modalities)))


@resource.post("/performers/<id:performer_id>/forget", responses={200: WithdrawalOut})
@idempotent()
def forget_performer(path: PerformerPath, body: Forgetting) -> Response:
    """Forget the performer: no template, no name, and a refusal of both from now on.

    The text that says what this means is shown first; its id and digest are given back. When this answers, every yes
    has ended with all that follows from it, and the performer can no longer be found.
    """
    done = forgetting.forget_performer(context(), principal(), path.performer_id, **body.model_dump())
    return answer(WithdrawalOut.of(done, context().clock()))


@resource.post("/performers/<id:performer_id>/remember", responses={200: PerformerOut})
@spends(Budget.NAMES, names_tried)
@idempotent()
def remember_performer(path: PerformerPath, body: Remembering) -> Response:
    """Lift the wish to be forgotten. Nothing comes back by it: all is explained, signed and recorded anew."""
    performer = forgetting.remember_performer(context(), principal(), path.performer_id, **body.model_dump())
    return answer(PerformerOut.model_validate(performer), tag=entity_tag(performer.version))
