"""The three-way test inside a case: asking for it, reading what came of it, and the cohort that each side may propose.

The registry asks. Both sides read each analysis from the moment that it is done, and the first reading of each by each
account is on record. Whose voiceprints are heard follows from the case, and is written nowhere else: of a source under
seal nothing here says who it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.case_analyses import (
    MARKED_BY,
    MOST_ANALYSES,
    AnalysisAsked,
    AnalysisState,
    CohortAsked,
    VoiceAsked,
    require_analysable,
)
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.checks import WorkKind
from registry.domain.comparison import Role
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.case_access import acting, journal, visible_case
from registry.services.case_cohorts import require_archive, require_people
from registry.services.case_recordings import alike_under_seal
from registry.services.consents import in_force
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import case_analyses, enrolments, work
from registry.store.case_analyses import CaseAnalysis, CaseAnalysisReading
from registry.store.cases import Case, CasePaper

STATED = "stated"
ALTERNATIVES: Mapping[CaseSide, str] = {
    CaseSide.COMPLAINANT: "alternative of the complainant",
    CaseSide.RESPONDENT: "alternative of the respondent",
}
"""What cohorts are called in an analysis."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be compared; what is None is filled in from what is there.

    Attributes:
        cohort: who else it might be.
        questioned, performer, source: of what each voice is heard. By default every recording that was filed as one of
            it, and the voiceprints of who is enrolled and consents to be looked for.
        without_source: that nobody is declared, although somebody might be.
        without_cohorts: sides whose alternatives are left out.
        said_to_hold: what somebody knows to be in the recordings that nobody validated.
        stated: of each voice, what somebody states of its recordings, by one of `STATED_FIGURES`.
    """

    cohort: CohortAsked
    questioned: VoiceAsked | None = None
    performer: VoiceAsked | None = None
    source: VoiceAsked | None = None
    without_source: bool = False
    without_cohorts: Collection[CaseSide] = ()
    said_to_hold: Sequence[str] = ()
    stated: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)


# --- asking ----------------------------------------------------------------------------------------------------------


def ask_analysis(ctx: Context, principal: Principal, case_id: str, wish: Wish, *, reason: str) -> CaseAnalysis:
    """Ask for a comparison of the voices in a case, as the registry. A worker makes it.

    Args:
        case_id: of a case that is analysed.
        wish: what is compared.
        reason: in words, for both sides.

    Raises:
        NotFoundError: no such case, or no such paper in it.
        ForbiddenError: the caller does not run the registry.
        ConflictError: the case is not analysed, another analysis is under way, or of somebody there is nothing to hear.
        InvalidInputError: what is named cannot be heard, or stands for two voices; or the cohort is none.
    """
    require_archive(ctx, principal, case_id, wish.cohort, _require_may_ask)
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id)
        _require_may_ask(unit.session, by.case, by.side)
        _require_room(unit.session, by.case)
        asked = _Asking(ctx, unit, by.case).asked(wish)
        analysis = CaseAnalysis(
            id=unit.new_id(IdPrefix.CASE_ANALYSIS),
            case_id=by.case.id,
            number=case_analyses.analyses_made(unit.session, by.case.id) + 1,
            state=AnalysisState.WAITING,
            asked=asked.as_json(),
            cohort_criteria=wish.cohort.criteria,
            reason=reason,
            asked_by=principal.account_id,
            asked_at=unit.now,
        )
        unit.session.add(analysis)
        unit.session.flush()
        work.enqueue(
            unit.session,
            work_id=unit.new_id(IdPrefix.WORK),
            kind=WorkKind.CASE_ANALYSIS,
            subject_id=analysis.id,
            now=unit.now,
        )
        recordings = sum(len(voice.paper_ids) for voice in asked.voices.values())
        by.record(
            EventType.CASE_ANALYSIS_ASKED,
            analysis_id=analysis.id,
            number=analysis.number,
            recordings=recordings,
            cohorts=len(asked.cohorts),
        )
        unit.commit()
    return analysis


def _require_may_ask(_session: Session, case: Case, side: CaseSide) -> None:
    if side is not CaseSide.REGISTRY:
        raise ForbiddenError("an analysis is asked for by the registry, which is on neither side", by="registry")
    require_analysable(case.state)


def _require_room(session: Session, case: Case) -> None:
    under_way = case_analyses.unfinished_in(session, case.id)
    if under_way:
        raise ConflictError(
            f"an analysis of this case is under way: {under_way[0].id}",
            analysis_id=under_way[0].id,
            state=under_way[0].state.value,
        )
    made = case_analyses.analyses_made(session, case.id)
    if made >= MOST_ANALYSES:
        raise ConflictError(f"there are {made} analyses of this case, as many as there can be", most=MOST_ANALYSES)


class _Asking:
    """Finds out what there is to hear, in the unit that writes it down.

    Args:
        ctx: what verbs work with.
        unit: of the verb.
        case: locked.
    """

    def __init__(self, ctx: Context, unit: Unit, case: Case) -> None:
        self._ctx = ctx
        self._session = unit.session
        self._now = unit.now
        self._case = case
        self._marks = case_analyses.recordings_of(unit.session, case.id)

    def asked(self, wish: Wish) -> AnalysisAsked:
        """Answer what is compared, once it is known that all of it can be."""
        voices = {
            Role.QUESTIONED: wish.questioned or VoiceAsked(self._marked(Role.QUESTIONED)),
            Role.PERFORMER: wish.performer or self._everything(Role.PERFORMER, self._case.performer_id),
        }
        source = None if wish.without_source else wish.source or self._source()
        voices |= {} if source is None else {Role.SOURCE: source}
        cohorts, said_to_hold = self._cohorts(wish), tuple(dict.fromkeys(wish.said_to_hold))
        asked = AnalysisAsked(voices, cohorts, said_to_hold, self._case.attestation_id, wish.stated)
        self._require_hearable(asked)
        self._require_enrolled(asked)
        return asked

    def _marked(self, voice: Role) -> tuple[str, ...]:
        return tuple(sorted(paper_id for paper_id, mark in self._marks.items() if mark.voice is voice))

    def _everything(self, voice: Role, performer_id: str | None) -> VoiceAsked:
        return VoiceAsked(self._marked(voice), performer_id is not None and self._is_enrolled(performer_id))

    def _source(self) -> VoiceAsked | None:
        """Answer all there is of a source; None where nobody is declared."""
        named = self._case.source
        found = self._everything(Role.SOURCE, None if named is None else named.performer_id)
        if named is not None and found.is_nothing:
            raise ConflictError(
                "a source is named, and there is nothing of its voice to hear: have recordings of it filed, or ask for "
                "an analysis without a source",
                attestation_id=named.id,
            )
        return None if found.is_nothing else found

    def _is_enrolled(self, performer_id: str) -> bool:
        """Whether the registry holds voiceprints of somebody who consents to be looked for."""
        consenting = in_force(self._session, [performer_id], ConsentPurpose.MONITORING, Modality.VOICE, self._now)
        return performer_id in consenting and bool(enrolments.voiceprints_of(self._session, performer_id))

    def _require_enrolled(self, asked: AnalysisAsked) -> None:
        """Refuse voiceprints that are not there, or not to be used: of both sides in the same words."""
        source = None if self._case.source is None else self._case.source.performer_id
        whose = {Role.PERFORMER: self._case.performer_id, Role.SOURCE: source}
        for role, performer_id in whose.items():
            wanted = role in asked.voices and asked.voices[role].enrolled
            if wanted and (performer_id is None or not self._is_enrolled(performer_id)):
                raise ConflictError(
                    f"the registry holds no voiceprints of the {role.value} that it may use: leave them out, and have "
                    "recordings filed",
                    voice=role.value,
                )

    def _require_hearable(self, asked: AnalysisAsked) -> None:
        named = {paper_id for voice in asked.voices.values() for paper_id in voice.paper_ids}
        papers = case_analyses.papers_named(self._session, self._case.id, named)
        told = {paper.id: paper.sha256 for paper in papers.values()}
        alike = alike_under_seal(self._ctx, self._marks, told)
        owners: dict[str, Role] = {}
        for role, voice in asked.voices.items():
            for paper_id in voice.paper_ids:
                if paper_id not in papers:
                    raise NotFoundError("there is no such paper in this case")
                self._require_recording(papers[paper_id], role)
                other = owners.setdefault(told[alike.get(paper_id, paper_id)], role)
                if other is not role:
                    raise InvalidInputError(
                        f"{paper_id} is given for the {role.value} and, the same bytes, for the {other.value}: no "
                        "recording is compared with itself",
                        paper_id=paper_id,
                    )

    def _require_recording(self, paper: CasePaper, role: Role) -> None:
        """Refuse what is no recording that is here, or of which nobody who may has said that it is of this voice."""
        mark = self._marks.get(paper.id)
        held = paper.content_key is not None or (mark is not None and mark.under_seal)
        if paper.kind is not PaperKind.RECORDING or not held:
            raise InvalidInputError(
                f"{paper.id} is no recording that the registry holds", paper_id=paper.id, kind=paper.kind.value
            )
        if mark is not None and mark.voice is not role:
            raise InvalidInputError(
                f"{paper.id} was filed as a recording of the {mark.voice.value}, not of the {role.value}",
                paper_id=paper.id,
                voice=mark.voice.value,
            )
        if mark is None and role not in MARKED_BY[paper.side]:
            raise InvalidInputError(
                f"{paper.id} was filed by the {paper.side.value}, who does not vouch for the {role.value} voice",
                paper_id=paper.id,
                side=paper.side.value,
            )

    def _cohorts(self, wish: Wish) -> Mapping[str, CohortAsked]:
        require_people(self._session, self._case, wish.cohort, self._now)
        proposed = case_analyses.cohorts_of(self._session, self._case.id)
        alternatives = {
            ALTERNATIVES[cohort.side]: cohort.value() for cohort in proposed if cohort.side not in wish.without_cohorts
        }
        return {STATED: wish.cohort} | alternatives


# --- reading ---------------------------------------------------------------------------------------------------------


def list_analyses(ctx: Context, principal: Principal, case_id: str) -> Sequence[CaseAnalysis]:
    """Answer every analysis of a case, oldest first, to whoever may see the case: how far each is, and what it says.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return case_analyses.analyses_of(session, visible_case(session, principal, case_id)[0].id)


def read_analysis(
    ctx: Context, principal: Principal, case_id: str, analysis_id: str
) -> tuple[CaseAnalysis, Sequence[CaseAnalysisReading]]:
    """Answer an analysis with what was found, once that the caller has read it is on record; and who else has.

    Raises:
        NotFoundError: no such case that the caller may know of, or no such analysis in it.
    """
    principal.require(Scope.CASES_READ)
    with unit_of_work(ctx) as unit:
        case, side = visible_case(unit.session, principal, case_id)
        analysis = unit.session.get(CaseAnalysis, analysis_id, options=[undefer(CaseAnalysis.content)])
        if analysis is None or analysis.case_id != case.id:
            raise NotFoundError("there is no such analysis in this case")
        if analysis.state is AnalysisState.DONE:
            _disclose(unit, case, analysis, side, principal)
        readings = case_analyses.readings_of_analysis(unit.session, analysis.id)
    return analysis, readings


def _disclose(unit: Unit, case: Case, analysis: CaseAnalysis, side: CaseSide, principal: Principal) -> None:
    """Write that somebody reads an analysis, the first time that they do."""
    mine = (analysis.id, principal.account_id)
    if unit.session.get(CaseAnalysisReading, mine) is not None:
        return
    unit.session.refresh(case, with_for_update=True)  # two readings at once by one account are written once
    if unit.session.get(CaseAnalysisReading, mine, populate_existing=True) is not None:
        return
    unit.session.add(
        CaseAnalysisReading(
            analysis_id=analysis.id,
            account_id=principal.account_id,
            case_id=case.id,
            side=side,
            read_at=unit.now,
        )
    )
    journal(unit, EventType.CASE_ANALYSIS_READ, case, principal, analysis_id=analysis.id, side=side.value)
    unit.commit()
