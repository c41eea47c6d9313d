"""Ending sound that is shared: its key and what it sealed are gone, and that it was there stays on record."""

from __future__ import annotations

from typing import Final

from registry.domain.events import EventType
from registry.domain.shared_sounds import SoundEnding
from registry.services.unit import Unit
from registry.store import shared_sounds
from registry.store.shared_sounds import SharedSound

SOUND_BOUND_AS: Final = "shared-sound"
"""What the sealed samples are bound to, with the ids of the sound and of its finding."""


def end_one_sound(unit: Unit, sound: SharedSound, ending: SoundEnding, actor_id: str) -> None:
    """End one that has not ended, in the caller's unit."""
    sound.content = sound.content_key = sound.content_master_key_id = None
    sound.ended_at, sound.ending = unit.now, ending
    sound.version += 1
    unit.record(
        EventType.SOUND_ENDED,
        sound.id,
        actor_id,
        finding_id=sound.finding_id,
        performer_id=sound.performer_id,
        organisation_id=sound.organisation_id,
        ending=ending.value,
    )


def end_sounds_of(unit: Unit, performer_id: str, actor_id: str) -> int:
    """End everything that is shared with a performer whose voice is looked for no more; answer how much that was."""
    found = shared_sounds.in_force_of(unit.session, performer_id)
    for sound in found:
        ran_out = sound.ending_at(unit.now) is SoundEnding.RAN_OUT
        end_one_sound(unit, sound, SoundEnding.RAN_OUT if ran_out else SoundEnding.CONSENT_ENDED, actor_id)
    return len(found)
