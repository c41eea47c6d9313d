"""Being one of many that a voice in dispute is compared with: read, three questions, a yes or nothing, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _, language
from api.pages.performer.conflicts import does_not_fit
from api.pages.performer.mandates import covers
from api.pages.performer.prose import sections
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.terms import tongues
from api.schemas.cohort_agreements import NewCohortAgreement
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.cohorts import AgeBand, Sex
from registry.domain.cohorts.texts import CohortText
from registry.errors import AnswerNotUnderstoodError, ConflictError, InvalidInputError
from registry.services import cohort_agreements
from registry.store.performers import Performer

_ALL: Final = "/performers/<id:performer_id>/cohorts"
_OPERATION: Final = "/v1/performers/{performer_id}/cohort-agreements"
_ANSWER: Final = "answer-"
_TONGUES: Final = ("en", "ko", "ja", "zh", "es", "fr", "de", "it", "pt", "vi", "th", "id", "hi", "ar", "ru", "tr")
"""Languages that can be chosen; others are said over the API."""

SEXES: Final = {Sex.FEMALE: N_("female"), Sex.MALE: N_("male"), Sex.OTHER: N_("another")}
AGES: Final = {
    AgeBand.UNDER_30: N_("under 30"),
    AgeBand.FROM_30_TO_44: N_("30 to 44"),
    AgeBand.FROM_45_TO_59: N_("45 to 59"),
    AgeBand.FROM_60: N_("60 and over"),
}


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}", "GET /v1/cohort-texts")
def show_cohorts(performer_id: str) -> Response:
    """Show whether a performer is one of many, what that means, and its questions; or the button that ends it."""
    return _page(performer_of(performer_id))


def _page(
    performer: Performer,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
    wrong: AnswerNotUnderstoodError | None = None,
) -> Response:
    agreements = cohort_agreements.list_cohort_agreements(context(), principal(), performer.id)
    now = context().clock()
    text = _text()
    return page_about(
        performer,
        "performer/cohorts",
        status,
        problem=problem,
        agreements=list(reversed(agreements)),
        in_force=next((each for each in agreements if each.in_force_at(now)), None),
        text=text,
        sections=sections(text.text),
        teaches=_teaches(wrong),
        field=_ANSWER,
        sexes=SEXES,
        ages=AGES,
        tongues_known={tag: tongues({tag}) for tag in _TONGUES},
        may_decide=covers(performer.id, Scope.CONSENTS_WRITE) and not principal().is_operator,
        typed=request.form,
        now=now,
    )


def _text() -> CohortText:
    """Answer the newest text in the reader's language."""
    found = [each for each in cohort_agreements.list_texts(principal()) if each.language == language()]
    return max(found, key=lambda each: int(each.id.rsplit(".v", 1)[1]))


def _teaches(wrong: AnswerNotUnderstoodError | None) -> dict[int, str]:
    """Answer what is right, by the number of each question that was answered otherwise."""
    if wrong is None:
        return {}
    numbers, told = wrong.figures["questions"], wrong.figures["teaches"]
    if not isinstance(numbers, list) or not isinstance(told, list):
        return {}
    return {int(str(number)): str(words) for number, words in zip(numbers, told, strict=True)}


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}", f"GET {_OPERATION}")
@once
def agree_to_be_one_of_many(performer_id: str) -> Response:
    """Agree, once the questions are answered rightly; an answer that is not right teaches, and is asked again."""
    performer = performer_of(performer_id)
    try:
        body = checked(NewCohortAgreement, **_said())
        cohort_agreements.agree_to_cohorts(
            context(),
            principal(),
            performer_id,
            text_id=body.text_id,
            text_sha256=body.text_sha256,
            answers=body.answers,
            description=body.described(),
            signature_evidence_sha256=body.signature_evidence_sha256,
        )
    except AnswerNotUnderstoodError as error:
        said = _("Not every answer was right."), _("Read what is right, and answer these once more.")
        return _page(performer, HTTPStatus.UNPROCESSABLE_ENTITY, said, error)
    except ConflictError as error:
        return _page(performer, HTTPStatus.CONFLICT, does_not_fit(error))
    except InvalidInputError as error:
        return _page(performer, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return went_on(f"/performers/{performer_id}/cohorts", done="agreed")


def _said() -> dict[str, object]:
    described = {name: request.form.get(name, "").strip() or None for name in ("language", "sex", "age_band", "accent")}
    return {
        "text_id": request.form.get("text_id", ""),
        "text_sha256": request.form.get("text_sha256", ""),
        "answers": _answers(),
        "description": described,
        "signature_evidence_sha256": request.form.get("evidence_sha256") or None,
    }


def _answers() -> Sequence[int]:
    """Answer the numbers of the options that were chosen, in the order of the questions; 0 stands for none."""
    asked = _text().questions
    return [request.form.get(f"{_ANSWER}{number}", 0, type=int) for number in range(1, len(asked) + 1)]


@personal.post(f"{_ALL}/end")
@stands_for(f"POST {_OPERATION}/end", f"GET {_OPERATION}")
@once
def end_being_one_of_many(performer_id: str) -> Response:
    """End it, with one button."""
    performer = performer_of(performer_id)
    try:
        cohort_agreements.end_cohort_agreement(context(), principal(), performer_id)
    except ConflictError as error:
        return _page(performer, HTTPStatus.CONFLICT, does_not_fit(error))
    return went_on(f"/performers/{performer_id}/cohorts", done="ended")
