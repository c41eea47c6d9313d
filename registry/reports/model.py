"""The document that a report is: everything on record about a case or a check, for who was not there.

It is canonical JSON (RFC 8785) with a tag and a version, and only grows: a reader passes over members that it does not
know. The same records make the same bytes, whoever asks: it holds no moment of its own, but ``as_of``, that of the
newest record in it. Both sides of a case read the same report; who a source under seal is, is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from registry.domain.cases import CaseEnding, CaseSide, CaseState, CaseStep, PaperKind
from registry.domain.checks import CheckState
from registry.domain.comparison import Role
from registry.domain.conclusions import Conclusion
from registry.domain.reviews import Exclusion, ReviewAction
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.errors import InvalidInputError

FORMAT: Final = "likeness-report"
VERSION: Final = 1
REPORT_TYPE: Final = "likeness-report+jwt"

NOT_SAID: Final = (
    "This report says what records and recordings support. It is no proof of identity, and it does not say that "
    "anything infringes: that is for a court."
)

Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$", max_length=32)]
"""A moment in UTC (RFC 3339)."""
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(max_length=2000)]
Figures = dict[str, str | int | float | bool | None]


class Part(BaseModel):
    """A part of a report: it never changes, and passes over what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class ReasonPart(Part):
    """Why something was decided: a code, a sentence, and the figures in it."""

    code: Line
    detail: str
    figures: Figures = {}


class PersonPart(Part):
    """Somebody who took part: an account, and the name that it goes by; null for whoever acts for a side of a case."""

    id: Line
    name: Line | None


class RegistryPart(Part):
    """Whose report it is.

    Attributes:
        id: thumbprint (RFC 7638) of the first key that the registry ever signed with.
        journal: name of the journal that the proof is of.
        name, contact: who answers for it, where that is known.
    """

    id: Line
    journal: Line
    name: Line | None
    contact: Line | None


class SourcePart(Part):
    """The source that the respondent named: the attestation, never the person."""

    attestation_id: Line
    sealed: bool
    made_on: Day
    recorded_at: Moment
    content_sha256: Sha256


class CasePart(Part):
    """What a case is about, and where it stands."""

    id: Line
    product: Line
    claim: str
    state: CaseState
    state_since: Moment
    due_at: Moment | None
    ending: CaseEnding | None
    opened_for: CaseSide
    opened_at: Moment
    complainant: PersonPart
    respondent: PersonPart
    source: SourcePart | None


class StepPart(Part):
    """One step, and why it was taken."""

    number: int
    step: CaseStep
    state: CaseState
    side: CaseSide
    by: PersonPart
    at: Moment
    reason: str
    paper_id: Line | None
    proposal_id: Line | None


class PaperPart(Part):
    """What a side filed. The text is that of a statement; of a document there is the digest.

    Attributes:
        held: whether the registry has what is in it, or its digest alone.
        voice: of a recording: whose voice it is, as its side says.
        under_seal: whether nobody but that side reads what is in it.
        first_read: when somebody of each side first read it; null where nobody has.
    """

    id: Line
    kind: PaperKind
    side: CaseSide
    title: Line
    dated_on: Day | None
    sha256: Sha256
    size_bytes: int
    held: bool
    filed_at: Moment
    text: str | None
    voice: Role | None = None
    under_seal: bool = False
    first_read: dict[str, Moment | None]


class PausePart(Part):
    """A licence that rests while the case lasts, without admission of anything."""

    id: Line
    licence_id: Line
    reason: str
    placed_at: Moment
    review_at: Moment
    ended_at: Moment | None
    end_reason: str | None


class ProposalPart(Part):
    """What was proposed to conclude; the last one is what stands."""

    id: Line
    conclusion: Conclusion
    grounds: str
    would_change: str
    dissent: str | None
    analysis_id: Line | None = None
    analysis_sha256: Sha256 | None = None
    rests_on: Line | None = None
    by: PersonPart
    at: Moment


class ConsideredPart(Part):
    """A use that needs nobody's leave, and why it does or does not apply."""

    exclusion: Exclusion
    applies: bool
    reason: str


class ReviewPart(Part):
    """What a person decided about a finding."""

    action: ReviewAction
    reason: str
    considered: tuple[ConsideredPart, ...]
    licence_id: Line | None
    at: Moment


class SegmentPart(Part):
    """Where in a recording somebody is heard."""

    start_s: float
    end_s: float
    log10_lr: float


class FindingPart(Part):
    """One performer in one recording: evidence, and apart from it whether the use was covered."""

    id: Line
    check_id: Line | None
    recording_sha256: Sha256
    performer: PersonPart
    outcome: EvidenceOutcome
    log10_lr: float
    engines: dict[str, float]
    cohort_percentile: float = Field(ge=0, le=100)
    segments: tuple[SegmentPart, ...]
    evidence_reasons: tuple[ReasonPart, ...]
    verdict: Verdict
    reasons: tuple[ReasonPart, ...]
    licence_id: Line | None
    at: Moment
    reviews: tuple[ReviewPart, ...] = ()


class AnalysisPart(Part):
    """A comparison that was made in the case.

    Attributes:
        comparison: the whole document, as `likeness compare` writes it; null until it is there.
        comparison_sha256: of its canonical bytes and a line feed.
    """

    id: Line
    number: int
    state: Line
    reason: str
    cohort_criteria: str
    asked_at: Moment
    ended_at: Moment | None
    conclusion: Conclusion | None
    comparison_sha256: Sha256 | None
    comparison: dict[str, Any] | None
    failure: ReasonPart | None
    first_read: dict[str, Moment | None] = {}


class MaterialPart(Part):
    """One thing that a notice is about: what it is, in words, where it is, and of a recording its digest."""

    what: Line
    location: str
    sha256: Sha256 | None = None


class NoticePart(Part):
    """That there is a notice in the case, and once it was served what it is about.

    Attributes:
        pack: rules that it was written by, and their edition.
        due_at: until when whoever was served may answer, by the registry's practice.
        document_sha256, page_sha256: of what was served; null until then, when both sides have it.
        materials: what it asks to be taken down; nothing until it was served.
        put_back_at: once it was countered, from when what was taken down may be shown again; null where nothing
            says so.
        court_action_on: when an action was filed, as the claimant says.
    """

    id: Line
    state: Line
    drafted_for: CaseSide
    pack: Line
    pack_sha256: Sha256
    made_at: Moment
    served_at: Moment | None
    due_at: Moment | None
    document_sha256: Sha256 | None
    page_sha256: Sha256 | None
    materials: tuple[MaterialPart, ...] = ()
    put_back_at: Moment | None = None
    court_action_on: Day | None = None


class UsePart(Part):
    """The use, as it was declared."""

    kind: Line
    purpose: Line
    project: Line
    medium: Line
    territory: Line
    language: Line | None
    fixed_on: Day | None
    claimed_licence_ids: tuple[str, ...]


class LicencePart(Part):
    """A licence that a verdict rests on, as it stands."""

    id: Line
    title: Line
    state: Line
    number: int | None
    terms_sha256: Sha256 | None
    starts_on: Day | None
    ends_on: Day | None


class CheckPart(Part):
    """What was submitted, and what came of it."""

    id: Line
    organisation: PersonPart
    state: CheckState
    filename: Line
    content_sha256: Sha256
    size_bytes: int
    duration_s: float
    speech_s: float | None
    use: UsePart
    verdict: Verdict | None
    outcome: EvidenceOutcome | None
    reasons: tuple[ReasonPart, ...]
    problem: dict[str, Any] | None
    engine: dict[str, Any] | None
    submitted_at: Moment
    finished_at: Moment | None


class _Report(Part):
    """What every report has."""

    format: Literal["likeness-report"]
    version: Literal[1]
    as_of: Moment
    registry: RegistryPart
    not_said: str


class CaseReport(_Report):
    """Everything on record about a case."""

    kind: Literal["case"]
    case: CasePart
    course: tuple[StepPart, ...]
    papers: tuple[PaperPart, ...]
    pauses: tuple[PausePart, ...]
    notices: tuple[NoticePart, ...]
    findings: tuple[FindingPart, ...]
    analyses: tuple[AnalysisPart, ...]
    proposals: tuple[ProposalPart, ...]

    @property
    def subject_id(self) -> str:
        """Id of the case."""
        return self.case.id

    @property
    def standing(self) -> ProposalPart | None:
        """The proposal that stands, if any: the last one."""
        return self.proposals[-1] if self.proposals else None


class CheckReport(_Report):
    """Everything on record about a check."""

    kind: Literal["check"]
    check: CheckPart
    findings: tuple[FindingPart, ...]
    licences: tuple[LicencePart, ...]

    @property
    def subject_id(self) -> str:
        """Id of the check."""
        return self.check.id


Report = CaseReport | CheckReport


def document_of(report: Report) -> dict[str, Any]:
    """Answer a report as plain JSON; `registry.vault.signing.canonical` makes its bytes."""
    return report.model_dump(mode="json")


def read_report(document: object) -> Report:
    """Read a report of the version that is known here; members that are not known are passed over.

    Raises:
        InvalidInputError: it is none, of another version, or something in it is missing or of another form; figure
            ``pointer`` says where.
    """
    if not isinstance(document, Mapping):
        raise InvalidInputError("this is no report: it is not a JSON object")
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise InvalidInputError(f"this is no {FORMAT} of version {VERSION}")
    kind = CheckReport if document.get("kind") == "check" else CaseReport
    try:
        return kind.model_validate_json(json.dumps(document, ensure_ascii=False))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = "".join(f"/{each}" for each in first["loc"])
        raise InvalidInputError(f"the report cannot be read at {pointer}: {first['msg']}", pointer=pointer) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("the report cannot be read: it is nested too deep, or holds no text") from error
