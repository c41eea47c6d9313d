"""Being told: a text at one's own pace, three questions that teach, and a copy to take along."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from api.answers import file
from api.pages.forms import once
from api.pages.language import _, language
from api.pages.performer.journey import Journey, step_of
from api.pages.performer.prose import sections
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.wording import TOPICS
from api.state import context, principal
from registry.domain.explanations.course import Channel, CopyMethod, Step
from registry.domain.explanations.course import Explanation as Course
from registry.domain.explanations.topics import Topic
from registry.errors import InvalidInputError
from registry.services import explanations
from registry.store.consents import Explanation

_ONE = "/performers/<id:performer_id>/explanations/<id:explanation_id>"
_OPERATION = "/v1/performers/{performer_id}/explanations/{explanation_id}"


@personal.post("/performers/<id:performer_id>/explanations")
@stands_for("POST /v1/performers/{performer_id}/explanations")
@once
def begin_explanation(performer_id: str) -> Response:
    """Begin to read a text, in the language of the page, alone and at one's own pace."""
    journey = Journey.of(request.form)
    explanation = explanations.begin_explanation(
        context(),
        principal(),
        performer_id,
        topic=_topic(),
        modality=journey.modality,
        language=language(),
        channel=Channel.SELF_SERVICE,
    )
    return went_on(f"{_path(explanation)}?{journey.query}")


def _topic() -> Topic:
    try:
        return Topic(request.form.get("topic", ""))
    except ValueError as error:
        raise InvalidInputError("this form names something that there is not") from error


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}")
def show_explanation(performer_id: str, explanation_id: str) -> Response:
    """Show where somebody is in an explanation: reading, answering, taking the copy, or done."""
    performer = performer_of(performer_id)
    explanation = explanations.get_explanation(context(), principal(), performer_id, explanation_id)
    told = sections(explanation.text)
    at = min(max(request.args.get("section", 1, type=int), 1), len(told))
    step = step_of(explanation)
    return page_about(
        performer,
        "performer/explanation",
        HTTPStatus.OK,
        explanation=explanation,
        topic=_(TOPICS[explanation.topic]) if explanation.topic is not None else "",
        journey=Journey.of(request.args),
        path=_path(explanation),
        step=step.value,
        sections=told,
        at_part=at,
        questions=_questions(explanation) if step is Step.ANSWER else [],
        goes_on_at=_goes_on_at(explanation.value()),
        again="again" in request.args,
        scripts=step is Step.ANSWER,
    )


def _path(explanation: Explanation) -> str:
    return f"/performers/{explanation.performer_id}/explanations/{explanation.id}"


def _questions(explanation: Explanation) -> list[dict[str, object]]:
    """Answer each question with what was answered last; which option is right is not among it."""
    course = explanation.value()
    last = {attempt.number: attempt for attempt in course.attempts}
    found = []
    for number, asked in enumerate(course.questions, 1):
        attempt = last.get(number)
        wrong = attempt is not None and number in course.not_understood
        found.append(
            {
                "number": number,
                "question": asked.question,
                "options": asked.options,
                "understood": number not in course.not_understood,
                "answered": attempt.answer if attempt is not None else None,
                "teaches": asked.teaches if wrong else None,
            }
        )
    return found


def _goes_on_at(course: Course) -> int | None:
    """Answer the question that comes next: the first answered wrong, else the first; None before any answer."""
    if not course.attempts or not course.not_understood:
        return None
    answered = {attempt.number for attempt in course.attempts}
    return next((number for number in course.not_understood if number in answered), course.not_understood[0])


@personal.post(f"{_ONE}/resume")
@stands_for(f"POST {_OPERATION}/resume")
@once
def resume_reading(performer_id: str, explanation_id: str) -> Response:
    """Come back to a text, to read it again: the time is counted again."""
    explanation = explanations.resume_reading(context(), principal(), performer_id, explanation_id)
    return _on(explanation, again="")


@personal.post(f"{_ONE}/read")
@stands_for(f"POST {_OPERATION}/read")
@once
def finish_reading(performer_id: str, explanation_id: str) -> Response:
    """Say that the text has been read."""
    return _on(explanations.finish_reading(context(), principal(), performer_id, explanation_id))


@personal.post(f"{_ONE}/answers")
@stands_for(f"POST {_OPERATION}/answers")
@once
def answer_questions(performer_id: str, explanation_id: str) -> Response:
    """Answer the questions at which something was chosen. A wrong answer teaches, and the question is asked again."""
    explanation = explanations.get_explanation(context(), principal(), performer_id, explanation_id)
    asked = range(1, len(explanation.value().questions) + 1)
    chosen = {
        number: request.form.get(f"option-{number}", 0, type=int)
        for number in asked
        if f"option-{number}" in request.form
    }
    if not chosen:
        raise InvalidInputError("no answer was chosen", questions=len(asked))
    for number, option in chosen.items():
        explanation, _attempt, _teaches = explanations.answer(
            context(), principal(), performer_id, explanation_id, question=number, option=option
        )
    return _on(explanation)


@personal.get(f"{_ONE}/copy")
@stands_for(f"GET {_OPERATION}")
def get_copy(performer_id: str, explanation_id: str) -> Response:
    """Answer the exact words, to be kept: their SHA-256 is the one in the record, and in the receipt."""
    explanation = explanations.get_explanation(context(), principal(), performer_id, explanation_id)
    return file(explanation.text.encode("utf-8"), "text/markdown", f"{explanation.text_id}.md")


@personal.post(f"{_ONE}/deliver")
@stands_for(f"POST {_OPERATION}/deliver", f"POST {_OPERATION}/complete")
@once
def take_copy(performer_id: str, explanation_id: str) -> Response:
    """Say that one has the copy, and complete the explanation: two verbs; the first may be done already."""
    explanation = explanations.get_explanation(context(), principal(), performer_id, explanation_id)
    if step_of(explanation) is Step.DELIVER:
        explanations.deliver_copy(context(), principal(), performer_id, explanation_id, method=CopyMethod.DOWNLOAD)
    explanations.complete_explanation(context(), principal(), performer_id, explanation_id)
    return went_on(f"/performers/{performer_id}/consents/new?{Journey.of(request.args).query}", done="understood")


def _on(explanation: Explanation, **said: str) -> Response:
    return went_on(f"{_path(explanation)}?{Journey.of(request.args).query}", **said)
