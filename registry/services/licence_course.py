"""What happens to a licence in force: suspended, resumed, revoked, paid."""

from __future__ import annotations

from collections.abc import Sequence

from registry.domain.accounts import Principal
from registry.domain.events import EventType
from registry.domain.licences import LicenceState, Side, SuspensionReason
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.services.activation import require_consent
from registry.services.context import Context
from registry.services.holds import SYSTEM, lift_holds, place_hold
from registry.services.licences import is_amendment, licence_to_change, move, record, side_of
from registry.services.payments import settle_licence
from registry.services.unit import unit_of_work
from registry.store.licences import Licence, LicenceHold

_OPERATOR = "operator"
_BY_THEMSELVES = frozenset({SuspensionReason.STRIKE, SuspensionReason.CONSENT_ENDED})


def suspend_licence(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    reason: str | None = None,
    cause: SuspensionReason = SuspensionReason.PAUSE_WITHOUT_ADMISSION,
    if_version: int | None = None,
) -> Licence:
    """Suspend a licence in force, with the reason. Either side may; it is no admission of anything.

    It may be suspended for several reasons at once, and rests until the last of them is lifted.

    Args:
        licence_id: of the licence.
        reason: in words, for both sides, or None.
        cause: why; a strike, or the end of consent, suspends by itself.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: none that the caller may know of.
        InvalidInputError: the cause is one that nobody gives by hand.
        ConflictError: not in force, or suspended by this side for the same cause; figures ``state`` and ``cause``.
        StaleVersionError: it has changed since.
    """
    if cause in _BY_THEMSELVES:
        raise InvalidInputError(
            f"a licence is suspended for {cause.value} by itself, and not by hand", cause=cause.value
        )
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        side = side_of(principal, licence)
        placed_by = side.value if side else _OPERATOR
        if any((hold.reason, hold.placed_by) == (cause, placed_by) for hold in licence.open_holds):
            raise ConflictError(
                f"the {placed_by} has suspended it for {cause.value} already",
                state=licence.state.value,
                cause=cause.value,
            )
        place_hold(unit, licence, cause, placed_by=placed_by, actor_id=principal.account_id, note=reason)
        unit.commit()
    return licence


def resume_licence(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    cause: SuspensionReason | None = None,
    if_version: int | None = None,
) -> Licence:
    """Lift what the caller may lift of a suspension: its own, and what followed a withdrawal; an operator all of it.

    The licence stays suspended as long as anything else holds it. Only the end of a strike lifts what a strike holds.

    Args:
        licence_id: of the licence.
        cause: to lift only what holds it for this; None for everything that the caller may lift.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: nothing that holds it is the caller's to lift; figure ``suspended_by``.
        ConflictError: not suspended; figure ``state``.
        ConsentMissingError: the performer has no consent in force to license the voice.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        side = side_of(principal, licence)
        state = licence.value().state_at(unit.now)
        if state is not LicenceState.SUSPENDED:
            raise ConflictError(f"a licence that is {state.value} is not suspended", state=state.value)
        lifted = _liftable(licence, side, cause)
        require_consent(unit.session, licence.performer_id, unit.now)
        lift_holds(unit, licence, lifted, actor_id=principal.account_id)
        unit.commit()
    return licence


def _liftable(licence: Licence, side: Side | None, cause: SuspensionReason | None) -> Sequence[LicenceHold]:
    """Answer what of a suspension a side, or an operator (None), may lift; refuse where that is nothing."""
    asked = [hold for hold in licence.open_holds if cause in {None, hold.reason}]
    found = [hold for hold in asked if hold.reason is not SuspensionReason.STRIKE and _may_lift(hold, side)]
    if not found:
        by = [hold.placed_by if hold.strike_id is None else "strike" for hold in asked]
        raise ForbiddenError(
            f"nothing of this suspension is the caller's to lift; it is held by: {', '.join(by) or 'nobody'}",
            suspended_by=", ".join(by),
        )
    return found


def _may_lift(hold: LicenceHold, side: Side | None) -> bool:
    followed_by_itself = hold.placed_by == SYSTEM and side is Side.PERFORMER
    return side is None or hold.placed_by == side.value or followed_by_itself


def revoke_licence(ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None) -> Licence:
    """End a licence for good. A draft or an offer can be revoked by either side, one in force by the performer's.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: a studio cannot end a licence in force; it can stop using it.
        ConflictError: it has ended already; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        if side_of(principal, licence) is Side.STUDIO and licence.activated_at is not None:
            raise ForbiddenError("a licence in force is revoked by the performer's side", state=licence.state.value)
        move(licence, LicenceState.REVOKED, unit.now)
        licence.ended_at = unit.now
        licence.suspended_at = licence.suspended_by = licence.suspension_reason = None
        if licence.newest.is_open:
            licence.newest.withdrawn_at = unit.now
        record(unit, EventType.LICENCE_REVOKED, licence, principal)
        unit.commit()
    return licence


def decline_offer(
    ctx: Context, principal: Principal, licence_id: str, *, reason: str, if_version: int | None = None
) -> Licence:
    """Decline what was offered, and say why; both sides read it. An amendment goes, and what is in force stays.

    Args:
        licence_id: of the licence.
        reason: in words, for the other side.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: an operator, who is on neither side.
        ConflictError: nothing is offered that this side could sign; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        side = side_of(principal, licence)
        if side is None:
            raise ForbiddenError("a side declines what it was offered; an operator is on neither")
        version = licence.newest
        state = licence.value().state_at(unit.now)
        if not version.is_open or version.offered_at is None or version.signature_of(side) is not None:
            raise ConflictError(f"nothing of this licence is offered to the {side.value}", state=state.value)
        amends = is_amendment(licence)
        version.declined_by, version.declined_reason = principal.account_id, reason
        version.withdrawn_at = unit.now
        if amends:
            record(
                unit, EventType.LICENCE_AMENDMENT_WITHDRAWN, licence, principal, number=version.number, declined=True
            )
        else:
            move(licence, LicenceState.REVOKED, unit.now)
            licence.ended_at = unit.now
            record(unit, EventType.LICENCE_REVOKED, licence, principal, declined=True)
        unit.commit()
    return licence


def confirm_payment(ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None) -> Licence:
    """Confirm that all that is due has arrived, and post it: the performer's side, who was to get it, or an operator.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the studio, which was to make it.
        ConflictError: never active, or nothing is due.
        InvalidInputError: nothing is owed under this licence.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        if side_of(principal, licence) is Side.STUDIO:
            raise ForbiddenError("who is paid confirms a payment, not who pays", side=Side.STUDIO.value)
        if licence.activated_at is None:
            raise ConflictError("there is no payment to confirm", state=licence.state.value)
        if licence.terms().pay.is_unpaid:
            raise InvalidInputError(
                "nothing is owed under this licence", pay_basis=licence.terms().pay.rates[0].basis.value
            )
        settle_licence(unit, licence, principal)
        record(unit, EventType.LICENCE_PAID, licence, principal)
        unit.commit()
    return licence
