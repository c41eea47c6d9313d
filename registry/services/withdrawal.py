"""Ending consents, with everything that rested on them, so that nothing is left to use."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import enrolments, licences, work
from registry.store.consents import Consent
from registry.store.enrolments import GalleryChangeKind
from registry.store.performers import KeyDestruction, Performer, PerformerKey

_SALT_BYTES = 32
_SYSTEM = "system"
SYSTEM_REASON = "the performer's consent to licensing has ended"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal did.

    Attributes:
        consents: those that ended.
        keys_destroyed: voiceprint keys destroyed; without them no copy of the voiceprints can be opened.
        voiceprints_erased: rows deleted as well.
        licences_suspended: ids.
        workers_live: workers that were running.
        workers_confirmed: of these, how many have said that the voiceprints are out of their memory.
        at: when.
    """

    consents: Sequence[Consent]
    keys_destroyed: int
    voiceprints_erased: int
    licences_suspended: Sequence[str]
    workers_live: int
    workers_confirmed: int
    at: datetime


def withdraw(unit: Unit, ctx: Context, ending: Sequence[Consent], actor_id: str) -> Withdrawal:
    """End consents of one performer, with everything that rests on them, and commit the caller's unit.

    1. The consents end.
    2. For monitoring: the key is destroyed and the voiceprints are deleted; a salted commitment stays as proof.
    3. For licensing: licences in force are suspended.
    4. One commit. From here on no check that begins can rest on the voiceprints, on any worker.
    5. Best effort, after the commit: what was deleted leaves the database's log too; then wait until every live worker
       says that its memory is rid of them.
    """
    undone: list[_Undone] = []
    for consent in ending:
        consent.state = ConsentState.WITHDRAWN
        consent.withdrawn_at = unit.now
        consent.version += 1
        _record_ended(unit, EventType.CONSENT_WITHDRAWN, consent, actor_id)
        undone.append(undo_what_rested_on(unit, consent, actor_id))
    unit.commit()
    ctx.database.scrub()
    live, confirmed = await_workers(ctx, unit.gallery_seq)
    return Withdrawal(
        consents=ending,
        keys_destroyed=sum(u.keys for u in undone),
        voiceprints_erased=sum(u.voiceprints for u in undone),
        licences_suspended=[licence_id for u in undone for licence_id in u.licences],
        workers_live=live,
        workers_confirmed=confirmed,
        at=unit.now,
    )


def _record_ended(unit: Unit, event_type: EventType, consent: Consent, actor_id: str) -> None:
    unit.record(
        event_type,
        consent.id,
        actor_id,
        performer_id=consent.performer_id,
        purpose=consent.purpose.value,
        modality=consent.modality.value,
    )


@dataclass(frozen=True, slots=True)
class _Undone:
    keys: int = 0
    voiceprints: int = 0
    licences: tuple[str, ...] = ()


def undo_what_rested_on(unit: Unit, consent: Consent, actor_id: str) -> _Undone:
    """Undo what rested on a consent's purpose and modality, in the caller's unit."""
    performer = unit.session.get_one(Performer, consent.performer_id, with_for_update=True)
    if consent.modality is not Modality.VOICE:
        return _Undone()
    if consent.purpose is ConsentPurpose.MONITORING:
        return _erase(unit, performer, actor_id)
    if consent.purpose is ConsentPurpose.LICENSING:
        return _Undone(licences=tuple(_suspend_licences(unit, performer, actor_id)))
    return _Undone()


def _erase(unit: Unit, performer: Performer, actor_id: str) -> _Undone:
    """Destroy the key of the voice, delete what it sealed, and leave a salted commitment that it was so."""
    _close_enrolments(unit, performer)
    key = unit.session.get(PerformerKey, (performer.id, Modality.VOICE.value))
    if key is None:
        return _Undone()
    sealed = [row.sealed for row in enrolments.voiceprints_of(unit.session, performer.id)]
    salt = unit.random_bytes(_SALT_BYTES)
    destruction = KeyDestruction(
        id=unit.new_id(IdPrefix.KEY_DESTRUCTION),
        performer_id=performer.id,
        modality=key.modality,
        destroyed_at=unit.now,
        voiceprints=len(sealed),
        commitment=_commitment(salt, key, sealed),
        salt=salt,
    )
    unit.session.add(destruction)
    enrolments.erase_voiceprints(unit.session, performer.id)
    unit.session.delete(key)
    unit.gallery_changed(performer.id, GalleryChangeKind.REMOVED)
    unit.record(
        EventType.VOICEPRINT_KEY_DESTROYED,
        destruction.id,
        actor_id,
        performer_id=performer.id,
        modality=key.modality,
        voiceprints=len(sealed),
        commitment=destruction.commitment,
    )
    return _Undone(keys=1, voiceprints=len(sealed))


def _commitment(salt: bytes, key: PerformerKey, sealed: Iterable[bytes]) -> str:
    """SHA-256 over salt, owner, and the digests of what was sealed: proof of what is gone, of use to nobody else."""
    body = {
        "performer_id": key.performer_id,
        "modality": key.modality,
        "sealed": [hashlib.sha256(data).hexdigest() for data in sealed],
    }
    return hashlib.sha256(salt + json.dumps(body, sort_keys=True).encode()).hexdigest()


def _close_enrolments(unit: Unit, performer: Performer) -> None:
    """Mark enrolments erased, and drop those that still wait, their uploads included."""
    for enrolment in enrolments.enrolments_of(unit.session, performer.id):
        if enrolment.modality is not Modality.VOICE:
            continue
        if enrolment.state not in {EnrolmentState.ACTIVE, EnrolmentState.QUEUED}:
            continue
        if enrolment.state is EnrolmentState.QUEUED:
            work.cancel(unit.session, subject_id=enrolment.id, now=unit.now)
            unit.upload_used(enrolment.id)
        enrolment.state = EnrolmentState.ERASED
        enrolment.finished_at = enrolment.finished_at or unit.now
        enrolment.spool_key = enrolment.spool_master_key_id = None
        enrolment.version += 1


def _suspend_licences(unit: Unit, performer: Performer, actor_id: str) -> Iterable[str]:
    for licence in licences.licences_of_performer(unit.session, performer.id):
        if licence.state is LicenceState.ACTIVE:
            licence.state = LicenceState.SUSPENDED
            licence.suspended_at = unit.now
            licence.suspended_by = _SYSTEM
            licence.suspension_reason = SYSTEM_REASON
            licence.version += 1
            unit.record(
                EventType.LICENCE_SUSPENDED, licence.id, actor_id, performer_id=performer.id, cause="consent_ended"
            )
            yield licence.id


def await_workers(ctx: Context, seq: int | None) -> tuple[int, int]:
    """Wait, for a bounded time, until every live worker has applied a step of the gallery.

    Args:
        seq: of the step, or None when there was none to apply.

    Returns:
        Workers that are live, and how many of them have confirmed.
    """
    deadline = time.monotonic() + ctx.thresholds.withdrawal_confirmation_s
    while True:
        with ctx.database.read() as session:
            live = work.live_workers(session, now=ctx.clock(), within_s=ctx.thresholds.worker_lost_after_s)
        confirmed = sum(worker.gallery_seq >= (seq or 0) for worker in live)
        if confirmed == len(live) or time.monotonic() >= deadline:
            return len(live), confirmed
        time.sleep(ctx.thresholds.poll_s)


def expire_due(ctx: Context) -> Sequence[str]:
    """Write down every consent whose term has ended, with all that follows from it. Answer their ids.

    Nothing waits for this to refuse: an ended consent permits nothing from the moment it ends.
    """
    with unit_of_work(ctx) as unit:
        due = unit.session.scalars(
            select(Consent).where(Consent.state == ConsentState.ACTIVE, Consent.expires_at <= unit.now)
        ).all()
        for consent in due:
            consent.state = ConsentState.EXPIRED
            consent.version += 1
            _record_ended(unit, EventType.CONSENT_EXPIRED, consent, _SYSTEM)
            if consent.decision is ConsentDecision.GIVEN:
                undo_what_rested_on(unit, consent, _SYSTEM)
        if due:
            unit.commit()
            ctx.database.scrub()
    return [consent.id for consent in due]
