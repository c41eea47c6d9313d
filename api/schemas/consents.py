"""Consents: what a performer decided, and how a yes ends."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, ExplanationId, Line, Moment, Page, Sha256, Version
from api.schemas.examples import Example
from api.schemas.performers import PerformerPath
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.store.consents import Consent

_SIGNED: Example = {
    "purpose": "monitoring",
    "modality": "voice",
    "decision": "given",
    "explanation_id": examples.EXPLANATION,
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
    "signed_at": examples.NOW,
    "withdrawn_at": None,
    "superseded_by": None,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
    "version": 1,
}


class SignatureMethod(StrEnum):
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
    explanation_id: ExplanationId
    signed_by: Line
    signature_method: SignatureMethod
    signature_evidence_sha256: Sha256 | None = None
    expires_at: Moment | None = Field(default=None, description="When it ends by itself.")


class WithdrawAll(Body):
    """What is to be withdrawn: everything, or all of one modality."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"modality": "voice"}]})

    modality: Modality | None = Field(default=None, description="Everything when left out.")


class ConsentOut(Answer):
    """One decision, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    explanation_id: str
    purpose: ConsentPurpose
    modality: Modality
    decision: ConsentDecision
    state: ConsentState = Field(description="At this moment: a consent past its term is expired.")
    signed_by: str
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


class WithdrawalOut(Answer):
    """What a withdrawal has done, all of it before this answer was given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "consents": [{**_EXAMPLE, "state": "withdrawn", "withdrawn_at": examples.LATER, "version": 2}],
                    "keys_destroyed": 1,
                    "voiceprints_erased": 6,
                    "licences_suspended": [],
                    "workers_live": 1,
                    "workers_confirmed": 1,
                    "at": examples.LATER,
                }
            ]
        }
    )

    consents: list[ConsentOut]
    keys_destroyed: int = Field(ge=0, description="Without its key, no copy of a voiceprint can be read, anywhere.")
    voiceprints_erased: int = Field(ge=0)
    licences_suspended: list[str]
    workers_live: int = Field(ge=0, description="Workers that were searching.")
    workers_confirmed: int = Field(ge=0, description="Of those, the ones that have dropped the performer already.")
    at: Moment
