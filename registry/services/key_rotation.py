"""Rotating a key of the house while everything goes on: a new one is put in use, and what is under the old one moves.

Nothing stops for it. Every process reads the keyring again as soon as it has changed, the old key opens what it has
sealed until nothing is left of it, and each part moves in a transaction of its own, which changes only what is still as
it was read: whoever withdraws, finishes or enrols meanwhile is never undone. A rotation that was killed is gone on with
by asking for it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from registry.domain.accounts import Principal
from registry.domain.consents import Modality
from registry.domain.events import EventType
from registry.domain.house_keys import Purpose
from registry.engine.voiceprint import Space
from registry.errors import ConflictError, RegistryError
from registry.services.context import Context
from registry.services.house_keys import VOICEPRINTS, register_keys, require_operator
from registry.services.unit import unit_of_work
from registry.store import enrolments, epochs, performers, wrapped_keys
from registry.store.wrapped_keys import StoredKey, WrappedColumns
from registry.vault.house import KeyHouse
from registry.vault.keys import WrappedKey
from registry.vault.voiceprints import Holding, SealedVoiceprint

KEYS_AT_ONCE = 500
PERFORMERS_AT_ONCE = 200
"""Of one transaction: few enough that nobody waits for it."""

Progress = Callable[[str, int], None]
"""Is told of what, and how many more of it, have moved."""


def _silent(what: str, moved: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        purpose: of the key.
        key_id: that is in use now, or waits to be.
        staged: whether it only waits to be put in use.
        resumed: whether an unfinished rotation was gone on with, and no key was made.
        moved: how many records have moved to it, by table.
        left: why some could not, by the record; they stay under the old key.
    """

    purpose: Purpose
    key_id: str
    staged: bool = False
    resumed: bool = False
    moved: dict[str, int] = field(default_factory=dict)
    left: dict[str, RegistryError] = field(default_factory=dict)


def rotate_key(
    ctx: Context,
    principal: Principal,
    house: KeyHouse,
    purpose: Purpose,
    *,
    stage_only: bool = False,
    progress: Progress = _silent,
) -> Rotated:
    """Rotate one kind of key.

    1. The registry is told of every key of the keyring: one that was made twice under one name is found out here.
    2. Where a rotation is unfinished, it is gone on with. Otherwise a key is made that waits, durable in the keyring,
       and the registry is told of it.
    3. It is put in use. From here on everybody wraps, signs or protects with it. Before, a crash leaves a key that
       waits, which the next rotation takes.
    4. What is under older keys moves, a part at a time, each part with its leaf in the journal: passes are made until
       one finds nothing to move.

    Args:
        ctx: what verbs work with.
        principal: an operator.
        house: where the keys are.
        purpose: of the key.
        stage_only: stop before 3, so that the keyring can be brought to every host first.
        progress: is told what has moved.

    Raises:
        ForbiddenError: the caller is no operator.
        ConflictError: a key of this kind cannot wait.
        KeyringError, KeysUnavailableError: the keyring cannot be changed; what has moved stays moved.
    """
    require_operator(principal)
    if stage_only and not house.can_stage(purpose):
        raise ConflictError(f"a {purpose.value} key of the key service is everywhere at once: none can wait")
    register_keys(ctx, principal, house)
    waiting = next((key for key in house.described() if key.purpose is purpose and key.in_use_from is None), None)
    if waiting is None and not stage_only and _is_unfinished(ctx, purpose):
        done = Rotated(purpose, _current_id(ctx, purpose), resumed=True)
    else:
        done = Rotated(purpose, house.stage(purpose, ctx.clock(), ctx.random_bytes), staged=stage_only)
        register_keys(ctx, principal, house)
        if stage_only:
            return done
        _put_in_use(ctx, principal, house, done)
    while _pass(ctx, principal, done, progress):
        pass
    return done


def _put_in_use(ctx: Context, principal: Principal, house: KeyHouse, done: Rotated) -> None:
    with unit_of_work(ctx) as unit:
        unit.record(EventType.HOUSE_KEY_PUT_IN_USE, done.key_id, principal.account_id, purpose=done.purpose.value)
        unit.commit()
    house.put_in_use(done.purpose, ctx.clock())
    register_keys(ctx, principal, house)


def _current_id(ctx: Context, purpose: Purpose) -> str:
    if purpose is Purpose.WRAPPING:
        return ctx.keys.wrapping_key_id()
    if purpose is Purpose.SIGNING:
        return ctx.keys.signer()[0]
    return f"{Purpose.PROTECTION.value}-{ctx.keys.current_epoch()}"


def _is_unfinished(ctx: Context, purpose: Purpose) -> bool:
    """Whether something is under an older key than the one in use."""
    with ctx.database.read() as session:
        if purpose is Purpose.WRAPPING:
            current = ctx.keys.wrapping_key_id()
            return any(
                wrapped_keys.page_under_others(session, where, current, after=None, limit=1)
                for where in wrapped_keys.EVERYWHERE
            )
        if purpose is Purpose.PROTECTION:
            return bool(epochs.performers_outside(session, ctx.keys.current_epoch(), after="", limit=1))
    return False


def _pass(ctx: Context, principal: Principal, done: Rotated, progress: Progress) -> int:
    """Move everything that can be moved; answer how much that was."""
    parts: Iterator[tuple[str, int]] = iter(())
    if done.purpose is Purpose.WRAPPING:
        parts = _rewrap_all(ctx, principal, done)
    elif done.purpose is Purpose.PROTECTION:
        parts = _reprotect_all(ctx, principal, done)
    total = 0
    for table, moved in parts:
        done.moved[table] = done.moved.get(table, 0) + moved
        total += moved
        progress(table, moved)
    return total


# --- keys under another wrapping key ---------------------------------------------------------------------------------


def _rewrap_all(ctx: Context, principal: Principal, done: Rotated) -> Iterator[tuple[str, int]]:
    current = ctx.keys.wrapping_key_id()
    for where in wrapped_keys.EVERYWHERE:
        after: tuple[str, ...] | None = None
        while True:
            with ctx.database.read() as session:
                found = wrapped_keys.page_under_others(session, where, current, after=after, limit=KEYS_AT_ONCE)
            if not found:
                break
            after = found[-1].row
            yield where.table, _rewrap(ctx, principal, where, found, done)


def _rewrap(
    ctx: Context, principal: Principal, where: WrappedColumns, found: Sequence[StoredKey], done: Rotated
) -> int:
    """Wrap some keys anew and write them where the old ones still are: one transaction."""
    again = ctx.keys.rewrap_many([WrappedKey(each.master_key_id, each.wrapped) for each in found])
    pairs = []
    for old, new in zip(found, again, strict=True):
        if isinstance(new, RegistryError):
            done.left[f"{where.table} {' '.join(old.row)}"] = new
        else:
            pairs.append((old, StoredKey(old.row, new.master_key_id, new.wrapped)))
    with unit_of_work(ctx) as unit:
        moved = wrapped_keys.replace_wrapped(unit.session, where, pairs)
        if moved:
            unit.record(
                EventType.HOUSE_KEY_REWRAPPED, done.key_id, principal.account_id, table=where.table, records=moved
            )
            unit.commit()
    return moved


# --- voiceprints of another epoch ------------------------------------------------------------------------------------


def _reprotect_all(ctx: Context, principal: Principal, done: Rotated) -> Iterator[tuple[str, int]]:
    epoch, after = ctx.keys.current_epoch(), ""
    while True:
        with ctx.database.read() as session:
            names = epochs.performers_outside(session, epoch, after=after, limit=PERFORMERS_AT_ONCE)
        if not names:
            return
        after = names[-1]
        yield VOICEPRINTS, _reprotect(ctx, principal, names, epoch, done)


def _reprotect(ctx: Context, principal: Principal, names: Sequence[str], epoch: int, done: Rotated) -> int:
    """Turn the voiceprints of some performers into an epoch, and write them where the old ones still are."""
    whose = _holdings(ctx, names)
    turned = ctx.vault.turn_many(list(whose.values()))
    who = list(whose)
    done.left.update({f"{VOICEPRINTS} {who[number]}": why for number, why in turned.broken.items()})
    pairs = [(old.voiceprint_id, old.data, new.data) for old, new in turned.pairs if new.epoch == epoch]
    with unit_of_work(ctx) as unit:
        moved = epochs.replace_sealed(unit.session, epoch, sorted(pairs))
        if moved:
            unit.record(
                EventType.VOICEPRINTS_REPROTECTED,
                done.key_id,
                principal.account_id,
                performers=len(names),
                voiceprints=moved,
            )
            unit.commit()
    return moved


def _holdings(ctx: Context, names: Sequence[str]) -> dict[str, Holding]:
    """Answer what is stored of performers who have a key: whoever has none is withdrawing at this moment."""
    with ctx.database.read() as session:
        keys = performers.keys_of(session, names, Modality.VOICE)
        stored: dict[str, list[SealedVoiceprint]] = {}
        for row in enrolments.stored_voiceprints(session, list(keys)):
            performer_id, voiceprint_id, encoder, weights_sha256, preprocessing, dimension, epoch, sealed = row
            space_id = Space(encoder, weights_sha256, preprocessing, dimension).id
            stored.setdefault(performer_id, []).append(
                SealedVoiceprint(voiceprint_id, space_id, epoch, dimension, sealed)
            )
    return {name: Holding(WrappedKey(*keys[name]), held) for name, held in stored.items()}
