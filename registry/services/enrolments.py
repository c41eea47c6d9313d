"""Enrolments: recordings offered by a consenting performer, judged, and turned into sealed voiceprints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.checks import EnrolmentState, WorkKind
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import (
    ConsentMissingError,
    NotFoundError,
    UnsupportedModalityError,
)
from registry.services import intake
from registry.services.context import Context
from registry.services.intake import Upload
from registry.services.performers import performer_to_act_for, performer_to_change, require_name_free, visible_performer
from registry.services.quality_gate import Judged, facts, judge_all, overall
from registry.services.unit import Unit, unit_of_work
from registry.store import consents, enrolments, work
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.vault.keys import WrappedKey

# --- offering recordings ---------------------------------------------------------------------------------------------


def submit_enrolment(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    modality: Modality,
    uploads: Sequence[Upload],
    labels: Sequence[str] | None = None,
) -> Enrolment:
    """Take recordings of a performer in, judge them, and queue them for a worker to make voiceprints of.

    1. Nothing is read before there is consent to monitoring for this modality.
    2. Every recording is decoded and judged: speech, clipping, noise. One that fails refuses the whole, and nothing is
       stored.
    3. The decoded recordings are sealed into the spool; then record and work are written in one transaction.

    Args:
        performer_id: who speaks.
        modality: voice.
        uploads: one file or more.
        labels: what each recording stands for (a microphone, a character); the file names by default.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        ConsentMissingError: figures ``purpose`` and ``modality``.
        NameRefusedError: somebody of this name has asked to be forgotten.
        UnsupportedModalityError: not the voice.
        MediaError, SpeechError, EnrolmentQualityError: what is wrong, in numbers.
    """
    if modality is not Modality.VOICE:
        raise UnsupportedModalityError(
            f"only the voice can be enrolled, not the {modality.value}", supported=[Modality.VOICE.value]
        )
    with ctx.database.read() as session:
        performer = performer_to_act_for(session, principal, performer_id, Scope.ENROLMENTS_WRITE)
        if performer.namesake_evidence_sha256 is None:
            require_name_free(ctx, session, performer.name)
        monitoring_consent(session, performer.id, modality, ctx.clock())
    judged = judge_all(ctx, uploads, labels)
    enrolment_id = ctx.ids.new(IdPrefix.ENROLMENT, ctx.clock())
    recordings = [one.recording for one in judged]
    with intake.spooled(ctx, enrolment_id, recordings) as key, unit_of_work(ctx) as unit:
        consent = monitoring_consent(unit.session, performer.id, modality, unit.now)
        enrolment = _new_enrolment(
            unit, principal, enrolment_id=enrolment_id, consent=consent, judged=judged, ctx=ctx, key=key
        )
        unit.session.add(enrolment)
        work.enqueue(
            unit.session,
            work_id=unit.new_id(IdPrefix.WORK),
            kind=WorkKind.ENROLMENT,
            subject_id=enrolment.id,
            now=unit.now,
        )
        unit.record(
            EventType.ENROLMENT_RECEIVED,
            enrolment.id,
            principal.account_id,
            performer_id=performer.id,
            consent_id=consent.id,
            recordings=len(judged),
            speech_s=round(sum(one.speech_s for one in judged), 2),
        )
        unit.commit()
    return enrolment


def monitoring_consent(session: Session, performer_id: str, modality: Modality, now: datetime) -> Consent:
    """Answer the consent that lets voiceprints of a performer be kept.

    Raises:
        ConsentMissingError: there is none in force at ``now``; figures ``purpose`` and ``modality``.
    """
    consent = consents.active_consent(session, performer_id, ConsentPurpose.MONITORING, modality)
    in_force = consent is not None and consent.value().permits(now)
    if consent is None or not in_force:
        raise ConsentMissingError(
            f"the performer has no consent in force to monitoring of the {modality.value}: nothing is kept without it",
            purpose=ConsentPurpose.MONITORING.value,
            modality=modality.value,
        )
    return consent


def _new_enrolment(
    unit: Unit,
    principal: Principal,
    *,
    enrolment_id: str,
    consent: Consent,
    judged: Sequence[Judged],
    ctx: Context,
    key: WrappedKey,
) -> Enrolment:
    return Enrolment(
        id=enrolment_id,
        performer_id=consent.performer_id,
        consent_id=consent.id,
        modality=consent.modality,
        state=EnrolmentState.QUEUED,
        recordings=[facts(one) for one in judged],
        quality=overall(sum(one.speech_s for one in judged), ctx.thresholds),
        problem=None,
        spool_key=key.wrapped,
        spool_master_key_id=key.master_key_id,
        created_by=principal.account_id,
        created_at=unit.now,
        finished_at=None,
        version=1,
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def get_enrolment(ctx: Context, principal: Principal, performer_id: str, enrolment_id: str) -> Enrolment:
    """Answer one enrolment.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        enrolment = session.get(Enrolment, enrolment_id)
        if enrolment is None or enrolment.performer_id != performer.id:
            raise NotFoundError("there is no such enrolment")
        return enrolment


def list_enrolments(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Enrolment]:
    """Answer every enrolment of a performer, the oldest first.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return enrolments.enrolments_of(session, visible_performer(session, principal, performer_id).id)


def await_enrolment(
    ctx: Context, principal: Principal, performer_id: str, enrolment_id: str, *, wait_s: float
) -> Enrolment:
    """Answer an enrolment as soon as it is finished, or as it stands after ``wait_s`` seconds.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    deadline = time.monotonic() + wait_s
    while True:
        enrolment = get_enrolment(ctx, principal, performer_id, enrolment_id)
        if enrolment.state is not EnrolmentState.QUEUED or time.monotonic() >= deadline:
            return enrolment
        ctx.pause(ctx.thresholds.poll_s)


def discard_refused(ctx: Context, principal: Principal, performer_id: str, enrolment_id: str) -> None:
    """Forget an enrolment that was refused while its sender was waiting and has been told why: nothing stays of it."""
    with unit_of_work(ctx) as unit:
        performer_to_change(unit.session, principal, performer_id, Scope.ENROLMENTS_WRITE)
        enrolment = unit.session.get(Enrolment, enrolment_id)
        if enrolment is not None and enrolment.state is EnrolmentState.REFUSED:
            unit.session.delete(enrolment)
            unit.record(
                EventType.ENROLMENT_DISCARDED, enrolment.id, principal.account_id, performer_id=enrolment.performer_id
            )
            unit.commit()
