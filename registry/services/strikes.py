"""Strikes: every licence that one covers rests at once, and is lifted again with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState, SuspensionReason
from registry.domain.strikes import StrikeScope, name_key
from registry.errors import ConflictError, DuplicateError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.holds import lift_holds, place_hold
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import licences, performers, strikes
from registry.store.accounts import Account
from registry.store.licences import Licence, LicenceHold
from registry.store.strikes import Strike

_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Switched:
    """What switching a strike on or off has done.

    Attributes:
        strike: as it is now.
        licences: ids of those that it suspended, or that it has let go.
        still_suspended: of those let go, the ones that rest for another reason.
    """

    strike: Strike
    licences: Sequence[str]
    still_suspended: Sequence[str] = ()


def declare_strike(
    ctx: Context, principal: Principal, *, scope: StrikeScope, name: str, note: str | None = None
) -> Switched:
    """Declare a strike, and suspend every licence that it covers, in one transaction.

    1. The strike is written first: whoever puts a licence in force from now on sees it.
    2. Performers are locked in the order of their ids, as everywhere, and their licences suspended.
    3. One commit.

    Args:
        scope: of a collective agreement, or of a guild.
        name: of it, as the licences write it; letter case and spaces do not matter.
        note: why, or None; both sides of each licence read it.

    Raises:
        ForbiddenError: neither an operator nor a representative of the guild that strikes.
        DuplicateError: such a strike is on already.
        InvalidInputError: the name is empty.
    """
    _require_may_switch(ctx, principal, scope, name)
    if not name_key(name):
        raise InvalidInputError("a strike has the name of an agreement or a guild")
    with unit_of_work(ctx) as unit:
        strike = Strike(
            id=unit.new_id(IdPrefix.STRIKE),
            scope=scope,
            name=" ".join(name.split()),
            name_key=name_key(name),
            note=note,
            declared_by=principal.account_id,
            declared_at=unit.now,
            lifted_by=None,
            lifted_at=None,
            version=1,
        )
        if any((each.scope, each.name_key) == (scope, strike.name_key) for each in strikes.strikes_on(unit.session)):
            raise DuplicateError(f"a strike for the {scope.value} {strike.name} is on already", name=strike.name)
        unit.session.add(strike)
        unit.session.flush()
        covered = list(_covered(unit, strike))
        unit.record(
            EventType.STRIKE_DECLARED, strike.id, principal.account_id, scope=scope.value, licences=len(covered)
        )
        for licence in covered:
            _suspend(unit, strike, licence, principal)
        unit.commit()
    return Switched(strike, [licence.id for licence in covered])


def lift_strike(ctx: Context, principal: Principal, strike_id: str, *, if_version: int | None = None) -> Switched:
    """Lift a strike: what it holds, and only that, is let go; a licence that rests for another reason rests on.

    Raises:
        NotFoundError: there is no such strike.
        ForbiddenError: neither an operator nor a representative of the guild that struck.
        ConflictError: it was lifted already.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.LICENCES_WRITE)
    with unit_of_work(ctx) as unit:
        strike = unit.session.get(Strike, strike_id, with_for_update=True)
        if strike is None:
            raise NotFoundError("there is no such strike")
        _require_may_switch(ctx, principal, strike.scope, strike.name)
        require_version(strike.version, if_version)
        if strike.lifted_at is not None:
            raise ConflictError("the strike was lifted already", strike_id=strike.id)
        strike.lifted_at, strike.lifted_by = unit.now, principal.account_id
        strike.version += 1
        held = _locked(unit, [hold.licence_id for hold in strikes.open_holds_of(unit.session, strike.id)])
        for licence in held:
            holds = [hold for hold in licence.open_holds if hold.strike_id == strike.id]
            lift_holds(unit, licence, holds, actor_id=principal.account_id)
            licence.version += 1
        unit.record(EventType.STRIKE_LIFTED, strike.id, principal.account_id, licences=len(held))
        unit.commit()
    resting = [licence.id for licence in held if licence.open_holds]
    return Switched(strike, [licence.id for licence in held], resting)


def list_strikes(
    ctx: Context, principal: Principal, *, on: bool | None, after: str | None, limit: int
) -> Sequence[Strike]:
    """Answer a page of strikes, oldest first: to anybody who may read licences."""
    principal.require(Scope.LICENCES_READ)
    with ctx.database.read() as session:
        return strikes.page_of_strikes(session, on=on, after=after, limit=limit)


def get_strike(ctx: Context, principal: Principal, strike_id: str) -> Strike:
    """Answer one strike: to anybody who may read licences.

    Raises:
        NotFoundError: there is none.
    """
    principal.require(Scope.LICENCES_READ)
    with ctx.database.read() as session:
        strike = session.get(Strike, strike_id)
    if strike is None:
        raise NotFoundError("there is no such strike")
    return strike


def _require_may_switch(ctx: Context, principal: Principal, scope: StrikeScope, name: str) -> None:
    """Refuse all but operators, and guilds for themselves: an account of a guild's mandate that bears its name."""
    principal.require(Scope.LICENCES_WRITE)
    if principal.is_operator:
        return
    with ctx.database.read() as session:
        account = session.get_one(Account, principal.account_id)
        mandates = performers.mandates_of(session, account.id, ctx.clock())
    is_guild = principal.role is Role.REPRESENTATIVE and any(m.kind is RepresentativeKind.GUILD for m in mandates)
    if not (is_guild and scope is StrikeScope.GUILD and name_key(account.name) == name_key(name)):
        raise ForbiddenError(
            "a strike is declared and lifted by an operator, or by the guild that strikes", role=principal.role.value
        )


def _covered(unit: Unit, strike: Strike) -> Iterator[Licence]:
    """Yield every licence in force that a strike covers, locked.

    The performers of drafts and offers are locked too: one of those that comes into force meanwhile waits, and then
    finds the strike.
    """
    for licence in _locked(unit, licences.ids_not_ended(unit.session)):
        in_force = licence.value().state_at(unit.now) in {LicenceState.ACTIVE, LicenceState.SUSPENDED}
        if in_force and strike.covers(licence.terms()):
            yield licence


def _locked(unit: Unit, licence_ids: Sequence[str]) -> list[Licence]:
    """Answer licences, locked in the order in which every verb locks: performers by id, then licences."""
    performers.lock_performers(unit.session, licences.performers_of(unit.session, licence_ids))
    return licences.lock_licences(unit.session, licence_ids)


def _suspend(unit: Unit, strike: Strike, licence: Licence, principal: Principal) -> LicenceHold:
    licence.version += 1
    return place_hold(
        unit,
        licence,
        SuspensionReason.STRIKE,
        placed_by=_OPERATOR,
        actor_id=principal.account_id,
        note=strike.note,
        strike_id=strike.id,
    )
