"""Explanations."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.explanations import ExplanationOut, ExplanationPage, ExplanationPath, NewExplanation
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import consents
from registry.store.consents import Explanation

resource = new_resource("explanations", "What a performer was told before deciding, and what they understood of it.")


@resource.post("/performers/<id:performer_id>/explanations", responses={201: ExplanationOut})
@idempotent()
def record_explanation(path: PerformerPath, body: NewExplanation) -> Response:
    """Record what a performer was told: the exact words, and what they answered. It is never changed."""
    explanation = consents.record_explanation(
        context(),
        principal(),
        path.performer_id,
        purpose=body.purpose,
        modality=body.modality,
        language=body.language,
        text=body.text,
        explained_by=body.explained_by,
        channel=body.channel.value,
        duration_s=body.duration_s,
        answers=[each.value() for each in body.answers],
        copy_delivered_at=body.copy_delivered_at,
    )
    return created(_out(explanation), f"/v1/performers/{path.performer_id}/explanations/{explanation.id}")


@resource.get("/performers/<id:performer_id>/explanations", responses={200: ExplanationPage})
def list_explanations(path: PerformerPath) -> Response:
    """List every explanation given to the performer."""
    found = consents.list_explanations(context(), principal(), path.performer_id)
    return whole(found, ExplanationPage, _out)


@resource.get("/performers/<id:performer_id>/explanations/<id:explanation_id>", responses={200: ExplanationOut})
def get_explanation(path: ExplanationPath) -> Response:
    """Answer one explanation."""
    return answer(_out(consents.get_explanation(context(), principal(), path.performer_id, path.explanation_id)))


def _out(explanation: Explanation) -> ExplanationOut:
    return ExplanationOut.model_validate(explanation)
