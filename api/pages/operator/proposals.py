"""What takes two operators: what one has put forward, word by word and by its digest, and the answer of another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.operator.words import GROUNDS, PROPOSAL_STATES, PROPOSALS, REFUSALS
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version, told
from api.schemas.proposals import NewTwoPersonProposal, ProposalAnswer, ProposalApproval, ProposalQuery
from api.state import context, principal
from registry.domain.proposals import ProposalKind, ProposalState
from registry.domain.retention import RULES, rule_facts
from registry.errors import RegistryError
from registry.services import people, proposals, purges
from registry.store.proposals import Proposal
from registry.store.purges import Purge

AT: Final = "/proposals"
_OPERATION: Final = "/v1/proposals/{proposal_id}"
_WORDS: Final[dict[str, Any]] = {"kind_words": PROPOSALS, "state_words": PROPOSAL_STATES, "ground_words": GROUNDS}


@personal.get(AT)
@stands_for("GET /v1/proposals")
def list_proposals() -> Response:
    """Show what was proposed, newest first; of what waits, whose answer it waits for."""
    query = asked(ProposalQuery)
    found = proposals.list_proposals(
        context(),
        principal(),
        kind=query.kind,
        state=query.state,
        after=query.after(*proposals.PREFIXES),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "operator/proposals",
        items=[(each, _state(each)) for each in items],
        cursor=cursor,
        query=query,
        who=_who(items),
        **_WORDS,
    )


def _state(proposal: Proposal) -> ProposalState:
    return proposal.value().state_at(context().clock())


def _who(found: Sequence[Proposal]) -> dict[str, str]:
    """Answer the names of who proposed, who answered and whom it is about, by id."""
    accounts = {each.proposed_by for each in found} | {each.answered_by for each in found}
    names = people.accounts_named(context(), accounts)
    return {**names, **people.performers_named(context(), {each.performer_id for each in found})}


@personal.get(f"{AT}/<id:proposal_id>")
@stands_for(f"GET {_OPERATION}")
def show_proposal(proposal_id: str) -> Response:
    """Show what exactly is proposed, why, by whom and until when, and let the one who may answer it."""
    return _page(proposal_id)


def _page(proposal_id: str, error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    proposal = proposals.get_proposal(context(), principal(), proposal_id)
    return page_of(
        "operator/proposal",
        status,
        proposal=proposal,
        content=proposal.proposed(),
        written=json.dumps(json.loads(proposal.content), indent=2, ensure_ascii=False),
        state=_state(proposal),
        own=proposal.proposed_by == principal().account_id,
        purge=_purge_of(proposal),
        called={rule.value: rule_facts(RULES[rule], language())["what"] for rule in RULES},
        who=_who([proposal]),
        typed=request.form,
        problem=problem,
        **_WORDS,
    )


def _purge_of(proposal: Proposal) -> Purge | None:
    """Answer the purge that a proposal led to, where it is about one."""
    if proposal.kind is not ProposalKind.PURGE:
        return None
    return purges.purge_of_proposal(context(), principal(), proposal.id)


@personal.post(f"{AT}/<id:proposal_id>/approve")
@stands_for(f"POST {_OPERATION}/approve")
@once
def approve_proposal(proposal_id: str) -> Response:
    """Approve what was read: the form carries the digest of what its page has shown."""
    try:
        body = checked(
            ProposalApproval,
            content_sha256=request.form.get("content_sha256", ""),
            reason=request.form.get("reason", "").strip(),
        )
        proposals.approve_proposal(
            context(),
            principal(),
            proposal_id,
            content_sha256=body.content_sha256,
            reason=body.reason,
            if_version=seen_version(),
        )
    except RegistryError as error:
        return _page(proposal_id, error)
    return went_on(f"{AT}/{proposal_id}", done="approved")


@personal.post(f"{AT}/<id:proposal_id>/refuse")
@stands_for(f"POST {_OPERATION}/refuse")
@once
def refuse_proposal(proposal_id: str) -> Response:
    """Refuse it, as another than the one who proposed it."""
    try:
        reason = checked(ProposalAnswer, reason=request.form.get("reason", "").strip()).reason
        proposals.refuse_proposal(context(), principal(), proposal_id, reason=reason, if_version=seen_version())
    except RegistryError as error:
        return _page(proposal_id, error)
    return went_on(f"{AT}/{proposal_id}", done="refused")


@personal.post(f"{AT}/<id:proposal_id>/withdraw")
@stands_for(f"POST {_OPERATION}/withdraw")
@once
def withdraw_proposal(proposal_id: str) -> Response:
    """Take one's own proposal back."""
    try:
        reason = checked(ProposalAnswer, reason=request.form.get("reason", "").strip()).reason
        proposals.withdraw_proposal(context(), principal(), proposal_id, reason=reason, if_version=seen_version())
    except RegistryError as error:
        return _page(proposal_id, error)
    return went_on(f"{AT}/{proposal_id}", done="withdrawn")


def proposed(content: dict[str, Any]) -> Response:
    """Put forward what a form of another page says, and lead to it.

    Raises:
        RegistryError: it could not be done as things are.
    """
    body = checked(NewTwoPersonProposal, proposal=content, reason=request.form.get("reason", "").strip())
    made = proposals.propose(context(), principal(), body.content(), reason=body.reason)
    return went_on(f"{AT}/{made.id}", done="proposed")
