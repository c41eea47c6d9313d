"""The keyring's file: changed by one process at a time, and read again by all others as soon as it has changed."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, RegistryError, SealBrokenError
from registry.vault.keyfile import create_private_file, read_private_file, replace_private_file
from registry.vault.keyring_text import MasterKey, OpenSecret, WriteSecret, plain_secret, plain_text
from registry.vault.keys import FileKeyring, Validity, WrappedKey

log = structlog.get_logger()

Answered = TypeVar("Answered")
_Stamp = tuple[int, int, int] | None
_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class KeyringFile:
    """A keyring on disk. Whatever changes it holds a lock on a file beside it, and begins at what is there then.

    Attributes:
        path: of the file, mode 0600.
        purposes: of the keys that it holds.
        open_secret: opens what stands in the file for a key.
        write_secret: the way back.
    """

    path: Path
    purposes: tuple[Purpose, ...] = tuple(Purpose)
    open_secret: OpenSecret = field(default=plain_secret, repr=False)
    write_secret: WriteSecret = field(default=plain_text, repr=False)

    def create(self, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Make the file, with one key for each purpose; it is durable on return.

        Raises:
            KeyringError: there is one already, or it cannot be written.
        """
        keyring = FileKeyring.first(self.purposes, now, random_bytes)
        create_private_file(self.path, keyring.to_json(self.write_secret))
        return keyring

    def read(self) -> FileKeyring:
        """Read the file.

        Raises:
            KeyringError: absent, open to others, or not a keyring.
        """
        content = read_private_file(self.path)
        return FileKeyring.from_json(content, str(self.path), purposes=self.purposes, open_secret=self.open_secret)

    def stage(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
        """Add a key that waits to be put in use, unless one waits already. It is durable on return."""
        return self._change(lambda ring: ring if ring.staged(purpose) else ring.with_staged(purpose, now, random_bytes))

    def put_in_use(self, purpose: Purpose, now: datetime) -> FileKeyring:
        """Put the key that waits in use; without one, nothing changes."""
        return self._change(lambda ring: ring.with_staged_in_use(purpose, now))

    def take_out(self, key_id: str) -> FileKeyring:
        """Take a key out that is not in use any more. Doing it twice is no error.

        Raises:
            KeyringError: it is in use, or waits to be.
        """
        return self._change(
            lambda ring: ring.without(key_id, self.purposes) if key_id in {key.id for key in ring.keys} else ring
        )

    def put_back(self, key: MasterKey) -> FileKeyring:
        """Put a retired key back, as an old one.

        Raises:
            KeyringError: it is there, or is no retired key of this keyring.
        """
        return self._change(lambda ring: ring.with_returned(key))

    def rewrite(self) -> FileKeyring:
        """Write the file anew, each secret as it is written now: sealed by another key, where one seals them."""
        return self._change(replace)

    def _change(self, change: Callable[[FileKeyring], FileKeyring]) -> FileKeyring:
        """Change the file from what it is now. Two that do so at once take turns, so that neither loses a key."""
        with self._locked():
            before = self.read()
            after = change(before)
            if after is not before:
                replace_private_file(self.path, after.to_json(self.write_secret))
        return after

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise KeyringError(f"the keyring {self.path} cannot be changed: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class WatchedKeyring:
    """A `KeyProvider` on a keyring file that others may change while this process runs.

    The file is looked at whenever a key is asked for (one call of ``stat``), and read again when it is another; and
    once more when a key is asked for that is not there, as a network file system may show the old one for some seconds.
    A file that is gone or cannot be read leaves what was read before in force, with a warning: the keys are still
    right.

    Args:
        file: to read.

    Raises:
        KeyringError: the file cannot be read at the first time.
    """

    def __init__(self, file: KeyringFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._stamp = self._look()
        self._keyring = file.read()

    @property
    def keyring(self) -> FileKeyring:
        """The keyring as it is now."""
        stamp = self._look()
        if stamp is not None and stamp != self._stamp and time.monotonic() >= self._not_before:
            self._read(stamp)
        return self._keyring

    def _look(self) -> _Stamp:
        try:
            found = self._file.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self, stamp: _Stamp) -> None:
        with self._lock:
            try:
                self._keyring, self._stamp = self._file.read(), stamp
            except RegistryError as error:
                self._not_before = time.monotonic() + _RETRY_S
                log.warning("keyring not read again", slug=error.slug, detail=error.detail)

    def _asked(self, ask: Callable[[FileKeyring], Answered]) -> Answered:
        """Ask the keyring; where it lacks a key, read the file and ask again."""
        try:
            return ask(self.keyring)
        except KeyringError:
            self._read(self._look())
            return ask(self._keyring)

    def wrapping_key_id(self) -> str:
        """Answer the id of the current wrapping key."""
        return self.keyring.wrapping_key_id()

    def wrap(self, key: bytes) -> WrappedKey:
        """Wrap 32 bytes with the current wrapping key."""
        return self.keyring.wrap(key)

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Answer the 32 bytes that were wrapped."""
        return self._asked(lambda ring: ring.unwrap(wrapped))

    def unwrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[bytes | KeyringError | SealBrokenError]:
        """Answer for each what `unwrap` answers or raises."""
        return self._asked_for_many(lambda ring: ring.unwrap_many(wrapped))

    def rewrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[WrappedKey | KeyringError | SealBrokenError]:
        """Answer each as wrapped by the current wrapping key, or why that cannot be."""
        return self._asked_for_many(lambda ring: ring.rewrap_many(wrapped))

    def _asked_for_many(self, ask: Callable[[FileKeyring], Sequence[Answered]]) -> Sequence[Answered]:
        found = ask(self.keyring)
        if any(isinstance(each, KeyringError) for each in found):
            self._read(self._look())
            return ask(self._keyring)
        return found

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """Answer the id and the private half of the current signing key."""
        return self.keyring.signer()

    def signing_key(self) -> Ed25519PrivateKey:
        """Answer the current signing key."""
        return self.keyring.signing_key()

    def signing_keys(self) -> Sequence[tuple[str, Ed25519PublicKey]]:
        """Answer the id and the public half of every signing key, oldest first."""
        return self.keyring.signing_keys()

    def validity(self) -> Mapping[str, Validity]:
        """Answer when each signing key signed."""
        return self.keyring.validity()

    def current_epoch(self) -> int:
        """Answer the newest protection epoch that was put in use."""
        return self.keyring.current_epoch()

    def epoch_seed(self, epoch: int) -> bytes:
        """Answer the secret seed of an epoch."""
        return self._asked(lambda ring: ring.epoch_seed(epoch))
