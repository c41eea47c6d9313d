"""Topics: what there is to explain, and which of it a consent needs to rest on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from registry.domain.choices import LicensingChoices
from registry.domain.consents import ConsentPurpose
from registry.domain.uses import UsePurpose


class Topic(StrEnum):
    """One thing that is explained by one text. The list only grows."""

    MONITORING = "monitoring"
    LICENSING_TRAINING = "licensing_training"
    LICENSING_VOICE_CLONE = "licensing_voice_clone"
    LICENSING_DUBBING = "licensing_dubbing"
    LICENSING_TRANSLATION = "licensing_translation"
    LICENSING_REAL_TIME = "licensing_real_time"
    LICENSING_PRODUCTIONS = "licensing_productions"  # works that are finished before they are heard
    ENGINE_IMPROVEMENT = "engine_improvement"
    WITHDRAWAL = "withdrawal"  # how every yes is taken back: told before the first one is given
    FORGET_ME = "forget_me"  # told before somebody chooses it; no questions, since a no must be easy

    @property
    def purpose(self) -> ConsentPurpose | None:
        """The purpose of consent that this is about, or None when it is about every one."""
        if self.value.startswith("licensing_"):
            return ConsentPurpose.LICENSING
        return _PURPOSES.get(self)


_PURPOSES: Mapping[Topic, ConsentPurpose] = MappingProxyType(
    {
        Topic.MONITORING: ConsentPurpose.MONITORING,
        Topic.ENGINE_IMPROVEMENT: ConsentPurpose.ENGINE_IMPROVEMENT,
    }
)

TOPIC_OF_USE: Mapping[UsePurpose, Topic] = MappingProxyType(
    {
        UsePurpose.TRAINING: Topic.LICENSING_TRAINING,
        UsePurpose.RESEARCH: Topic.LICENSING_TRAINING,
        UsePurpose.VOICE_CLONE: Topic.LICENSING_VOICE_CLONE,
        UsePurpose.DUBBING: Topic.LICENSING_DUBBING,
        UsePurpose.TRANSLATION: Topic.LICENSING_TRANSLATION,
        UsePurpose.ASSISTANT: Topic.LICENSING_REAL_TIME,
        UsePurpose.NARRATION: Topic.LICENSING_PRODUCTIONS,
        UsePurpose.CHARACTER: Topic.LICENSING_PRODUCTIONS,
        UsePurpose.ADVERTISING: Topic.LICENSING_PRODUCTIONS,
        UsePurpose.RESTORATION: Topic.LICENSING_PRODUCTIONS,
        UsePurpose.GENERATION: Topic.LICENSING_PRODUCTIONS,
        UsePurpose.AUDIO_DESCRIPTION: Topic.LICENSING_PRODUCTIONS,
    }
)
"""The text that explains each use; every use has one."""


def required_topics(purpose: ConsentPurpose, choices: LicensingChoices) -> frozenset[Topic]:
    """Answer what must have been understood before a yes for a purpose, given the uses that are chosen with it.

    How a yes is taken back is always among it (GDPR Art. 7(3): told before consent is given).
    """
    if purpose is ConsentPurpose.LICENSING:
        return frozenset({Topic.WITHDRAWAL} | {TOPIC_OF_USE[use] for use in choices.open_to})
    return frozenset({Topic.WITHDRAWAL, Topic(purpose.value)})
