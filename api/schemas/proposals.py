"""Proposals: what takes two operators, what exactly is proposed, and what was answered."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    AttestationId,
    Body,
    Moment,
    Note,
    NoticeId,
    Page,
    Path,
    PerformerId,
    Sha256,
    Version,
    omissible,
)
from api.schemas.examples import Example
from registry.domain.engine_settings import EngineSettings
from registry.domain.proposals import (
    Content,
    DeletionGround,
    EngineChange,
    NoticePutBack,
    NoticeService,
    PerformerDeletion,
    ProposalKind,
    ProposalState,
    Purging,
    Unsealing,
)
from registry.domain.retention import schedule_sha256
from registry.store.proposals import Proposal

_WHY = "Measured on our own recordings: half as many missed at the same rate of false matches."
_CONTENT: Example = {
    "kind": "engine_change",
    "target_fpir": 0.005,
    "calibration_sha256": examples.DIGEST,
    "replaces": 0,
}
_NEW: Example = {"proposal": _CONTENT, "reason": _WHY}
_EXAMPLE: Example = {
    "id": examples.PROPOSAL,
    "kind": "engine_change",
    "state": "proposed",
    "content": _CONTENT,
    "content_sha256": examples.DIGEST,
    "reason": _WHY,
    "proposed_by": examples.ACCOUNT,
    "proposed_at": examples.NOW,
    "expires_at": "2026-03-05T09:30:00Z",
    "answered_by": None,
    "answered_at": None,
    "answer_reason": None,
    "version": 1,
}
_IN_FORCE: Example = {"number": 0, "target_fpir": 0.01, "calibration_sha256": None}


class ProposalPath(Path):
    """Which proposal."""

    proposal_id: str = Field(examples=[examples.PROPOSAL])


class ProposalQuery(PageQuery):
    """Which proposals."""

    kind: ProposalKind | None = omissible(description="Only those of this kind.")
    state: ProposalState | None = omissible(description="Only those in this state, as written down.")


class UnsealingIn(Body):
    """That who a sealed source is be read."""

    kind: Literal["unsealing"]
    attestation_id: AttestationId

    def value(self) -> Unsealing:
        """Answer it as the rules take it."""
        return Unsealing(self.attestation_id)


class PerformerDeletionIn(Body):
    """That a performer be deleted who has not asked for it themselves."""

    kind: Literal["performer_deletion"]
    performer_id: PerformerId
    version: Version = Field(description="Of the performer's record, as you have seen it.")
    ground: DeletionGround
    evidence_sha256: Sha256 = Field(description="SHA-256 of the document that shows it.")

    def value(self) -> PerformerDeletion:
        """Answer it as the rules take it."""
        return PerformerDeletion(self.performer_id, self.version, self.ground, self.evidence_sha256)


class EngineChangeIn(Body):
    """That workers decide with another operating point, or another calibration."""

    kind: Literal["engine_change"]
    target_fpir: float = Field(gt=0, lt=0.5, description="Wanted chance that a recording of nobody enrolled matches.")
    calibration_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="SHA-256 of a calibration of your own; null for the shipped one."
    )
    replaces: int = Field(ge=0, le=2**31 - 1, description="Number of the settings in force, as you have seen it.")

    def value(self) -> EngineChange:
        """Answer it as the rules take it."""
        return EngineChange(self.target_fpir, self.calibration_sha256, self.replaces)


class NoticeServiceIn(Body):
    """That a notice may be served, which two have read in good faith."""

    kind: Literal["notice_service"]
    notice_id: NoticeId
    document_sha256: Sha256 = Field(description="Of what you have read: `document_sha256` of the notice.")

    def value(self) -> NoticeService:
        """Answer it as the rules take it."""
        return NoticeService(self.notice_id, self.document_sha256)


class NoticePutBackIn(Body):
    """That what a notice took down may be shown again, since its term is over."""

    kind: Literal["notice_put_back"]
    notice_id: NoticeId
    version: Version = Field(description="Of the notice, as you have seen it.")

    def value(self) -> NoticePutBack:
        """Answer it as the rules take it."""
        return NoticePutBack(self.notice_id, self.version)


class PurgeIn(Body):
    """That what was past its time at a moment be destroyed. How much that is, the registry counts itself."""

    kind: Literal["purge"]
    as_of: Moment = Field(description="Of the last day. What is past its time later is not destroyed by it.")

    def value(self) -> Purging:
        """Answer it as the rules take it, yet to be counted."""
        return Purging(self.as_of.isoformat(), schedule_sha256(), {})


Proposed = Annotated[
    UnsealingIn | PerformerDeletionIn | EngineChangeIn | NoticeServiceIn | NoticePutBackIn | PurgeIn,
    Field(discriminator="kind"),
]


class NewTwoPersonProposal(Body):
    """What another operator is to approve, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    proposal: Proposed
    reason: Note = Field(description="Why. It stays on record: name nobody.")

    def content(self) -> Content:
        """Answer what is proposed as the rules take it."""
        return self.proposal.value()


class ProposalApproval(Body):
    """That you approve what has this digest."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"content_sha256": examples.DIGEST, "reason": "I have read the report."}]}
    )

    content_sha256: Sha256 = Field(description="Of what you have read: `content_sha256` of the proposal.")
    reason: Note


class ProposalAnswer(Body):
    """Why a proposal is refused, or withdrawn."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The report was on too few people."}]})

    reason: Note


class TwoPersonProposalOut(Answer):
    """What one operator has proposed, and what another has answered."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    kind: ProposalKind
    state: ProposalState
    content: dict[str, Any] = Field(description="What exactly, as it was written down.")
    content_sha256: str = Field(description="SHA-256 of the content as canonical JSON (RFC 8785).")
    reason: str
    proposed_by: str
    proposed_at: Moment
    expires_at: Moment = Field(description="Until when it waits for an answer.")
    answered_by: str | None
    answered_at: Moment | None
    answer_reason: str | None
    version: Version

    @classmethod
    def of(cls, proposal: Proposal, now: datetime) -> TwoPersonProposalOut:
        """Describe a proposal, in the state that it is in at ``now``."""
        derived = {"content", "state"}
        plain = {name: getattr(proposal, name) for name in cls.model_fields if name not in derived}
        return cls(**plain, content=json.loads(proposal.content), state=proposal.value().state_at(now))


class TwoPersonProposalPage(Page):
    """Proposals, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[TwoPersonProposalOut]


class EngineSettingsOut(Answer):
    """The operating point and the calibration that every worker decides with."""

    model_config = ConfigDict(json_schema_extra={"examples": [_IN_FORCE]})

    number: int = Field(description="Goes up with each change; 0 for what the registry comes with.")
    target_fpir: float = Field(description="Wanted chance that a recording of nobody enrolled brings up a match.")
    calibration_sha256: str | None = Field(description="Of the calibration file; null for the shipped one.")

    @classmethod
    def of(cls, number: int, settings: EngineSettings) -> EngineSettingsOut:
        """Describe the settings in force."""
        return cls(number=number, target_fpir=settings.target_fpir, calibration_sha256=settings.calibration_sha256)
