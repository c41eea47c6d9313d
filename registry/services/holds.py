"""Holds: what keeps a licence suspended. A licence rests as long as one of them is open, and no longer."""

from __future__ import annotations

from collections.abc import Sequence

from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState, SuspensionReason, require_transition
from registry.services.unit import Unit
from registry.store.licences import Licence, LicenceHold

SYSTEM = "system"


def place_hold(
    unit: Unit,
    licence: Licence,
    reason: SuspensionReason,
    *,
    placed_by: str,
    actor_id: str,
    note: str | None = None,
    strike_id: str | None = None,
) -> LicenceHold:
    """Keep a licence suspended for one more reason, in the caller's unit, which holds the performer's lock.

    Args:
        unit: whose transaction it is.
        licence: in force, or suspended already.
        reason: why.
        placed_by: the side, ``operator``, or ``system`` for what follows by itself.
        actor_id: the account that is behind it.
        note: the same in words.
        strike_id: the strike, where that is the reason.

    Raises:
        ConflictError: the licence is not in force; figure ``state``.
    """
    if licence.value().state_at(unit.now) is not LicenceState.SUSPENDED:
        require_transition(licence.value().state_at(unit.now), LicenceState.SUSPENDED)
    hold = LicenceHold(
        id=unit.new_id(IdPrefix.LICENCE_HOLD),
        licence_id=licence.id,
        reason=reason,
        note=note,
        placed_by=placed_by,
        placed_by_account=None if actor_id == SYSTEM else actor_id,
        placed_at=unit.now,
        strike_id=strike_id,
        lifted_by_account=None,
        lifted_at=None,
    )
    licence.holds.append(hold)
    _follow(licence)
    _record(unit, EventType.LICENCE_SUSPENDED, licence, actor_id, hold)
    return hold


def lift_holds(unit: Unit, licence: Licence, holds: Sequence[LicenceHold], *, actor_id: str) -> None:
    """Lift some holds, in the caller's unit; the licence is active again once none is left."""
    for hold in holds:
        hold.lifted_at = unit.now
        hold.lifted_by_account = None if actor_id == SYSTEM else actor_id
        _record(unit, EventType.LICENCE_RESUMED, licence, actor_id, hold)
    _follow(licence)


def _follow(licence: Licence) -> None:
    """Let the state follow from the holds, and the columns that are searched by from the oldest of them."""
    if licence.state not in {LicenceState.ACTIVE, LicenceState.SUSPENDED}:
        return
    first = next(iter(licence.open_holds), None)
    licence.state = LicenceState.ACTIVE if first is None else LicenceState.SUSPENDED
    licence.suspended_at = None if first is None else first.placed_at
    licence.suspended_by = None if first is None else first.placed_by
    licence.suspension_reason = None if first is None else (first.note or first.reason.value.replace("_", " "))


def _record(unit: Unit, event_type: EventType, licence: Licence, actor_id: str, hold: LicenceHold) -> None:
    unit.record(
        event_type,
        licence.id,
        actor_id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        hold_id=hold.id,
        cause=hold.reason.value,
        placed_by=hold.placed_by,
        strike_id=hold.strike_id,
    )
