"""Checks: a recording, its declared use, and what the registry says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    Form,
    Language,
    LicenceId,
    Line,
    Moment,
    Page,
    Path,
    ProblemRecord,
    ReasonOut,
    Sha256,
    Territory,
    Version,
    omissible,
)
from api.schemas.examples import Example
from api.schemas.findings import EXAMPLE as FINDING
from api.schemas.findings import FindingOut, PerformerName
from api.schemas.stay_down import StayDownHitOut, hits_of
from api.schemas.uses import QuantityIn, QuantityText, each_once, quantity_of
from api.uploads import File
from registry.domain.checks import CheckState
from registry.domain.scores import EvidenceOutcome
from registry.domain.uses import DeclaredUse, Medium, UsageUnit, UseKind, UseMode, UsePurpose
from registry.domain.verdicts import Verdict
from registry.store.checks import Check

SOURCE_PATTERN = r"^(perf|att)_[0-9a-hjkmnp-tv-z]{26}$"

_USE: Example = {
    "kind": "generated",
    "purpose": "character",
    "project": "Harbour Lights",
    "medium": "game",
    "territory": "GB",
    "language": "en",
    "fixed_on": None,
    "claimed_licence_ids": [examples.LICENCE],
    "declared_source_id": None,
    "use_mode": None,
    "quantities": [{"unit": "second", "amount": 13}],
    "copy_sha256": None,
    "ai_disclosed": None,
}
_SUMMARY: Example = {
    "id": examples.CHECK,
    "state": "done",
    "verdict": "licensed_out_of_scope",
    "outcome": "match",
    "reasons": FINDING["reasons"],
    "problem": None,
    "file": {
        "name": "scene-14.wav",
        "sha256": examples.DIGEST,
        "size_bytes": 1_152_044,
        "duration_s": 13.0,
        "speech_s": 11.6,
    },
    "use": _USE,
    "created_at": examples.NOW,
    "finished_at": examples.LATER,
    "version": 2,
}
_EXAMPLE: Example = {
    **_SUMMARY,
    "findings": [FINDING],
    "engine": {"version": "1", "spaces": ["ge2e", "campplus"], "calibration": "9f86d081884c", "device": "cpu"},
    "stay_down": [],
}


class CheckPath(Path):
    """Which check."""

    check_id: str = Field(examples=[examples.CHECK])


class CheckQuery(PageQuery):
    """Which checks."""

    state: CheckState | None = omissible(description="Only those in this state.")
    verdict: Verdict | None = omissible(description="Only those with this verdict.")


class NewCheck(Form):
    """One recording and its declared use. What is left out is unknown, and unknown is never permitted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "file": "(one recording)",
                    **{name: value for name, value in _USE.items() if value is not None and name != "quantities"},
                }
            ]
        }
    )

    file: File = Field(description="Exactly one recording.")
    kind: UseKind = Field(description="What the recording is.")
    purpose: UsePurpose = Field(description="What the voice is used for.")
    project: Line = Field(description="Your own name of the production or the data set.")
    medium: Medium = Field(description="Where the result is heard.")
    territory: Territory
    language: Language | None = omissible(description="BCP 47 tag of what is spoken.")
    fixed_on: date | None = omissible(description="The day the work was finished.")
    claimed_licence_ids: list[LicenceId] = Field(
        default=[], max_length=20, description="Licences you act under; repeat the field for several."
    )
    declared_source_id: Annotated[str, StringConstraints(pattern=SOURCE_PATTERN)] | None = omissible(
        description="The performer whose voice it was made from, or your attestation (`att_…`) of a source."
    )
    use_mode: UseMode | None = omissible(description="Fixed, or made while people listen.")
    quantities: list[QuantityText] = Field(
        default=[], max_length=len(UsageUnit), description="How much of it, as `line:12`; repeat the field for several."
    )
    copy_sha256: Sha256 | None = omissible(description="SHA-256 of the exact words (UTF-8).")
    ai_disclosed: bool | None = omissible(description="Whether it is marked and labelled as was agreed.")

    def use(self) -> DeclaredUse:
        """Answer the declared use as the rules take it."""
        return DeclaredUse(
            kind=self.kind,
            purpose=self.purpose,
            project=self.project,
            medium=self.medium,
            territory=self.territory,
            language=self.language,
            fixed_on=self.fixed_on,
            claimed_licence_ids=tuple(self.claimed_licence_ids),
            declared_source_id=self.declared_source_id,
            use_mode=self.use_mode,
            quantities=each_once([quantity_of(each) for each in self.quantities]),
            copy_sha256=self.copy_sha256,
            ai_disclosed=self.ai_disclosed,
        )


class FileOut(Answer):
    """What is kept of the recording: no audio."""

    name: str
    sha256: str
    size_bytes: int
    duration_s: float
    speech_s: float | None = Field(description="Net speech, once it was assessed.")


class UseOut(Answer):
    """The use, as it was declared."""

    kind: UseKind
    purpose: UsePurpose
    project: str
    medium: Medium
    territory: str
    language: str | None
    fixed_on: date | None
    claimed_licence_ids: list[str]
    declared_source_id: str | None = Field(description="A performer, or an attestation of a source.")
    use_mode: UseMode | None
    quantities: list[QuantityIn] = Field(description="Where no seconds were declared, those of the recording.")
    copy_sha256: str | None
    ai_disclosed: bool | None


class CheckSummary(Answer):
    """A check, without its findings."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    id: str
    state: CheckState
    verdict: Verdict | None = Field(description="The gravest of its findings'; null until it is done.")
    outcome: EvidenceOutcome | None = Field(description="What the evidence supports for the recording as a whole.")
    reasons: list[ReasonOut] = Field(description="Why, for the recording as a whole.")
    problem: ProblemRecord | None = Field(description="Why it could not be assessed, when it could not.")
    file: FileOut
    use: UseOut
    created_at: Moment
    finished_at: Moment | None
    version: Version


class CheckOut(CheckSummary):
    """A recording, its declared use, and what the registry says of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    findings: list[FindingOut] = Field(description="Performers found, best evidence first.")
    engine: dict[str, Any] | None = Field(description="What made the evidence, so that it can be made again.")
    stay_down: list[StayDownHitOut] = Field(
        description="Served notices that are about this very recording, by its content; it is no finding about a voice."
    )


class CheckPage(Page):
    """Checks, newest first, without their findings."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_SUMMARY], "next_cursor": None}]})

    items: list[CheckSummary]


def summary_of(check: Check) -> CheckSummary:
    """Describe a check without its findings."""
    return CheckSummary(**_members(check))


def check_of(check: Check, people: Mapping[str, PerformerName], own_notices: Collection[str] = ()) -> CheckOut:
    """Describe a check.

    Args:
        check: with its findings loaded.
        people: how performers are shown to the caller, by id.
        own_notices: ids of the notices, of those that it was told by, that the caller may know of.
    """
    findings = [FindingOut.of(finding, people, is_own=True) for finding in check.findings]
    told_again = hits_of(check.stay_down, own_notices)
    return CheckOut(**_members(check), findings=findings, engine=check.engine, stay_down=told_again)


def _members(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "state": check.state,
        "verdict": check.verdict,
        "outcome": check.outcome,
        "reasons": [ReasonOut.model_validate(each) for each in check.reasons or ()],
        "problem": ProblemRecord.of(check.problem),
        "file": FileOut(
            name=check.filename,
            sha256=check.content_sha256,
            size_bytes=check.size_bytes,
            duration_s=check.duration_s,
            speech_s=check.speech_s,
        ),
        "use": UseOut.model_validate(check.use()),
        "created_at": check.created_at,
        "finished_at": check.finished_at,
        "version": check.version,
    }
