"""Explanations: begun, read, answered, delivered, complete; or given elsewhere and written down."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.explanations import (
    AnswerResult,
    AttemptOut,
    Delivery,
    ExplanationOut,
    ExplanationPage,
    ExplanationPath,
    GivenAnswer,
    NewExplanation,
    Reading,
    Told,
)
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import explanations
from registry.store.consents import Explanation

resource = new_resource("explanations", "What a performer was told before deciding, and what they understood of it.")

_ONE = "/performers/<id:performer_id>/explanations/<id:explanation_id>"


@resource.post("/performers/<id:performer_id>/explanations", responses={201: ExplanationOut})
@idempotent()
def begin_explanation(path: PerformerPath, body: NewExplanation) -> Response:
    """Begin to explain a topic to the performer. From now on the text is read."""
    return _created(explanations.begin_explanation(context(), principal(), path.performer_id, **body.model_dump()))


@resource.post("/performers/<id:performer_id>/explanations/import", responses={201: ExplanationOut})
@idempotent()
def import_explanation(path: PerformerPath, body: Told) -> Response:
    """Write down an explanation that was given elsewhere, such as on paper, with a registered text: operators only."""
    return _created(explanations.import_explanation(context(), principal(), path.performer_id, **body.model_dump()))


@resource.get("/performers/<id:performer_id>/explanations", responses={200: ExplanationPage})
def list_explanations(path: PerformerPath) -> Response:
    """List every explanation given to the performer."""
    found = explanations.list_explanations(context(), principal(), path.performer_id)
    return whole(found, ExplanationPage, ExplanationOut.of)


@resource.get(_ONE, responses={200: ExplanationOut})
def get_explanation(path: ExplanationPath) -> Response:
    """Answer one explanation: the words, the answers, and what comes next."""
    return _answer(explanations.get_explanation(context(), principal(), path.performer_id, path.explanation_id))


@resource.post(f"{_ONE}/resume", responses={200: ExplanationOut})
@idempotent()
def resume_reading(path: ExplanationPath, header: ChangeHeaders) -> Response:
    """Come back to a text that the performer reads alone: the time is counted again."""
    return _answer(
        explanations.resume_reading(
            context(), principal(), path.performer_id, path.explanation_id, if_version=header.version()
        )
    )


@resource.post(f"{_ONE}/read", responses={200: ExplanationOut})
@idempotent()
def finish_reading(path: ExplanationPath, header: ChangeHeaders, body: Reading) -> Response:
    """Say that the text has been read; the time of this sitting is added."""
    return _answer(
        explanations.finish_reading(
            context(),
            principal(),
            path.performer_id,
            path.explanation_id,
            duration_s=body.duration_s,
            if_version=header.version(),
        )
    )


@resource.post(f"{_ONE}/answers", responses={200: AnswerResult})
@idempotent()
def answer_question(path: ExplanationPath, header: ChangeHeaders, body: GivenAnswer) -> Response:
    """Answer a comprehension question. Every attempt is kept; one that does not show understanding teaches."""
    explanation, attempt, teaches = explanations.answer(
        context(),
        principal(),
        path.performer_id,
        path.explanation_id,
        question=body.question,
        option=body.option,
        if_version=header.version(),
    )
    result = AnswerResult(
        understood=attempt.understood,
        teaches=teaches,
        answer=AttemptOut.model_validate(attempt),
        explanation=ExplanationOut.of(explanation),
    )
    return answer(result, tag=entity_tag(explanation.version))


@resource.post(f"{_ONE}/deliver", responses={200: ExplanationOut})
@idempotent()
def deliver_copy(path: ExplanationPath, header: ChangeHeaders, body: Delivery) -> Response:
    """Say that the performer has got a copy of the exact words, and how."""
    return _answer(
        explanations.deliver_copy(
            context(),
            principal(),
            path.performer_id,
            path.explanation_id,
            method=body.method,
            if_version=header.version(),
        )
    )


@resource.post(f"{_ONE}/complete", responses={200: ExplanationOut})
@idempotent()
def complete_explanation(path: ExplanationPath, header: ChangeHeaders) -> Response:
    """Complete an explanation that was read, understood and delivered. Consents may rest on it from now on."""
    return _answer(
        explanations.complete_explanation(
            context(), principal(), path.performer_id, path.explanation_id, if_version=header.version()
        )
    )


def _answer(explanation: Explanation) -> Response:
    return answer(ExplanationOut.of(explanation), tag=entity_tag(explanation.version))


def _created(explanation: Explanation) -> Response:
    location = f"/v1/performers/{explanation.performer_id}/explanations/{explanation.id}"
    return created(ExplanationOut.of(explanation), location, tag=entity_tag(explanation.version))
