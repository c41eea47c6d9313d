"""What a licence permits and asks for: small frozen values that a machine decides by and both sides sign.

A set names what is permitted; what is not in it is refused, and an empty set refuses. What is left out has the reading
that permits least. Values only grow: a new term comes with a default under which old licences mean what they meant.

Whether terms make sense beside one another is the question of `registry.domain.contradictions`; here is only what no
record could ever hold. How terms are written down is in `registry.domain.terms_document`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from registry.domain.uses import Medium, UsageUnit, UseMode, UsePurpose
from registry.errors import InvalidInputError

WORLD = "WORLD"
"""The territory that contains every other."""

ANY_LANGUAGE = "*"
"""The language term that permits every language. It must be written out; an empty list permits none."""


class Exclusivity(StrEnum):
    """Whether the performer may license the same use to somebody else."""

    NON_EXCLUSIVE = "non_exclusive"
    EXCLUSIVE = "exclusive"


class ReplicaClass(StrEnum):
    """What kind of replica is agreed on, in the words of the SAG-AFTRA agreements."""

    EMPLOYMENT_BASED = "employment_based"  # made with the performer, for the production that employs them
    INDEPENDENTLY_CREATED = "independently_created"  # made from material that exists already
    BACKGROUND = "background"
    SYNTHETIC_PERFORMER = "synthetic_performer"  # nobody recognisable, though it was made from people
    DIGITAL_ALTERATION = "digital_alteration"  # a change to what the performer has performed


class Permission(StrEnum):
    """An answer that is not only yes or no."""

    REFUSED = "refused"
    WITH_APPROVAL = "with_approval"  # each time, in writing, beforehand
    PERMITTED = "permitted"


class Marking(StrEnum):
    """How a machine can tell that a machine made it."""

    C2PA = "c2pa"  # a signed manifest in the file
    WATERMARK = "watermark"  # in the sound itself
    FINGERPRINT = "fingerprint"  # kept by the studio, to recognise the sound by
    LOG = "log"  # of every generation, kept by the studio


# --- pay -------------------------------------------------------------------------------------------------------------


class PayBasis(StrEnum):
    """What is paid for."""

    NONE = "none"  # agreed, in writing, to be unpaid
    FLAT = "flat"
    PER_SESSION = "per_session"
    PER_LINE = "per_line"
    PER_SECOND = "per_second"
    PER_THOUSAND_INFERENCES = "per_thousand_inferences"
    PER_TRAINING_RUN = "per_training_run"
    PER_REAL_TIME_HOUR = "per_real_time_hour"

    @property
    def unit(self) -> UsageUnit | None:
        """The unit of use that is paid for; None for what is paid once, or not at all."""
        return _UNITS.get(self)


_UNITS: Mapping[PayBasis, UsageUnit] = MappingProxyType(
    {basis: UsageUnit(basis.value.removeprefix("per_")) for basis in PayBasis if basis.value.startswith("per_")}
)


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit, in the minor unit of the currency (cents, won): 0 for the basis none, else at least 1.

    Raises:
        InvalidInputError: the amount does not go with the basis.
    """

    basis: PayBasis
    amount_minor: int = 0

    def __post_init__(self) -> None:
        if self.basis is PayBasis.NONE and self.amount_minor:
            raise InvalidInputError("an unpaid licence has no amount and no currency", amount_minor=self.amount_minor)
        if self.basis is not PayBasis.NONE and self.amount_minor < 1:
            raise InvalidInputError(
                f"pay by {self.basis.value} needs an amount above 0 and a currency", amount_minor=self.amount_minor
            )


@dataclass(frozen=True, slots=True)
class Multiplier:
    """Rates are multiplied by an exact factor, above 0, for a mode of use or a medium.

    Raises:
        InvalidInputError: the factor is not a number above 0.
    """

    applies_to: UseMode | Medium
    factor: Decimal

    def __post_init__(self) -> None:
        if not self.factor.is_finite() or self.factor <= 0:
            raise InvalidInputError(
                f"the multiplier for {self.applies_to.value} must be above 0, not {self.factor}",
                applies_to=self.applies_to.value,
                factor=str(self.factor),
            )


@dataclass(frozen=True, slots=True)
class PayTerms:
    """What is owed. That nothing is owed is written out as well: one rate of the basis none (`UNPAID`).

    Attributes:
        rates: at least one, at most one for each basis; every one that a use falls under is owed.
        currency: ISO 4217 code, or None when nothing is owed.
        minimum_guarantee_minor: what is owed over the term even if less is used, in the minor unit; 0 for none. It is
            owed in advance, as a flat fee is, and pay for use is taken off it.
        multipliers: at most one for each mode or medium; those that a use falls under are multiplied together.
        due_within_days: days after the second signature by which a flat fee is owed, and after a use was counted by
            which its price is.

    Raises:
        InvalidInputError: rates and currency do not go together.
    """

    rates: tuple[Rate, ...]
    currency: str | None = None
    minimum_guarantee_minor: int = 0
    multipliers: tuple[Multiplier, ...] = ()
    due_within_days: int = 30

    def __post_init__(self) -> None:
        if not self.rates:
            raise InvalidInputError("pay needs a rate; that nothing is paid is written out as the basis none")
        if self.is_unpaid:
            self._require_nothing_owed()
        elif self.currency is None:
            raise InvalidInputError(
                f"pay by {self.rates[0].basis.value} needs an amount above 0 and a currency",
                amount_minor=self.rates[0].amount_minor,
            )
        if self.minimum_guarantee_minor < 0 or self.due_within_days < 0:
            raise InvalidInputError(
                "a minimum guarantee and the days until payment are not below 0",
                minimum_guarantee_minor=self.minimum_guarantee_minor,
                due_within_days=self.due_within_days,
            )

    def _require_nothing_owed(self) -> None:
        if len(self.rates) > 1 or self.minimum_guarantee_minor or self.multipliers or self.currency is not None:
            raise InvalidInputError("an unpaid licence has no amount and no currency")

    @property
    def is_unpaid(self) -> bool:
        """Whether both sides agreed that nothing is paid."""
        return any(rate.basis is PayBasis.NONE for rate in self.rates)

    @property
    def owed_at_once(self) -> tuple[int, int, str | None]:
        """What is owed from coming into force, before any use: flat fee and minimum guarantee, and their currency."""
        flat = self.rate(PayBasis.FLAT)
        return (flat.amount_minor if flat else 0, self.minimum_guarantee_minor, self.currency)

    @property
    def is_owed_at_once(self) -> bool:
        """Whether something is owed from coming into force, before any use."""
        return any(self.owed_at_once[:2])

    def rate(self, basis: PayBasis) -> Rate | None:
        """Answer the rate of a basis, or None."""
        return next((rate for rate in self.rates if rate.basis is basis), None)


UNPAID = PayTerms((Rate(PayBasis.NONE),))
"""Agreed, in writing, to be unpaid."""


# --- limits and duties -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VolumeCap:
    """The most units of use over the whole term, at least 1.

    Raises:
        InvalidInputError: the limit is below 1.
    """

    unit: UsageUnit
    limit: int

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise InvalidInputError(
                f"a cap on {self.unit.value} must be at least 1, not {self.limit}; to permit none, leave the use out",
                unit=self.unit.value,
                limit=self.limit,
            )


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """The performer approves the exact copy before each use for some purposes; each approval is good for one use.

    Attributes:
        purposes: for which it is asked; at least one.
        floor_minor: the least fee that may be offered for an approval, in the minor unit; 0 for none.
        currency: ISO 4217 code of the floor, or None when there is none.

    Raises:
        InvalidInputError: no purpose, or floor and currency do not go together.
    """

    purposes: frozenset[UsePurpose]
    floor_minor: int = 0
    currency: str | None = None

    def __post_init__(self) -> None:
        if not self.purposes:
            raise InvalidInputError("approval of exact copy names the purposes that it is asked for")
        if self.floor_minor < 0 or (self.floor_minor > 0) != (self.currency is not None):
            raise InvalidInputError(
                "the least fee for an approval is an amount above 0 with a currency, or there is none",
                floor_minor=self.floor_minor,
            )


@dataclass(frozen=True, slots=True)
class Attribution:
    """The performer is named: ``credit_line`` word for word, where credits are given."""

    credit_line: str


@dataclass(frozen=True, slots=True)
class Label:
    """The words that tell people that a machine made it, in one language (BCP 47)."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How it is disclosed that a machine made it. What the law asks for stays owed, whatever is agreed here.

    Attributes:
        markings: that a machine can read; every one of them is owed.
        labels: that people can read, at most one for each language.
        artistic_exception: whether an evidently artistic work may place the label where it does not disturb the work.
    """

    markings: frozenset[Marking] = frozenset()
    labels: tuple[Label, ...] = ()
    artistic_exception: bool = False

    @property
    def is_owed(self) -> bool:
        """Whether the licence asks for anything."""
        return bool(self.markings or self.labels)


# --- circumstances ---------------------------------------------------------------------------------------------------


class RepresentationKind(StrEnum):
    """Who advised the performer."""

    NONE = "none"
    COUNSEL = "counsel"
    UNION = "union"


@dataclass(frozen=True, slots=True)
class Representation:
    """Who advised the performer when the terms were made: the kind, and the name unless there was nobody.

    Raises:
        InvalidInputError: somebody without a name, or nobody with one.
    """

    kind: RepresentationKind = RepresentationKind.NONE
    name: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is RepresentationKind.NONE) != (self.name is None):
            raise InvalidInputError(
                "representation by counsel or a union has a name, and none has not", representation=self.kind.value
            )


@dataclass(frozen=True, slots=True)
class CollectiveAgreement:
    """A collective agreement that covers the licence.

    Attributes:
        name: of the agreement, as everybody who is covered writes it: a strike is declared by this name.
        section: that covers it, or None when not said.
        version: such as its years, or None when not said.
        addresses_replicas: whether it has provisions on digital replicas.
    """

    name: str
    section: str | None = None
    version: str | None = None
    addresses_replicas: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Facts about how the licence came to be, on which its validity may rest. Both sides sign them.

    Attributes:
        replaces_in_person_work: whether the performer could have performed in person what the replica does.
        representation: who advised the performer.
        cba: the collective agreement that covers it, or None.
        of_age_on: the day a minor comes of age, or None for an adult. A minor's licence ends the day before.
        minor_court_approval_ref: the court's reference for a minor's licence, or None.
        clear_and_conspicuous: whether the terms on the replica stand out from the rest.
        separately_signed: whether they were signed apart from the rest.
        security_controls: how the studio keeps recordings and models from others, or None when not agreed.
        raw_audio_retention_days: how long original recordings are kept, or None when not agreed.
        training_sublicence_notice: whether the performer is told before recordings go to third parties for training.
        purpose_represented_at_recording: the purposes the performer was told of when recorded, or None when no record
            says so. To have been told something else than what is licensed is a finding.
        governing_law: an ISO 3166-1 country or ISO 3166-2 subdivision, such as ``KR`` or ``US-CA``, or None.

    Raises:
        InvalidInputError: a retention below 0 days.
    """

    replaces_in_person_work: bool = True
    representation: Representation = Representation()
    cba: CollectiveAgreement | None = None
    of_age_on: date | None = None
    minor_court_approval_ref: str | None = None
    clear_and_conspicuous: bool = False
    separately_signed: bool = False
    security_controls: str | None = None
    raw_audio_retention_days: int | None = None
    training_sublicence_notice: bool = False
    purpose_represented_at_recording: frozenset[UsePurpose] | None = None
    governing_law: str | None = None

    def __post_init__(self) -> None:
        if self.raw_audio_retention_days is not None and self.raw_audio_retention_days < 0:
            raise InvalidInputError(
                "recordings are kept for 0 days or more", raw_audio_retention_days=self.raw_audio_retention_days
            )


# --- the terms -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LicenceTerms:
    """What a licence permits, and what it asks for.

    Attributes:
        purposes: permitted purposes.
        media: permitted media.
        territories: ISO 3166-1 alpha-2 codes, or ``WORLD``.
        languages: BCP 47 tags (``en`` permits ``en-GB`` too), or ``*``.
        starts_on, ends_on: first and last day of the term, both included.
        exclusivity: whether the performer may license the same to others.
        pay: what is owed.
        projects: the studio's projects it is for, or None when it is for every project (written out by both sides).
        replica_class: what kind of replica is agreed on, or None when not said.
        use_modes: permitted modes.
        intended_uses: in words, reasonably specific: what the voice will be used for.
        volume_caps: the most units over the term, at most one for each unit; every one of them holds.
        approval: for which purposes the performer approves the exact copy before each use, or None for none.
        attribution: how the performer is named, or None when that was not agreed.
        sublicensing: whether the studio may let others use what it was permitted.
        derived_voices: whether the voice may be mixed with others, or changed, into a new one.
        improves_models: whether recordings may make models better that serve others than this licence's purposes.
        disclosure: how it is disclosed that a machine made it.
        circumstances: how the licence came to be.

    Raises:
        InvalidInputError: the term ends before it starts; figures ``starts_on`` and ``ends_on``.
    """

    purposes: frozenset[UsePurpose]
    media: frozenset[Medium]
    territories: frozenset[str]
    languages: frozenset[str]
    starts_on: date
    ends_on: date
    exclusivity: Exclusivity
    pay: PayTerms
    projects: frozenset[str] | None
    replica_class: ReplicaClass | None = None
    use_modes: frozenset[UseMode] = frozenset({UseMode.FIXED})
    intended_uses: tuple[str, ...] = ()
    volume_caps: tuple[VolumeCap, ...] = ()
    approval: ApprovalTerms | None = None
    attribution: Attribution | None = None
    sublicensing: Permission = Permission.REFUSED
    derived_voices: Permission = Permission.REFUSED
    improves_models: bool = False
    disclosure: Disclosure = Disclosure()
    circumstances: Circumstances = Circumstances()

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise InvalidInputError(
                f"the term ends on {self.ends_on}, before it starts on {self.starts_on}",
                starts_on=self.starts_on.isoformat(),
                ends_on=self.ends_on.isoformat(),
            )

    @property
    def last_day(self) -> date:
        """The last day on which the terms permit anything: the end of the term, or the day before a minor is of age.

        Who signed for a minor signed for as long as the performer could not; from then on only the performer can.
        """
        of_age_on = self.circumstances.of_age_on
        if of_age_on is None or of_age_on == date.min:
            return self.ends_on
        return min(self.ends_on, of_age_on - timedelta(days=1))
