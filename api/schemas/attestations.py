"""Source attestations: whose voice a synthetic voice was made from, said when it is made; and unsealing one."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import (
    Answer,
    AttestationId,
    Body,
    Line,
    Moment,
    Note,
    Page,
    Path,
    PerformerId,
    Sha256,
)
from api.schemas.examples import Example
from registry.domain.attestations import (
    Attested,
    SealedIdentity,
    SourceRecording,
    UnsealingState,
    open_until,
    unsealing_state,
)
from registry.domain.proposals import ProposalState
from registry.errors import InvalidInputError
from registry.services.attestations import RegisteredSource, SameSource, Source
from registry.store.attestations import SourceAttestation
from registry.store.proposals import Proposal

_SAID: Example = {
    "product": "Harbour assistant, voice 2",
    "made_on": "2026-02-27",
    "recordings": [{"sha256": examples.DIGEST, "recorded_on": "2026-02-03"}],
    "casting_sha256": [examples.DIGEST],
    "direction_sha256": examples.DIGEST,
    "mentions": [],
}
_NEW: Example = {
    **_SAID,
    "source": {
        "sealed": {"name": "Rosa Keel", "contact": "through Ivo Lang, agent", "note": "contract 2026-117"},
    },
}
_EXAMPLE: Example = {
    "id": examples.ATTESTATION,
    "studio_id": examples.ORGANISATION,
    "performer_id": examples.PERFORMER,
    "sealed": True,
    **_SAID,
    "content_sha256": examples.DIGEST,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
}
_UNSEALING: Example = {
    "id": examples.UNSEALING,
    "attestation_id": examples.ATTESTATION,
    "state": "requested",
    "open_until": "2026-03-05T09:30:00Z",
    "requested_by": examples.ACCOUNT,
    "requested_at": examples.NOW,
    "reason": "The performer disputes the finding; the court asks for the source.",
    "approved_by": None,
    "approved_at": None,
    "approval_reason": None,
}


class AttestationPath(Path):
    """Which attestation."""

    attestation_id: str = Field(examples=[examples.ATTESTATION])


class UnsealingPath(AttestationPath):
    """Which request to unseal."""

    unsealing_id: str = Field(examples=[examples.UNSEALING])


class RecordingIn(Body):
    """One recording that the voice was made from."""

    model_config = ConfigDict(from_attributes=True)

    sha256: Sha256
    recorded_on: date = Field(description="The day it was recorded.")


class SealedIn(Body):
    """Who the source is. It is sealed at once, and shown to nobody but two operators who have unsealed it."""

    name: Line
    contact: Line = Field(description="How to reach them, or an agent.")
    note: Note | None = Field(default=None, description="What else ties them to the voice, such as a contract.")


class SourceIn(Body):
    """Who the source is: exactly one of the three."""

    performer_id: PerformerId | None = Field(default=None, description="A performer of whom you have a licence.")
    attestation_id: AttestationId | None = Field(default=None, description="The source of an earlier attestation.")
    sealed: SealedIn | None = Field(default=None, description="A person who is to stay hidden.")

    def value(self) -> Source:
        """Answer the source as the verbs take it.

        Raises:
            InvalidInputError: none of the three, or more than one.
        """
        given = [each for each in (self.performer_id, self.attestation_id, self.sealed) if each is not None]
        if len(given) != 1:
            raise InvalidInputError(
                "name the source in one way: performer_id, attestation_id or sealed", given=len(given)
            )
        if self.performer_id is not None:
            return RegisteredSource(self.performer_id)
        if self.sealed is not None:
            return SealedIdentity(self.sealed.name, self.sealed.contact, self.sealed.note or "")
        return SameSource(str(self.attestation_id))


class NewAttestation(Body):
    """What you attest of one synthetic voice, on the day it is made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    product: Line = Field(description="Your name of the voice.")
    made_on: date = Field(description="The day the voice was made.")
    recordings: list[RecordingIn] = Field(min_length=1, max_length=10_000)
    casting_sha256: list[Sha256] = Field(default=[], max_length=1_000, description="SHA-256 of casting documents.")
    direction_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the direction notes.")
    mentions: list[Line] | None = Field(
        default=None,
        max_length=200,
        description="People whom the direction notes name; empty when they name nobody, null when nobody looked.",
    )
    source: SourceIn

    def attested(self) -> Attested:
        """Answer what is attested as the rules take it."""
        return Attested(
            product=self.product,
            made_on=self.made_on,
            recordings=[SourceRecording(each.sha256, each.recorded_on) for each in self.recordings],
            casting_sha256=self.casting_sha256,
            direction_sha256=self.direction_sha256,
            mentions=self.mentions,
        )


class AttestationOut(Answer):
    """What a studio has attested. Who a sealed source is, is not in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    studio_id: str
    performer_id: str = Field(description="The source; of a sealed one, a record without a name.")
    sealed: bool
    product: str
    made_on: date
    recordings: list[RecordingIn]
    casting_sha256: list[str]
    direction_sha256: str | None
    mentions: list[str] | None
    content_sha256: str = Field(description="SHA-256 of all of it; the journal has it too.")
    recorded_by: str
    recorded_at: Moment

    @classmethod
    def of(cls, attestation: SourceAttestation) -> AttestationOut:
        """Describe an attestation."""
        return cls.model_validate(attestation)


class AttestationPage(Page):
    """Attestations, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[AttestationOut]


class UnsealingReason(Body):
    """Why the source is to be unsealed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": _UNSEALING["reason"]}]})

    reason: Note


class UnsealingOut(Answer):
    """A request to read who a sealed source is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_UNSEALING]})

    id: str
    attestation_id: str
    state: UnsealingState
    open_until: Moment = Field(description="When the state that it is in ends.")
    requested_by: str
    requested_at: Moment
    reason: str
    approved_by: str | None
    approved_at: Moment | None
    approval_reason: str | None

    @classmethod
    def of(cls, request: Proposal, now: datetime) -> UnsealingOut:
        """Describe a request, in the state that it is in at ``now``."""
        value, state = request.value(), unsealing_state(request.value(), now)
        approved = value.state is ProposalState.APPROVED
        return cls(
            id=request.id,
            attestation_id=str(request.attestation_id),
            state=state,
            open_until=open_until(value),
            requested_by=request.proposed_by,
            requested_at=request.proposed_at,
            reason=request.reason,
            approved_by=request.answered_by if approved else None,
            approved_at=request.answered_at if approved else None,
            approval_reason=request.answer_reason if approved else None,
        )


class UnsealingPage(Page):
    """Requests to unseal one attestation, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_UNSEALING], "next_cursor": None}]})

    items: list[UnsealingOut]


class IdentityOut(Answer):
    """Who a sealed source is. That you have read it is in the journal."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW["source"]["sealed"]]})

    name: str
    contact: str
    note: str
