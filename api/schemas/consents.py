"""Consents: what a performer decided, and how a yes ends."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, ExplanationId, Line, Moment, Page, Sha256, Version, keys_of
from api.schemas.examples import Example
from api.schemas.performers import PerformerPath
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.uses import UsePurpose
from registry.services.holders import HeldKind
from registry.services.withdrawal import Withdrawal
from registry.store.consents import Consent

_SIGNED: Example = {
    "purpose": "licensing",
    "modality": "voice",
    "decision": "given",
    "explanation_ids": [examples.EXPLANATION],
    "choices": {"dubbing": "allow", "advertising": "ask"},
    "signed_by": "Marta Calder",
    "signature_method": "electronic",
    "signature_evidence_sha256": examples.DIGEST,
    "expires_at": examples.NEXT_YEAR,
}
_EXAMPLE: Example = {
    "id": examples.CONSENT,
    "performer_id": examples.PERFORMER,
    **_SIGNED,
    "state": "active",
    "signed_as": "performer",
    "signed_at": examples.NOW,
    "withdrawn_at": None,
    "superseded_by": None,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
    "version": 1,
}


class ConsentSignatureMethod(StrEnum):
    """How a consent was signed."""

    ELECTRONIC = "electronic"
    QUALIFIED_ELECTRONIC = "qualified_electronic"
    HANDWRITTEN = "handwritten"
    RECORDED_VOICE = "recorded_voice"


class ConsentPath(PerformerPath):
    """Which consent of which performer."""

    consent_id: str = Field(examples=[examples.CONSENT])


class NewConsent(Body):
    """A decision that a performer has signed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SIGNED]})

    purpose: ConsentPurpose
    modality: Modality
    decision: ConsentDecision = Field(description="A signed yes or a signed no.")
    explanation_ids: list[ExplanationId] = Field(
        default_factory=list,
        max_length=30,
        description=(
            "What was explained. A yes needs what its purpose is about, how it is taken back, and for licensing what "
            "each use means that it is open to; a no needs nothing."
        ),
    )
    choices: dict[UsePurpose, Disposition] = Field(
        default_factory=dict,
        description="For a yes to licensing, what is said to each use; what is left out is never.",
        json_schema_extra=keys_of(UsePurpose),
    )
    signed_by: Line
    signature_method: ConsentSignatureMethod
    signature_evidence_sha256: Sha256 | None = None
    expires_at: Moment | None = Field(default=None, description="When it ends by itself.")

    def arguments(self) -> dict[str, Any]:
        """Answer what the verb takes."""
        return self.model_dump() | {"choices": LicensingChoices.of(self.choices)}


class WithdrawAll(Body):
    """What is to be withdrawn: everything, or all of one modality."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"modality": "voice"}]})

    modality: Modality | None = Field(default=None, description="Everything when left out.")


class ConsentOut(Answer):
    """One decision, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    explanation_ids: list[str]
    purpose: ConsentPurpose
    modality: Modality
    decision: ConsentDecision
    state: ConsentState = Field(description="At this moment: a consent past its term is expired.")
    choices: dict[UsePurpose, Disposition] | None = Field(
        description="Of a yes to licensing, the uses it is open to; any other use is never."
    )
    signed_by: str
    signed_as: SignedAs = Field(description="In what capacity.")
    signature_method: str
    signature_evidence_sha256: str | None
    signed_at: Moment | None
    expires_at: Moment | None
    withdrawn_at: Moment | None
    superseded_by: str | None
    recorded_by: str
    recorded_at: Moment
    version: Version

    @classmethod
    def of(cls, consent: Consent, now: datetime) -> ConsentOut:
        """Describe a consent as it is at ``now``."""
        return cls.model_validate(consent).model_copy(update={"state": consent.value().state_at(now)})


class ConsentPage(Page):
    """Every decision of the performer, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ConsentOut]


class HolderOut(Answer):
    """Somebody who holds a licence, a permission or a gallery file, or held one that has ended."""

    kind: HeldKind
    id: str
    organisation_id: str
    organisation_name: str
    stop_by: Moment = Field(description="By when they must have stopped.")


_HOLDER: Example = {
    "kind": "licence",
    "id": examples.LICENCE,
    "organisation_id": examples.ORGANISATION,
    "organisation_name": "Northlight Pictures",
    "stop_by": examples.NEXT_DAY,
}


class HoldersOut(Answer):
    """Who may use the performer's voice, or had to stop."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ended_at": examples.NOW, "holders": [_HOLDER]}]})

    ended_at: Moment | None = Field(
        description="When consent to licensing the voice last ended; null while it is in force, or was never given."
    )
    holders: list[HolderOut] = Field(
        description="By when each would have to stop if consent ended now; once it has ended, by when they had to."
    )


class WithdrawalOut(Answer):
    """What a withdrawal has done, all of it before this answer was given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "consents": [{**_EXAMPLE, "state": "withdrawn", "withdrawn_at": examples.LATER, "version": 2}],
                    "keys_destroyed": 0,
                    "voiceprints_erased": 0,
                    "licences_suspended": [examples.LICENCE],
                    "workers_live": 1,
                    "workers_confirmed": 1,
                    "holders": [_HOLDER],
                    "at": examples.LATER,
                    "already": False,
                    "notices_emptied": 0,
                    "notices_kept": 0,
                }
            ]
        }
    )

    consents: list[ConsentOut]
    keys_destroyed: int = Field(ge=0, description="Without its key a voiceprint cannot be opened.")
    voiceprints_erased: int = Field(ge=0)
    licences_suspended: list[str]
    workers_live: int = Field(ge=0, description="Workers that were searching.")
    workers_confirmed: int = Field(ge=0, description="Of those, the ones that have dropped the performer already.")
    holders: list[HolderOut] = Field(description="Who must stop, and by when.")
    at: Moment
    already: bool = Field(description="Whether all of it had been withdrawn before, so that nothing was left to do.")
    notices_emptied: int = Field(
        ge=0, description="On being forgotten: notices that were never served, and say nothing any more."
    )
    notices_kept: int = Field(
        ge=0,
        description="On being forgotten: notices that were served. They keep what was served, which the other side has "
        "as well; the recordings that they name are looked for no more.",
    )

    @classmethod
    def of(cls, done: Withdrawal, now: datetime) -> WithdrawalOut:
        """Describe what a withdrawal has done."""
        return cls(
            consents=[ConsentOut.of(consent, now) for consent in done.consents],
            keys_destroyed=done.keys_destroyed,
            voiceprints_erased=done.voiceprints_erased,
            licences_suspended=list(done.licences_suspended),
            workers_live=done.workers_live,
            workers_confirmed=done.workers_confirmed,
            holders=[HolderOut.model_validate(holder) for holder in done.holders],
            at=done.at,
            already=done.already,
            notices_emptied=done.notices.emptied,
            notices_kept=done.notices.kept,
        )
