"""Cases: a dispute about whose voice a product has, its steps, and what is proposed."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    AttestationId,
    Body,
    CaseAnalysisId,
    CasePaperId,
    FindingId,
    Line,
    Moment,
    OrganisationId,
    Page,
    Path,
    PerformerId,
    Prose,
    Version,
    omissible,
)
from api.schemas.examples import Example
from registry.domain.case_analyses import RestsOn
from registry.domain.cases import CaseEnding, CaseSide, CaseState, CaseStep
from registry.domain.conclusions import Conclusion
from registry.store.cases import Case

MOST_FINDINGS = 100

_NEW: Example = {
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "product": "Harbour assistant, voice 2",
    "claim": "I was asked for this voice in September and declined. In May it was there, and people took it for mine.",
    "finding_ids": [examples.FINDING],
}
_EXAMPLE: Example = {
    "id": examples.CASE,
    **_NEW,
    "source": {
        "attestation_id": examples.ATTESTATION,
        "sealed": True,
        "made_on": "2026-02-27",
        "recorded_at": examples.NOW,
        "content_sha256": examples.DIGEST,
    },
    "state": "evidence",
    "state_since": examples.NOW,
    "due_at": "2026-03-16T09:30:00Z",
    "ending": None,
    "opened_by": examples.ACCOUNT,
    "opened_for": "complainant",
    "opened_at": examples.NOW,
    "version": 2,
}
_STEP: Example = {
    "number": 1,
    "step": "take_up",
    "state": "evidence",
    "side": "registry",
    "reason": "There is a finding, and the performer was asked before and declined.",
    "paper_id": None,
    "proposal_id": None,
    "taken_by": examples.ACCOUNT,
    "taken_at": examples.NOW,
}
_NEW_PROPOSAL: Example = {
    "conclusion": "explained_by_s",
    "grounds": "The voice is that of the source whom the studio attested on 27 February; the performer's is like it.",
    "would_change": "Recordings of the performer among those that the voice was made from.",
    "dissent": None,
}
_PROPOSAL: Example = {
    "id": examples.CASE_PROPOSAL,
    "case_id": examples.CASE,
    **_NEW_PROPOSAL,
    "analysis_id": examples.CASE_ANALYSIS,
    "analysis_sha256": examples.DIGEST,
    "rests_on": "recordings",
    "proposed_by": examples.ACCOUNT,
    "proposed_at": examples.NOW,
}


class CasePath(Path):
    """Which case."""

    case_id: str = Field(examples=[examples.CASE])


class CaseQuery(PageQuery):
    """Which cases."""

    state: CaseState | None = omissible(description="Only cases in this state.")
    waits_for: CaseSide | None = omissible(description="Only cases that this side is to go on with.")


class NewCase(Body):
    """A performer says that a product has their voice."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    performer_id: PerformerId = Field(description="Whose voice it is said to be.")
    studio_id: OrganisationId = Field(description="The studio whose product it is.")
    product: Line = Field(description="Its name, as the studio or the public calls it.")
    claim: Prose = Field(description="What is said to have happened. The studio reads it.")
    finding_ids: list[FindingId] = Field(
        default=[], max_length=MOST_FINDINGS, description="Findings about this performer in this studio's recordings."
    )


class SourceOut(Answer):
    """The source that the respondent says the voice was made from. Who a sealed one is, is not in it."""

    attestation_id: str
    sealed: bool
    made_on: date = Field(description="The day on which the voice was made, as attested.")
    recorded_at: Moment = Field(description="When the attestation was made.")
    content_sha256: str


class CaseOut(Answer):
    """A case. Both sides, and the registry, are shown the same."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    studio_id: str
    product: str
    claim: str
    finding_ids: list[str]
    source: SourceOut | None
    state: CaseState
    state_since: Moment
    due_at: Moment | None = Field(description="When the time of this state is over; null once it is closed.")
    ending: CaseEnding | None
    opened_by: str
    opened_for: CaseSide
    opened_at: Moment
    version: Version

    @classmethod
    def of(cls, case: Case) -> CaseOut:
        """Describe a case."""
        source = case.source
        shown = {name: getattr(case, name) for name in cls.model_fields if name != "source"}
        told = (
            SourceOut(
                attestation_id=source.id,
                sealed=source.sealed,
                made_on=source.made_on,
                recorded_at=source.recorded_at,
                content_sha256=source.content_sha256,
            )
            if source
            else None
        )
        return cls(**shown, source=told)


class CasePage(Page):
    """Cases, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[CaseOut]


class NewStep(Body):
    """A step of a case, and why it is taken. Both sides read the reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"step": "take_up", "reason": _STEP["reason"]}]})

    step: CaseStep = Field(description="Any but `propose` and `withdraw`, which have addresses of their own.")
    reason: Prose
    paper_id: CasePaperId | None = Field(default=None, description="The new evidence, where a case is opened again.")


class Withdrawal(Body):
    """Why who complained does so no longer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "We have agreed with each other."}]})

    reason: Prose


class NamedSource(Body):
    """Which attestation it was that the voice was made under."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"attestation_id": examples.ATTESTATION}]})

    attestation_id: AttestationId


class StepOut(Answer):
    """A step that was taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STEP]})

    number: int
    step: CaseStep
    state: CaseState = Field(description="That it led to.")
    side: CaseSide = Field(description="Who took it.")
    reason: str
    paper_id: str | None
    proposal_id: str | None
    taken_by: str
    taken_at: Moment


class StepPage(Page):
    """Every step of a case, in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STEP], "next_cursor": None}]})

    items: list[StepOut]


class NewProposal(Body):
    """What the case comes to: what the evidence supports, why, and what would change it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW_PROPOSAL]})

    conclusion: Conclusion
    grounds: Prose = Field(description="Why, with the analyses and papers that it rests on.")
    would_change: Prose = Field(description="What would change it.")
    dissent: Prose | None = Field(default=None, description="What somebody who looked at it sees otherwise.")
    analysis_id: CaseAnalysisId | None = Field(
        default=None, description="The finished analysis that it rests on; it concludes what that concludes."
    )
    rests_on: RestsOn | None = Field(
        default=None,
        description="By default on recordings where an analysis is named, and else on documents. Only what rests on "
        "documents may conclude otherwise than the analysis.",
    )


class ProposalOut(Answer):
    """A proposal. The last one is what stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PROPOSAL]})

    id: str
    case_id: str
    conclusion: Conclusion
    grounds: str
    would_change: str
    dissent: str | None
    analysis_id: str | None
    analysis_sha256: str | None = Field(description="Of the comparison of that analysis.")
    rests_on: RestsOn | None = Field(description="Null of one that was made before this was asked.")
    proposed_by: str
    proposed_at: Moment


class ProposalPage(Page):
    """What was proposed, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PROPOSAL], "next_cursor": None}]})

    items: list[ProposalOut]
