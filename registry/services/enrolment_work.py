"""What a worker does with an enrolment that waits: voiceprints sealed, refused, or given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry.domain.checks import EnrolmentState
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.engine.voiceprint import Voiceprint
from registry.errors import ConsentMissingError, NotFoundError, RegistryError
from registry.media.recording import Recording
from registry.services import intake
from registry.services.context import Context
from registry.services.enrolments import monitoring_consent
from registry.services.unit import Unit, unit_of_work
from registry.store import work
from registry.store.enrolments import Enrolment, GalleryChangeKind, SealedVoiceprint
from registry.store.performers import Performer, PerformerKey
from registry.store.work import Lease
from registry.vault.keys import WrappedKey


def open_enrolment(ctx: Context, enrolment_id: str) -> tuple[Enrolment, list[Recording]]:
    """Answer a queued enrolment and its recordings, for a worker that holds the lease on it.

    Raises:
        NotFoundError: it was closed meanwhile, or its upload is gone.
    """
    with ctx.database.read() as session:
        enrolment = session.get(Enrolment, enrolment_id)
    if enrolment is None or enrolment.spool_key is None or enrolment.spool_master_key_id is None:
        raise NotFoundError("the enrolment is not waiting any more")
    key = WrappedKey(enrolment.spool_master_key_id, enrolment.spool_key)
    return enrolment, intake.unspool(ctx, enrolment.id, key)


def complete_enrolment(ctx: Context, held: Lease, voiceprints: Sequence[Voiceprint]) -> None:
    """Seal voiceprints and put them in the gallery: record, voiceprints, gallery step, work, journal in one commit.

    1. The performer's row is locked, so that a withdrawal comes wholly before or wholly after.
    2. Consent is asked for again; without it nothing is stored, and the enrolment is refused.
    3. The performer's key is made, if there is none; each voiceprint is turned and sealed under it.
    4. The lease is finished, which fails if another worker took over; then the one commit.
    5. Best effort: the upload is deleted. A sweep finds what a crash leaves.

    Raises:
        LeaseLostError: another worker has taken over, or the enrolment was closed.
    """
    with unit_of_work(ctx) as unit:
        enrolment = unit.session.get_one(Enrolment, held.subject_id)
        unit.session.get_one(Performer, enrolment.performer_id, with_for_update=True)
        try:
            monitoring_consent(unit.session, enrolment.performer_id, enrolment.modality, unit.now)
        except ConsentMissingError as error:
            _close(unit, held, enrolment, EnrolmentState.REFUSED, intake.problem_of(error))
            unit.commit()
        else:
            _seal_all(unit, ctx, enrolment, voiceprints)
            _close(unit, held, enrolment, EnrolmentState.ACTIVE, None)
            unit.gallery_changed(enrolment.performer_id, GalleryChangeKind.ADDED)
            unit.commit()


def _seal_all(unit: Unit, ctx: Context, enrolment: Enrolment, voiceprints: Sequence[Voiceprint]) -> None:
    key = _performer_key(unit, ctx, enrolment)
    wrapped = WrappedKey(key.master_key_id, key.wrapped_key)
    for voiceprint in voiceprints:
        voiceprint_id = unit.new_id(IdPrefix.VOICEPRINT)
        sealed = ctx.vault.seal(
            voiceprint.vector, voiceprint_id=voiceprint_id, space_id=voiceprint.space.id, performer_key=wrapped
        )
        unit.session.add(
            SealedVoiceprint(
                id=voiceprint_id,
                performer_id=enrolment.performer_id,
                enrolment_id=enrolment.id,
                encoder=voiceprint.space.encoder,
                weights_sha256=voiceprint.space.weights_sha256,
                preprocessing=voiceprint.space.preprocessing,
                dimension=voiceprint.space.dimension,
                epoch=sealed.epoch,
                label=voiceprint.label,
                speech_s=voiceprint.speech_s,
                sealed=sealed.data,
                created_at=unit.now,
            )
        )


def _performer_key(unit: Unit, ctx: Context, enrolment: Enrolment) -> PerformerKey:
    key = unit.session.get(PerformerKey, (enrolment.performer_id, enrolment.modality.value))
    if key is None:
        wrapped = ctx.vault.new_performer_key()
        key = PerformerKey(
            performer_id=enrolment.performer_id,
            modality=enrolment.modality.value,
            master_key_id=wrapped.master_key_id,
            wrapped_key=wrapped.wrapped,
            created_at=unit.now,
        )
        unit.session.add(key)
    return key


_EVENTS: Mapping[EnrolmentState, EventType] = {
    EnrolmentState.ACTIVE: EventType.ENROLMENT_COMPLETED,
    EnrolmentState.REFUSED: EventType.ENROLMENT_REFUSED,
    EnrolmentState.FAILED: EventType.ENROLMENT_FAILED,
}


def _close(
    unit: Unit, held: Lease | None, enrolment: Enrolment, state: EnrolmentState, problem: dict[str, object] | None
) -> None:
    enrolment.state = state
    enrolment.problem = problem
    enrolment.finished_at = unit.now
    enrolment.spool_key = enrolment.spool_master_key_id = None
    enrolment.version += 1
    unit.record(
        _EVENTS[state],
        enrolment.id,
        held.worker_id if held else "system",
        performer_id=enrolment.performer_id,
        problem=str(problem["slug"]) if problem else None,
    )
    unit.upload_used(enrolment.id)
    if held is not None:
        work.finish(unit.session, held, now=unit.now)


def refuse_enrolment(ctx: Context, held: Lease, error: RegistryError) -> None:
    """Close an enrolment that did not pass; what was wrong is kept, and the upload is deleted.

    Raises:
        LeaseLostError: another worker has taken over, or the enrolment was closed.
    """
    with unit_of_work(ctx) as unit:
        enrolment = unit.session.get_one(Enrolment, held.subject_id)
        _close(unit, held, enrolment, EnrolmentState.REFUSED, intake.problem_of(error))
        unit.commit()


def fail_enrolment(unit: Unit, enrolment_id: str, problem: dict[str, object]) -> None:
    """Close an enrolment that was tried too often, in the unit that gives its work up."""
    enrolment = unit.session.get_one(Enrolment, enrolment_id)
    if enrolment.state is EnrolmentState.QUEUED:
        _close(unit, None, enrolment, EnrolmentState.FAILED, problem)
