"""Standing: what a performer permits at a moment, for the voice and for the face. Derived, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.domain.choices import Disposition
from registry.domain.consents import Consent, ConsentPurpose, Modality, choice_for, consent_in_force
from registry.domain.uses import UsePurpose


class Presence(StrEnum):
    """The choice between being looked for and being forgotten. Without either, there is no template and no refusal."""

    MONITOR_ME = "monitor_me"
    FORGET_ME = "forget_me"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a performer stands for one modality.

    Attributes:
        modality: voice or face.
        presence: monitored, forgotten, or neither.
        in_force: purposes with a yes in force.
        choices: what is said to every use there is.
    """

    modality: Modality
    presence: Presence
    in_force: Sequence[ConsentPurpose]
    choices: Mapping[UsePurpose, Disposition]


def standing(consents: Iterable[Consent], modality: Modality, now: datetime, *, forgotten: bool) -> Standing:
    """Say what a performer permits at ``now``.

    Args:
        consents: every consent of the performer.
        modality: voice or face.
        now: the moment.
        forgotten: whether the performer has asked to be forgotten.
    """
    held = list(consents)
    in_force = [purpose for purpose in ConsentPurpose if consent_in_force(held, purpose, modality, now)]
    monitored = Presence.MONITOR_ME if ConsentPurpose.MONITORING in in_force else Presence.UNSET
    return Standing(
        modality=modality,
        presence=Presence.FORGET_ME if forgotten else monitored,
        in_force=in_force,
        choices={use: choice_for(held, use, modality, now) for use in UsePurpose},
    )
