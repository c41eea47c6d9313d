"""Spoken statements: begun with a one-time number, answered with one recording, and listened to by a worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.domain import spoken_statements as rules
from registry.domain.accounts import Principal, Scope
from registry.domain.checks import WorkKind
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.scores import Reason
from registry.domain.spoken_statements import SpokenStatementState
from registry.domain.spoken_words import words_to_read
from registry.errors import (
    ConflictError,
    ControllerUnnamedError,
    MediaTooLargeError,
    NotEnrolledError,
    NotFoundError,
    StatementSpentError,
    TooManyAttemptsError,
)
from registry.media.recording import Recording
from registry.media.speech import net_speech_s
from registry.services import intake
from registry.services.consents import consent_of
from registry.services.context import Context
from registry.services.enrolments import monitoring_consent
from registry.services.intake import Upload
from registry.services.performers import performer_to_act_for, performer_to_change, visible_performer
from registry.services.spoken_statement_work import close_unheard, digest_of_text
from registry.services.unit import Unit, unit_of_work
from registry.store import enrolments, spoken_statements, work
from registry.store.consents import Consent
from registry.store.performers import Performer
from registry.store.spoken_statements import SpokenStatement
from registry.vault.keys import WrappedKey

_NUMBER_BYTES = 16  # what is left over of so many, modulo a million, favours no number by more than 1 in 10^32


# --- beginning -------------------------------------------------------------------------------------------------------


def begin_statement(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str, *, language: str
) -> SpokenStatement:
    """Answer the words that a performer is to read about a consent, with a number that holds for ten minutes.

    One that was begun before and not spoken is expired by it. Each is an attempt, which is counted and kept.

    Args:
        performer_id: who is to speak.
        consent_id: what about: a yes that is in force.
        language: BCP 47 tag of the words; in another than English the number cannot be verified.

    Raises:
        NotFoundError, ForbiddenError: no such performer or consent, or not allowed to act for them.
        ConflictError: the consent is not a yes in force, a statement about it is accepted or is being listened to, or
            the performer has died; figure ``state``.
        ConsentMissingError: there is no consent to monitoring of the voice, without which no voice is kept.
        NotEnrolledError: no voice is enrolled.
        ControllerUnnamedError: the words name who answers for the registry, and the settings do not.
        InvalidInputError: there are no words in this language; figures ``language`` and ``languages``.
        TooManyAttemptsError: figures ``attempts``, ``allowed`` and ``retry_after_s``.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        consent = consent_of(unit.session, performer, consent_id)
        _require_can_speak(unit.session, performer, consent, unit.now)
        _require_attempts_left(unit.session, performer, unit.now)
        number = _new_number(unit)
        said = words_to_read(
            consent.value(), name=performer.name, registry=_controller(ctx), number=number, language=language
        )
        _replace_open(unit, consent, principal.account_id)
        statement = SpokenStatement(
            id=unit.new_id(IdPrefix.SPOKEN_STATEMENT),
            performer_id=performer.id,
            consent_id=consent.id,
            attempt=spoken_statements.attempts(unit.session, consent.id) + 1,
            state=SpokenStatementState.OPEN,
            language=language,
            text=said,
            text_sha256=digest_of_text(said),
            scope_sha256=rules.scope_sha256(consent.value()),
            number=number,
            issued_at=unit.now,
            expires_at=unit.now + rules.LIVES,
            reasons=[],
            created_by=principal.account_id,
            version=1,
        )
        unit.session.add(statement)
        unit.record(
            EventType.SPOKEN_STATEMENT_BEGUN,
            statement.id,
            principal.account_id,
            performer_id=performer.id,
            consent_id=consent.id,
            attempt=statement.attempt,
            scope_sha256=statement.scope_sha256,
        )
        unit.commit()
    return statement


def _require_can_speak(session: Session, performer: Performer, consent: Consent, now: datetime) -> None:
    """Refuse to begin what could not be accepted."""
    if performer.died_on is not None:
        raise ConflictError("the performer has died: nobody can speak in their voice", state="died")
    _require_in_force(session, consent, now)
    if not enrolments.voiceprints_of(session, performer.id):
        raise NotEnrolledError(
            "the performer's voice is not enrolled, so nobody could tell that it is theirs: enrol it first"
        )
    for state in (SpokenStatementState.ACCEPTED, SpokenStatementState.QUEUED):
        if found := spoken_statements.statement_in_state(session, consent.id, state):
            raise ConflictError(
                f"the statement {found.id} about this consent is {state.value}",
                state=state.value,
                statement_id=found.id,
            )


def _require_in_force(session: Session, consent: Consent, now: datetime) -> None:
    value = consent.value()
    if not value.permits(now):
        state = "refused" if consent.decision.value == "refused" else value.state_at(now).value
        raise ConflictError(
            f"a statement is about a yes in force, and this consent is {state}", state=state, consent_id=consent.id
        )
    monitoring_consent(session, consent.performer_id, rules.VOICE, now)


def _require_attempts_left(session: Session, performer: Performer, now: datetime) -> None:
    begun = spoken_statements.begun_since(session, performer.id, now - rules.ATTEMPTS_WITHIN)
    if len(begun) < rules.MOST_ATTEMPTS:
        return
    wait = begun[-rules.MOST_ATTEMPTS] + rules.ATTEMPTS_WITHIN - now
    wait_s = max(1, round(wait.total_seconds()))
    hours = rules.ATTEMPTS_WITHIN.total_seconds() / 3600
    raise TooManyAttemptsError(
        f"{len(begun)} statements of this performer were begun in {hours:.0f} hours, and {rules.MOST_ATTEMPTS} may be: "
        f"begin another in {wait_s} s",
        attempts=len(begun),
        allowed=rules.MOST_ATTEMPTS,
        retry_after_s=wait_s,
    )


def _controller(ctx: Context) -> str:
    if not ctx.controller.name:
        raise ControllerUnnamedError(
            "the words name who answers for the registry: set LIKENESS_CONTROLLER_NAME",
            settings=["LIKENESS_CONTROLLER_NAME"],
        )
    return ctx.controller.name


def _new_number(unit: Unit) -> str:
    drawn = int.from_bytes(unit.random_bytes(_NUMBER_BYTES), "big") % 10**rules.DIGITS
    return f"{drawn:0{rules.DIGITS}d}"


def _replace_open(unit: Unit, consent: Consent, actor_id: str) -> None:
    before = spoken_statements.statement_in_state(unit.session, consent.id, SpokenStatementState.OPEN)
    if before is None:
        return
    spoken_in_time = before.challenge().is_fresh(unit.now)
    reason = rules.replaced() if spoken_in_time else rules.not_spoken(before.challenge())
    close_unheard(unit, before, SpokenStatementState.EXPIRED, reason, actor_id)
    unit.session.flush()  # only one may be open: the old one steps back before the new one is written


# --- answering -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    """A recording that was sent, and what was found before anybody listened to who speaks."""

    upload: Upload
    recording: Recording
    speech_s: float
    received_at: datetime


def answer_statement(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str, statement_id: str, *, upload: Upload
) -> SpokenStatement:
    """Take in the recording that answers a statement, and queue it for a worker. Its number is spent by it.

    1. A file that is no recording, or a recording that is too long, is refused, and the number is not spent.
    2. A recording that came too late, was sent before, or has too little speech ends the statement here.
    3. Any other is sealed into the spool; then statement and work are written in one transaction.

    Args:
        performer_id, consent_id, statement_id: what is answered.
        upload: the recording.

    Returns:
        The statement: ``queued``, or ``refused`` or ``expired`` with the reason.

    Raises:
        NotFoundError, ForbiddenError: no such statement, or not allowed to act for the performer.
        StatementSpentError: a recording has answered it, or it is over; figure ``state``.
        MediaError: the file cannot be used; figures say why.
        ConflictError: the consent that it is about is not in force any more, or the recording was just sent elsewhere.
        ConsentMissingError: the consent to monitoring is not.
    """
    received_at = ctx.clock()
    with ctx.database.read() as session:
        performer = performer_to_act_for(session, principal, performer_id, Scope.CONSENTS_WRITE)
        statement = _statement_of(session, performer, consent_id, statement_id)
        _require_open(statement)
        _require_in_force(session, consent_of(session, performer, consent_id), received_at)
        challenge = statement.challenge()
    recording = intake.read(ctx, upload)
    _require_short(recording)
    answer = _Answer(upload, recording, net_speech_s(ctx.detector.spans(recording)), received_at)
    if reason := _unheard(challenge, answer):
        return _refuse(ctx, principal, statement_id, answer, reason)
    with ctx.database.read() as session:
        seen_in = spoken_statements.seen_in(session, performer_id, recording.content_sha256)
    if seen_in is not None:
        return _refuse(ctx, principal, statement_id, answer, rules.replayed(seen_in))
    work_id = ctx.ids.new(IdPrefix.WORK, ctx.clock())
    with intake.spooled(
        ctx, work_id, [recording]
    ) as key:  # not the statement's id: of two at once, one must not delete
        return _queue(ctx, principal, statement_id, answer, work_id=work_id, key=key)


def _require_open(statement: SpokenStatement) -> None:
    if statement.state is not SpokenStatementState.OPEN:
        raise StatementSpentError(
            f"the number of this statement can be spoken once, and the statement is {statement.state.value}: begin "
            "another",
            state=statement.state.value,
        )


def _require_short(recording: Recording) -> None:
    if recording.duration_s > rules.MOST_RECORDING_S:
        raise MediaTooLargeError(
            f"the recording lasts {recording.duration_s:.0f} s; to read the words takes less than "
            f"{rules.MOST_RECORDING_S:.0f} s: send the reading alone",
            duration_s=round(recording.duration_s, 2),
            max_duration_s=rules.MOST_RECORDING_S,
        )


def _unheard(challenge: rules.Challenge, answer: _Answer) -> Reason | None:
    """Answer why nobody needs to listen to a recording, or None."""
    if not challenge.is_fresh(answer.received_at):
        return rules.too_old(challenge, answer.received_at)
    if answer.speech_s < rules.LEAST_SPEECH_S:
        return rules.too_little_speech(answer.speech_s)
    return None


def _refuse(ctx: Context, principal: Principal, statement_id: str, answer: _Answer, reason: Reason) -> SpokenStatement:
    with unit_of_work(ctx) as unit:
        statement = _locked(unit, statement_id)
        _write_received(statement, answer)
        late = not statement.challenge().is_fresh(answer.received_at)
        state = SpokenStatementState.EXPIRED if late else SpokenStatementState.REFUSED
        close_unheard(unit, statement, state, reason, principal.account_id)
        unit.commit()
    return statement


def _queue(
    ctx: Context, principal: Principal, statement_id: str, answer: _Answer, *, work_id: str, key: WrappedKey
) -> SpokenStatement:
    with unit_of_work(ctx) as unit:
        statement = _locked(unit, statement_id)
        _require_in_force(unit.session, unit.session.get_one(Consent, statement.consent_id), unit.now)
        _write_received(statement, answer)
        statement.state = SpokenStatementState.QUEUED
        statement.spool_key, statement.spool_master_key_id = key.wrapped, key.master_key_id
        statement.version += 1
        try:
            unit.session.flush()
        except IntegrityError as error:  # another statement has taken the same recording since it was looked for
            raise ConflictError("this very recording was just sent with another statement", state="sent") from error
        work.enqueue(
            unit.session,
            work_id=work_id,
            kind=WorkKind.SPOKEN_STATEMENT,
            subject_id=statement.id,
            now=unit.now,
        )
        unit.record(
            EventType.SPOKEN_STATEMENT_RECEIVED,
            statement.id,
            principal.account_id,
            performer_id=statement.performer_id,
            consent_id=statement.consent_id,
            attempt=statement.attempt,
            content_sha256=statement.content_sha256,
        )
        unit.commit()
    return statement


def _locked(unit: Unit, statement_id: str) -> SpokenStatement:
    """Answer an open statement, its performer's row locked before it, as every verb does; raises as `_require_open`."""
    statement = unit.session.get(SpokenStatement, statement_id)
    if statement is None:  # the performer has been forgotten meanwhile
        raise NotFoundError("there is no such spoken statement")
    unit.session.get_one(Performer, statement.performer_id, with_for_update=True)
    unit.session.refresh(statement)
    _require_open(statement)
    return statement


def _write_received(statement: SpokenStatement, answer: _Answer) -> None:
    statement.received_at = answer.received_at
    statement.content_sha256 = answer.recording.content_sha256
    statement.recording = intake.facts(answer.upload, answer.recording) | {"speech_s": round(answer.speech_s, 2)}


# --- reading ---------------------------------------------------------------------------------------------------------


def get_statement(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str, statement_id: str
) -> SpokenStatement:
    """Answer one spoken statement.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        return _statement_of(session, performer, consent_id, statement_id)


def _statement_of(session: Session, performer: Performer, consent_id: str, statement_id: str) -> SpokenStatement:
    consent = consent_of(session, performer, consent_id)
    statement = session.get(SpokenStatement, statement_id)
    if statement is None or statement.consent_id != consent.id:
        raise NotFoundError("there is no such spoken statement")
    return statement


def list_statements(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str
) -> Sequence[SpokenStatement]:
    """Answer every attempt to make a statement about a consent, the first first.

    Raises:
        NotFoundError: no such consent that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        return spoken_statements.statements_of(session, consent_of(session, performer, consent_id).id)


def await_statement(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str, statement_id: str, *, wait_s: float
) -> SpokenStatement:
    """Answer a statement as soon as it was listened to, or as it stands after ``wait_s`` seconds.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    deadline = time.monotonic() + wait_s
    while True:
        statement = get_statement(ctx, principal, performer_id, consent_id, statement_id)
        if statement.state is not SpokenStatementState.QUEUED or time.monotonic() >= deadline:
            return statement
        ctx.pause(ctx.thresholds.poll_s)
