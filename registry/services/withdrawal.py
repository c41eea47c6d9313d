"""Ending consents, with everything that rested on them, so that nothing is left to use."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState, SuspensionReason
from registry.services.case_analysis_endings import end_analyses_with
from registry.services.cohort_agreements import end_agreement_with
from registry.services.context import Context
from registry.services.gallery_offers import end_offers_of
from registry.services.holders import Holder, gallery_holders_of, holders_of
from registry.services.holds import place_hold
from registry.services.notice_forgetting import NoticesLeft
from registry.services.sound_endings import end_sounds_of
from registry.services.spoken_statement_work import end_statements
from registry.services.unit import Unit, unit_of_work
from registry.store import enrolments, licences, performers, work, workers
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
        keys_destroyed: voiceprint keys destroyed; without them the voiceprints cannot be opened.
        voiceprints_erased: rows deleted as well.
        licences_suspended: ids.
        workers_live: workers that were running.
        workers_confirmed: of these, how many have said that the voiceprints are out of their memory.
        holders: those who held a licence, a permission or a gallery file that has ended, and by when each must stop.
        at: when.
        already: whether all of it had been done before, so that nothing was left to do.
        notices: what became of notices, where somebody was forgotten.
    """

    consents: Sequence[Consent]
    keys_destroyed: int
    voiceprints_erased: int
    licences_suspended: Sequence[str]
    workers_live: int
    workers_confirmed: int
    holders: Sequence[Holder]
    at: datetime
    already: bool = False
    notices: NoticesLeft = field(default_factory=NoticesLeft)


def withdraw(
    unit: Unit, ctx: Context, ending: Sequence[Consent], actor_id: str, *, also: Callable[[], None] | None = None
) -> Withdrawal:
    """End consents of one performer, with everything that rests on them, and commit the caller's unit.

    1. Who holds a licence, a permission or a gallery file, and must stop, is read while they still hold it.
    2. The consents end.
    3. For monitoring: the key is destroyed and the voiceprints are deleted; a salted commitment stays as proof. Sound
       that was shared with the performer is gone with it.
    4. For licensing: licences in force are suspended.
    5. What else the caller wants to happen with it, in the same commit.
    6. One commit. From here on no check that begins can rest on the voiceprints, on any worker.
    7. Best effort, after the commit: what was deleted leaves the database's log too; then wait until every live worker
       says that its memory is rid of them.
    """
    holders = _holders(unit.session, ending, unit.now)
    undone: list[_Undone] = []
    for consent in ending:
        consent.state = ConsentState.WITHDRAWN
        consent.withdrawn_at = unit.now
        consent.version += 1
        _record_ended(unit, EventType.CONSENT_WITHDRAWN, consent, actor_id)
        undone.append(undo_what_rested_on(unit, consent, actor_id))
    if also is not None:
        also()
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
        holders=holders,
        at=unit.now,
    )


def _holders(
    session: Session, ended: Sequence[Consent], now: datetime, *, stopped_at: datetime | None = None
) -> Sequence[Holder]:
    """Answer who must stop, as far as what ends is about the voice.

    Whoever may use it, where consent to licensing ends; whoever has a gallery file with it, where that to monitoring
    ends.
    """
    found: list[Holder] = []
    for consent in ended:
        if consent.modality is not Modality.VOICE:
            continue
        if consent.purpose is ConsentPurpose.LICENSING:
            found += holders_of(session, consent.performer_id, now, stopped_at=stopped_at)
        elif consent.purpose is ConsentPurpose.MONITORING:
            found += gallery_holders_of(session, consent.performer_id, stopped_at or now)
    return sorted({holder.id: holder for holder in found}.values(), key=lambda holder: (holder.stop_by, holder.id))


def already_withdrawn(session: Session, ended: Sequence[Consent], now: datetime) -> Withdrawal:
    """Answer for consents that had been withdrawn before: nothing is left to do, and who must stop still must."""
    at = max(consent.withdrawn_at for consent in ended if consent.withdrawn_at is not None)
    return Withdrawal(
        consents=ended,
        keys_destroyed=0,
        voiceprints_erased=0,
        licences_suspended=[],
        workers_live=0,
        workers_confirmed=0,
        holders=_holders(session, ended, now, stopped_at=at),
        at=at,
        already=True,
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
    end_statements(unit, consent, actor_id)
    end_analyses_with(unit, consent)
    end_agreement_with(unit, consent)
    if consent.modality is not Modality.VOICE:
        return _Undone()
    if consent.purpose is ConsentPurpose.MONITORING:
        end_offers_of(unit, performer.id, actor_id)
        end_sounds_of(unit, performer.id, actor_id)
        return erase_voice(unit, performer, actor_id)
    if consent.purpose is ConsentPurpose.LICENSING:
        return _Undone(licences=tuple(_suspend_licences(unit, performer, actor_id)))
    return _Undone()


def erase_voice(unit: Unit, performer: Performer, actor_id: str) -> _Undone:
    """Destroy the key of the voice, delete what it sealed, and leave a salted commitment that it was so.

    Where the key is gone already, as after a restore, what it sealed is deleted all the same.
    """
    _close_enrolments(unit, performer)
    key = unit.session.get(PerformerKey, (performer.id, Modality.VOICE.value))
    sealed = [row.sealed for row in enrolments.voiceprints_of(unit.session, performer.id)]
    if key is None and not sealed:
        return _Undone()
    salt = unit.random_bytes(_SALT_BYTES)
    destruction = KeyDestruction(
        id=unit.new_id(IdPrefix.KEY_DESTRUCTION),
        performer_id=performer.id,
        modality=Modality.VOICE.value,
        destroyed_at=unit.now,
        voiceprints=len(sealed),
        commitment=_commitment(salt, performer.id, Modality.VOICE, sealed),
        salt=salt,
    )
    unit.session.add(destruction)
    enrolments.erase_voiceprints(unit.session, performer.id)
    if key is not None:
        unit.session.delete(key)
    unit.gallery_changed(performer.id, GalleryChangeKind.REMOVED)
    unit.record(
        EventType.VOICEPRINT_KEY_DESTROYED,
        destruction.id,
        actor_id,
        performer_id=performer.id,
        modality=destruction.modality,
        voiceprints=len(sealed),
        commitment=destruction.commitment,
    )
    return _Undone(keys=1, voiceprints=len(sealed))


def _commitment(salt: bytes, performer_id: str, modality: Modality, sealed: Iterable[bytes]) -> str:
    """SHA-256 over salt, owner, and the digests of what was sealed: proof of what is gone, of use to nobody else."""
    body = {
        "performer_id": performer_id,
        "modality": modality.value,
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
    """Let every licence in force rest; what rests already does so for this reason as well. Yield what was active."""
    for licence in licences.licences_of_performer(unit.session, performer.id):
        state = licence.value().state_at(unit.now)
        if state not in {LicenceState.ACTIVE, LicenceState.SUSPENDED}:
            continue
        if any(hold.reason is SuspensionReason.CONSENT_ENDED for hold in licence.open_holds):
            continue
        place_hold(
            unit,
            licence,
            SuspensionReason.CONSENT_ENDED,
            placed_by=_SYSTEM,
            actor_id=actor_id,
            note=SYSTEM_REASON,
        )
        licence.version += 1
        if state is LicenceState.ACTIVE:
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
            live = workers.live_workers(session, now=ctx.clock(), within_s=ctx.thresholds.worker_lost_after_s)
        confirmed = sum(worker.gallery_seq >= (seq or 0) for worker in live)
        if confirmed == len(live) or time.monotonic() >= deadline:
            return len(live), confirmed
        ctx.pause(ctx.thresholds.poll_s)


def expire_due(ctx: Context) -> Sequence[str]:
    """Write down every consent whose term has ended, with all that follows from it. Answer their ids.

    Nothing waits for this to refuse: an ended consent permits nothing from the moment it ends.
    """
    with unit_of_work(ctx) as unit:
        due = _due(unit)
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


def _due(unit: Unit) -> Sequence[Consent]:
    """Answer every consent whose term has ended, its performer locked first, as every verb does.

    What another worker has written down meanwhile, or a withdrawal has ended, is not among them any more.
    """
    ended = (Consent.state == ConsentState.ACTIVE, Consent.expires_at <= unit.now)
    whose = set(unit.session.scalars(select(Consent.performer_id).where(*ended)))
    performers.lock_performers(unit.session, sorted(whose))
    found = unit.session.scalars(select(Consent).where(*ended).order_by(Consent.id)).all()
    return [consent for consent in found if consent.performer_id in whose]
