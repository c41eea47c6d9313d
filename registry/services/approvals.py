"""Approvals of exact copy: a studio asks, the performer answers, and one clearance uses the answer up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.approvals import ApprovalState, require_answerable, require_fee
from registry.domain.clearances import Clearing, Decision, WantedUse, decide_clearance
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import Licence
from registry.domain.policy import PerformerRecord
from registry.domain.uses_document import use_json
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, UseRefusedError
from registry.services.clearances import asking_studio, reach
from registry.services.context import Context
from registry.services.performers import narrowed, performer_to_change
from registry.services.records import records_between
from registry.services.unit import Unit, unit_of_work
from registry.store import approvals
from registry.store.approvals import Approval

LONGEST = timedelta(days=90)
"""How far ahead the end of an approval may lie."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a studio puts before the performer.

    Attributes:
        expires_at: until when it can be answered, and used.
        fee_minor, currency: what is paid for this one use, in the minor unit; 0 and None for what the licence pays.
        copy_text: the words themselves, or None where the performer is shown them elsewhere.
        note: a remark for the performer.
    """

    expires_at: datetime
    fee_minor: int = 0
    currency: str | None = None
    copy_text: str | None = None
    note: str | None = None


def request_approval(ctx: Context, principal: Principal, wanted: WantedUse, offer: Offer) -> Approval:
    """Ask a performer to approve the exact copy of one use.

    1. The copy is named by its digest; where its words are given, they must have it.
    2. The rules are asked as for a clearance: what would be refused is not put before the performer, and what needs no
       approval is not asked.
    3. The fee reaches the floor of the licence.

    Raises:
        ForbiddenError: the caller is no studio.
        InvalidInputError: no copy is named, its words have another digest, or the end is past or too far ahead.
        UseRefusedError: an approval would not lift what stands against the use; figure ``reasons``.
        ConflictError: the use needs no approval.
        FeeBelowFloorError: less is offered than the licence's floor.
    """
    studio_id = asking_studio(principal)
    with unit_of_work(ctx) as unit:
        digest = _copy_digest(wanted, offer)
        _require_end(offer.expires_at, unit.now)
        record = records_between(unit.session, studio_id, [wanted.performer_id], now=unit.now)[wanted.performer_id]
        licence = _asked_under(record, decide_clearance(wanted, record, (), now=unit.now))
        floor = licence.terms.approval
        require_fee(offer.fee_minor, offer.currency, floor)
        approval = Approval(
            id=unit.new_id(IdPrefix.APPROVAL),
            licence_id=licence.id,
            studio_id=studio_id,
            performer_id=wanted.performer_id,
            use=use_json(wanted.use),
            purpose=wanted.use.purpose,
            beyond=sorted(each.value for each in wanted.beyond),
            copy_sha256=digest,
            copy_text=offer.copy_text,
            note=offer.note,
            fee_minor=offer.fee_minor,
            currency=offer.currency,
            floor_minor=0 if floor is None else floor.floor_minor,
            floor_currency=None if floor is None else floor.currency,
            state=ApprovalState.REQUESTED,
            requested_by=principal.account_id,
            requested_at=unit.now,
            expires_at=offer.expires_at,
            version=1,
        )
        unit.session.add(approval)
        _record(unit, EventType.APPROVAL_REQUESTED, approval, principal)
        unit.commit()
    return approval


def _copy_digest(wanted: WantedUse, offer: Offer) -> str:
    digest = wanted.use.copy_sha256
    if digest is None:
        raise InvalidInputError("an approval is of one exact copy: name its SHA-256 in copy_sha256")
    if offer.copy_text is not None:
        found = hashlib.sha256(offer.copy_text.encode()).hexdigest()
        if found != digest:
            raise InvalidInputError(
                f"the words that are sent have the SHA-256 {found}, not {digest}", copy_sha256=digest, found=found
            )
    return digest


def _require_end(expires_at: datetime, now: datetime) -> None:
    if not now < expires_at <= now + LONGEST:
        raise InvalidInputError(
            f"an approval ends after now, and within {LONGEST.days} days", expires_at=expires_at.isoformat()
        )


def _asked_under(record: PerformerRecord, clearing: Clearing) -> Licence:
    """Answer the licence under which the performer is to be asked."""
    if clearing.decision is Decision.REFUSED:
        codes = [reason.code for reason in clearing.reasons]
        why = "; ".join(reason.detail for reason in clearing.reasons)
        raise UseRefusedError(f"an approval would not make this use permitted: {why}", reasons=codes)
    if clearing.decision is Decision.PERMITTED:
        raise ConflictError("this use is permitted without being approved: ask for a clearance", state="not_asked")
    return next(each for each in record.licences if each.id == clearing.licence_id)


def _record(unit: Unit, event_type: EventType, approval: Approval, principal: Principal) -> None:
    unit.record(
        event_type,
        approval.id,
        principal.account_id,
        performer_id=approval.performer_id,
        studio_id=approval.studio_id,
        licence_id=approval.licence_id,
        copy_sha256=approval.copy_sha256,
    )


# --- answering -------------------------------------------------------------------------------------------------------


def approve(ctx: Context, principal: Principal, approval_id: str) -> Approval:
    """Agree to the copy, for one use.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the caller does not act for the performer.
        ApprovalExpiredError: its time is over.
        ConflictError: it was answered before; figure ``state``.
    """
    with unit_of_work(ctx) as unit:
        approval = _to_answer(unit, principal, approval_id)
        approval.state = ApprovalState.APPROVED
        _record(unit, EventType.APPROVAL_GIVEN, approval, principal)
        unit.commit()
    return approval


def refuse(ctx: Context, principal: Principal, approval_id: str, *, reason: str) -> Approval:
    """Refuse the copy, and say why. Raises as `approve`."""
    with unit_of_work(ctx) as unit:
        approval = _to_answer(unit, principal, approval_id)
        approval.state = ApprovalState.REFUSED
        approval.refusal_reason = reason
        _record(unit, EventType.APPROVAL_REFUSED, approval, principal)
        unit.commit()
    return approval


def _to_answer(unit: Unit, principal: Principal, approval_id: str) -> Approval:
    """Answer an approval that waits for the caller, locked, and write down who answers it and when.

    The performer is locked first, as in every verb about a performer.
    """
    principal.require(Scope.CLEARANCES_WRITE)
    approval = _visible(unit.session, principal, approval_id)
    if principal.is_operator or not principal.may_see_performer(approval.performer_id):
        raise ForbiddenError(
            "the performer, or who acts for them, answers; nobody else does", role=principal.role.value
        )
    performer_to_change(unit.session, principal, approval.performer_id, Scope.CLEARANCES_WRITE)
    unit.session.refresh(approval, with_for_update=True)
    require_answerable(approval.value(), unit.now)
    approval.answered_by, approval.answered_at = principal.account_id, unit.now
    approval.version += 1
    return approval


# --- reading ---------------------------------------------------------------------------------------------------------


def get_approval(ctx: Context, principal: Principal, approval_id: str) -> Approval:
    """Answer an approval: to the studio that asked, the performer's side, or an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.CLEARANCES_READ)
    with ctx.database.read() as session:
        return _visible(session, principal, approval_id)


def _visible(session: Session, principal: Principal, approval_id: str) -> Approval:
    approval = session.get(Approval, approval_id)
    if approval is None or not _may_see(principal, approval):
        raise NotFoundError("there is no such approval")
    return approval


def _may_see(principal: Principal, approval: Approval) -> bool:
    of_studio = principal.may_see_organisation(approval.studio_id)
    return of_studio or principal.may_act_for(approval.performer_id, Scope.CLEARANCES_READ)


def list_approvals(
    ctx: Context,
    principal: Principal,
    *,
    state: ApprovalState | None,
    performer_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Approval]:
    """Answer a page of approvals, newest first: of one's own studio, about oneself, or all to an operator."""
    principal.require(Scope.CLEARANCES_READ)
    studio_id, performer_ids = reach(principal)
    performer_ids = narrowed(performer_ids, performer_id)
    with ctx.database.read() as session:
        return approvals.page_of_approvals(
            session, studio_id=studio_id, performer_ids=performer_ids, state=state, after=after, limit=limit
        )
