"""Licences: terms, parties, and where a licence is in its life."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    Body,
    Line,
    Moment,
    Note,
    OrganisationId,
    Page,
    Path,
    PerformerId,
    Prose,
    Query,
    Sha256,
    Version,
    omissible,
)
from api.schemas.examples import Example
from api.schemas.signing_keys import Ed25519Signature, bytes_of
from api.schemas.terms import TERMS_EXAMPLE, Terms
from registry.domain.licences import LicenceState, Side, SuspensionReason
from registry.services.licence_signing import OwnSignature
from registry.store.licences import Licence, LicenceHold

_DRAFT: Example = {
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "title": "Spring campaign",
    "intended_use": "Two radio spots and one online film, made with a synthetic copy of the performer's voice.",
    "terms": TERMS_EXAMPLE,
}
_EXAMPLE: Example = {
    "id": examples.LICENCE,
    **_DRAFT,
    "state": "draft",
    "number": 1,
    "open_number": 1,
    "created_by": examples.ACCOUNT,
    "created_at": examples.NOW,
    "offered_at": None,
    "performer_signed_at": None,
    "studio_signed_at": None,
    "activated_at": None,
    "suspended_at": None,
    "suspension_reason": None,
    "holds": [],
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
    performer_id: PerformerId | None = omissible(description="Only those about this performer.")


class NewLicence(Body):
    """A licence to be drafted."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DRAFT]})

    performer_id: PerformerId
    studio_id: OrganisationId | None = Field(default=None, description="One's own studio when left out.")
    title: Line
    intended_use: Prose = Field(description="What the voice will be used for, in words that a performer can judge.")
    terms: Terms


class LicenceChange(Body):
    """What is to be changed of a draft, or amended of a licence in force; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Spring campaign, radio only"}]})

    title: Line | None = None
    intended_use: Prose | None = None
    terms: Terms | None = None


class Signature(Body):
    """A signature. A party signs for its own side; an operator records one that was made on paper.

    With a `signature`, it is the account's own; without, the registry signs with the key that it keeps for the account.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"agreement_sha256": examples.DIGEST}]})

    side: Side | None = Field(default=None, description="One's own when left out; an operator names it.")
    evidence_sha256: Sha256 | None = Field(default=None, description="Of the signed paper; an operator names it.")
    agreement_sha256: Sha256 | None = Field(
        default=None, description="Of the agreement as it was read; if that is not what would be signed, nothing is."
    )
    signature: Ed25519Signature | None = Field(
        default=None, description="Over the canonical agreement, by the account's own registered key."
    )

    def own(self) -> OwnSignature | None:
        """Answer the account's own signature, or None."""
        return None if self.signature is None else OwnSignature(bytes_of(self.signature))


class Declining(Body):
    """Why what was offered is declined; both sides read it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "I do not advertise for betting."}]})

    reason: Note


class Suspension(Body):
    """Why a licence is to rest."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "used outside the campaign; being cleared", "cause": "dispute"}]}
    )

    reason: Note
    cause: SuspensionReason = Field(
        default=SuspensionReason.PAUSE_WITHOUT_ADMISSION,
        description="`strike` and `consent_ended` come about by themselves, and are not given by hand.",
    )


class ResumeQuery(Query):
    """What of a suspension to lift."""

    cause: SuspensionReason | None = omissible(
        description="Lift only what holds it for this; when left out, everything that the caller may lift."
    )


class HoldOut(Answer):
    """One reason why a licence rests."""

    id: str
    cause: SuspensionReason
    reason: str | None = Field(description="In the words of who suspended it.")
    placed_by: str = Field(description="`performer`, `studio`, `operator`, or `system` for what follows by itself.")
    placed_at: Moment
    strike_id: str | None

    @classmethod
    def of(cls, hold: LicenceHold) -> HoldOut:
        """Describe a hold."""
        return cls(
            id=hold.id,
            cause=hold.reason,
            reason=hold.note,
            placed_by=hold.placed_by,
            placed_at=hold.placed_at,
            strike_id=hold.strike_id,
        )


class LicenceOut(Answer):
    """An agreement of a performer and a studio."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    studio_id: str
    state: LicenceState = Field(description="At this moment: a licence past its last day is expired.")
    title: str
    intended_use: str
    terms: Terms = Field(description="Of the version in force, or of the newest while none is.")
    number: int = Field(ge=1, description="Of the version in force, or of the newest while none is.")
    open_number: int | None = Field(description="Of the version that may still come into force, or null.")
    created_by: str
    created_at: Moment
    offered_at: Moment | None
    performer_signed_at: Moment | None
    studio_signed_at: Moment | None
    activated_at: Moment | None
    suspended_at: Moment | None
    suspension_reason: str | None = Field(description="Of the oldest of the holds.")
    holds: list[HoldOut] = Field(description="Everything that keeps it suspended, oldest first.")
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
            number=licence.number,
            open_number=licence.newest.number if licence.newest.is_open else None,
            created_by=licence.created_by,
            created_at=licence.created_at,
            offered_at=licence.offered_at,
            performer_signed_at=licence.performer_signed_at,
            studio_signed_at=licence.studio_signed_at,
            activated_at=licence.activated_at,
            suspended_at=licence.suspended_at,
            suspension_reason=licence.suspension_reason,
            holds=[HoldOut.of(hold) for hold in licence.open_holds],
            ended_at=licence.ended_at,
            paid_at=licence.paid_at,
            version=licence.version,
        )


class LicencePage(Page):
    """Licences, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[LicenceOut]
