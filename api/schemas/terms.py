"""Terms of licences, as they are sent and shown: the document of `registry.domain.terms_document`, with its defaults.

Whoever sends terms may leave out what has a default; each default has the reading that permits least.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from api.schemas.base import Body, Language, Line, Note, Prose, Territory
from api.schemas.examples import Example
from registry.domain import terms_limits as limits
from registry.domain.terms import (
    ANY_LANGUAGE,
    Exclusivity,
    LicenceTerms,
    Marking,
    PayBasis,
    Permission,
    ReplicaClass,
    RepresentationKind,
)
from registry.domain.terms_document import terms_json
from registry.domain.terms_reading import terms_of_json
from registry.domain.uses import Medium, UsageUnit, UseMode, UsePurpose

TERMS_EXAMPLE: Example = {
    "purposes": ["advertising", "voice_clone"],
    "media": ["radio", "online"],
    "territories": ["GB", "IE"],
    "languages": ["en"],
    "projects": None,
    "starts_on": "2026-03-01",
    "ends_on": "2027-02-28",
    "exclusivity": "non_exclusive",
    "pay": {"rates": [{"basis": "flat", "amount_minor": 450_000}], "currency": "GBP", "due_within_days": 30},
}

_Minor = Annotated[int, Field(ge=0, le=limits.MOST_MINOR, description="In the minor unit of the currency: cents, won.")]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="An ISO 4217 code.")]
_Place = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"),
    Field(description="A country of ISO 3166-1, or a part of one by ISO 3166-2: `KR`, `US-CA`."),
]


class RateBody(Body):
    """The price of one unit; 0 for the basis `none`, and for no other."""

    basis: PayBasis
    amount_minor: _Minor = 0


class MultiplierBody(Body):
    """A factor for one mode of use, or for one medium."""

    use_mode: UseMode | None = None
    medium: Medium | None = None
    factor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")] = Field(examples=["7.5"])

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.use_mode is None) == (self.medium is None):
            raise ValueError("a multiplier is for a mode of use or for a medium")
        return self

    def document(self) -> dict[str, object]:
        """Write it as the document of the terms does: without the member that is null."""
        return self.model_dump(mode="json", exclude_none=True)


class Pay(Body):
    """What is owed: `rates`, or `basis` and `amount_minor` where there is only one."""

    basis: PayBasis | None = Field(default=None, description="Of the first rate; where `rates` is left out, the only.")
    amount_minor: _Minor = 0
    rates: list[RateBody] | None = Field(
        default=None, min_length=1, max_length=len(PayBasis), description="At most one for each basis."
    )
    currency: _Currency | None = Field(default=None, description="An ISO 4217 code; null when the basis is `none`.")
    minimum_guarantee_minor: _Minor = Field(default=0, description="Owed in advance; pay for use is taken off it.")
    multipliers: list[MultiplierBody] = Field(default_factory=list, max_length=len(UseMode) + len(Medium))
    due_within_days: int = Field(default=30, ge=0, le=limits.MOST_DAYS_UNTIL_PAYMENT)

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if self.rates is None and self.basis is None:
            raise ValueError("pay needs `rates`, or the `basis` of the only one")
        if self.rates is not None and self.basis is not None:
            first = self.rates[0]
            if (first.basis, first.amount_minor) != (self.basis, self.amount_minor):
                raise ValueError("`basis` and `amount_minor` say something else than the first of `rates`")
        return self

    def document(self) -> dict[str, object]:
        """Write it as the document of the terms does."""
        rates = self.rates or [RateBody(basis=self.basis or PayBasis.NONE, amount_minor=self.amount_minor)]
        return {
            "rates": [rate.model_dump(mode="json") for rate in rates],
            "currency": self.currency,
            "minimum_guarantee_minor": self.minimum_guarantee_minor,
            "multipliers": [multiplier.document() for multiplier in self.multipliers],
            "due_within_days": self.due_within_days,
        }


class VolumeCapBody(Body):
    """The most units over the whole term."""

    unit: UsageUnit
    limit: int = Field(ge=1, le=2**53 - 1)


class ApprovalBody(Body):
    """For which purposes the performer approves the exact copy before each use."""

    purposes: list[UsePurpose] = Field(min_length=1, max_length=len(UsePurpose))
    floor_minor: _Minor = Field(default=0, description="The least fee that may be offered for one; 0 for none.")
    currency: _Currency | None = None


class AttributionBody(Body):
    """How the performer is named."""

    credit_line: Line


class LabelBody(Body):
    """The words that tell people that a machine made it."""

    language: Language
    text: Note


class DisclosureBody(Body):
    """How it is disclosed that a machine made it. What the law asks for stays owed."""

    markings: list[Marking] = Field(default_factory=list, max_length=len(Marking))
    labels: list[LabelBody] = Field(default_factory=list, max_length=limits.MOST_LABELS)
    artistic_exception: bool = False


class RepresentationBody(Body):
    """Who advised the performer."""

    kind: RepresentationKind = RepresentationKind.NONE
    name: Line | None = None


class AgreementBody(Body):
    """The collective agreement that covers the licence. A strike is declared by its name."""

    name: Line
    section: Line | None = None
    version: Line | None = None
    addresses_replicas: bool = False


class CircumstancesBody(Body):
    """How the licence came to be."""

    replaces_in_person_work: bool = True
    representation: RepresentationBody = Field(default_factory=RepresentationBody)
    cba: AgreementBody | None = None
    of_age_on: date | None = Field(default=None, description="A minor's licence ends the day before.")
    minor_court_approval_ref: Line | None = None
    clear_and_conspicuous: bool = False
    separately_signed: bool = False
    security_controls: Prose | None = None
    raw_audio_retention_days: int | None = Field(default=None, ge=0, le=limits.MOST_DAYS_KEPT)
    training_sublicence_notice: bool = False
    purpose_represented_at_recording: list[UsePurpose] | None = Field(
        default=None, max_length=len(UsePurpose), description="What the performer was told of when recorded."
    )
    governing_law: _Place | None = None


class Terms(Body):
    """What a licence permits and asks for. Each list names what is permitted; what is not in it is refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [TERMS_EXAMPLE]})

    type: Literal["licence_terms"] = "licence_terms"
    version: Literal[2] = 2
    purposes: list[UsePurpose] = Field(min_length=1, max_length=len(UsePurpose))
    media: list[Medium] = Field(min_length=1, max_length=len(Medium))
    territories: list[Territory] = Field(min_length=1, max_length=limits.MOST_TERRITORIES)
    languages: list[Language | Annotated[str, StringConstraints(pattern=r"^\*$")]] = Field(
        min_length=1,
        max_length=limits.MOST_LANGUAGES,
        description=f"BCP 47 tags (`en` permits `en-GB` too), or `{ANY_LANGUAGE}`.",
    )
    projects: list[Line] | None = Field(
        max_length=limits.MOST_PROJECTS, description="The studio's projects; null, written out, for all."
    )
    starts_on: date
    ends_on: date
    exclusivity: Exclusivity
    pay: Pay
    replica_class: ReplicaClass | None = None
    use_modes: list[UseMode] = Field(default=[UseMode.FIXED], min_length=1, max_length=len(UseMode))
    intended_uses: list[Note] = Field(
        default_factory=list, max_length=limits.MOST_INTENDED_USES, description="Reasonably specific, each."
    )
    volume_caps: list[VolumeCapBody] = Field(default_factory=list, max_length=len(UsageUnit))
    approval: ApprovalBody | None = None
    attribution: AttributionBody | None = None
    sublicensing: Permission = Permission.REFUSED
    derived_voices: Permission = Permission.REFUSED
    improves_models: bool = False
    disclosure: DisclosureBody = Field(default_factory=DisclosureBody)
    circumstances: CircumstancesBody = Field(default_factory=CircumstancesBody)

    def value(self) -> LicenceTerms:
        """Answer the terms as the rules take them.

        Raises:
            InvalidInputError: the term ends before it starts, the pay makes no sense, or something is said twice.
        """
        return terms_of_json(self.model_dump(mode="json") | {"pay": self.pay.document()})

    @classmethod
    def of(cls, terms: LicenceTerms) -> Terms:
        """Describe terms, each list in order; the first rate is repeated beside the rates."""
        document: dict[str, Any] = terms_json(terms)
        return cls.model_validate(document | {"pay": {**document["pay"], **document["pay"]["rates"][0]}})
