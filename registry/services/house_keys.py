"""The keys of the house: how they stand, new ones made known, and old ones taken out once nothing is under them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.house_keys import FIRST_SEED, KeyState, KeyStep, Purpose, may_retire_from, step_due
from registry.errors import ConflictError, ForbiddenError, KeyringError
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import epochs, house_keys, wrapped_keys
from registry.store.house_keys import HouseKey
from registry.store.sequence import take_turn
from registry.vault.house import KeyFacts, KeyHouse

VOICEPRINTS = "voiceprints"


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """How one key of the house stands.

    Attributes:
        id: of it.
        purpose: it has no other.
        state: ``missing``, where the registry knows of it, or something is under it, and it is not in this keyring.
        created_at: None for one that is not in the keyring.
        in_use_from: when it was put in use.
        under: how many records open by it only, by table.
    """

    id: str
    purpose: Purpose
    state: KeyState
    created_at: datetime | None = None
    in_use_from: datetime | None = None
    under: Mapping[str, int] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many records open by it only."""
        return sum(self.under.values())


def require_operator(principal: Principal) -> None:
    """Refuse whoever does not run the registry.

    Raises:
        ForbiddenError: the caller is no operator.
    """
    if not principal.is_operator:
        raise ForbiddenError("the keys of the house are the operators'", role=principal.role.value)


def describe_keys(ctx: Context, principal: Principal, house: KeyHouse) -> Sequence[KeyStanding]:
    """Answer how every key stands that is in the keyring, that the registry was told of, or that something is under.

    Raises:
        ForbiddenError: the caller is no operator.
        KeyringError: a key of the keyring is not the one that the registry knows by that name.
    """
    require_operator(principal)
    return standings(ctx, house)


def standings(ctx: Context, house: KeyHouse) -> Sequence[KeyStanding]:
    """Answer as `describe_keys`, for whoever has the machine."""
    described = house.described()
    with ctx.database.read() as session:
        registered = house_keys.registered_keys(session)
        under = _under(session)
    _require_same(described, registered)
    there = [_standing(each, under.get(each.id, {})) for each in described]
    known = {each.id for each in described}
    return there + _elsewhere(known, registered, under)


def _standing(key: KeyFacts, under: Mapping[str, int]) -> KeyStanding:
    state = KeyState.STAGED if key.in_use_from is None else KeyState.IN_USE if key.current else KeyState.OLD
    return KeyStanding(key.id, key.purpose, state, key.created_at, key.in_use_from, under)


def _elsewhere(
    known: set[str], registered: Sequence[HouseKey], under: Mapping[str, Mapping[str, int]]
) -> list[KeyStanding]:
    """Answer the keys that are not in the keyring: those that were retired, and those that ought to be there."""
    found = {}
    for key in registered:
        if key.id not in known:
            records = under.get(key.id, {})
            state = KeyState.MISSING if records or key.retired_at is None else KeyState.RETIRED
            found[key.id] = KeyStanding(key.id, key.purpose, state, under=records)
    for key_id in sorted(under.keys() - known - found.keys()):
        purpose = Purpose.PROTECTION if VOICEPRINTS in under[key_id] else Purpose.WRAPPING
        found[key_id] = KeyStanding(key_id, purpose, KeyState.MISSING, under=under[key_id])
    return list(found.values())


def _under(session: Session) -> Mapping[str, Mapping[str, int]]:
    """Count what is under each key, by its id and by table."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for where in wrapped_keys.EVERYWHERE:
        for key_id, count in wrapped_keys.count_by_master(session, where).items():
            found[key_id][where.table] = count
    for epoch, count in epochs.count_by_epoch(session).items():
        found[f"{Purpose.PROTECTION.value}-{epoch}"][VOICEPRINTS] = count
    return found


def _require_same(described: Sequence[KeyFacts], registered: Sequence[HouseKey]) -> None:
    """Refuse a keyring in which a key of a known name is another one: it was made twice, on two hosts say."""
    known = {key.id: key.check_value for key in registered}
    for key in described:
        if known.get(key.id, key.check_value) != key.check_value:
            raise KeyringError(
                f"{key.id} of this keyring is not the key that the registry knows by that name: bring the keyring of "
                "the host where it was made",
                key_id=key.id,
            )


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """One key that the registry was told of.

    Attributes:
        id: of it.
        purpose: it has no other.
        state: ``in_use`` by the process that was asked, ``retired``, or ``old``: what is under it has yet to move, or
            it is newer than that process knows.
        registered_at, retired_at: when the registry was told of it, and that it was taken out.
        step: what is due to be done with it, on the registry's own machine; None while nothing is.
    """

    id: str
    purpose: Purpose
    state: KeyState
    registered_at: datetime
    retired_at: datetime | None
    step: KeyStep | None

    @property
    def command(self) -> str | None:
        """The command that does what is due."""
        if self.step is KeyStep.ROTATE:
            return f"likeness keys rotate {self.purpose.value}"
        return f"likeness keys retire {self.id} --to {self.id}.retired" if self.step is KeyStep.RETIRE else None


def list_registered(ctx: Context, principal: Principal) -> Sequence[RegisteredKey]:
    """Answer every key of the house that the registry was told of, and which ones are in use. No key is in it.

    How many records are under each takes a look at every record: `describe_keys` says it, on the registry's machine.

    Raises:
        ForbiddenError: the caller is no operator, or their token does not carry the scope.
    """
    principal.require(Scope.JOURNAL_READ)
    require_operator(principal)
    in_use = {
        ctx.keys.wrapping_key_id(),
        ctx.keys.signer()[0],
        f"{Purpose.PROTECTION.value}-{ctx.keys.current_epoch()}",
    }
    with ctx.database.read() as session:
        keys = house_keys.registered_keys(session)
    since = {key.purpose: key.registered_at for key in keys if key.id in in_use}
    return [_registered(key, in_use, since.get(key.purpose), ctx.clock()) for key in keys]


def _registered(key: HouseKey, in_use: Collection[str], since: datetime | None, now: datetime) -> RegisteredKey:
    state = KeyState.RETIRED if key.retired_at is not None else KeyState.OLD
    if key.id in in_use:
        state = KeyState.IN_USE
    step = step_due(key.id, state, key.registered_at, since, now)
    return RegisteredKey(key.id, key.purpose, state, key.registered_at, key.retired_at, step)


def register_keys(ctx: Context, principal: Principal, house: KeyHouse) -> None:
    """Tell the registry of every key that it does not know yet.

    Raises:
        ForbiddenError: the caller is no operator.
        KeyringError: a key of the keyring is not the one that the registry knows by that name.
    """
    require_operator(principal)
    described = house.described()
    with unit_of_work(ctx) as unit:
        take_turn(unit.session)  # of two that tell of the same key at once, the second sees that it is known
        registered = house_keys.registered_keys(unit.session)
        _require_same(described, registered)
        new = [key for key in described if key.id not in {each.id for each in registered}]
        for key in new:
            _register(unit, key, principal)
        if new:
            unit.commit()


def _register(unit: Unit, key: KeyFacts, principal: Principal) -> None:
    unit.session.add(
        HouseKey(id=key.id, purpose=key.purpose, check_value=key.check_value, registered_at=unit.now, retired_at=None)
    )
    unit.record(
        EventType.HOUSE_KEY_REGISTERED,
        key.id,
        principal.account_id,
        purpose=key.purpose.value,
        check_value=key.check_value,
    )


def retire_key(ctx: Context, principal: Principal, house: KeyHouse, key_id: str, *, to: Path | None) -> None:
    """Take an old key out of the keyring.

    1. It is not in use, nothing is under it, and its successor has been in use for as long as anybody may still be
       writing down what was wrapped before.
    2. It is written to a file of its own, for backups from its time: durable before anything else happens.
    3. That it is retired is journalled, in the unit that has counted what is under it: the commit point.
    4. It is taken out of the keyring. After a crash before that, doing it again does the rest.

    Args:
        ctx: what verbs work with.
        principal: an operator.
        house: where the keys are.
        key_id: of the key.
        to: the file that it is written to; None only where a key service keeps it.

    Raises:
        ForbiddenError: the caller is no operator.
        ConflictError: it is in use or cannot be retired yet; figures say what is under it, or from when on it can.
        KeyringError: there is no such key, or the file cannot be written.
    """
    require_operator(principal)
    register_keys(ctx, principal, house)
    _require_retirable(ctx, house, key_id)
    house.hand_out(key_id, to)
    with unit_of_work(ctx) as unit:
        key = unit.session.get_one(HouseKey, key_id, with_for_update=True)
        _require_nothing_under(key_id, _under(unit.session).get(key_id, {}))
        if key.retired_at is None:
            key.retired_at = unit.now
            unit.record(EventType.HOUSE_KEY_RETIRED, key_id, principal.account_id, purpose=key.purpose.value)
            unit.commit()
    house.take_out(key_id)


def _require_retirable(ctx: Context, house: KeyHouse, key_id: str) -> None:
    described = house.described()
    key = next((each for each in described if each.id == key_id), None)
    if key is None:
        raise KeyringError(f"the keyring has no key {key_id}", key_id=key_id)
    if key_id == FIRST_SEED:
        raise ConflictError(
            f"{key_id} stays: birth dates and refused names are kept as digests under it, and cannot be digested anew",
            key_id=key_id,
        )
    current = next(each for each in described if each.purpose is key.purpose and each.current)
    if key.current or key.in_use_from is None or current.in_use_from is None:
        raise ConflictError(f"{key_id} is in use, or waits to be: rotate first", key_id=key_id)
    earliest = may_retire_from(current.in_use_from)
    if ctx.clock() < earliest:
        raise ConflictError(
            f"{current.id} is in use for less than an hour, and something wrapped before may still be on its way: "
            f"retire {key_id} from {earliest.isoformat(timespec='seconds')} on",
            key_id=key_id,
            earliest=earliest.isoformat(),
        )
    with ctx.database.read() as session:
        _require_nothing_under(key_id, _under(session).get(key_id, {}))


def _require_nothing_under(key_id: str, under: Mapping[str, int]) -> None:
    if under:
        listed = ", ".join(f"{count} in {table}" for table, count in sorted(under.items()))
        raise ConflictError(
            f"records open by {key_id} only: {listed}; `likeness keys rotate` moves them", key_id=key_id, under=listed
        )


def put_key_back(ctx: Context, principal: Principal, house: KeyHouse, file: Path) -> str:
    """Put a key back that was retired, as an old one, and answer its id. Doing it twice is refused, and harms nothing.

    Raises:
        ForbiddenError: the caller is no operator.
        KeyringError: the file holds no retired key, or the keyring has it.
    """
    require_operator(principal)
    key_id = house.put_back(file)
    register_keys(ctx, principal, house)
    with unit_of_work(ctx) as unit:
        unit.session.get_one(HouseKey, key_id, with_for_update=True).retired_at = None
        unit.record(EventType.HOUSE_KEY_PUT_BACK, key_id, principal.account_id)
        unit.commit()
    return key_id
