"""Listening to shared sound: who may, and that they did is on record for both sides before they hear it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.shared_sounds import ListenerSide
from registry.errors import ForbiddenError, NotFoundError
from registry.media.wave_file import BYTES_PER_SAMPLE, wave_of
from registry.services.checks import visible_finding
from registry.services.context import Context
from registry.services.shared_sounds import get_sound, key_of_sound
from registry.services.sound_endings import SOUND_BOUND_AS
from registry.services.unit import unit_of_work
from registry.store import shared_sounds
from registry.store.shared_sounds import SharedSound, SoundListening
from registry.vault.sealing import bind, open_sealed

_NOT_SHARED = "no sound of this finding is shared, or it has no such stretch"


def hear_stretch(ctx: Context, principal: Principal, finding_id: str, number: int) -> bytes:
    """Answer one stretch of what is shared, as a WAVE file.

    1. Whoever asks is of the performer's side, or of the organisation that shares it: nobody of the registry hears it.
    2. It is shared at this moment, and opens.
    3. That this account listened to this stretch today is on record before it is answered.

    Args:
        finding_id: that the sound is of.
        number: of the stretch, from 1, in the order of time.

    Raises:
        NotFoundError: no such finding that the caller may know of, it is not shared, or there is no such stretch.
        ForbiddenError: the caller runs the registry.
        SealBrokenError: what was sealed was changed.
    """
    principal.require(Scope.FINDINGS_READ)
    if principal.is_operator:
        raise ForbiddenError(
            "sound is shared with the performer: nobody of the registry hears it", role=principal.role.value
        )
    now = ctx.clock()
    key = {"account_id": principal.account_id, "number": number, "heard_on": now.astimezone(UTC).date()}
    with ctx.database.read() as session:
        finding = visible_finding(session, principal, finding_id)
        sound = _in_force(session, finding.id)
        if sound is None or sound.ending_at(now) is not None:
            raise NotFoundError(_NOT_SHARED)
        heard = _opened(ctx, sound, number)
        noted = session.get(SoundListening, {"sound_id": sound.id, **key}) is not None
    if not noted:
        _note(ctx, principal, sound.id, key)
    return wave_of(heard)


def _in_force(session: Session, finding_id: str) -> SharedSound | None:
    query = select(SharedSound).where(SharedSound.finding_id == finding_id, SharedSound.ended_at.is_(None))
    return session.scalars(query.options(undefer(SharedSound.content))).one_or_none()


def _opened(ctx: Context, sound: SharedSound, number: int) -> bytes:
    """Answer the samples of one stretch."""
    if sound.content is None or not 1 <= number <= len(sound.stretches):
        raise NotFoundError(_NOT_SHARED)
    counts = [int(each["samples"]) for each in sound.stretches]
    start = sum(counts[: number - 1])
    pcm = open_sealed(
        sound.content, ctx.keys.unwrap(key_of_sound(sound)), bind(SOUND_BOUND_AS, sound.id, sound.finding_id)
    )
    return pcm[start * BYTES_PER_SAMPLE : (start + counts[number - 1]) * BYTES_PER_SAMPLE]


def _note(ctx: Context, principal: Principal, sound_id: str, key: Mapping[str, object]) -> None:
    with unit_of_work(ctx) as unit:
        sound = unit.session.get(SharedSound, sound_id, with_for_update=True)  # two at once are written once
        if sound is None or sound.ending_at(unit.now) is not None:
            raise NotFoundError(_NOT_SHARED)
        if unit.session.get(SoundListening, {"sound_id": sound_id, **key}) is not None:
            return
        side = side_of(principal, sound)
        unit.session.add(SoundListening(sound_id=sound_id, side=side, heard_at=unit.now, **key))
        unit.record(
            EventType.SOUND_HEARD,
            sound.id,
            principal.account_id,
            finding_id=sound.finding_id,
            performer_id=sound.performer_id,
            number=key["number"],  # type: ignore[arg-type]  # a number
            side=side.value,
        )
        unit.commit()


def side_of(principal: Principal, sound: SharedSound) -> ListenerSide:
    """Answer on whose side of a sound somebody is who may hear it."""
    own = sound.performer_id in principal.performer_ids
    return ListenerSide.PERFORMER if own else ListenerSide.ORGANISATION


def list_listenings(
    ctx: Context, principal: Principal, finding_id: str
) -> tuple[SharedSound, Sequence[SoundListening]]:
    """Answer who has listened to what was shared last of a finding, in order: both sides see it.

    Raises:
        NotFoundError: no such finding that the caller may know of, or nothing of it was ever shared.
    """
    sound = get_sound(ctx, principal, finding_id)
    with ctx.database.read() as session:
        return sound, shared_sounds.listenings_of(session, [sound.id])


def listenings_to(ctx: Context, sounds: Collection[SharedSound]) -> Mapping[str, Sequence[SoundListening]]:
    """Answer who has listened to each of some sounds that the caller has been shown, by their ids."""
    if not sounds:
        return {}
    with ctx.database.read() as session:
        found = shared_sounds.listenings_of(session, {each.id for each in sounds})
    return {sound.id: [each for each in found if each.sound_id == sound.id] for sound in sounds}
