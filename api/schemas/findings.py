"""Findings: one performer in one recording. Evidence and authorisation stand side by side and never mix."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Moment, Page, Path, PerformerId, ReasonOut, ScanId, omissible
from api.schemas.examples import Example
from api.schemas.remedies import RemedyOut, remedies_of
from registry.domain.approaches import Priority
from registry.domain.scans import FindingBasis
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import PERMITTED, Verdict
from registry.store.checks import Finding

EXAMPLE: Example = {
    "id": examples.FINDING,
    "check_id": examples.CHECK,
    "scan_id": None,
    "basis": "heard",
    "recording": {"sha256": examples.DIGEST, "name": "scene-14.wav", "number": None},
    "organisation_id": examples.ORGANISATION,
    "performer": {"id": examples.PERFORMER, "name": "Marta Calder"},
    "verdict": "licensed_out_of_scope",
    "reasons": [
        {
            "code": "purposes_not_permitted",
            "detail": "the licence's purposes permit advertising, voice_clone; character is not among them",
            "figures": {"term": "purposes", "wanted": "character", "permitted": "advertising, voice_clone"},
        }
    ],
    "licence_id": examples.LICENCE,
    "remedies": [
        {
            "remedy": "other_terms",
            "because": "purposes_not_permitted",
            "figures": {"term": "purposes", "wanted": "character", "permitted": "advertising, voice_clone"},
        }
    ],
    "priority": "normal",
    "evidence": {
        "outcome": "match",
        "log10_lr": 3.1,
        "engines": {"ge2e": 1.4, "campplus": 3.0},
        "cohort_percentile": 100.0,
        "segments": [{"start_s": 0.4, "end_s": 12.1, "log10_lr": 3.1}],
        "reasons": [{"code": "same_speaker_supported", "detail": "…", "figures": {"threshold_log10_lr": 2.2}}],
    },
    "created_at": examples.LATER,
}


class FindingPath(Path):
    """Which finding."""

    finding_id: str = Field(examples=[examples.FINDING])


class FindingQuery(PageQuery):
    """Which findings."""

    verdict: Verdict | None = omissible(description="Only those with this verdict.")
    performer_id: PerformerId | None = omissible(description="Only those about this performer.")
    priority: Priority | None = omissible(description="Only those that are to be looked at with this priority.")
    scan_id: ScanId | None = omissible(description="Only those of this scan.")


class PerformerName(Answer):
    """Who was found. The name is null where the caller may know the id alone.

    A performer who is the source of a voice and under seal is shown as the attestation (`att_…`), without a name.
    """

    id: str
    name: str | None


class FoundInOut(Answer):
    """The recording that somebody was found in. Of it there are these marks, and no audio."""

    sha256: str
    name: str | None = Field(description="As its organisation calls it; null to anybody else.")
    number: int | None = Field(description="Of its row in the scan, from 0; null for a check.")


class SegmentOut(Answer):
    """Where in the recording the performer is heard."""

    start_s: float
    end_s: float
    log10_lr: float


class EvidenceOut(Answer):
    """Whose voice it is, and how sure that is. It says nothing of whether the use was allowed."""

    outcome: EvidenceOutcome
    log10_lr: float = Field(description="Calibrated log10 likelihood ratio, capped at what validation supports.")
    engines: dict[str, float] = Field(description="The same from each encoder by itself.")
    cohort_percentile: float = Field(ge=0, le=100, description="Share of comparable voices that are less close.")
    segments: list[SegmentOut]
    reasons: list[ReasonOut]


class FindingOut(Answer):
    """One performer in one recording: the evidence, and the verdict with its reasons."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    check_id: str | None = Field(description="The check that it is of, or null.")
    scan_id: str | None = Field(description="The scan that it is of, or null.")
    basis: FindingBasis = Field(
        description="What it rests on: the registry heard the recording, or its organisation reports what was heard."
    )
    recording: FoundInOut
    organisation_id: str = Field(description="Whose recording it is.")
    performer: PerformerName
    verdict: Verdict = Field(description="Whether this use was covered.")
    reasons: list[ReasonOut] = Field(description="Why, most important first.")
    licence_id: str | None = Field(description="The licence that the verdict rests on.")
    remedies: list[RemedyOut] = Field(description="What would make it permitted; empty where it is.")
    priority: Priority = Field(description="Escalated where the performer had declined this studio before.")
    evidence: EvidenceOut
    created_at: Moment

    @classmethod
    def of(cls, finding: Finding, people: Mapping[str, PerformerName], *, is_own: bool) -> FindingOut:
        """Describe a finding.

        Args:
            finding: as recorded, with its check or its row of a scan.
            people: how performers are shown to the caller, by id; whoever is missing is shown by the id alone.
            is_own: whether the caller may see what is the organisation's: what it calls the recording.
        """
        return cls(
            id=finding.id,
            check_id=finding.check_id,
            scan_id=finding.scan_id,
            basis=finding.basis,
            recording=_recording(finding, is_own=is_own),
            organisation_id=finding.organisation_id,
            performer=people.get(finding.performer_id, PerformerName(id=finding.performer_id, name=None)),
            verdict=finding.verdict,
            reasons=[ReasonOut.model_validate(each) for each in finding.reasons],
            licence_id=finding.licence_id,
            remedies=[] if finding.verdict in PERMITTED else remedies_of(finding.reasons),
            priority=finding.priority,
            evidence=EvidenceOut(
                outcome=finding.outcome,
                log10_lr=finding.log10_lr,
                engines=finding.engines,
                cohort_percentile=finding.cohort_percentile,
                segments=[SegmentOut.model_validate(each) for each in finding.segments],
                reasons=[ReasonOut.model_validate(each) for each in finding.evidence_reasons],
            ),
            created_at=finding.created_at,
        )


def _recording(finding: Finding, *, is_own: bool) -> FoundInOut:
    if finding.scan_row_id is not None and (row := finding.scan_row) is not None:
        return FoundInOut(sha256=row.content_sha256, name=row.name if is_own else None, number=row.number)
    check = finding.check
    if check is None:
        raise AssertionError("a finding is of a check or of a scan: the database sees to it")
    return FoundInOut(sha256=check.content_sha256, name=check.filename if is_own else None, number=None)


class FindingPage(Page):
    """Findings, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None}]})

    items: list[FindingOut]
