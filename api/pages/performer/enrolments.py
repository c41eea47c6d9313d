"""The performer's voice: sentences to read aloud, recorded or sent as files, and what the registry says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.datastructures import FileStorage

from api.limits import MULTIPART, Takes
from api.pages.forms import once
from api.pages.language import N_, _
from api.pages.performer.mandates import covers
from api.pages.personal import page_about, performer_of, personal, stands_for, takes, went_on
from api.pages.refusals import advice
from api.pages.wording import ENROLMENT_STATES
from api.state import context, principal
from api.uploads import clean_name, uploads_of
from registry.domain.accounts import Scope
from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentPurpose, Modality
from registry.errors import EnrolmentQualityError, MediaError, RegistryError, SpeechError
from registry.services import consents, enrolments
from registry.store.enrolments import Enrolment
from registry.store.performers import Performer

_ALL = "/performers/<id:performer_id>/enrolments"
_OPERATION = "/v1/performers/{performer_id}/enrolments"
_SENTENCE = "sentence-"
_OTHERS = "recordings"
_WAIT_S = 2.0

SENTENCES: tuple[str, ...] = (
    N_("Early in the morning, when the streets are still quiet, I like to walk down to the river and watch the boats."),
    N_("My grandmother kept a red tin box with buttons, old letters and a photograph that nobody could explain."),
    N_("If you take the last train on a Friday night, you will hear more stories than in a whole week of radio."),
    N_("Please put the blue cups on the upper shelf, and leave the window open until the rain begins."),
    N_("Seven or eight children ran across the yard, shouting and laughing, while the dog tried to keep up with them."),
    N_("I have never been good with numbers, but I remember every voice that I have ever heard on the telephone."),
)
"""What is read aloud: about seven seconds each, with every sound of the language; six make twice what it takes."""


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}", f"POST {_OPERATION}")
def show_enrolments(performer_id: str) -> Response:
    """Show what to read aloud, and what became of recordings that were sent before."""
    return _page(performer_of(performer_id))


def _page(
    performer: Performer,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: tuple[str, str] | None = None,
    repeat: int | None = None,
    filename: str | None = None,
) -> Response:
    stood = consents.standing_of(context(), principal(), performer.id)
    voice = next(each for each in stood.modalities if each.modality is Modality.VOICE)
    given = enrolments.list_enrolments(context(), principal(), performer.id)
    return page_about(
        performer,
        "performer/enrolments",
        status,
        may_enrol=ConsentPurpose.MONITORING in voice.in_force,
        may_send=covers(performer.id, Scope.ENROLMENTS_WRITE),
        sentences=[_(each) for each in SENTENCES],
        field=_SENTENCE,
        others=_OTHERS,
        given=list(reversed(given)),
        known=any(each.state is EnrolmentState.ACTIVE for each in given),
        state_words=ENROLMENT_STATES,
        required_s=context().thresholds.enrolment_speech_s,
        recommended_s=context().thresholds.enrolment_recommended_s,
        problem=problem,
        repeat=repeat,
        filename=filename,
        scripts=True,
    )


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}")
@takes(Takes(MULTIPART))
@once
def submit_enrolment(performer_id: str) -> Response:
    """Send recordings: they are judged at once; of one that is not good enough it is said which, and what helps."""
    performer = performer_of(performer_id)
    sent = _sent()
    if not sent:
        nothing = _("No recording was chosen."), _("Record a sentence, or choose a file.")
        return _page(performer, HTTPStatus.UNPROCESSABLE_ENTITY, problem=nothing)
    try:
        enrolment = enrolments.submit_enrolment(
            context(),
            principal(),
            performer_id,
            modality=Modality.VOICE,
            uploads=uploads_of([file for _field, file in sent]),
        )
    except (MediaError, SpeechError, EnrolmentQualityError) as error:
        return _refused(performer, error, sent)
    enrolments.await_enrolment(context(), principal(), performer_id, enrolment.id, wait_s=_WAIT_S)
    return went_on(f"/performers/{performer_id}/enrolments/{enrolment.id}")


def _sent() -> list[tuple[str, FileStorage]]:
    """Answer what was sent, with the field that it came in; a field that was left empty is none."""
    wanted = [*(f"{_SENTENCE}{number}" for number in range(1, len(SENTENCES) + 1)), _OTHERS]
    return [(name, file) for name in wanted for file in request.files.getlist(name) if file.filename]


def _refused(performer: Performer, error: RegistryError, sent: Sequence[tuple[str, FileStorage]]) -> Response:
    return _page(
        performer,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        problem=advice(error.slug, error.figures),
        repeat=_sentence_of(error.figures, sent),
        filename=str(error.figures["filename"]) if error.figures.get("filename") else None,
    )


def _sentence_of(figures: Mapping[str, Any], sent: Sequence[tuple[str, FileStorage]]) -> int | None:
    """Answer which sentence has to be read again; None where it is none of them, or more than one is called so."""
    named = [field for field, file in sent if clean_name(file.filename) == figures.get("filename")]
    if len(named) == 1 and named[0].startswith(_SENTENCE):
        return int(named[0].removeprefix(_SENTENCE))
    return None


@personal.get(f"{_ALL}/<id:enrolment_id>")
@stands_for(f"GET {_OPERATION}/{{enrolment_id}}")
def show_enrolment(performer_id: str, enrolment_id: str) -> Response:
    """Show what became of recordings: whether they are in use, wait, or what to do better."""
    performer = performer_of(performer_id)
    enrolment = enrolments.get_enrolment(context(), principal(), performer_id, enrolment_id)
    waiting = enrolment.state is EnrolmentState.QUEUED
    return page_about(
        performer,
        "performer/enrolment",
        enrolment=enrolment,
        state=_(ENROLMENT_STATES[enrolment.state]),
        problem=_problem_of(enrolment),
        speech_s=(enrolment.quality or {}).get("speech_s"),
        recommended_s=context().thresholds.enrolment_recommended_s,
        waiting=waiting,
        scripts=waiting,
    )


def _problem_of(enrolment: Enrolment) -> tuple[str, str] | None:
    """Answer what is wrong, in words; what failed here is not what somebody sent."""
    if enrolment.problem is None:
        return None
    if enrolment.state is EnrolmentState.FAILED:
        return _("Something went wrong on our side."), _("Please send the recordings once more.")
    figures = enrolment.problem.get("figures")
    return advice(str(enrolment.problem["slug"]), figures if isinstance(figures, dict) else {})
