"""Proposals: what takes two operators is put forward by one, approved by another, and done in that same commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.proposals import (
    WAITS_FOR,
    Answerer,
    Content,
    EngineChange,
    NoticePutBack,
    NoticeService,
    PerformerDeletion,
    ProposalKind,
    ProposalState,
    Purging,
    Unsealing,
    content_json,
    kind_of,
    require_enough_operators,
    require_same_bytes,
    require_second_person,
    require_waiting,
)
from registry.errors import DuplicateError, ForbiddenError, NotFoundError, SealBrokenError
from registry.services.attestations import require_sealed
from registry.services.context import Context
from registry.services.engine_settings import change_engine, require_next
from registry.services.notice_course import put_back_by_two, require_notice_due
from registry.services.notice_reviews import require_notice_reviewable, review_by_two
from registry.services.performer_deletion import delete_performer, require_deletable
from registry.services.purges import begin_purge, counted, require_purgeable
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import proposals
from registry.store.accounts import Account, operators_in_service
from registry.store.proposals import Proposal
from registry.vault.signing import canonical

_PREFIXES: Mapping[ProposalKind, IdPrefix] = {ProposalKind.UNSEALING: IdPrefix.UNSEALING}
"""Kinds whose ids say what they are; the others' say that they are proposals."""
PREFIXES = (IdPrefix.PROPOSAL, *_PREFIXES.values())
_MADE: Mapping[ProposalKind, EventType] = {ProposalKind.UNSEALING: EventType.UNSEALING_REQUESTED}
_APPROVED: Mapping[ProposalKind, EventType] = {ProposalKind.UNSEALING: EventType.UNSEALING_APPROVED}


def require_operator(principal: Principal, scope: Scope) -> None:
    """Refuse everybody but an operator whose token carries the scope."""
    principal.require(scope)
    if not principal.is_operator:
        raise ForbiddenError("this takes two operators", role=principal.role.value)


def digest_of(content: Content) -> str:
    """Answer the SHA-256 of the bytes that a content is written down, and approved, as."""
    return hashlib.sha256(canonical(content_json(content))).hexdigest()


# --- proposing -------------------------------------------------------------------------------------------------------


def propose(
    ctx: Context, principal: Principal, content: Content, *, reason: str, scope: Scope = Scope.PROPOSALS_WRITE
) -> Proposal:
    """Put something forward; another operator must approve it within three days. Nothing else happens yet.

    Args:
        content: what exactly.
        reason: why; it stays on record.
        scope: that a token must carry.

    Raises:
        ForbiddenError: the caller is no operator.
        SecondPersonNeededError: there is no other operator who could approve it.
        NotFoundError, ConflictError, InvalidInputError: it could not be done as things are.
        DuplicateError: the same is proposed of a notice already, and waits; figure ``proposal_id``.
    """
    require_operator(principal, scope)
    if isinstance(content, Purging):
        content = counted(ctx, principal, content)
    with unit_of_work(ctx) as unit:
        _require_possible(unit, principal, content)
        require_enough_operators(len(operators_in_service(unit.session)))
        proposal = _new_proposal(unit, principal, content, reason)
        _require_first(unit, content, proposal)
        unit.session.add(proposal)
        _record(unit, _MADE.get(proposal.kind, EventType.PROPOSAL_MADE), proposal, principal)
        unit.commit()
    return proposal


def _require_possible(unit: Unit, principal: Principal, content: Content) -> None:
    """Refuse what could not be done now; the same is asked again when it is to be done."""
    if isinstance(content, Unsealing):
        require_sealed(unit.session, content.attestation_id)
    elif isinstance(content, PerformerDeletion):
        require_deletable(unit.session, content, unit.now)
    elif isinstance(content, NoticeService):
        require_notice_reviewable(unit, content, principal.account_id)
    elif isinstance(content, NoticePutBack):
        require_notice_due(unit, content)
    elif isinstance(content, Purging):
        require_purgeable(unit.session, content)
    else:
        require_next(unit.session, content)


def _require_first(unit: Unit, content: Content, proposal: Proposal) -> None:
    """Refuse to put the same forward of a notice twice; by now the notice is locked, so of two at once one is told."""
    if not isinstance(content, NoticeService | NoticePutBack):
        return
    waiting = proposals.waiting_with(unit.session, proposal.content_sha256, unit.now)
    if waiting is not None:
        raise DuplicateError(
            f"this is proposed already: {waiting.id} waits for another operator's answer",
            proposal_id=waiting.id,
        )


def _new_proposal(unit: Unit, principal: Principal, content: Content, reason: str) -> Proposal:
    kind, written = kind_of(content), canonical(content_json(content))
    return Proposal(
        id=unit.new_id(_PREFIXES.get(kind, IdPrefix.PROPOSAL)),
        kind=kind,
        attestation_id=content.attestation_id if isinstance(content, Unsealing) else None,
        performer_id=content.performer_id if isinstance(content, PerformerDeletion) else None,
        content=written.decode(),
        content_sha256=hashlib.sha256(written).hexdigest(),
        reason=reason,
        proposed_by=principal.account_id,
        proposed_at=unit.now,
        expires_at=unit.now + WAITS_FOR,
        state=ProposalState.PROPOSED,
        version=1,
    )


def _record(unit: Unit, event_type: EventType, proposal: Proposal, principal: Principal) -> None:
    about = {"attestation_id": proposal.attestation_id, "performer_id": proposal.performer_id}
    unit.record(
        event_type,
        proposal.id,
        principal.account_id,
        kind=proposal.kind.value,
        content_sha256=proposal.content_sha256,
        **{name: value for name, value in about.items() if value is not None},
    )


# --- answering -------------------------------------------------------------------------------------------------------


def approve_proposal(
    ctx: Context,
    principal: Principal,
    proposal_id: str,
    *,
    content_sha256: str,
    reason: str,
    if_version: int | None = None,
    scope: Scope = Scope.PROPOSALS_WRITE,
) -> Proposal:
    """Approve, as the second operator, what another has proposed; it is done before this answers.

    1. The caller is an operator; the proposal is locked, so that of two answers the second finds it answered.
    2. It waits: nobody has answered, and its time is not over.
    3. The caller is another account than the proposer's, and was there when it was proposed.
    4. The bytes that were proposed are those that are kept, and those whose digest the caller gives back.
    5. It is possible as things are now, which its kind says.
    6. The approval, what follows from it, and the leaves of both: one commit.

    Args:
        content_sha256: digest of what the caller has read and approves.
        reason: why they do.
        if_version: of the proposal, as the caller has seen it.
        scope: that a token must carry.

    Raises:
        ForbiddenError, NotFoundError: 1.
        ConflictError: 2 or 5; figure ``state``.
        SecondPersonNeededError: 3.
        ProposalChangedError: 4, as the caller gave it back.
        SealBrokenError: 4, as it is kept.
    """
    require_operator(principal, scope)
    with unit_of_work(ctx) as unit:
        proposal = _waiting(unit, proposal_id, if_version)
        account = unit.session.get_one(Account, principal.account_id)
        require_second_person(proposal.value(), Answerer(account.id, account.created_at))
        _require_as_written(proposal)
        require_same_bytes(proposal.value(), content_sha256)
        _answer(unit, proposal, principal, ProposalState.APPROVED, reason)
        _record(unit, _APPROVED.get(proposal.kind, EventType.PROPOSAL_APPROVED), proposal, principal)
        _DO[proposal.kind](ctx, unit, principal, proposal)
    return proposal


def _do_unseal(_ctx: Context, unit: Unit, _principal: Principal, proposal: Proposal) -> None:
    """Let the two read the identity from now on; each reading is a verb of its own."""
    require_sealed(unit.session, str(proposal.attestation_id))
    unit.commit()


def _do_delete(ctx: Context, unit: Unit, principal: Principal, proposal: Proposal) -> None:
    content = proposal.proposed()
    if isinstance(content, PerformerDeletion):
        delete_performer(ctx, unit, principal, content, proposal_id=proposal.id)


def _do_change_engine(_ctx: Context, unit: Unit, principal: Principal, proposal: Proposal) -> None:
    content = proposal.proposed()
    if isinstance(content, EngineChange):
        change_engine(unit, principal, content, proposal_id=proposal.id)


def _do_review_notice(_ctx: Context, unit: Unit, principal: Principal, proposal: Proposal) -> None:
    content = proposal.proposed()
    if isinstance(content, NoticeService):
        review_by_two(unit, principal, content, proposal, reason=proposal.answer_reason or "")


def _do_put_back(_ctx: Context, unit: Unit, principal: Principal, proposal: Proposal) -> None:
    content = proposal.proposed()
    if isinstance(content, NoticePutBack):
        put_back_by_two(unit, principal, content, proposal, reason=proposal.answer_reason or "")


def _do_purge(_ctx: Context, unit: Unit, principal: Principal, proposal: Proposal) -> None:
    content = proposal.proposed()
    if isinstance(content, Purging):
        begin_purge(unit, principal, content, proposal_id=proposal.id)


_DO: Mapping[ProposalKind, Callable[[Context, Unit, Principal, Proposal], None]] = {
    ProposalKind.UNSEALING: _do_unseal,
    ProposalKind.PERFORMER_DELETION: _do_delete,
    ProposalKind.ENGINE_CHANGE: _do_change_engine,
    ProposalKind.NOTICE_SERVICE: _do_review_notice,
    ProposalKind.NOTICE_PUT_BACK: _do_put_back,
    ProposalKind.PURGE: _do_purge,
}
"""What each kind does once it is approved. Every one of them commits the unit, and does nothing where it cannot."""


def refuse_proposal(
    ctx: Context, principal: Principal, proposal_id: str, *, reason: str, if_version: int | None = None
) -> Proposal:
    """Refuse what another operator has proposed; it is over.

    Raises:
        ForbiddenError, NotFoundError: no operator, or no such proposal.
        ConflictError: it does not wait any more, or is the caller's own to withdraw; figure ``state``.
    """
    return _end(ctx, principal, proposal_id, ProposalState.REFUSED, reason=reason, if_version=if_version)


def withdraw_proposal(
    ctx: Context, principal: Principal, proposal_id: str, *, reason: str, if_version: int | None = None
) -> Proposal:
    """Take one's own proposal back; it is over.

    Raises:
        ForbiddenError: no operator, or it is another's.
        NotFoundError: no such proposal.
        ConflictError: it does not wait any more; figure ``state``.
    """
    return _end(ctx, principal, proposal_id, ProposalState.WITHDRAWN, reason=reason, if_version=if_version)


def _end(
    ctx: Context,
    principal: Principal,
    proposal_id: str,
    state: ProposalState,
    *,
    reason: str,
    if_version: int | None,
) -> Proposal:
    require_operator(principal, Scope.PROPOSALS_WRITE)
    with unit_of_work(ctx) as unit:
        proposal = _waiting(unit, proposal_id, if_version)
        _require_side(proposal, principal, state)
        _answer(unit, proposal, principal, state, reason)
        refused = state is ProposalState.REFUSED
        _record(unit, EventType.PROPOSAL_REFUSED if refused else EventType.PROPOSAL_WITHDRAWN, proposal, principal)
        unit.commit()
    return proposal


def _require_side(proposal: Proposal, principal: Principal, state: ProposalState) -> None:
    own = proposal.proposed_by == principal.account_id
    if own and state is ProposalState.REFUSED:
        raise ForbiddenError("whoever proposes withdraws a proposal, and others refuse it", first=proposal.proposed_by)
    if not own and state is ProposalState.WITHDRAWN:
        raise ForbiddenError("a proposal is withdrawn by whoever made it; refuse it", first=proposal.proposed_by)


def _waiting(unit: Unit, proposal_id: str, if_version: int | None) -> Proposal:
    """Answer a proposal that waits for an answer, locked until the transaction ends."""
    proposal = unit.session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFoundError("there is no such proposal")
    unit.session.refresh(proposal, with_for_update=True)
    require_version(proposal.version, if_version)
    require_waiting(proposal.value(), unit.now)
    return proposal


def _require_as_written(proposal: Proposal) -> None:
    if hashlib.sha256(proposal.content.encode()).hexdigest() != proposal.content_sha256:
        raise SealBrokenError(
            f"what proposal {proposal.id} says is not what was proposed: look at the database", proposal=proposal.id
        )


def _answer(unit: Unit, proposal: Proposal, principal: Principal, state: ProposalState, reason: str) -> None:
    proposal.state = state
    proposal.answered_by, proposal.answered_at, proposal.answer_reason = principal.account_id, unit.now, reason
    proposal.version += 1


# --- reading ---------------------------------------------------------------------------------------------------------


def get_proposal(ctx: Context, principal: Principal, proposal_id: str) -> Proposal:
    """Answer one proposal, to operators.

    Raises:
        ForbiddenError, NotFoundError: no operator, or no such proposal.
    """
    require_operator(principal, Scope.PROPOSALS_READ)
    with ctx.database.read() as session:
        proposal = session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFoundError("there is no such proposal")
    return proposal


def list_proposals(
    ctx: Context,
    principal: Principal,
    *,
    kind: ProposalKind | None = None,
    state: ProposalState | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Proposal]:
    """Answer a page of proposals, newest first, to operators; of a kind, and in a state as written down, if given."""
    require_operator(principal, Scope.PROPOSALS_READ)
    with ctx.database.read() as session:
        return proposals.page_of_proposals(session, kind=kind, state=state, after=after, limit=limit)
