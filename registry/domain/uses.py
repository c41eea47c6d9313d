"""Uses: what a studio says it does, or wants to do, with a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class UseKind(StrEnum):
    """What the submitted recording is."""

    GENERATED = "generated"  # a machine made it
    TRAINING = "training"  # a machine is to be taught with it
    REFERENCE = "reference"  # a recording of a person, to be used as a voice reference or as it is


class UsePurpose(StrEnum):
    """What a voice is used for. Licences list the purposes they permit."""

    TRAINING = "training"  # teach a model
    VOICE_CLONE = "voice_clone"  # make a synthetic copy of the voice
    DUBBING = "dubbing"
    TRANSLATION = "translation"  # the performer's own words, in another language
    NARRATION = "narration"
    CHARACTER = "character"  # a role, in a game, a film or an animation
    ADVERTISING = "advertising"
    ASSISTANT = "assistant"  # a product that answers people in real time
    RESTORATION = "restoration"  # mend or replace lines the performer has spoken


class Medium(StrEnum):
    """Where the result is heard."""

    FILM = "film"
    TELEVISION = "television"
    STREAMING = "streaming"
    RADIO = "radio"
    PODCAST = "podcast"
    AUDIOBOOK = "audiobook"
    GAME = "game"
    ONLINE = "online"
    TELEPHONY = "telephony"
    STAGE = "stage"
    INTERNAL = "internal"  # not published: tests, drafts, models in development


@dataclass(frozen=True, slots=True)
class DeclaredUse:
    """What the studio declares about a recording. What is left out is unknown, and unknown is never permitted.

    Attributes:
        kind: what the recording is.
        purpose: what the voice is used for.
        project: the studio's own name of the production or the data set.
        medium: where the result is heard.
        territory: ISO 3166-1 alpha-2 code of the country of use, or ``WORLD``.
        language: BCP 47 tag of the language spoken, or None when not declared.
        fixed_on: the day the work was finished, or None; only a work finished within a licence's term may outlive it.
        claimed_licence_ids: licences the studio says it acts under.
        declared_source_id: the performer the studio says the voice was made from, or None.
    """

    kind: UseKind
    purpose: UsePurpose
    project: str
    medium: Medium
    territory: str
    language: str | None = None
    fixed_on: date | None = None
    claimed_licence_ids: tuple[str, ...] = ()
    declared_source_id: str | None = None

    @property
    def required_purposes(self) -> frozenset[UsePurpose]:
        """Every purpose that a licence must permit for this use.

        The declared one; `voice_clone` as well when a machine made the recording, since a licence to hear a person is
        not one to copy their voice; and `training` as well when a machine is to be taught with it.
        """
        return frozenset({self.purpose}) | _KIND_REQUIRES[self.kind]


_KIND_REQUIRES: Mapping[UseKind, frozenset[UsePurpose]] = MappingProxyType(
    {
        UseKind.GENERATED: frozenset({UsePurpose.VOICE_CLONE}),
        UseKind.TRAINING: frozenset({UsePurpose.TRAINING}),
        UseKind.REFERENCE: frozenset(),
    }
)
