"""Analyses of a case: what is compared, what came of it, and the cohort that each side may propose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Answer, Body, CasePaperId, Line, Moment, Page, Prose
from api.schemas.case_papers import VoiceName
from api.schemas.cases import CasePath
from api.schemas.examples import Example
from registry.domain.case_analyses import MOST_RECORDINGS, AnalysisState, CohortAsked, VoiceAsked
from registry.domain.cases import CaseSide
from registry.domain.cohorts import AgeBand, Criteria, Sex
from registry.domain.comparison import Role
from registry.domain.conclusions import Conclusion
from registry.services.case_analyses import Wish
from registry.store.case_analyses import CaseAnalysis, CaseAnalysisReading, CaseCohort

_AMONG: Example = {"language": "en", "sex": "female", "age_band": "30_to_44", "accent": None}
_COHORT: Example = {"paper_id": None, "among": _AMONG, "criteria": None}
_SAID = "people of the registry who agreed to it: language en, sex female, age band 30_to_44"
_NEW: Example = {"reason": "Both sides have filed their recordings.", "cohort": _COHORT}
_STATED: Example = {"language": "en", "style": "conversation", "channel": None}
_READING: Example = {"account_id": examples.ACCOUNT, "side": "complainant", "read_at": examples.LATER}
_EXAMPLE: Example = {
    "id": examples.CASE_ANALYSIS,
    "case_id": examples.CASE,
    "number": 1,
    "state": "done",
    "reason": _NEW["reason"],
    "cohort_criteria": _SAID,
    "voices": {
        "questioned": {"paper_ids": [examples.CASE_PAPER], "enrolled": False},
        "performer": {"paper_ids": [], "enrolled": True},
        "source": {"paper_ids": [], "enrolled": True},
    },
    "cohorts": [{"name": "stated", "paper_id": None, "among": _AMONG, "criteria": _SAID}],
    "said_to_hold": [],
    "stated": {"questioned": {"language": "en", "style": "conversation"}},
    "asked_by": examples.ACCOUNT,
    "asked_at": examples.NOW,
    "ended_at": examples.LATER,
    "conclusion": "explained_by_s",
    "content_sha256": examples.DIGEST,
    "failure": None,
}
_PROPOSED: Example = {
    "id": examples.CASE_COHORT,
    "case_id": examples.CASE,
    "side": "respondent",
    **_COHORT,
    "criteria": _SAID,
    "proposed_by": examples.ACCOUNT,
    "proposed_at": examples.NOW,
}

Word = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z]+( [a-z]+)*$")]
"""A word or two in lower case."""

PrimaryLanguage = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}$"),
    Field(description="A primary language subtag of BCP 47, such as `ko`."),
]


class AnalysisPath(CasePath):
    """Which analysis of which case."""

    analysis_id: str = Field(examples=[examples.CASE_ANALYSIS])


class DescriptionBody(Body):
    """How people describe their own voice. What is null does not matter."""

    model_config = ConfigDict(json_schema_extra={"examples": [_AMONG]})

    language: PrimaryLanguage | None = None
    sex: Sex | None = None
    age_band: AgeBand | None = None
    accent: Word | None = None


class CriteriaOut(Answer):
    """By what people of the registry are chosen; what is null does not matter."""

    language: str | None
    sex: Sex | None
    age_band: AgeBand | None
    accent: str | None


class CohortBody(Body):
    """Who else it might be: an archive that was filed, or people of the registry who agreed to it; one of both."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COHORT]})

    paper_id: CasePaperId | None = Field(
        default=None, description="A zip that was filed as a document: one folder for each person, with recordings."
    )
    among: DescriptionBody | None = Field(
        default=None, description="Of those people of the registry who agreed to be compared with, which."
    )
    criteria: Line | None = Field(default=None, description="By what the people of the archive were chosen, in a line.")

    def value(self) -> CohortAsked:
        """Answer it as the rules have it; they refuse none and both."""
        among = None if self.among is None else Criteria(**self.among.model_dump())
        return CohortAsked(self.paper_id, among, self.criteria or "")


class VoiceBody(Body):
    """Of what one voice is heard."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"paper_ids": [examples.CASE_PAPER], "enrolled": True}]})

    paper_ids: list[CasePaperId] = Field(
        default=[], max_length=MOST_RECORDINGS, description="Recordings that were filed in the case."
    )
    enrolled: bool = Field(
        default=False, description="Whether the voiceprints that the registry holds of the person are taken as well."
    )

    def value(self) -> VoiceAsked:
        """Answer it as the rules have it."""
        return VoiceAsked(tuple(dict.fromkeys(self.paper_ids)), self.enrolled)


class StatedBody(Body):
    """What somebody knows of a voice's recordings that nobody measures. It is shown beside what was measured."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STATED]})

    language: Line | None = None
    style: Line | None = Field(default=None, description="Such as `read` or `conversation`.")
    channel: Line | None = Field(default=None, description="Such as `telephone` or `studio microphone`.")

    def value(self) -> dict[str, str]:
        """Answer what is stated, by its name."""
        return {name: said for name, said in self.model_dump().items() if said is not None}


class StatedByVoice(Body):
    """What is stated of the recordings of each voice."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"questioned": _STATED}]})

    questioned: StatedBody | None = None
    performer: StatedBody | None = None
    source: StatedBody | None = None

    def value(self) -> dict[Role, dict[str, str]]:
        """Answer it as the verb takes it: of voices of which anything is stated."""
        said = {Role.QUESTIONED: self.questioned, Role.PERFORMER: self.performer, Role.SOURCE: self.source}
        return {role: each.value() for role, each in said.items() if each is not None and each.value()}


class NewAnalysis(Body):
    """What is to be compared. A voice of which nothing is said is heard in all there is of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    reason: Prose = Field(description="For both sides.")
    cohort: CohortBody
    questioned: VoiceBody | None = None
    performer: VoiceBody | None = None
    source: VoiceBody | None = None
    without_source: bool = Field(default=False, description="That nobody is declared, although somebody might be.")
    without_alternatives: list[CaseSide] = Field(
        default=[], max_length=2, description="Sides whose alternative cohort is left out."
    )
    said_to_hold: list[Line] = Field(
        default=[], max_length=10, description="What the recordings are known to hold, such as `singing`."
    )

    stated: StatedByVoice | None = Field(
        default=None, description="Language, style and channel of the recordings, as somebody knows them."
    )

    def wish(self) -> Wish:
        """Answer it as the verb takes it."""
        return Wish(
            cohort=self.cohort.value(),
            questioned=None if self.questioned is None else self.questioned.value(),
            performer=None if self.performer is None else self.performer.value(),
            source=None if self.source is None else self.source.value(),
            without_source=self.without_source,
            without_cohorts=frozenset(self.without_alternatives),
            said_to_hold=self.said_to_hold,
            stated={} if self.stated is None else self.stated.value(),
        )


class VoiceOut(Answer):
    """Of what one voice is heard."""

    paper_ids: list[str]
    enrolled: bool


class CohortOut(Answer):
    """One cohort of an analysis."""

    name: str
    paper_id: str | None
    among: CriteriaOut | None
    criteria: str = Field(description="By what its people were chosen, in a line.")


class AnalysisFailure(Answer):
    """Why an analysis came to nothing."""

    code: str
    detail: str
    figures: dict[str, Any]


class AnalysisOut(Answer):
    """An analysis: what is compared, and how far it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    case_id: str
    number: int = Field(description="1, 2, … in the case.")
    state: AnalysisState
    reason: str
    cohort_criteria: str = Field(description="By what the stated cohort was chosen.")
    voices: dict[VoiceName, VoiceOut]
    cohorts: list[CohortOut]
    said_to_hold: list[str]
    stated: dict[VoiceName, dict[str, str]] = Field(description="What was stated of the recordings of each voice.")
    asked_by: str
    asked_at: Moment
    ended_at: Moment | None
    conclusion: Conclusion | None = Field(description="What the recordings support; null until it is done.")
    content_sha256: str | None = Field(description="Of the comparison, byte for byte.")
    failure: AnalysisFailure | None

    @classmethod
    def of(cls, analysis: CaseAnalysis) -> AnalysisOut:
        """Describe an analysis."""
        return cls(**shown(analysis))


def shown(analysis: CaseAnalysis) -> dict[str, Any]:
    """Answer what is said of an analysis, without what was found."""
    asked = analysis.value()
    own = {name: getattr(analysis, name) for name in AnalysisOut.model_fields if name not in _OF_ASKED}
    return own | {
        "voices": {
            role.value: VoiceOut(paper_ids=list(v.paper_ids), enrolled=v.enrolled) for role, v in asked.voices.items()
        },
        "cohorts": [cohort_out(name, cohort) for name, cohort in asked.cohorts.items()],
        "said_to_hold": list(asked.said_to_hold),
        "stated": {role.value: dict(figures) for role, figures in asked.stated.items()},
        "failure": None if analysis.failure is None else AnalysisFailure(**analysis.failure),
    }


_OF_ASKED = frozenset({"voices", "cohorts", "said_to_hold", "stated", "failure"})


def cohort_out(name: str, cohort: CohortAsked) -> CohortOut:
    """Describe a cohort."""
    among = None if cohort.among is None else CriteriaOut.model_validate(cohort.among)
    return CohortOut(name=name, paper_id=cohort.paper_id, among=among, criteria=cohort.criteria)


class AnalysisPage(Page):
    """Every analysis of a case, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[AnalysisOut]


class AnalysisReadingOut(Answer):
    """That an account has read an analysis: the first time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_READING]})

    account_id: str
    side: CaseSide
    read_at: Moment


class AnalysisReadOut(AnalysisOut):
    """An analysis with what was found, and who has read it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_EXAMPLE, "comparison": {"format": "likeness-comparison"}, "readings": [_READING]}]
        }
    )

    comparison: dict[str, Any] | None = Field(
        description="The file of the comparison as JSON; its bytes are at `…/comparison`. Null until it is done."
    )
    readings: list[AnalysisReadingOut] = Field(description="Who has read it, and when first.")

    @classmethod
    def with_content(cls, analysis: CaseAnalysis, readings: Sequence[CaseAnalysisReading]) -> AnalysisReadOut:
        """Describe an analysis with what was found."""
        comparison = None if analysis.content is None else json.loads(analysis.content)
        read = [AnalysisReadingOut.model_validate(each) for each in readings]
        return cls(**shown(analysis), comparison=comparison, readings=read)


class ProposedCohortOut(Answer):
    """The cohort that a side has proposed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PROPOSED]})

    id: str
    case_id: str
    side: CaseSide
    paper_id: str | None
    among: CriteriaOut | None
    criteria: str
    proposed_by: str
    proposed_at: Moment

    @classmethod
    def of(cls, cohort: CaseCohort) -> ProposedCohortOut:
        """Describe a cohort that was proposed."""
        own = {name: getattr(cohort, name) for name in cls.model_fields if name not in {"paper_id", "among"}}
        asked = cohort.value()
        among = None if asked.among is None else CriteriaOut.model_validate(asked.among)
        return cls(**own, paper_id=asked.paper_id, among=among)


class ProposedCohortPage(Page):
    """The cohorts that sides have proposed, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PROPOSED], "next_cursor": None}]})

    items: list[ProposedCohortOut]
