"""Unsealing: two operators, each with a reason, read who a sealed source is. Every step is journalled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.attestations import SealedIdentity, require_approvable, require_readable
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import ConflictError, ForbiddenError, NotFoundError
from registry.services.attestations import opened_identity
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import attestations
from registry.store.attestations import SourceAttestation, UnsealingRequest


def request_unsealing(ctx: Context, principal: Principal, attestation_id: str, *, reason: str) -> UnsealingRequest:
    """Ask to read who a sealed source is; another operator must agree within three days.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such attestation.
        ConflictError: it is not under seal.
    """
    _require_operator(principal)
    with unit_of_work(ctx) as unit:
        attestation = _sealed(unit.session, attestation_id)
        request = UnsealingRequest(
            id=unit.new_id(IdPrefix.UNSEALING),
            attestation_id=attestation.id,
            requested_by=principal.account_id,
            requested_at=unit.now,
            reason=reason,
        )
        unit.session.add(request)
        _record(unit, EventType.UNSEALING_REQUESTED, request, principal)
        unit.commit()
    return request


def approve_unsealing(
    ctx: Context, principal: Principal, attestation_id: str, unsealing_id: str, *, reason: str
) -> UnsealingRequest:
    """Agree, as the second operator, that the identity be read. From now on both can, for a day.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such request.
        SecondPersonNeededError: the caller is who asked.
        ConflictError: approved before, or too late; figure ``state``.
    """
    _require_operator(principal)
    with unit_of_work(ctx) as unit:
        request = _request(unit.session, attestation_id, unsealing_id)
        unit.session.refresh(request, with_for_update=True)
        require_approvable(request.value(), principal.account_id, unit.now)
        request.approved_by, request.approved_at = principal.account_id, unit.now
        request.approval_reason = reason
        _record(unit, EventType.UNSEALING_APPROVED, request, principal)
        unit.commit()
    return request


def reveal_source(ctx: Context, principal: Principal, attestation_id: str, unsealing_id: str) -> SealedIdentity:
    """Answer who a sealed source is, to the two operators who have unsealed it, and journal that it was read.

    1. The caller is an operator, and one of the two.
    2. The second has approved, and the day has not passed.
    3. The seal opens.
    4. The reading is journalled and committed; only then is the identity answered.

    Raises:
        ForbiddenError, SecondPersonNeededError: the caller is no operator, or neither of the two.
        NotFoundError: no such request.
        ConflictError: not approved, or closed; figure ``state``.
        SealBrokenError: the sealed bytes were changed.
    """
    _require_operator(principal)
    with unit_of_work(ctx) as unit:
        request = _request(unit.session, attestation_id, unsealing_id)
        require_readable(request.value(), principal.account_id, unit.now)
        identity = opened_identity(ctx, unit.session.get_one(SourceAttestation, attestation_id))
        _record(unit, EventType.SOURCE_REVEALED, request, principal)
        unit.commit()
    return identity


def list_unsealings(ctx: Context, principal: Principal, attestation_id: str) -> Sequence[UnsealingRequest]:
    """Answer every request to unseal an attestation, oldest first: to operators only.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such attestation.
    """
    _require_operator(principal)
    with ctx.database.read() as session:
        if session.get(SourceAttestation, attestation_id) is None:
            raise NotFoundError("there is no such attestation")
        return attestations.unsealings_of(session, attestation_id)


def _require_operator(principal: Principal) -> None:
    principal.require(Scope.ATTESTATIONS_WRITE)
    if not principal.is_operator:
        raise ForbiddenError("a source is unsealed by two operators", role=principal.role.value)


def _sealed(session: Session, attestation_id: str) -> SourceAttestation:
    attestation = session.get(SourceAttestation, attestation_id)
    if attestation is None:
        raise NotFoundError("there is no such attestation")
    if not attestation.sealed:
        raise ConflictError("the source of this attestation is not under seal", state="open")
    return attestation


def _request(session: Session, attestation_id: str, unsealing_id: str) -> UnsealingRequest:
    request = session.get(UnsealingRequest, unsealing_id)
    if request is None or request.attestation_id != attestation_id:
        raise NotFoundError("there is no such request")
    return request


def _record(unit: Unit, event_type: EventType, request: UnsealingRequest, principal: Principal) -> None:
    unit.record(event_type, request.id, principal.account_id, attestation_id=request.attestation_id)
