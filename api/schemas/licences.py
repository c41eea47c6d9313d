"""Licences: terms, parties, and where a licence is in its life."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    Body,
    Language,
    Line,
    Moment,
    Note,
    OrganisationId,
    Page,
    Path,
    PerformerId,
    Prose,
    Sha256,
    Territory,
    Version,
    omissible,
)
from api.schemas.examples import Example
from registry.domain import licences as rules
from registry.domain.licences import ANY_LANGUAGE, Exclusivity, LicenceState, LicenceTerms, PayBasis, Side
from registry.domain.uses import Medium, UsePurpose
from registry.store.licences import Licence

_TERMS: Example = {
    "purposes": ["advertising", "voice_clone"],
    "media": ["radio", "online"],
    "territories": ["GB", "IE"],
    "languages": ["en"],
    "projects": None,
    "starts_on": "2026-03-01",
    "ends_on": "2027-02-28",
    "exclusivity": "non_exclusive",
    "pay": {"basis": "flat", "amount_minor": 450_000, "currency": "GBP", "due_within_days": 30},
}
_DRAFT: Example = {
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "title": "Spring campaign",
    "intended_use": "Two radio spots and one online film, made with a synthetic copy of the performer's voice.",
    "terms": _TERMS,
}
_EXAMPLE: Example = {
    "id": examples.LICENCE,
    **_DRAFT,
    "state": "draft",
    "created_by": examples.ACCOUNT,
    "created_at": examples.NOW,
    "offered_at": None,
    "performer_signed_at": None,
    "studio_signed_at": None,
    "activated_at": None,
    "suspended_at": None,
    "suspension_reason": None,
    "ended_at": None,
    "paid_at": None,
    "version": 1,
}


class LicencePath(Path):
    """Which licence."""

    licence_id: str = Field(examples=[examples.LICENCE])


class LicenceQuery(PageQuery):
    """Which licences."""

    state: LicenceState | None = omissible(description="Only those in this state, as written down.")


class Pay(Body):
    """What is owed."""

    model_config = ConfigDict(from_attributes=True)

    basis: PayBasis
    amount_minor: int = Field(default=0, ge=0, le=2**31 - 1, description="Price of one unit, in cents or the like.")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(
        default=None, description="An ISO 4217 code; null when the basis is `none`."
    )
    due_within_days: int = Field(default=30, ge=0, le=3_650)


class Terms(Body):
    """What a licence permits. Each list names what is permitted; what is not in it is refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TERMS]})

    purposes: list[UsePurpose] = Field(min_length=1, max_length=len(UsePurpose))
    media: list[Medium] = Field(min_length=1, max_length=len(Medium))
    territories: list[Territory] = Field(min_length=1, max_length=250)
    languages: list[Language | Annotated[str, StringConstraints(pattern=r"^\*$")]] = Field(
        min_length=1, max_length=200, description=f"BCP 47 tags (`en` permits `en-GB` too), or `{ANY_LANGUAGE}`."
    )
    projects: list[Line] | None = Field(
        max_length=200, description="The studio's projects; null, written out, for all."
    )
    starts_on: date
    ends_on: date
    exclusivity: Exclusivity
    pay: Pay

    def value(self) -> LicenceTerms:
        """Answer the terms as the rules take them.

        Raises:
            InvalidInputError: the term ends before it starts, or the pay makes no sense.
        """
        return LicenceTerms(
            purposes=frozenset(self.purposes),
            media=frozenset(self.media),
            territories=frozenset(self.territories),
            languages=frozenset(self.languages),
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            exclusivity=self.exclusivity,
            pay=rules.PayTerms(self.pay.basis, self.pay.amount_minor, self.pay.currency, self.pay.due_within_days),
            projects=None if self.projects is None else frozenset(self.projects),
        )

    @classmethod
    def of(cls, terms: LicenceTerms) -> Terms:
        """Describe terms, each list in order."""
        return cls(
            purposes=sorted(terms.purposes),
            media=sorted(terms.media),
            territories=sorted(terms.territories),
            languages=sorted(terms.languages),
            projects=None if terms.projects is None else sorted(terms.projects),
            starts_on=terms.starts_on,
            ends_on=terms.ends_on,
            exclusivity=terms.exclusivity,
            pay=Pay.model_validate(terms.pay),
        )


class NewLicence(Body):
    """A licence to be drafted."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DRAFT]})

    performer_id: PerformerId
    studio_id: OrganisationId | None = Field(default=None, description="One's own studio when left out.")
    title: Line
    intended_use: Prose = Field(description="What the voice will be used for, in words that a performer can judge.")
    terms: Terms


class LicenceChange(Body):
    """What is to be changed of a draft; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Spring campaign, radio only"}]})

    title: Line | None = None
    intended_use: Prose | None = None
    terms: Terms | None = None


class Signature(Body):
    """A signature. A party signs for its own side; an operator records one that was made on paper."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    side: Side | None = Field(default=None, description="One's own when left out; an operator names it.")
    evidence_sha256: Sha256 | None = Field(default=None, description="Of the signed paper; an operator names it.")


class Suspension(Body):
    """Why a licence is to rest."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "used outside the campaign; being cleared"}]})

    reason: Note


class LicenceOut(Answer):
    """An agreement of a performer and a studio."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    studio_id: str
    state: LicenceState = Field(description="At this moment: a licence past its last day is expired.")
    title: str
    intended_use: str
    terms: Terms
    created_by: str
    created_at: Moment
    offered_at: Moment | None
    performer_signed_at: Moment | None
    studio_signed_at: Moment | None
    activated_at: Moment | None
    suspended_at: Moment | None
    suspension_reason: str | None
    ended_at: Moment | None
    paid_at: Moment | None
    version: Version

    @classmethod
    def of(cls, licence: Licence, now: datetime) -> LicenceOut:
        """Describe a licence as it is at ``now``."""
        return cls(
            id=licence.id,
            performer_id=licence.performer_id,
            studio_id=licence.studio_id,
            state=licence.value().state_at(now),
            title=licence.title,
            intended_use=licence.intended_use,
            terms=Terms.of(licence.terms()),
            created_by=licence.created_by,
            created_at=licence.created_at,
            offered_at=licence.offered_at,
            performer_signed_at=licence.performer_signed_at,
            studio_signed_at=licence.studio_signed_at,
            activated_at=licence.activated_at,
            suspended_at=licence.suspended_at,
            suspension_reason=licence.suspension_reason,
            ended_at=licence.ended_at,
            paid_at=licence.paid_at,
            version=licence.version,
        )


class LicencePage(Page):
    """Licences, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[LicenceOut]
