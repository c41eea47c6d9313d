"""Unsealing: two operators, each with a reason, read who a sealed source is. Every step is journalled.

A request is a proposal of a kind of its own; reading what it opens is a verb of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.attestations import SealedIdentity, require_readable
from registry.domain.events import EventType
from registry.domain.proposals import Unsealing
from registry.errors import NotFoundError
from registry.services.attestations import opened_identity
from registry.services.context import Context
from registry.services.proposals import approve_proposal, digest_of, propose, require_operator
from registry.services.unit import unit_of_work
from registry.store.attestations import SourceAttestation
from registry.store.proposals import Proposal, unsealings_of

_SCOPE = Scope.ATTESTATIONS_WRITE


def request_unsealing(ctx: Context, principal: Principal, attestation_id: str, *, reason: str) -> Proposal:
    """Ask to read who a sealed source is; another operator must agree within three days.

    Raises:
        ForbiddenError: the caller is no operator.
        SecondPersonNeededError: there is no other operator who could agree.
        NotFoundError: no such attestation.
        ConflictError: it is not under seal.
    """
    return propose(ctx, principal, Unsealing(attestation_id), reason=reason, scope=_SCOPE)


def approve_unsealing(
    ctx: Context, principal: Principal, attestation_id: str, unsealing_id: str, *, reason: str
) -> Proposal:
    """Agree, as the second operator, that the identity be read. From now on both can, for a day.

    The attestation that is named says all that is approved: the digest follows from its id.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such request.
        SecondPersonNeededError: the caller is who asked, or was not there when it was asked.
        ConflictError: answered before, or too late; figure ``state``.
    """
    require_operator(principal, _SCOPE)
    with ctx.database.read() as session:
        _request(session, attestation_id, unsealing_id)
    return approve_proposal(
        ctx, principal, unsealing_id, content_sha256=digest_of(Unsealing(attestation_id)), reason=reason, scope=_SCOPE
    )


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
    require_operator(principal, _SCOPE)
    with unit_of_work(ctx) as unit:
        request = _request(unit.session, attestation_id, unsealing_id)
        require_readable(request.value(), principal.account_id, unit.now)
        identity = opened_identity(ctx, unit.session.get_one(SourceAttestation, attestation_id))
        unit.record(EventType.SOURCE_REVEALED, request.id, principal.account_id, attestation_id=attestation_id)
        unit.commit()
    return identity


def list_unsealings(ctx: Context, principal: Principal, attestation_id: str) -> Sequence[Proposal]:
    """Answer every request to unseal an attestation, oldest first: to operators only.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such attestation.
    """
    require_operator(principal, _SCOPE)
    with ctx.database.read() as session:
        if session.get(SourceAttestation, attestation_id) is None:
            raise NotFoundError("there is no such attestation")
        return unsealings_of(session, [attestation_id])


def _request(session: Session, attestation_id: str, unsealing_id: str) -> Proposal:
    request = session.get(Proposal, unsealing_id)
    if request is None or request.attestation_id != attestation_id:
        raise NotFoundError("there is no such request")
    return request
