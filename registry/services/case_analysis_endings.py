"""How analyses end that come to nothing: refused, given up, or cut short by what they rested on."""

from __future__ import annotations

from collections.abc import Mapping

from registry.domain.case_analyses import AnalysisState
from registry.domain.comparison import Role
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.errors import ConsentMissingError, RegistryError
from registry.services.unit import Unit
from registry.store import case_analyses, work
from registry.store.case_analyses import CaseAnalysis
from registry.store.cases import Case
from registry.store.consents import Consent

SYSTEM = "system"
_CLOSED = "case_closed"


def fail_analysis(unit: Unit, analysis_id: str, problem: Mapping[str, object]) -> None:
    """End an analysis that was tried too often, in the unit that gives its work up, and that holds its lock."""
    analysis = unit.session.get(CaseAnalysis, analysis_id)
    if analysis is not None and analysis.ended_at is None:
        failure = {"code": problem["slug"], "detail": problem["detail"], "figures": problem["figures"]}
        end_as_failed(unit, analysis, unit.session.get_one(Case, analysis.case_id), failure, SYSTEM)


def end_analyses_of_case(unit: Unit, case: Case, actor_id: str) -> None:
    """End what is unfinished in a case that is closed, in the caller's unit."""
    failure = {"code": _CLOSED, "detail": "the case was closed before it was compared", "figures": {}}
    for analysis in case_analyses.unfinished_in(unit.session, case.id):
        work.cancel(unit.session, subject_id=analysis.id, now=unit.now)
        end_as_failed(unit, analysis, case, failure, actor_id)


def end_analyses_with(unit: Unit, consent: Consent) -> None:
    """End what is unfinished and hears voiceprints that a consent which ends was for, in the caller's unit.

    Whoever is comparing them finds the lease lost, and writes nothing. Who has ended it is not said: of a source under
    seal that would be the source.
    """
    if (consent.purpose, consent.modality) != (ConsentPurpose.MONITORING, Modality.VOICE):
        return
    for analysis, is_performer in case_analyses.unfinished_about(unit.session, consent.performer_id):
        role = Role.PERFORMER if is_performer else Role.SOURCE
        voice = analysis.value().voices.get(role)
        if voice is not None and voice.enrolled:
            work.cancel(unit.session, subject_id=analysis.id, now=unit.now)
            case = unit.session.get_one(Case, analysis.case_id)
            end_as_failed(unit, analysis, case, failure_of(voice_gone(role)), SYSTEM)


def failure_of(error: RegistryError) -> dict[str, object]:
    """Answer an error as it is kept with an analysis."""
    return {"code": error.slug, "detail": error.detail, "figures": dict(error.figures)}


def end_as_failed(unit: Unit, analysis: CaseAnalysis, case: Case, failure: Mapping[str, object], actor_id: str) -> None:
    """End an analysis that came to nothing, in the caller's unit."""
    analysis.state, analysis.ended_at = AnalysisState.FAILED, unit.now
    analysis.failure = dict(failure)
    record(unit, EventType.CASE_ANALYSIS_FAILED, analysis, case, actor_id, problem=str(failure["code"]))


def record(
    unit: Unit, event: EventType, analysis: CaseAnalysis, case: Case, actor_id: str, **details: str | int | None
) -> None:
    """Journal what happened to an analysis: ids, states and figures."""
    unit.record(
        event,
        case.id,
        actor_id,
        performer_id=case.performer_id,
        studio_id=case.studio_id,
        state=case.state.value,
        analysis_id=analysis.id,
        number=analysis.number,
        **details,
    )


def voice_gone(role: Role) -> ConsentMissingError:
    """Answer why voiceprints of a voice are not compared: of both sides in the same words."""
    return ConsentMissingError(
        f"the registry holds no voiceprints of the {role.value} that it may use any more; nothing of them was kept",
        voice=role.value,
    )
