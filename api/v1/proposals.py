"""Proposals: what one operator puts forward and another approves; and the engine settings that they decide on."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.schemas.proposals import (
    EngineSettingsOut,
    NewTwoPersonProposal,
    ProposalAnswer,
    ProposalApproval,
    ProposalPath,
    ProposalQuery,
    TwoPersonProposalOut,
    TwoPersonProposalPage,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import engine_settings, proposals
from registry.store.proposals import Proposal

resource = new_resource("proposals", "What takes two operators: one proposes, another approves those very bytes.")


@resource.post("/proposals", responses={201: TwoPersonProposalOut})
@idempotent()
def make_proposal(body: NewTwoPersonProposal) -> Response:
    """Propose what takes two operators. Nothing is done before another has approved it, within three days."""
    made = proposals.propose(context(), principal(), body.content(), reason=body.reason)
    return created(_out(made), f"/v1/proposals/{made.id}", tag=_tag(made))


@resource.get("/proposals", responses={200: TwoPersonProposalPage})
def list_proposals(query: ProposalQuery) -> Response:
    """List proposals, newest first: for operators."""
    found = proposals.list_proposals(
        context(),
        principal(),
        kind=query.kind,
        state=query.state,
        after=query.after(*proposals.PREFIXES),
        limit=query.limit + 1,
    )
    return page(found, query, TwoPersonProposalPage, _out)


@resource.get("/proposals/<id:proposal_id>", responses={200: TwoPersonProposalOut})
def get_proposal(path: ProposalPath) -> Response:
    """Answer one proposal."""
    return _answer(proposals.get_proposal(context(), principal(), path.proposal_id))


@resource.post("/proposals/<id:proposal_id>/approve", responses={200: TwoPersonProposalOut})
@idempotent()
def approve_proposal(path: ProposalPath, header: ChangeHeaders, body: ProposalApproval) -> Response:
    """Approve it, as another operator than the one who proposed it. It is done before this is answered."""
    return _answer(
        proposals.approve_proposal(
            context(),
            principal(),
            path.proposal_id,
            content_sha256=body.content_sha256,
            reason=body.reason,
            if_version=header.version(),
        )
    )


@resource.post("/proposals/<id:proposal_id>/refuse", responses={200: TwoPersonProposalOut})
@idempotent()
def refuse_proposal(path: ProposalPath, header: ChangeHeaders, body: ProposalAnswer) -> Response:
    """Refuse it, as another operator than the one who proposed it. It is over."""
    return _answer(
        proposals.refuse_proposal(
            context(), principal(), path.proposal_id, reason=body.reason, if_version=header.version()
        )
    )


@resource.post("/proposals/<id:proposal_id>/withdraw", responses={200: TwoPersonProposalOut})
@idempotent()
def withdraw_proposal(path: ProposalPath, header: ChangeHeaders, body: ProposalAnswer) -> Response:
    """Take your own proposal back. It is over."""
    return _answer(
        proposals.withdraw_proposal(
            context(), principal(), path.proposal_id, reason=body.reason, if_version=header.version()
        )
    )


@resource.get("/engine-settings", responses={200: EngineSettingsOut})
def get_engine_settings() -> Response:
    """Say which operating point and calibration are in force: what every match was, and will be, decided by."""
    number, in_force = engine_settings.get_engine_settings(context(), principal())
    return answer(EngineSettingsOut.of(number, in_force))


def _answer(proposal: Proposal) -> Response:
    return answer(_out(proposal), tag=_tag(proposal))


def _out(proposal: Proposal) -> TwoPersonProposalOut:
    return TwoPersonProposalOut.of(proposal, context().clock())


def _tag(proposal: Proposal) -> str:
    """Answer the entity tag; time alone ends a proposal, and then what is shown changes though the record did not."""
    state = proposal.value().state_at(context().clock())
    return entity_tag(proposal.version, None if state is proposal.state else state.value)
