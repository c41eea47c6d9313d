"""The keys of the house: those that wrap other keys, the one that signs, and the seeds of protection epochs.

A performer's own key is 32 random bytes, kept in the database only as wrapped by a wrapping key. Deleting that row
destroys the key, and with it everything it sealed. The keyring therefore never belongs in the same backup as the
database.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, SealBrokenError
from registry.vault.keyfile import create_private_file, read_private_file, replace_private_file

KEY_BYTES = 32
FORMAT = "likeness-keyring"
FORMAT_VERSION = 1


class Purpose(StrEnum):
    """What a key of the house is for. One key has one purpose."""

    WRAPPING = "wrapping"
    SIGNING = "signing"
    PROTECTION = "protection"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is stored: sealed by a wrapping key.

    Attributes:
        master_key_id: which wrapping key opens it.
        wrapped: 40 bytes, by RFC 3394.
    """

    master_key_id: str
    wrapped: bytes


class KeyProvider(Protocol):
    """Where the keys of the house are: a file, or a key service.

    Contract: what was wrapped once can be unwrapped as long as its wrapping key exists, also after a rotation. The
    epochs and their seeds never change; a new epoch gets the next number. No method writes anything.
    """

    def wrap(self, key: bytes) -> WrappedKey:
        """Wrap 32 bytes with the current wrapping key. Nothing is stored.

        Raises:
            KeyringError: the provider does not answer.
        """
        ...

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Answer the 32 bytes that were wrapped.

        Raises:
            KeyringError: the wrapping key is not there; figure ``master_key_id``.
            SealBrokenError: the bytes do not authenticate.
        """
        ...

    def signing_key(self) -> Ed25519PrivateKey:
        """Answer the current signing key."""
        ...

    def signing_keys(self) -> Sequence[tuple[str, Ed25519PublicKey]]:
        """Answer the id and the public half of every signing key there ever was, the current one last."""
        ...

    def current_epoch(self) -> int:
        """Answer the protection epoch that new voiceprints are made in, counted from 1."""
        ...

    def epoch_seed(self, epoch: int) -> bytes:
        """Answer the 32 secret bytes of a protection epoch.

        Raises:
            KeyringError: there is no such epoch; figure ``epoch``.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """One key of the house, named by its purpose and number, such as ``wrapping-1``."""

    id: str
    purpose: Purpose
    created_at: datetime
    key: bytes


@dataclass(frozen=True, slots=True, repr=False)
class FileKeyring:
    """A `KeyProvider` on a JSON file of mode 0600. Later keys of a purpose are the current ones; none is ever removed.

    Attributes:
        keys: oldest first; at least one for each purpose.
    """

    keys: tuple[MasterKey, ...]

    @classmethod
    def create(cls, path: Path, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Make a keyring with one key for each purpose, durable on return.

        Raises:
            KeyringError: there is a file already, or it cannot be written.
        """
        keyring = cls(())
        for purpose in Purpose:
            keyring = keyring._with_new(purpose, now, random_bytes)
        create_private_file(path, _to_json(keyring))
        return keyring

    @classmethod
    def load(cls, path: Path) -> FileKeyring:
        """Read a keyring.

        Raises:
            KeyringError: absent, open to others (the sentence says ``chmod``), or not a keyring of this version.
        """
        content = read_private_file(path)
        try:
            keyring = cls(_from_json(content))
        except (ValueError, KeyError, TypeError) as error:
            raise KeyringError(f"{path} is not a keyring of version {FORMAT_VERSION}") from error
        for purpose in Purpose:
            keyring.current(purpose)
        return keyring

    def rotate(self, path: Path, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Add a key, current from now on, and put the new keyring in place of the old one.

        Raises:
            KeyringError: it cannot be written; the old one is still in place.
        """
        keyring = self._with_new(purpose, now, random_bytes)
        replace_private_file(path, _to_json(keyring))
        return keyring

    def current(self, purpose: Purpose) -> MasterKey:
        """Answer the newest key of a purpose.

        Raises:
            KeyringError: the keyring has none.
        """
        for key in reversed(self.keys):
            if key.purpose is purpose:
                return key
        raise KeyringError(f"the keyring has no {purpose.value} key", purpose=purpose.value)

    def wrap(self, key: bytes) -> WrappedKey:
        """Wrap 32 bytes with the current wrapping key, by RFC 3394."""
        if len(key) != KEY_BYTES:
            raise KeyringError(f"a key has {KEY_BYTES} bytes, not {len(key)}", bytes=len(key))
        master = self.current(Purpose.WRAPPING)
        return WrappedKey(master.id, aes_key_wrap(master.key, key))

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Answer the 32 bytes that were wrapped, by this wrapping key or an earlier one."""
        master = self._find(wrapped.master_key_id, Purpose.WRAPPING)
        try:
            return aes_key_unwrap(master.key, wrapped.wrapped)
        except (InvalidUnwrap, ValueError) as error:
            raise SealBrokenError(f"a wrapped key does not open with {master.id}", master_key_id=master.id) from error

    def signing_key(self) -> Ed25519PrivateKey:
        """Answer the current signing key."""
        return Ed25519PrivateKey.from_private_bytes(self.current(Purpose.SIGNING).key)

    def signing_keys(self) -> Sequence[tuple[str, Ed25519PublicKey]]:
        """Answer the id and the public half of every signing key, the current one last."""
        signing = [key for key in self.keys if key.purpose is Purpose.SIGNING]
        return [(key.id, Ed25519PrivateKey.from_private_bytes(key.key).public_key()) for key in signing]

    def current_epoch(self) -> int:
        """Answer the newest protection epoch."""
        return sum(key.purpose is Purpose.PROTECTION for key in self.keys)

    def epoch_seed(self, epoch: int) -> bytes:
        """Answer the secret seed of an epoch."""
        return self._find(_key_id(Purpose.PROTECTION, epoch), Purpose.PROTECTION).key

    def _find(self, key_id: str, purpose: Purpose) -> MasterKey:
        for key in self.keys:
            if key.id == key_id and key.purpose is purpose:
                return key
        raise KeyringError(f"the keyring has no {purpose.value} key {key_id}", key_id=key_id)

    def _with_new(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        number = sum(key.purpose is purpose for key in self.keys) + 1
        key = MasterKey(_key_id(purpose, number), purpose, now, random_bytes(KEY_BYTES))
        return replace(self, keys=(*self.keys, key))


def new_data_key(keys: KeyProvider, random_bytes: RandomBytes) -> tuple[bytes, WrappedKey]:
    """Make a key for one performer, or for one upload: as it is used, and as it is stored."""
    key = random_bytes(KEY_BYTES)
    return key, keys.wrap(key)


def _key_id(purpose: Purpose, number: int) -> str:
    return f"{purpose.value}-{number}"


def _to_json(keyring: FileKeyring) -> bytes:
    keys = [
        {
            "id": key.id,
            "purpose": key.purpose.value,
            "created_at": key.created_at.isoformat(),
            "key": urlsafe_b64encode(key.key).decode(),
        }
        for key in keyring.keys
    ]
    return json.dumps({"format": FORMAT, "version": FORMAT_VERSION, "keys": keys}, indent=1).encode()


def _from_json(content: bytes) -> tuple[MasterKey, ...]:
    document = json.loads(content)
    if document["format"] != FORMAT or document["version"] != FORMAT_VERSION:
        raise ValueError("another format")
    return tuple(_master_key(entry) for entry in document["keys"])


def _master_key(entry: Mapping[str, Any]) -> MasterKey:
    key = urlsafe_b64decode(entry["key"])
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return MasterKey(str(entry["id"]), Purpose(entry["purpose"]), datetime.fromisoformat(entry["created_at"]), key)
