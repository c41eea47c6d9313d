"""Signing keys of accounts: their own, shown by proof to be theirs, or one that the registry keeps for them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.signatures import Custody, key_registration
from registry.errors import ConflictError, NotFoundError
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import signing_keys
from registry.store.accounts import Account
from registry.store.signing_keys import SigningKey, key_in_use
from registry.vault.keys import WrappedKey, new_data_key
from registry.vault.signing import canonical, raw_public_key, require_signed_bytes

__all__ = ["key_in_use", "list_keys", "new_kept_key", "register_key", "retire_key", "sign_with"]


def register_key(ctx: Context, principal: Principal, *, public_key: bytes, proof: bytes) -> SigningKey:
    """Register a key of one's own; from now on the account signs with it, and the registry no longer for it.

    Args:
        public_key: 32 bytes, Ed25519.
        proof: 64 bytes, a signature by that key over the canonical bytes of `registry.domain.signatures`'s
            ``key_registration`` of this account and key: whoever registers it has its private half.

    Raises:
        ForbiddenError: the token may not change by what its account is known.
        SignatureInvalidError: the proof does not hold; figure ``step``.
        ConflictError: the key is in use already.
    """
    principal.require(Scope.TOKENS_WRITE)
    statement = key_registration(principal.account_id, urlsafe_b64encode(public_key).rstrip(b"=").decode())
    require_signed_bytes(public_key, proof, canonical(statement))
    with unit_of_work(ctx) as unit:
        _lock_account(unit.session, principal.account_id)
        before = key_in_use(unit.session, principal.account_id)
        if before is not None and before.public_key == public_key:
            raise ConflictError("this key is in use already", key_id=before.id)
        if before is not None:
            _retire(unit, before, principal.account_id)
        key = _add(unit, principal.account_id, Custody.ACCOUNT, public_key, None)
        unit.commit()
    return key


def retire_key(ctx: Context, principal: Principal, key_id: str) -> SigningKey:
    """Stop signing with a key, such as one that was lost. What it has signed stays verifiable, and valid.

    Raises:
        ForbiddenError: the token may not change by what its account is known.
        NotFoundError: no such key of the caller's account; an operator retires anybody's.
        ConflictError: it is retired already.
    """
    principal.require(Scope.TOKENS_WRITE)
    with unit_of_work(ctx) as unit:
        key = unit.session.get(SigningKey, key_id)
        if key is None or not (principal.is_operator or key.account_id == principal.account_id):
            raise NotFoundError("there is no such key")
        _lock_account(unit.session, key.account_id)
        unit.session.refresh(key)
        if key.retired_at is not None:
            raise ConflictError("the key is retired already", key_id=key.id)
        _retire(unit, key, principal.account_id)
        unit.commit()
    return key


def list_keys(ctx: Context, principal: Principal) -> Sequence[SigningKey]:
    """Answer every key that the caller's account has ever signed with, oldest first."""
    with ctx.database.read() as session:
        return signing_keys.keys_of(session, [principal.account_id])


def new_kept_key(ctx: Context, unit: Unit, account_id: str) -> SigningKey:
    """Make a key that the registry keeps for an account, sealed by the master keyring, in the caller's unit."""
    _lock_account(unit.session, account_id)
    if (found := key_in_use(unit.session, account_id)) is not None:
        return found
    seed, wrapped = new_data_key(ctx.keys, ctx.random_bytes)
    public_key = raw_public_key(Ed25519PrivateKey.from_private_bytes(seed))
    return _add(unit, account_id, Custody.REGISTRY, public_key, wrapped)


def sign_with(ctx: Context, key: SigningKey, content: bytes) -> bytes:
    """Sign with a key that the registry keeps: 64 bytes by Ed25519.

    Raises:
        KeyringError, SealBrokenError: the key cannot be opened.
    """
    if key.wrapped_key is None or key.master_key_id is None:
        raise AssertionError(f"{key.id} is kept by its account, and not here")
    seed = ctx.keys.unwrap(WrappedKey(key.master_key_id, key.wrapped_key))
    return Ed25519PrivateKey.from_private_bytes(seed).sign(content)


def _lock_account(session: Session, account_id: str) -> None:
    """One key of an account is in use at a time; whoever changes that goes one after another."""
    # its organisation is joined, and PostgreSQL locks no row that may be missing: the account alone
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update()).one()


def _retire(unit: Unit, key: SigningKey, actor_id: str) -> None:
    key.retired_at = unit.now
    unit.session.flush()
    unit.record(EventType.SIGNING_KEY_RETIRED, key.id, actor_id, account_id=key.account_id)


def _add(unit: Unit, account_id: str, custody: Custody, public_key: bytes, wrapped: WrappedKey | None) -> SigningKey:
    key = SigningKey(
        id=unit.new_id(IdPrefix.SIGNING_KEY),
        account_id=account_id,
        custody=custody,
        public_key=public_key,
        wrapped_key=None if wrapped is None else wrapped.wrapped,
        master_key_id=None if wrapped is None else wrapped.master_key_id,
        created_at=unit.now,
        retired_at=None,
    )
    unit.session.add(key)
    unit.session.flush()
    unit.record(
        EventType.SIGNING_KEY_REGISTERED,
        key.id,
        account_id,
        account_id=account_id,
        custody=custody.value,
        public_key=public_key.hex(),
    )
    return key
