"""Saying a yes aloud: words to read with a one-time number, one recording, and what became of it, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.limits import MULTIPART, Takes
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _, language, number
from api.pages.performer.conflicts import does_not_fit
from api.pages.performer.mandates import covers
from api.pages.personal import page_about, performer_of, personal, stands_for, takes, went_on
from api.pages.refusals import advice
from api.schemas.spoken_statements import NewSpokenStatement
from api.state import context, principal
from api.uploads import upload_of
from registry.domain.accounts import Scope
from registry.domain.spoken_statements import HEARD_IN, SpokenStatementState
from registry.domain.spoken_words import HOW, LANGUAGES, language_of
from registry.errors import ConflictError, InvalidInputError, MediaError, RegistryError, SpeechError
from registry.services import consents, spoken_statements
from registry.store.performers import Performer
from registry.store.spoken_statements import SpokenStatement

_ALL: Final = "/performers/<id:performer_id>/consents/<id:consent_id>/spoken"
_ONE: Final = f"{_ALL}/<id:statement_id>"
_OPERATION: Final = "/v1/performers/{performer_id}/consents/{consent_id}/spoken-statements"
_WAIT_S: Final = 2.0

STATES: Final[Mapping[SpokenStatementState, str]] = {
    SpokenStatementState.OPEN: N_("waits for the recording"),
    SpokenStatementState.QUEUED: N_("being listened to"),
    SpokenStatementState.ACCEPTED: N_("accepted"),
    SpokenStatementState.UNVERIFIED: N_("kept; the number could not be listened for"),
    SpokenStatementState.REFUSED: N_("not accepted"),
    SpokenStatementState.FAILED: N_("failed on our side"),
    SpokenStatementState.EXPIRED: N_("ended without being spoken"),
}

_Figures = Mapping[str, Any]
REASONS: Final[Mapping[str, Callable[[_Figures], str]]] = {
    "enrolled_voice": lambda _f: _("The voice that is enrolled speaks."),
    "number_heard": lambda _f: _("The number that was asked for was heard."),
    "several_voices": lambda _f: _("More than one voice is heard. Speak alone, with nothing else playing."),
    "voice_not_settled": lambda _f: _(
        "It cannot be told whether the enrolled voice speaks. Come closer, and speak up."
    ),
    "foreign_voice": lambda _f: _("The voice is not shown to be the one that is enrolled."),
    "wrong_digits": lambda _f: _("Another number was heard than the one that was asked for, or none."),
    "number_in_another_voice": lambda _f: _("The number does not seem to be spoken by the enrolled voice."),
    "statement_too_old": lambda _f: _("The recording came too late: a number holds for ten minutes."),
    "statement_begun_anew": lambda _f: _("Another attempt was begun before this one was spoken."),
    "statement_not_spoken": lambda _f: _("No recording came within ten minutes."),
    "recording_replayed": lambda _f: _("This very recording was sent before. Read the words anew."),
    "statement_not_assessed": lambda _f: _(
        "The registry could not listen to it. Nothing of it is kept; begin another."
    ),
    "recording_tampered_with": lambda _f: _("What waited to be listened to was not what was sent. Begin another."),
    "speech_too_short": lambda f: (
        _("Only %(heard)s seconds of speech were found; reading all of it takes longer.")
        % {"heard": number(float(f.get("speech_s", 0)), 1)}
    ),
    "no_speech": lambda _f: _("Nobody is heard in this recording. Check that the right microphone is on."),
    "consent_ended": lambda _f: _("The yes that this is about is not in force any more."),
    "digits_not_recognised_in_language": lambda _f: _(
        "The number was not listened for: digits are recognised in English only. All else was."
    ),
    "digits_not_recognised_in_narrow_sound": lambda _f: _(
        "The number could not be listened for: the sound is as narrow as a telephone's. Use a microphone."
    ),
    "digits_not_recognised_in_noise": lambda _f: _(
        "The number could not be listened for: there is too much noise. Go to a quieter place, closer to the "
        "microphone."
    ),
}
"""By the codes of `registry.domain.spoken_statements`: what happened, and what helps."""


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}", "GET /v1/performers/{performer_id}/consents/{consent_id}")
def list_spoken(performer_id: str, consent_id: str) -> Response:
    """Show every attempt to say a yes aloud, and how to begin another."""
    return _list(performer_of(performer_id), consent_id)


def _list(
    performer: Performer,
    consent_id: str,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
) -> Response:
    consent = consents.get_consent(context(), principal(), performer.id, consent_id)
    found = spoken_statements.list_statements(context(), principal(), performer.id, consent_id)
    now = context().clock()
    return page_about(
        performer,
        "performer/spoken_all",
        status,
        problem=problem,
        consent=consent,
        found=list(reversed(found)),
        state_of=lambda each: each.state_at(now),
        state_words=STATES,
        languages_known=LANGUAGES,
        heard_in=HEARD_IN,
        is_said=any(each.state is SpokenStatementState.ACCEPTED for each in found),
        may_begin=consent.value().permits(now) and covers(performer.id, Scope.CONSENTS_WRITE),
    )


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}", "GET /v1/performers/{performer_id}/consents/{consent_id}")
@once
def begin_spoken(performer_id: str, consent_id: str) -> Response:
    """Ask for words to read and a number: from now on there are ten minutes."""
    performer = performer_of(performer_id)
    try:
        body = checked(NewSpokenStatement, language=request.form.get("spoken_in") or language())
        begun = spoken_statements.begin_statement(
            context(), principal(), performer_id, consent_id, language=body.language
        )
    except ConflictError as error:
        return _list(performer, consent_id, HTTPStatus.CONFLICT, does_not_fit(error))
    except InvalidInputError as error:
        return _list(performer, consent_id, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return went_on(_path(begun))


def _path(statement: SpokenStatement) -> str:
    return f"/performers/{statement.performer_id}/consents/{statement.consent_id}/spoken/{statement.id}"


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}/{{statement_id}}", "GET /v1/performers/{performer_id}")
def show_spoken(performer_id: str, consent_id: str, statement_id: str) -> Response:
    """Show the words to read; then whether they are being listened to; then what became of them, and why."""
    return _page(performer_of(performer_id), consent_id, statement_id)


def _page(
    performer: Performer,
    consent_id: str,
    statement_id: str,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
) -> Response:
    statement = spoken_statements.get_statement(context(), principal(), performer.id, consent_id, statement_id)
    state = statement.state_at(context().clock())
    words, _marker, digits = statement.text.rpartition("\n")
    return page_about(
        performer,
        "performer/spoken",
        status,
        problem=problem,
        statement=statement,
        path=_path(statement),
        state=state,
        state_word=_(STATES[state]),
        words=words,
        digits=digits,
        how=HOW.in_language(language_of(statement.language)),
        reasons=[said_of(each) for each in statement.reasons],
        heard=_heard(statement),
        scripts=state in {SpokenStatementState.OPEN, SpokenStatementState.QUEUED},
    )


def said_of(reason: Mapping[str, Any]) -> str:
    """Say a reason of a spoken statement in words; of one that has none, what is stored."""
    words = REASONS.get(str(reason["code"]))
    return words(reason.get("figures") or {}) if words else str(reason["detail"])


def _heard(statement: SpokenStatement) -> list[tuple[str, str | None, bool]]:
    """Answer each digit that was asked for, what was heard in its place, and whether that is the same.

    Empty where no other number was heard.
    """
    wrong = next((each for each in statement.reasons if each["code"] == "wrong_digits"), None)
    figures: Any = (wrong or {}).get("figures") or {}
    heard = str(figures.get("heard") or "")
    if not heard:
        return []
    places = [heard[place] if place < len(heard) else None for place in range(len(statement.number))]
    return [(wanted, said, wanted == said) for wanted, said in zip(statement.number, places, strict=True)]


@personal.post(f"{_ONE}/recording")
@stands_for(f"POST {_OPERATION}/{{statement_id}}/recording", "GET /v1/performers/{performer_id}")
@takes(Takes(MULTIPART))
@once
def send_spoken(performer_id: str, consent_id: str, statement_id: str) -> Response:
    """Send the one recording that answers. The number is spent by it, unless the file is no recording."""
    performer = performer_of(performer_id)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        nothing = _("No recording was chosen."), _("Record the words, or choose a file. The number still holds.")
        return _page(performer, consent_id, statement_id, HTTPStatus.UNPROCESSABLE_ENTITY, nothing)
    named = (performer_id, consent_id, statement_id)
    try:
        spoken_statements.answer_statement(context(), principal(), *named, upload=upload_of(sent))
    except ConflictError as error:
        return _page(performer, consent_id, statement_id, HTTPStatus.CONFLICT, does_not_fit(error))
    except (MediaError, SpeechError) as error:
        return _page(performer, consent_id, statement_id, HTTPStatus.UNPROCESSABLE_ENTITY, _unreadable(error))
    statement = spoken_statements.await_statement(context(), principal(), *named, wait_s=_WAIT_S)
    return went_on(_path(statement))


def _unreadable(error: RegistryError) -> tuple[str, str]:
    what, _to_do = advice(error.slug, error.figures)
    return what, _("The number still holds: read the words again, and send that.")
