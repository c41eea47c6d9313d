"""What becomes of spoken statements: kept, refused, expired or given up, and ended with the consent they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from registry.domain.checks import WorkKind
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.scores import Reason, RecordingEvidence
from registry.domain.spoken_statements import (
    VOICE,
    Challenge,
    Heard,
    SpokenStatementState,
    StatementRuling,
    consent_ended,
    not_assessed,
    not_spoken,
    rule_on,
    tampered_with,
)
from registry.errors import NotFoundError
from registry.media.recording import Recording
from registry.services import intake
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import consents, retention, spoken_statements, work
from registry.store.consents import Consent
from registry.store.performers import Performer
from registry.store.spoken_statements import SpokenStatement
from registry.store.work import Lease
from registry.vault.keys import WrappedKey

SYSTEM = "system"
UNSPOKEN_KEPT_OPEN = timedelta(days=1)
"""A number that nobody spoke has long expired by then; until then a late recording is told that it was late."""


def digest_of_text(text: str) -> str:
    """Answer the SHA-256, in hex, of the words that were to be read (UTF-8)."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that a worker is to listen to."""

    performer_id: str
    challenge: Challenge
    recording: Recording


@dataclass(frozen=True, slots=True)
class Listening:
    """What a worker heard, and the evidence that it rests on."""

    heard: Heard
    evidence: RecordingEvidence


def open_statement(ctx: Context, held: Lease) -> Waiting:
    """Answer a queued statement with its recording, for a worker that holds the lease on it.

    Raises:
        NotFoundError: it is not waiting any more, or its upload is gone.
        SealBrokenError: the upload was tampered with.
    """
    with ctx.database.read() as session:
        statement = session.get(SpokenStatement, held.subject_id)
    if statement is None or statement.spool_key is None or statement.spool_master_key_id is None:
        raise NotFoundError("the spoken statement is not waiting any more")
    key = WrappedKey(statement.spool_master_key_id, statement.spool_key)
    recording = intake.unspool(ctx, held.work_id, key)[0]
    return Waiting(statement.performer_id, statement.challenge(), recording)


def complete_statement(ctx: Context, held: Lease, listening: Listening) -> None:
    """Decide on a statement and write what was heard: statement, work and journal in one commit.

    1. The performer's row is locked, so that a withdrawal comes wholly before or wholly after.
    2. The lease is finished, which fails if another worker took over: before anything is written twice.
    3. Consent is asked for again: without it the statement is refused, and nothing of what was heard is stored.
    4. The rules decide; what was heard is written with the state, at once, because what is kept is never changed.
    5. The one commit.
    6. Best effort: the upload is deleted. A sweep finds what a crash leaves.

    Raises:
        NotFoundError: the performer has been forgotten meanwhile.
        LeaseLostError: another worker has taken over, or the statement has ended.
    """
    with unit_of_work(ctx) as unit:
        statement = _locked(unit, held.subject_id)
        work.finish(unit.session, held, now=unit.now)
        if _has_consent(unit, statement):
            received_at = statement.received_at or unit.now
            ruling = rule_on(statement.challenge(), received_at, listening.heard)
            _write_heard(statement, listening)
        else:
            ruling = StatementRuling(SpokenStatementState.REFUSED, None, (consent_ended(),))
        _close(unit, statement, ruling, held.worker_id)
        unit.commit()


def refuse_tampered(ctx: Context, held: Lease) -> None:
    """Fail a statement whose sealed recording does not open.

    Raises:
        NotFoundError, LeaseLostError: as for `complete_statement`.
    """
    with unit_of_work(ctx) as unit:
        statement = _locked(unit, held.subject_id)
        work.finish(unit.session, held, now=unit.now)
        close_unheard(unit, statement, SpokenStatementState.FAILED, tampered_with(), held.worker_id)
        unit.commit()


def fail_statement(unit: Unit, statement_id: str, attempts: int) -> None:
    """Close a statement that was tried too often, in the unit that gives its work up."""
    statement = unit.session.get(SpokenStatement, statement_id)
    if statement is not None and statement.state is SpokenStatementState.QUEUED:
        close_unheard(unit, statement, SpokenStatementState.FAILED, not_assessed(attempts), SYSTEM)


def expire_unspoken(ctx: Context) -> int:
    """Write down that statements were not spoken in time. Nothing waits for this to refuse. Answer how many."""
    with unit_of_work(ctx) as unit:
        found = spoken_statements.unspoken_since(unit.session, unit.now - UNSPOKEN_KEPT_OPEN)
        for statement in found:
            reason = not_spoken(statement.challenge())
            close_unheard(unit, statement, SpokenStatementState.EXPIRED, reason, SYSTEM)
        if found:
            unit.commit()
    return len(found)


# --- with the consent ------------------------------------------------------------------------------------------------


def end_statements(unit: Unit, consent: Consent, actor_id: str) -> None:
    """End what is begun and not finished about a consent that has ended, its upload included, in the caller's unit.

    With the consent to monitoring of the voice everything ends that is unfinished: there is no enrolled voice any more.
    What is accepted stays: it proves what was agreed while it was.
    """
    whole = consent.purpose is ConsentPurpose.MONITORING and consent.modality is Modality.VOICE
    about = None if whole else (consent.purpose, consent.modality)
    for statement in spoken_statements.unfinished_of(unit.session, consent.performer_id, about):
        queued = statement.state is SpokenStatementState.QUEUED
        if queued:
            work.cancel(unit.session, subject_id=statement.id, now=unit.now)
        state = SpokenStatementState.REFUSED if queued else SpokenStatementState.EXPIRED
        close_unheard(unit, statement, state, consent_ended(), actor_id)


def erase_statements(unit: Unit, performer_id: str) -> int:
    """Delete every statement of a performer, accepted ones too: each has their name in it. Answer how many."""
    found = spoken_statements.every_statement_of(unit.session, performer_id)
    for statement in found:
        _upload_used(unit, statement)
    retention.erase_rows(unit.session, found)
    return len(found)


# --- writing ---------------------------------------------------------------------------------------------------------

_EVENTS: Mapping[SpokenStatementState, EventType] = {
    SpokenStatementState.ACCEPTED: EventType.SPOKEN_STATEMENT_ACCEPTED,
    SpokenStatementState.UNVERIFIED: EventType.SPOKEN_STATEMENT_UNVERIFIED,
    SpokenStatementState.REFUSED: EventType.SPOKEN_STATEMENT_REFUSED,
    SpokenStatementState.FAILED: EventType.SPOKEN_STATEMENT_FAILED,
    SpokenStatementState.EXPIRED: EventType.SPOKEN_STATEMENT_EXPIRED,
}


def close_unheard(
    unit: Unit, statement: SpokenStatement, state: SpokenStatementState, reason: Reason, actor_id: str
) -> None:
    """Close a statement for a reason that nobody had to listen for, in the caller's unit."""
    _close(unit, statement, StatementRuling(state, None, (reason,)), actor_id)


def _locked(unit: Unit, statement_id: str) -> SpokenStatement:
    statement = unit.session.get(SpokenStatement, statement_id)
    if statement is None:
        raise NotFoundError("the spoken statement is gone")
    unit.session.get_one(Performer, statement.performer_id, with_for_update=True)
    unit.session.refresh(statement)
    return statement


def _has_consent(unit: Unit, statement: SpokenStatement) -> bool:
    """Whether both the consent that it is about and the one to monitoring of the voice are in force."""
    session: Session = unit.session
    about = session.get_one(Consent, statement.consent_id)
    monitoring = consents.active_consent(session, statement.performer_id, ConsentPurpose.MONITORING, VOICE)
    return about.value().permits(unit.now) and monitoring is not None and monitoring.value().permits(unit.now)


def _write_heard(statement: SpokenStatement, listening: Listening) -> None:
    heard, evidence = listening.heard, listening.evidence
    statement.outcome = heard.outcome
    statement.log10_lr = None if heard.log10_lr is None else round(heard.log10_lr, 3)
    statement.number_log10_lr = None if heard.number_log10_lr is None else round(heard.number_log10_lr, 3)
    statement.engine = {
        **asdict(evidence.engine),
        "target_fpir": evidence.operating_point.target_fpir,
        "gallery_size": evidence.operating_point.gallery_size,
        "threshold_log10_lr": round(evidence.operating_point.threshold_log10_lr, 3),
    }


def _close(unit: Unit, statement: SpokenStatement, ruling: StatementRuling, actor_id: str) -> None:
    """Write an end, with what is known: in one change, because a statement that is kept is never changed again."""
    statement.state, statement.digits = ruling.state, ruling.digits
    statement.reasons = [reason.as_json() for reason in ruling.reasons]
    statement.finished_at = unit.now
    statement.spool_key = statement.spool_master_key_id = None
    statement.version += 1
    unit.record(
        _EVENTS[ruling.state],
        statement.id,
        actor_id,
        performer_id=statement.performer_id,
        consent_id=statement.consent_id,
        attempt=statement.attempt,
        content_sha256=statement.content_sha256,
        scope_sha256=statement.scope_sha256,
        digits=None if ruling.digits is None else ruling.digits.value,
        reasons=" ".join(reason.code for reason in ruling.reasons),
    )
    _upload_used(unit, statement)


def _upload_used(unit: Unit, statement: SpokenStatement) -> None:
    """Let the upload go, if there was one: it lies under the id of its work."""
    if work_id := work.work_for(unit.session, WorkKind.SPOKEN_STATEMENT, statement.id):
        unit.upload_used(work_id)
