"""What happens to a licence in force: suspended, resumed, revoked, paid."""

from __future__ import annotations

from registry.domain.accounts import Principal
from registry.domain.events import EventType
from registry.domain.licences import LicenceState, Side
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.services.context import Context
from registry.services.licences import licence_to_change, move, record, require_consent, side_of
from registry.services.unit import unit_of_work
from registry.store.licences import Licence

_OPERATOR = "operator"


def suspend_licence(
    ctx: Context, principal: Principal, licence_id: str, *, reason: str, if_version: int | None = None
) -> Licence:
    """Suspend a licence in force, with the reason. Either side may; it is no admission of anything.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: not active; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        side = side_of(principal, licence)
        move(licence, LicenceState.SUSPENDED, unit.now)
        licence.suspended_at = unit.now
        licence.suspended_by = side.value if side else _OPERATOR
        licence.suspension_reason = reason
        record(unit, EventType.LICENCE_SUSPENDED, licence, principal, cause=licence.suspended_by)
        unit.commit()
    return licence


def resume_licence(ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None) -> Licence:
    """Lift a suspension: whoever made it, or an operator. One that followed a withdrawal needs a new consent.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the other side, or the operator, has suspended it.
        ConflictError: not suspended; figure ``state``.
        ConsentMissingError: the performer has no consent in force to license the voice.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        side = side_of(principal, licence)
        if licence.state is not LicenceState.SUSPENDED:
            raise ConflictError(f"a licence that is {licence.state.value} is not suspended", state=licence.state.value)
        lifters = {licence.suspended_by, Side.PERFORMER.value if licence.suspended_by == "system" else None}
        if side is not None and side.value not in lifters:
            raise ForbiddenError(
                f"the licence was suspended by the {licence.suspended_by}", suspended_by=licence.suspended_by
            )
        require_consent(unit, licence)
        move(licence, LicenceState.ACTIVE, unit.now)
        licence.suspended_at = licence.suspended_by = licence.suspension_reason = None
        record(unit, EventType.LICENCE_RESUMED, licence, principal)
        unit.commit()
    return licence


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
        record(unit, EventType.LICENCE_REVOKED, licence, principal)
        unit.commit()
    return licence


def confirm_payment(ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None) -> Licence:
    """Confirm that the first payment has arrived: the performer's side, which was to get it, or an operator.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the studio, which was to make it.
        ConflictError: never active, or confirmed already.
        InvalidInputError: nothing is owed under this licence.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        if side_of(principal, licence) is Side.STUDIO:
            raise ForbiddenError("who is paid confirms a payment, not who pays", side=Side.STUDIO.value)
        if licence.paid_at is not None or licence.activated_at is None:
            raise ConflictError("there is no payment to confirm", state=licence.state.value)
        if licence.value().payment_due_at() is None:
            raise InvalidInputError("nothing is owed under this licence", pay_basis=licence.pay_basis.value)
        licence.paid_at = unit.now
        record(unit, EventType.LICENCE_PAID, licence, principal)
        unit.commit()
    return licence
