"""Uses: what a studio says it does, or wants to do, with a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from registry.errors import InvalidInputError


class UseKind(StrEnum):
    """What the submitted recording is."""

    GENERATED = "generated"  # a machine made it
    TRAINING = "training"  # a machine is to be taught with it
    REFERENCE = "reference"  # a recording of a person, to be used as a voice reference or as it is


class UsePurpose(StrEnum):
    """What a voice is used for. Licences list the purposes they permit. The list only grows."""

    TRAINING = "training"  # teach a model
    VOICE_CLONE = "voice_clone"  # make a synthetic copy of the voice
    DUBBING = "dubbing"
    TRANSLATION = "translation"  # the performer's own words, in another language
    NARRATION = "narration"
    CHARACTER = "character"  # a role, in a game, a film or an animation
    ADVERTISING = "advertising"
    ASSISTANT = "assistant"  # a product that answers people in real time
    RESTORATION = "restoration"  # mend or replace lines the performer has spoken
    GENERATION = "generation"  # say words that others write later, without a named work they belong to
    AUDIO_DESCRIPTION = "audio_description"  # say what is seen, for people who do not see it
    RESEARCH = "research"  # study that is not sold, and from which no product is made


class UseMode(StrEnum):
    """Whether what is heard is fixed beforehand, or made while people listen."""

    FIXED = "fixed"
    REAL_TIME = "real_time"


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


class UsageUnit(StrEnum):
    """What use is counted in. The list only grows."""

    SESSION = "session"  # of recording, with the performer
    LINE = "line"  # of text, spoken or generated
    SECOND = "second"  # of sound
    THOUSAND_INFERENCES = "thousand_inferences"  # requests to a model of the voice; a part of a thousand counts whole
    TRAINING_RUN = "training_run"
    REAL_TIME_HOUR = "real_time_hour"  # of conversation; a part of an hour counts whole


@dataclass(frozen=True, slots=True)
class Quantity:
    """So many units of use: a whole number, at least 1.

    Raises:
        InvalidInputError: the amount is below 1.
    """

    unit: UsageUnit
    amount: int

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise InvalidInputError(
                f"a use takes at least 1 {self.unit.value}, not {self.amount}", unit=self.unit.value, amount=self.amount
            )

    def as_json(self) -> dict[str, object]:
        """Answer unit and amount, for storing and showing."""
        return {"unit": self.unit.value, "amount": self.amount}

    @classmethod
    def of_json(cls, stored: Mapping[str, object]) -> Quantity:
        """Read what `as_json` wrote."""
        return cls(UsageUnit(str(stored["unit"])), int(str(stored["amount"])))


class CopyUse(NamedTuple):
    """One exact copy, with where it is used and for what: what a performer says yes to when approving it."""

    copy_sha256: str
    kind: UseKind
    purpose: UsePurpose
    project: str
    medium: Medium
    territory: str
    language: str | None


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
        use_mode: fixed or made in real time, or None when not declared: then `mode` says what the purpose implies.
        quantities: how much of it, for licences that cap their volume; at most one for each unit.
        copy_sha256: hex digest of the exact copy (the words), for licences under which each copy is approved.
        ai_disclosed: whether the result is marked and labelled as the licence asks, or None when not declared.
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
    use_mode: UseMode | None = None
    quantities: tuple[Quantity, ...] = ()
    copy_sha256: str | None = None
    ai_disclosed: bool | None = None

    @property
    def required_purposes(self) -> frozenset[UsePurpose]:
        """Every purpose that a licence must permit for this use: `purposes_required` of its kind and purpose."""
        return purposes_required(self.kind, self.purpose)

    @property
    def mode(self) -> UseMode:
        """The declared mode; where none is, real time for an assistant and fixed for everything else."""
        if self.use_mode is not None:
            return self.use_mode
        return UseMode.REAL_TIME if self.purpose is UsePurpose.ASSISTANT else UseMode.FIXED

    @property
    def copy_use(self) -> CopyUse | None:
        """The exact copy with where it is used and for what, or None when no copy was named."""
        if self.copy_sha256 is None:
            return None
        return CopyUse(
            self.copy_sha256, self.kind, self.purpose, self.project, self.medium, self.territory, self.language
        )

    def amount_of(self, unit: UsageUnit) -> int | None:
        """Answer how many units were declared, or None when that was not said."""
        return next((quantity.amount for quantity in self.quantities if quantity.unit is unit), None)

    def is_counted_in(self, unit: UsageUnit) -> bool:
        """Whether a use of this kind and mode takes units of this sort at all."""
        if unit is UsageUnit.TRAINING_RUN:
            return self.kind is UseKind.TRAINING
        if unit is UsageUnit.REAL_TIME_HOUR:
            return self.mode is UseMode.REAL_TIME
        if unit is UsageUnit.THOUSAND_INFERENCES:
            return self.kind is UseKind.GENERATED
        if unit is UsageUnit.SESSION:
            return self.kind is UseKind.REFERENCE
        return self.kind is not UseKind.TRAINING


def purposes_required(kind: UseKind, purpose: UsePurpose) -> frozenset[UsePurpose]:
    """Answer every purpose that a licence must permit for a use.

    The declared one; `voice_clone` as well when a machine made the recording, since a licence to hear a person is not
    one to copy their voice; and `training` as well when a machine is to be taught with it.
    """
    return _REQUIRED[kind, purpose]


_KIND_REQUIRES: Mapping[UseKind, frozenset[UsePurpose]] = MappingProxyType(
    {
        UseKind.GENERATED: frozenset({UsePurpose.VOICE_CLONE}),
        UseKind.TRAINING: frozenset({UsePurpose.TRAINING}),
        UseKind.REFERENCE: frozenset(),
    }
)
_REQUIRED: Mapping[tuple[UseKind, UsePurpose], frozenset[UsePurpose]] = MappingProxyType(
    {(kind, purpose): frozenset({purpose}) | more for kind, more in _KIND_REQUIRES.items() for purpose in UsePurpose}
)
