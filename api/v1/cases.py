"""Cases: opening one, its steps, and what is proposed."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.schemas.cases import (
    CaseOut,
    CasePage,
    CasePath,
    CaseQuery,
    NamedSource,
    NewCase,
    NewProposal,
    NewStep,
    ProposalOut,
    ProposalPage,
    StepOut,
    StepPage,
    Withdrawal,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.cases import CaseStep
from registry.domain.ids import IdPrefix
from registry.services import cases
from registry.store.cases import Case

resource = new_resource("cases", "Disputes about whose voice a product has, the same for both sides.")


@resource.post("/cases", responses={201: CaseOut})
@idempotent()
def open_case(body: NewCase) -> Response:
    """Open a case, as the performer's side, or as an operator where a finding calls for one."""
    case = cases.open_case(
        context(),
        principal(),
        performer_id=body.performer_id,
        studio_id=body.studio_id,
        product=body.product,
        claim=body.claim,
        finding_ids=body.finding_ids,
    )
    return created(CaseOut.of(case), f"/v1/cases/{case.id}", tag=entity_tag(case.version))


@resource.get("/cases", responses={200: CasePage})
def list_cases(query: CaseQuery) -> Response:
    """List cases, newest first: those that one is a side of, or all of them for an operator."""
    found = cases.list_cases(
        context(),
        principal(),
        state=query.state,
        waits_for=query.waits_for,
        after=query.after(IdPrefix.CASE),
        limit=query.limit + 1,
    )
    return page(found, query, CasePage, CaseOut.of)


@resource.get("/cases/<id:case_id>", responses={200: CaseOut})
def get_case(path: CasePath) -> Response:
    """Answer one case, with its clock."""
    return _answer(cases.get_case(context(), principal(), path.case_id))


@resource.post("/cases/<id:case_id>/steps", responses={200: CaseOut})
@idempotent()
def take_case_step(path: CasePath, header: ChangeHeaders, body: NewStep) -> Response:
    """Take a step, with its reason.

    The registry takes a case up or not, has it analysed, decides, closes, and opens it again on new evidence. It goes
    on from `evidence`, `proposed` and `decided` once both sides have filed something, or their time is over.
    """
    moved = cases.take_step(
        context(),
        principal(),
        path.case_id,
        body.step,
        reason=body.reason,
        paper_id=body.paper_id,
        if_version=header.version(),
    )
    return _answer(moved)


@resource.post("/cases/<id:case_id>/withdraw", responses={200: CaseOut})
@idempotent()
def withdraw_case(path: CasePath, header: ChangeHeaders, body: Withdrawal) -> Response:
    """Withdraw a case before it is decided: the performer's side. What was paused for it goes on."""
    withdrawn = cases.take_step(
        context(),
        principal(),
        path.case_id,
        CaseStep.WITHDRAW,
        reason=body.reason,
        if_version=header.version(),
    )
    return _answer(withdrawn)


@resource.get("/cases/<id:case_id>/steps", responses={200: StepPage})
def list_case_steps(path: CasePath) -> Response:
    """List every step that a case took, who took it, and why."""
    found = cases.list_steps(context(), principal(), path.case_id)
    return answer(StepPage(items=[StepOut.model_validate(each) for each in found], next_cursor=None))


@resource.post("/cases/<id:case_id>/source", responses={200: CaseOut})
@idempotent()
def name_case_source(path: CasePath, header: ChangeHeaders, body: NamedSource) -> Response:
    """Name, as the respondent, the attestation of the source. The other side learns that there is one, not who."""
    named = cases.name_source(context(), principal(), path.case_id, body.attestation_id, if_version=header.version())
    return _answer(named)


@resource.post("/cases/<id:case_id>/proposals", responses={201: ProposalOut})
@idempotent()
def propose_conclusion(path: CasePath, header: ChangeHeaders, body: NewProposal) -> Response:
    """Propose what a case comes to. Both sides may say what they think of it before it is decided."""
    proposal = cases.propose(
        context(),
        principal(),
        path.case_id,
        conclusion=body.conclusion,
        grounds=body.grounds,
        would_change=body.would_change,
        dissent=body.dissent,
        analysis_id=body.analysis_id,
        rests=body.rests_on,
        if_version=header.version(),
    )
    return created(ProposalOut.model_validate(proposal), f"/v1/cases/{path.case_id}/proposals")


@resource.get("/cases/<id:case_id>/proposals", responses={200: ProposalPage})
def list_case_proposals(path: CasePath) -> Response:
    """List what was proposed, oldest first; the last one is what stands."""
    found = cases.list_proposals(context(), principal(), path.case_id)
    return answer(ProposalPage(items=[ProposalOut.model_validate(each) for each in found], next_cursor=None))


def _answer(case: Case) -> Response:
    return answer(CaseOut.of(case), tag=entity_tag(case.version))
