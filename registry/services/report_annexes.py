"""What a report about a case takes from its analyses and notices: the one place that knows how these are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal
from registry.domain.case_analyses import AnalysisState
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.reading import parse_json
from registry.reports.model import AnalysisPart, MaterialPart, NoticePart, ReasonPart
from registry.services.case_access import journal
from registry.services.report_parts import day, moment, moment_or_none
from registry.services.unit import Unit
from registry.store import case_analyses, notices
from registry.store.case_analyses import CaseAnalysis, CaseAnalysisReading
from registry.store.cases import Case
from registry.store.notices import Notice

# --- analyses --------------------------------------------------------------------------------------------------------


def disclose_analyses(unit: Unit, case: Case, side: CaseSide, principal: Principal) -> bool:
    """Write, in the caller's unit, that somebody reads every finished analysis; answer whether any is new to them."""
    if not _unread(unit.session, case, principal):
        return False
    unit.session.refresh(case, with_for_update=True)  # two readings at once by one account are written once
    unread = _unread(unit.session, case, principal)
    for analysis_id in unread:
        unit.session.add(
            CaseAnalysisReading(
                analysis_id=analysis_id,
                account_id=principal.account_id,
                case_id=case.id,
                side=side,
                read_at=unit.now,
            )
        )
        journal(unit, EventType.CASE_ANALYSIS_READ, case, principal, analysis_id=analysis_id, side=side.value)
    unit.session.flush()
    return bool(unread)


def _unread(session: Session, case: Case, principal: Principal) -> Sequence[str]:
    readings = _readings(session, case.id)
    own = {each.analysis_id for each in readings if each.account_id == principal.account_id}
    return [each for each in case_analyses.finished_of(session, case.id) if each not in own]


def _readings(session: Session, case_id: str) -> Sequence[CaseAnalysisReading]:
    """Answer who has read an analysis of a case, in the order in which they did."""
    query = select(CaseAnalysisReading).where(CaseAnalysisReading.case_id == case_id)
    return session.scalars(query.order_by(CaseAnalysisReading.read_at)).all()


def analyses_in(session: Session, case_id: str) -> tuple[AnalysisPart, ...]:
    """Answer the analyses of a case, oldest first, each whole."""
    held = case_analyses.parts_of_cases(session, CaseAnalysis, [case_id], undefer(CaseAnalysis.content))
    first: dict[tuple[str, CaseSide], str] = {}
    readings = _readings(session, case_id)
    for each in readings:
        first.setdefault((each.analysis_id, each.side), moment(each.read_at))
    return tuple(
        _analysis(each, {side.value: first.get((each.id, side)) for side in CaseSide})
        for each in sorted(held, key=lambda analysis: analysis.number)
    )


def _analysis(analysis: CaseAnalysis, first_read: dict[str, str | None]) -> AnalysisPart:
    done = analysis.state is AnalysisState.DONE and analysis.content is not None
    return AnalysisPart(
        id=analysis.id,
        number=analysis.number,
        state=analysis.state.value,
        reason=analysis.reason,
        cohort_criteria=analysis.cohort_criteria,
        asked_at=moment(analysis.asked_at),
        ended_at=moment_or_none(analysis.ended_at),
        conclusion=analysis.conclusion,
        comparison_sha256=analysis.content_sha256,
        comparison=parse_json(analysis.content) if done and analysis.content is not None else None,
        failure=_failure(analysis),
        first_read=first_read,
    )


def _failure(analysis: CaseAnalysis) -> ReasonPart | None:
    said = analysis.failure
    return None if said is None else ReasonPart(code=str(said.get("code")), detail=str(said.get("detail")))


# --- notices ---------------------------------------------------------------------------------------------------------


def notices_in(session: Session, case_id: str) -> tuple[NoticePart, ...]:
    """Answer the notices of a case, oldest first: that there is one, and once it was served what it is about."""
    return tuple(_notice(each) for each in notices.notices_of_case(session, case_id))


def _notice(notice: Notice) -> NoticePart:
    served = notice.served_at is not None
    return NoticePart(
        id=notice.id,
        state=notice.state.value,
        drafted_for=notice.drafted_for,
        pack=f"{notice.pack_id}, {notice.pack_edition}",
        pack_sha256=notice.pack_sha256,
        made_at=moment(notice.drafted_at),
        served_at=moment_or_none(notice.served_at),
        due_at=moment_or_none(notice.due_at) if served else None,
        document_sha256=notice.document_sha256 if served else None,
        page_sha256=notice.page_sha256 if served else None,
        materials=tuple(MaterialPart(**asdict(each)) for each in notice.about()) if served else (),
        put_back_at=moment_or_none(notice.put_back_at),
        court_action_on=day(notice.court_action_on),
    )
