"""One case, as a page shows it: everything that is on record, and the steps that whoever looks at it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, request

from api.pages.disputes.access import may_change, names_told, side_of
from api.pages.disputes.trying import Failed
from api.pages.disputes.wording import AGES, MOVING, SEXES, wording
from api.pages.language import language
from api.pages.personal import page_of
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.case_analyses import MARKED_BY, AnalysisState
from registry.domain.cases import MOVES, PARTIES, CaseSide, CaseState, CaseStep, PaperKind, Standing, waits_for
from registry.domain.ids import made_at
from registry.domain.licences import LicenceState
from registry.domain.rules.notice_packs import notice_packs
from registry.services import (
    attestations,
    case_analyses,
    case_cohorts,
    case_papers,
    case_pauses,
    case_recordings,
    cases,
    licences,
    notices,
)
from registry.services.people import licences_titled
from registry.store.cases import Case, CasePaper, CaseReading, CaseStepTaken

_MOST_OFFERED = 200
_FILABLE = [kind for kind in PaperKind if kind is not PaperKind.STATEMENT]


def case_page(case_id: str, failed: Failed | None = None) -> Response:
    """Show a case as it stands; where something was refused, say so, with what was typed.

    Raises:
        NotFoundError: none that whoever is signed in may know of.
    """
    case = cases.get_case(context(), principal(), case_id)
    side = side_of(case.studio_id)
    return page_of(
        "disputes/case",
        HTTPStatus.OK if failed is None else failed.status,
        failed=failed,
        done=request.args.get("done", ""),
        case=case,
        side=side,
        **_on_record(case, side),
        **_offered(case, side),
        **wording(),
    )


def _on_record(case: Case, side: CaseSide) -> dict[str, Any]:
    """Answer what is on record of a case; it takes as many statements for much as for little."""
    mine = context(), principal(), case.id
    steps, papers = cases.list_steps(*mine), case_papers.list_papers(*mine)
    proposals, analyses = cases.list_proposals(*mine), case_analyses.list_analyses(*mine)
    cohorts, pauses = case_cohorts.list_cohorts(*mine), case_pauses.list_pauses(*mine)
    readings, written = case_papers.list_readings(*mine), notices.list_notices_of_case(*mine)
    accounts = {each.filed_by for each in papers} | {each.taken_by for each in steps}
    accounts |= (
        {each.proposed_by for each in proposals}
        | {each.proposed_by for each in cohorts}
        | {each.asked_by for each in analyses}
    )
    accounts |= {case.opened_by} | {each.placed_by for each in pauses} | {each.ended_by or "" for each in pauses}
    marks = case_recordings.marks_in(*mine)
    sealed = {each.id for each in papers if each.side is not side and each.id in marks and marks[each.id].under_seal}
    by_side = {each: [paper for paper in papers if paper.side is each] for each in CaseSide}
    return {
        "steps": list(reversed(steps)),
        "by_side": by_side,
        "unread": _unread(papers, readings) - sealed,
        "marks": marks,
        "proposals": proposals,
        "analyses": analyses,
        "moving": any(each.state in MOVING for each in analyses),
        "cohorts": cohorts,
        "pauses": pauses,
        "notices": written,
        "names": names_told(performers=[case.performer_id], organisations=[case.studio_id], accounts=accounts),
        "titles": licences_titled(context(), {each.licence_id for each in pauses}),
        "turn": _turn(case, steps, papers),
        "report": f"/v1/cases/{case.id}/report?language={language()}",
        "scripts": any(each.state in MOVING for each in analyses),
        "made_at": made_at,
        "new_papers": [each for each in papers if each.after_step == len(steps)],
        "archives": [each for each in papers if each.kind is PaperKind.TECHNICAL and each.content_key is not None],
        "own_proposed": any(each.side is side for each in cohorts),
    }


def _unread(papers: Sequence[CasePaper], readings: Sequence[CaseReading]) -> set[str]:
    """Answer which papers whoever is signed in has not read yet."""
    read = {each.paper_id for each in readings if each.account_id == principal().account_id}
    return {each.id for each in papers} - read


def _turn(case: Case, steps: Sequence[CaseStepTaken], papers: Sequence[CasePaper]) -> Sequence[CaseSide]:
    """Answer who is to go on with a case, in the order of the sides."""
    spoken = {each.side for each in papers if each.after_step == len(steps)}
    waiting = waits_for(Standing(case.state, case.due_at, spoken), context().clock())
    return [each for each in CaseSide if each in waiting]


# --- what may be done ------------------------------------------------------------------------------------------------

_NO_STEPS = {CaseStep.PROPOSE, CaseStep.WITHDRAW, CaseStep.COUNTER}
"""Steps that have forms of their own."""


def _offered(case: Case, side: CaseSide) -> dict[str, Any]:
    """Answer what whoever looks at a case may do in it, by what the rules let their side do from this state."""
    may = may_change(case.performer_id, side)
    steps = [step for (state, step), move in MOVES.items() if state is case.state and move.by is side]
    open_cohort = side in PARTIES and case.state in {CaseState.EVIDENCE, CaseState.ANALYSIS}
    may_pause = may and side is not CaseSide.COMPLAINANT and case.state is not CaseState.CLOSED
    return {
        "may_change": may,
        "may_step": [step for step in steps if step not in _NO_STEPS] if may else [],
        "may_withdraw": may and CaseStep.WITHDRAW in steps,
        "may_propose": may and CaseStep.PROPOSE in steps,
        "may_analyse": may and side is CaseSide.REGISTRY and case.state is CaseState.ANALYSIS,
        "may_propose_cohort": may and open_cohort,
        "may_pause": may_pause,
        "may_draft": may and side is not CaseSide.RESPONDENT,
        "filable": _FILABLE,
        "voices": sorted(MARKED_BY[side]),
        "licences": _licences(case, side) if may_pause else (),
        "attestations": _attestations(case, side) if may else (),
        "packs": notice_packs(),
        "packs_called": {each.id: each.title.in_language(language()) for each in notice_packs()},
        "sexes": SEXES,
        "ages": AGES,
        "done_state": AnalysisState.DONE,
        "failed_state": AnalysisState.FAILED,
    }


def _licences(case: Case, side: CaseSide) -> Sequence[Any]:
    """Answer licences that could rest for the case: those in force of the two, and with the source to who named it."""
    if side is CaseSide.REGISTRY:
        found = licences.list_licences_of_performer(context(), principal(), case.performer_id)
        people = {case.performer_id}
    else:
        found = licences.list_licences(
            context(), principal(), state=LicenceState.ACTIVE, after=None, limit=_MOST_OFFERED
        )
        people = {case.performer_id, *([case.source.performer_id] if case.source else [])}
    now = context().clock()
    return [
        each
        for each in found
        if each.studio_id == case.studio_id
        and each.performer_id in people
        and each.value().state_at(now) is LicenceState.ACTIVE
    ]


def _attestations(case: Case, side: CaseSide) -> Sequence[Any]:
    """Answer the attestations that the respondent may name, the newest first."""
    may = side is CaseSide.RESPONDENT and Scope.ATTESTATIONS_READ in principal().scopes
    if not may or case.state not in {CaseState.OPEN, CaseState.EVIDENCE, CaseState.ANALYSIS}:
        return ()
    found = attestations.list_attestations(context(), principal(), after=None, limit=_MOST_OFFERED)
    return list(reversed(found))


def names_in(case: Case, accounts: Sequence[str | None]) -> Mapping[str, str]:
    """Answer names for a page about a part of a case."""
    return names_told(performers=[case.performer_id], organisations=[case.studio_id], accounts=accounts)
