"""The keys of the house: those that wrap other keys, the one that signs, and the seeds of protection epochs.

A performer's own key is 32 random bytes, kept in the database only as wrapped by a wrapping key. Deleting that row
destroys the key, and with it everything it sealed. The keyring therefore never belongs in the same backup as the
database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, SealBrokenError
from registry.vault.keyfile import create_private_file, read_private_file
from registry.vault.keyring_text import (
    FORMAT_VERSION,
    KEY_BYTES,
    VERSION_OF_STATES,
    MasterKey,
    OpenSecret,
    RetiredSigner,
    WriteSecret,
    from_json,
    number_of,
    plain_secret,
    plain_text,
    to_json,
)

__all__ = ["KEY_BYTES", "FileKeyring", "KeyProvider", "MasterKey", "Purpose", "Validity", "WrappedKey", "new_data_key"]

Of = TypeVar("Of")
To = TypeVar("To")


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is stored: sealed by a wrapping key.

    Attributes:
        master_key_id: which wrapping key opens it.
        wrapped: as its provider writes it: 40 bytes by RFC 3394 under a keyring, a ciphertext under a key service.
    """

    master_key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Validity:
    """From when and until when a signing key was the one that signs.

    Attributes:
        since: None for one that is published, and does not sign yet.
        until: None while it signs.
    """

    since: datetime | None
    until: datetime | None = None


class KeyProvider(Protocol):
    """Where the keys of the house are: a file, or a key service.

    Contract: what was wrapped once can be unwrapped as long as its wrapping key exists, also after a rotation. The
    epochs and their seeds never change; a new epoch gets the next number. No method writes anything. Between two calls
    the keys may have been rotated by another process: what belongs together is answered by one call.

    Every method raises KeysUnavailableError when a key service does not answer; then nothing is known, and nothing is
    permitted.
    """

    def wrapping_key_id(self) -> str:
        """Answer the id of the wrapping key that `wrap` uses now."""
        ...

    def wrap(self, key: bytes) -> WrappedKey:
        """Wrap 32 bytes with the current wrapping key. Nothing is stored.

        Raises:
            KeyringError: the provider does not answer.
        """
        ...

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Answer the 32 bytes that were wrapped.

        Raises:
            KeyringError: the wrapping key is not there; figure ``key_id``.
            SealBrokenError: the bytes do not authenticate.
        """
        ...

    def unwrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[bytes | KeyringError | SealBrokenError]:
        """Answer for each what `unwrap` answers or raises: who cannot be opened keeps nobody else from it."""
        ...

    def rewrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[WrappedKey | KeyringError | SealBrokenError]:
        """Answer each as wrapped by the current wrapping key, or why that cannot be."""
        ...

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """Answer the id and the private half of the current signing key."""
        ...

    def signing_key(self) -> Ed25519PrivateKey:
        """Answer the current signing key."""
        ...

    def signing_keys(self) -> Sequence[tuple[str, Ed25519PublicKey]]:
        """Answer the id and the public half of every signing key there ever was, oldest first.

        One that does not sign yet is the last: others may learn of it before they meet it.
        """
        ...

    def validity(self) -> Mapping[str, Validity]:
        """Answer when each of `signing_keys` signed, by its id."""
        ...

    def current_epoch(self) -> int:
        """Answer the protection epoch that new voiceprints are made in, counted from 1."""
        ...

    def epoch_seed(self, epoch: int) -> bytes:
        """Answer the 32 secret bytes of a protection epoch.

        Raises:
            KeyringError: there is no such epoch; figure ``key_id``.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class FileKeyring:
    """A `KeyProvider` that is the content of a keyring: a value, which `registry.vault.keyring_file` reads and writes.

    Attributes:
        keys: oldest first; at least one in use for each purpose.
        retired: signing keys that are published and can sign no more, oldest first.
    """

    keys: tuple[MasterKey, ...]
    retired: tuple[RetiredSigner, ...] = ()

    @classmethod
    def create(cls, path: Path, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Make a keyring with one key for each purpose, durable on return.

        Raises:
            KeyringError: there is a file already, or it cannot be written.
        """
        keyring = cls.first(tuple(Purpose), now, random_bytes)
        create_private_file(path, keyring.to_json())
        return keyring

    @classmethod
    def first(cls, purposes: Sequence[Purpose], now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Answer a keyring with one key for each of these purposes."""
        keyring = cls(())
        for purpose in purposes:
            keyring = keyring.rotated(purpose, now, random_bytes)
        return keyring

    @classmethod
    def load(cls, path: Path) -> FileKeyring:
        """Read a keyring.

        Raises:
            KeyringError: absent, open to others (the sentence says ``chmod``), or not a keyring of this version.
        """
        return cls.from_json(read_private_file(path), str(path))

    @classmethod
    def from_json(
        cls,
        content: bytes,
        named: str,
        *,
        purposes: Sequence[Purpose] = tuple(Purpose),
        open_secret: OpenSecret = plain_secret,
    ) -> FileKeyring:
        """Read the content of a keyring file.

        Args:
            content: of the file.
            named: the file, for the words of an error.
            purposes: for each of which a key has to be in use.
            open_secret: opens what stands for a key.

        Raises:
            KeyringError: it is not a keyring of a version that is known here.
        """
        try:
            keyring = cls(*from_json(content, open_secret))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyringError(
                f"{named} is not a keyring of version {FORMAT_VERSION} or {VERSION_OF_STATES}"
            ) from error
        for purpose in purposes:
            keyring.current(purpose)
        return keyring

    def to_json(self, write_secret: WriteSecret = plain_text) -> bytes:
        """Answer the content of a keyring file."""
        return to_json(self.keys, self.retired, write_secret)

    # --- rotation ----------------------------------------------------------------------------------------------------

    def with_staged(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Answer the keyring with a further key, which waits to be put in use."""
        number = 1 + max((number_of(key_id) for key_id in self._ids(purpose)), default=0)
        key = MasterKey(f"{purpose.value}-{number}", purpose, now, random_bytes(KEY_BYTES), in_use_from=None)
        return replace(self, keys=(*self.keys, key))

    def with_staged_in_use(self, purpose: Purpose, now: datetime) -> FileKeyring:
        """Answer the keyring with the key that waits put in use; the same one where none waits."""
        keys = (
            replace(key, in_use_from=now) if key.purpose is purpose and key.in_use_from is None else key
            for key in self.keys
        )
        return replace(self, keys=tuple(keys))

    def rotated(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Answer the keyring with a further key that is current from now on."""
        return self.with_staged(purpose, now, random_bytes).with_staged_in_use(purpose, now)

    def without(self, key_id: str, used: Collection[Purpose] = tuple(Purpose)) -> FileKeyring:
        """Answer the keyring without a key that is not current; of a signing key the public half stays.

        Args:
            key_id: of the key.
            used: purposes that this keyring serves; of another, a key service has taken over, and all are old.

        Raises:
            KeyringError: there is no such key, it is in use, or it waits to be; figure ``key_id``.
        """
        key = self.find(key_id)
        if key.in_use_from is None or (key.purpose in used and key is self.current(key.purpose)):
            raise KeyringError(f"{key_id} is in use, or waits to be: it cannot be retired", key_id=key_id)
        retired = self.retired
        if key.purpose is Purpose.SIGNING:
            public = _raw(Ed25519PrivateKey.from_private_bytes(key.key).public_key())
            until = self.validity()[key_id].until or key.in_use_from
            retired = (*retired, RetiredSigner(key.id, public, key.created_at, key.in_use_from, until))
        return replace(self, keys=tuple(each for each in self.keys if each is not key), retired=retired)

    def with_returned(self, key: MasterKey) -> FileKeyring:
        """Answer the keyring with a key that had been retired, as an old one again.

        Raises:
            KeyringError: it is there, it never was in use, or it is newer than the current one; figure ``key_id``.
        """
        if key.id in {each.id for each in self.keys}:
            raise KeyringError(f"{key.id} is in the keyring already", key_id=key.id)
        newest = max((number_of(key_id) for key_id in self._ids(key.purpose)), default=None)
        if key.in_use_from is None or (newest is not None and number_of(key.id) > newest):
            raise KeyringError(f"{key.id} is no retired key of this keyring", key_id=key.id)
        ordered = sorted((*self.keys, key), key=lambda each: (list(Purpose).index(each.purpose), number_of(each.id)))
        return replace(self, keys=tuple(ordered), retired=tuple(each for each in self.retired if each.id != key.id))

    def current(self, purpose: Purpose) -> MasterKey:
        """Answer the newest key of a purpose that was put in use.

        Raises:
            KeyringError: the keyring has none.
        """
        for key in reversed(self.keys):
            if key.purpose is purpose and key.in_use_from is not None:
                return key
        raise KeyringError(f"the keyring has no {purpose.value} key", purpose=purpose.value)

    def staged(self, purpose: Purpose) -> MasterKey | None:
        """Answer the key that waits to be put in use, or None."""
        return next((key for key in self.keys if key.purpose is purpose and key.in_use_from is None), None)

    def find(self, key_id: str, purpose: Purpose | None = None) -> MasterKey:
        """Answer a key.

        Raises:
            KeyringError: there is none of this name, and this purpose where one is given; figure ``key_id``.
        """
        for key in self.keys:
            if key.id == key_id and purpose in {None, key.purpose}:
                return key
        what = f"{purpose.value} key" if purpose else "key"
        raise KeyringError(f"the keyring has no {what} {key_id}", key_id=key_id)

    def _ids(self, purpose: Purpose) -> list[str]:
        own = [key.id for key in self.keys if key.purpose is purpose]
        return own + [key.id for key in self.retired if purpose is Purpose.SIGNING]

    # --- a KeyProvider -----------------------------------------------------------------------------------------------

    def wrapping_key_id(self) -> str:
        """Answer the id of the current wrapping key."""
        return self.current(Purpose.WRAPPING).id

    def wrap(self, key: bytes) -> WrappedKey:
        """Wrap 32 bytes with the current wrapping key, by RFC 3394."""
        require_key_length(key)
        master = self.current(Purpose.WRAPPING)
        return WrappedKey(master.id, aes_key_wrap(master.key, key))

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Answer the 32 bytes that were wrapped, by this wrapping key or an earlier one."""
        master = self.find(wrapped.master_key_id, Purpose.WRAPPING)
        try:
            return aes_key_unwrap(master.key, wrapped.wrapped)
        except (InvalidUnwrap, ValueError) as error:
            raise SealBrokenError(f"a wrapped key does not open with {master.id}", master_key_id=master.id) from error

    def unwrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[bytes | KeyringError | SealBrokenError]:
        """Answer for each what `unwrap` answers or raises."""
        return [_or_error(self.unwrap, each) for each in wrapped]

    def rewrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[WrappedKey | KeyringError | SealBrokenError]:
        """Answer each as wrapped by the current wrapping key, or why that cannot be."""
        return [_or_error(lambda one: self.wrap(self.unwrap(one)), each) for each in wrapped]

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """Answer the id and the private half of the current signing key."""
        key = self.current(Purpose.SIGNING)
        return key.id, Ed25519PrivateKey.from_private_bytes(key.key)

    def signing_key(self) -> Ed25519PrivateKey:
        """Answer the current signing key."""
        return self.signer()[1]

    def signing_keys(self) -> Sequence[tuple[str, Ed25519PublicKey]]:
        """Answer the id and the public half of every signing key, oldest first."""
        found = {each.id: Ed25519PublicKey.from_public_bytes(each.public) for each in self.retired}
        for key in self.keys:
            if key.purpose is Purpose.SIGNING:
                found[key.id] = Ed25519PrivateKey.from_private_bytes(key.key).public_key()
        return [(key_id, found[key_id]) for key_id in sorted(found, key=number_of)]

    def validity(self) -> Mapping[str, Validity]:
        """Answer when each signing key signed: until the next one was put in use."""
        own = [key for key in self.keys if key.purpose is Purpose.SIGNING]
        nexts = [key.in_use_from for key in own[1:]] + [None]
        found = {each.id: Validity(each.in_use_from, each.in_use_until) for each in self.retired}
        return found | {key.id: Validity(key.in_use_from, until) for key, until in zip(own, nexts, strict=True)}

    def current_epoch(self) -> int:
        """Answer the newest protection epoch that was put in use."""
        return number_of(self.current(Purpose.PROTECTION).id)

    def epoch_seed(self, epoch: int) -> bytes:
        """Answer the secret seed of an epoch."""
        return self.find(f"{Purpose.PROTECTION.value}-{epoch}", Purpose.PROTECTION).key


def new_data_key(keys: KeyProvider, random_bytes: RandomBytes) -> tuple[bytes, WrappedKey]:
    """Make a key for one performer, or for one upload: as it is used, and as it is stored."""
    key = random_bytes(KEY_BYTES)
    return key, keys.wrap(key)


def require_key_length(key: bytes) -> None:
    """Refuse to wrap anything but a key.

    Raises:
        KeyringError: it has not 32 bytes; figure ``bytes``.
    """
    if len(key) != KEY_BYTES:
        raise KeyringError(f"a key has {KEY_BYTES} bytes, not {len(key)}", bytes=len(key))


def _or_error(do: Callable[[Of], To], each: Of) -> To | KeyringError | SealBrokenError:
    try:
        return do(each)
    except (KeyringError, SealBrokenError) as error:
        return type(error)(error.detail, **error.figures)  # without the frames that hold the key


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
