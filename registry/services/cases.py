"""Cases: opening one, its steps, and what is proposed. The two sides are told the same, and asked the same."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Scope
from registry.domain.case_analyses import AnalysisState, RestsOn, grounds_said, require_source_open, rests_on
from registry.domain.cases import CaseSide, CaseState, CaseStep, Move, Standing, require_step
from registry.domain.comparison import Role
from registry.domain.conclusions import Conclusion
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.rules.deadlines import deadline
from registry.errors import ConflictError, ForbiddenError, NotFoundError
from registry.services import stay_down
from registry.services.case_access import Acting, acting, journal, visible_case
from registry.services.case_analysis_endings import end_analyses_of_case
from registry.services.case_pauses import end_pauses
from registry.services.context import Context
from registry.services.performers import performer_to_act_for
from registry.services.unit import Unit, unit_of_work
from registry.store import case_analyses, cases
from registry.store.accounts import Organisation
from registry.store.attestations import SourceAttestation
from registry.store.case_analyses import CaseAnalysis
from registry.store.cases import Case, CasePaper, CaseProposal, CaseStepTaken
from registry.store.checks import Finding
from registry.store.performers import Performer

# --- opening ---------------------------------------------------------------------------------------------------------


def open_case(
    ctx: Context,
    principal: Principal,
    *,
    performer_id: str,
    studio_id: str,
    product: str,
    claim: str,
    finding_ids: Sequence[str] = (),
) -> Case:
    """Open a case: the performer's side, or an operator where a finding calls for one.

    Args:
        performer_id: who says that it is their voice.
        studio_id: the studio whose product it is.
        product: its name, as the studio or the public calls it.
        claim: what is said to have happened, in words; the studio reads it.
        finding_ids: of this performer in recordings of this studio, where there are any.

    Raises:
        ForbiddenError: the caller is on neither the performer's side nor the registry's.
        NotFoundError: no such performer, studio or finding that the caller may know of.
        ConflictError: there is a case of these two about this product that is not closed; figure ``case_id``.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_act_for(unit.session, principal, performer_id, Scope.CASES_WRITE)
        unit.session.refresh(performer, with_for_update=True)
        case = write_case(
            unit, principal, performer, studio_id=studio_id, product=product, claim=claim, finding_ids=finding_ids
        )
        unit.commit()
    return case


def write_case(
    unit: Unit,
    principal: Principal,
    performer: Performer,
    *,
    studio_id: str,
    product: str,
    claim: str,
    finding_ids: Sequence[str],
) -> Case:
    """Write a new case, in the caller's unit, which holds the performer's lock. Raises as `open_case`."""
    studio = unit.session.get(Organisation, studio_id)
    if studio is None or studio.kind is not OrganisationKind.STUDIO:
        raise NotFoundError("there is no such studio")
    _require_findings(unit.session, performer.id, studio.id, finding_ids)
    _require_no_other(unit.session, performer, studio.id, product)
    case = Case(
        id=unit.new_id(IdPrefix.CASE),
        performer_id=performer.id,
        studio_id=studio.id,
        product=product,
        claim=claim,
        finding_ids=list(dict.fromkeys(finding_ids)),
        source=None,
        opened_by=principal.account_id,
        opened_for=CaseSide.REGISTRY if principal.is_operator else CaseSide.COMPLAINANT,
        opened_at=unit.now,
        version=1,
    )
    _enter(unit, case, CaseState.OPEN)
    unit.session.add(case)
    journal(unit, EventType.CASE_OPENED, case, principal, findings=len(case.finding_ids))
    return case


def _require_findings(session: Session, performer_id: str, studio_id: str, finding_ids: Sequence[str]) -> None:
    for finding_id in finding_ids:
        finding = session.get(Finding, finding_id)
        if finding is None or (finding.performer_id, finding.organisation_id) != (performer_id, studio_id):
            raise NotFoundError("there is no such finding of this performer in a recording of this studio")


def _require_no_other(session: Session, performer: Performer, studio_id: str, product: str) -> None:
    """Refuse a second case about the same: the performer's row is locked, so that two at once are told apart."""
    other = cases.case_about(session, performer.id, studio_id, product)
    if other is not None:
        raise ConflictError(
            f"there is a case about {product} already: {other.id}", case_id=other.id, state=other.state.value
        )


def _enter(unit: Unit, case: Case, state: CaseState) -> None:
    case.state, case.state_since = state, unit.now
    closed = state is CaseState.CLOSED
    case.due_at = None if closed else deadline(f"case.{state.value}", unit.now).after(unit.now)


# --- reading ---------------------------------------------------------------------------------------------------------


def get_case(ctx: Context, principal: Principal, case_id: str) -> Case:
    """Answer a case to its two sides, and to operators.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return visible_case(session, principal, case_id)[0]


def list_cases(
    ctx: Context,
    principal: Principal,
    *,
    state: CaseState | None,
    waits_for: CaseSide | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Case]:
    """Answer a page of cases, newest first: those that the caller is a side of, or all to an operator.

    Args:
        state: only those in it.
        waits_for: only those that this side is to go on with, by `registry.domain.cases.waits_for`.
        after: id that the page begins after.
        limit: at most so many.
    """
    principal.require(Scope.CASES_READ)
    everybody = principal.is_operator
    own = [p for p in principal.performer_ids if principal.may_act_for(p, Scope.CASES_READ)]
    with ctx.database.read() as session:
        return cases.page_of_cases(
            session,
            performer_ids=None if everybody else own,
            studio_id=None if everybody else principal.organisation_id,
            state=state,
            waiting=None if waits_for is None else (waits_for, ctx.clock()),
            after=after,
            limit=limit,
        )


def list_steps(ctx: Context, principal: Principal, case_id: str) -> Sequence[CaseStepTaken]:
    """Answer every step that a case took, in order, to whoever may see the case."""
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return cases.steps_of(session, visible_case(session, principal, case_id)[0].id)


def list_proposals(ctx: Context, principal: Principal, case_id: str) -> Sequence[CaseProposal]:
    """Answer what was proposed in a case, oldest first, to whoever may see the case."""
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return cases.proposals_of(session, visible_case(session, principal, case_id)[0].id)


# --- steps -----------------------------------------------------------------------------------------------------------


def take_step(
    ctx: Context,
    principal: Principal,
    case_id: str,
    step: CaseStep,
    *,
    reason: str,
    paper_id: str | None = None,
    if_version: int | None = None,
) -> Case:
    """Take a step, with its reason, which both sides read. What the rules do not name is refused.

    Args:
        case_id: of the case.
        step: any but a proposal, which `propose` makes.
        reason: in words.
        paper_id: the new evidence, where a case is opened again.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: no such case, or no such paper in it.
        ForbiddenError: the step is another side's.
        ConflictError: not from this state, too early, or without what it needs.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id, if_version)
        has = ("new_paper",) if paper_id is not None and _is_new(unit.session, by.case, paper_id) else ()
        move = require_step(_standing(unit.session, by.case), step, by.side, now=unit.now, has=has)
        _take(by, step, move, reason=reason, paper_id=paper_id)
        unit.commit()
    return by.case


def propose(
    ctx: Context,
    principal: Principal,
    case_id: str,
    *,
    conclusion: Conclusion,
    grounds: str,
    would_change: str,
    dissent: str | None = None,
    analysis_id: str | None = None,
    rests: RestsOn | None = None,
    if_version: int | None = None,
) -> CaseProposal:
    """Propose what the case comes to: what the evidence supports, why, and what would change it.

    Both sides may say what they think of it before it is decided. It says nothing of rights: the registry concludes
    about a voice, and a court about what follows.

    What is said to rest on recordings names the analysis that it rests on, and concludes what that concludes. Documents
    may decide otherwise; then it says that it rests on them. Where nothing was compared, the grounds say so.

    Args:
        case_id: of a case that is analysed.
        conclusion: that is proposed.
        grounds: why.
        would_change: what would change it.
        dissent: what somebody who looked at it sees otherwise.
        analysis_id: of a finished analysis of this case.
        rests: on what it rests; by default on recordings where an analysis is named, and else on documents.
        if_version: the version the caller has read.

    Raises:
        NotFoundError, ForbiddenError, ConflictError, StaleVersionError: as `take_step`.
        NotFoundError: no such analysis in the case.
        ConflictError: the analysis is not finished, or heard another source than the one that is named by now, or
            recordings are said to support what it does not conclude.
    """
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id, if_version)
        standing = _standing(unit.session, by.case)
        move = require_step(standing, CaseStep.PROPOSE, by.side, now=unit.now, has=("proposal",))
        finished = case_analyses.finished_of(unit.session, by.case.id)
        analysis = None if analysis_id is None else _finished(unit.session, by.case, analysis_id)
        if analysis is not None:
            _require_same_source(by.case, analysis)
        found = None if analysis is None else analysis.conclusion
        resting = rests_on(conclusion, found, rests, finished=finished)
        grounds = grounds_said(grounds, finished)
        proposal = CaseProposal(
            id=unit.new_id(IdPrefix.CASE_PROPOSAL),
            case_id=by.case.id,
            conclusion=conclusion,
            grounds=grounds,
            would_change=would_change,
            dissent=dissent,
            analysis_id=analysis_id,
            analysis_sha256=None if analysis is None else analysis.content_sha256,
            rests_on=resting.value,
            proposed_by=principal.account_id,
            proposed_at=unit.now,
        )
        unit.session.add(proposal)
        unit.session.flush()
        _take(by, CaseStep.PROPOSE, move, reason=grounds, proposal=proposal)
        unit.commit()
    return proposal


def _finished(session: Session, case: Case, analysis_id: str) -> CaseAnalysis:
    analysis = session.get(CaseAnalysis, analysis_id)
    if analysis is None or analysis.case_id != case.id:
        raise NotFoundError("there is no such analysis in this case")
    if analysis.state is not AnalysisState.DONE:
        raise ConflictError(
            f"the analysis {analysis.id} is {analysis.state.value}: only a finished one is named",
            analysis_id=analysis.id,
            state=analysis.state.value,
        )
    return analysis


def _require_same_source(case: Case, analysis: CaseAnalysis) -> None:
    """Refuse an analysis that heard another source than the one that is named by now."""
    asked = analysis.value()
    if Role.SOURCE in asked.voices and asked.attestation_id != case.attestation_id:
        raise ConflictError(
            f"the analysis {analysis.id} heard the source of {asked.attestation_id or 'no attestation'}, and the case "
            f"names {case.attestation_id or 'none'} by now: have the voices compared again",
            analysis_id=analysis.id,
            attestation_id=case.attestation_id,
            analysed_attestation_id=asked.attestation_id,
        )


def reopen_by_counter(by: Acting, *, reason: str, paper_id: str) -> bool:
    """Open a case again because whoever was served with a notice counters it; answer whether it was not open.

    The caller's unit commits it.

    Raises:
        ForbiddenError: the caller does not speak for the respondent.
    """
    if by.case.state not in {CaseState.PROPOSED, CaseState.DECIDED, CaseState.CLOSED}:
        return False
    standing = _standing(by.unit.session, by.case)
    move = require_step(standing, CaseStep.COUNTER, by.side, now=by.unit.now, has=("counter_statement",))
    _take(by, CaseStep.COUNTER, move, reason=reason, paper_id=paper_id)
    return True


def name_source(
    ctx: Context, principal: Principal, case_id: str, attestation_id: str, *, if_version: int | None = None
) -> Case:
    """Name, as the respondent, the attestation of the source from which the product's voice was made.

    The other side learns that there is one, of which day, and whether it is sealed; not who.

    Raises:
        NotFoundError: no such case, or no such attestation of this organisation.
        ForbiddenError: the caller does not speak for the respondent.
        ConflictError: something was concluded, or the voices are being compared; figures ``state``, ``analysis_id``.
        StaleVersionError: the case has changed since ``if_version``.
    """
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id, if_version)
        case = by.case
        if by.side is not CaseSide.RESPONDENT:
            raise ForbiddenError("a source is named by the respondent, whose product it is", side=by.side.value)
        require_source_open(case.state)
        _require_nothing_heard(unit.session, case)
        attestation = unit.session.get(SourceAttestation, attestation_id)
        if attestation is None or attestation.studio_id != case.studio_id:
            raise NotFoundError("there is no such attestation of this organisation")
        case.source = attestation
        case.version += 1
        by.record(EventType.CASE_SOURCE_NAMED, attestation_id=attestation.id)
        unit.commit()
    return case


def _require_nothing_heard(session: Session, case: Case) -> None:
    """Refuse to name another source while one is being heard: what comes of that would be said of the other."""
    under_way = case_analyses.unfinished_in(session, case.id)
    if under_way:
        raise ConflictError(
            f"the voices are being compared: when {under_way[0].id} is over, another source can be named",
            analysis_id=under_way[0].id,
            state=case.state.value,
        )


def _take(
    by: Acting,
    step: CaseStep,
    move: Move,
    *,
    reason: str,
    paper_id: str | None = None,
    proposal: CaseProposal | None = None,
) -> None:
    """Write a step that the rules allow; whatever was paused goes on where it closes the case."""
    unit, case, before = by.unit, by.case, by.case.state
    _enter(unit, case, move.to)
    case.ending = move.ending
    case.version += 1
    taken = CaseStepTaken(
        case_id=case.id,
        number=cases.steps_taken(unit.session, case.id) + 1,
        step=step.value,
        state=move.to,
        side=by.side,
        reason=reason,
        paper_id=paper_id,
        proposal_id=None if proposal is None else proposal.id,
        taken_by=by.principal.account_id,
        taken_at=unit.now,
    )
    unit.session.add(taken)
    stay_down.end_with_the_case(unit, case, before, move, by.principal.account_id)
    if move.ending is not None:
        end_analyses_of_case(unit, case, by.principal.account_id)
        end_pauses(by, reason=f"the case was closed: {move.ending.value}")
    ending = move.ending.value if move.ending else None
    by.record(EventType.CASE_MOVED, step=step.value, before=before.value, ending=ending, **_resting(proposal))


def _resting(proposal: CaseProposal | None) -> dict[str, str | None]:
    """Answer what the journal says of what a proposal rests on."""
    if proposal is None:
        return {}
    found = {"analysis_id": proposal.analysis_id, "analysis_sha256": proposal.analysis_sha256}
    return {"proposal_id": proposal.id, "rests_on": proposal.rests_on, **found}


def _standing(session: Session, case: Case) -> Standing:
    heard = cases.sides_heard_after(session, case.id, cases.steps_taken(session, case.id))
    return Standing(case.state, case.due_at, heard)


def _is_new(session: Session, case: Case, paper_id: str) -> bool:
    """Whether a paper was filed after the last step that the case took."""
    paper = session.get(CasePaper, paper_id)
    if paper is None or paper.case_id != case.id:
        raise NotFoundError("there is no such paper in this case")
    return paper.after_step == cases.steps_taken(session, case.id)
