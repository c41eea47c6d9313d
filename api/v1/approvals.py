"""Approvals of exact copy."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.approvals import ApprovalOut, ApprovalPage, ApprovalPath, ApprovalQuery, NewApproval, Refusal
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import approvals
from registry.store.approvals import Approval

resource = new_resource("approvals", "A performer agrees to the exact copy of one use; each answer is used once.")


@resource.post("/approvals", responses={201: ApprovalOut})
@spends(Budget.CLEARANCES)
@idempotent()
def request_approval(body: NewApproval) -> Response:
    """Ask a performer to approve the exact copy of a use that their licence, or they, want to be asked about."""
    asked = approvals.request_approval(context(), principal(), body.wanted(), body.offer(context().clock()))
    shown = _out(asked)
    return created(shown, f"/v1/approvals/{asked.id}", tag=_tag(asked, shown))


@resource.get("/approvals", responses={200: ApprovalPage})
def list_approvals(query: ApprovalQuery) -> Response:
    """List approvals, newest first: of one's own studio, about oneself, or all of them for an operator."""
    found = approvals.list_approvals(
        context(),
        principal(),
        state=query.state,
        performer_id=query.performer_id,
        after=query.after(IdPrefix.APPROVAL),
        limit=query.limit + 1,
    )
    return page(found, query, ApprovalPage, _out)


@resource.get("/approvals/<id:approval_id>", responses={200: ApprovalOut})
def get_approval(path: ApprovalPath) -> Response:
    """Answer one approval."""
    return _answer(approvals.get_approval(context(), principal(), path.approval_id))


@resource.post("/approvals/<id:approval_id>/approve", responses={200: ApprovalOut})
@idempotent()
def approve_copy(path: ApprovalPath) -> Response:
    """Agree to the copy, for one use: the performer, or who acts for them."""
    return _answer(approvals.approve(context(), principal(), path.approval_id))


@resource.post("/approvals/<id:approval_id>/refuse", responses={200: ApprovalOut})
@idempotent()
def refuse_copy(path: ApprovalPath, body: Refusal) -> Response:
    """Refuse the copy, and say why: the performer, or who acts for them."""
    return _answer(approvals.refuse(context(), principal(), path.approval_id, reason=body.reason))


def _answer(approval: Approval) -> Response:
    shown = _out(approval)
    return answer(shown, tag=_tag(approval, shown))


def _out(approval: Approval) -> ApprovalOut:
    return ApprovalOut.of(approval, context().clock())


def _tag(approval: Approval, shown: ApprovalOut) -> str:
    """Answer the entity tag; time alone ends an approval, and then what is shown changes though the record did not."""
    return entity_tag(approval.version, None if shown.state is approval.state else shown.state.value)
