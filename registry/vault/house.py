"""What changes the keys of the house: made for the command line, while `KeyProvider` is for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import KeyringError
from registry.vault.keyring_file import KeyringFile
from registry.vault.keyring_text import MasterKey, number_of
from registry.vault.keys import FileKeyring
from registry.vault.retired_key import read_retired, write_retired


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """One key of the house, without the key.

    Attributes:
        id: of it.
        purpose: it has no other.
        created_at: when it was made.
        in_use_from: when it was put in use; None while it waits for that.
        current: whether it is the one in use.
        check_value: what tells it from another of the same name.
    """

    id: str
    purpose: Purpose
    created_at: datetime
    in_use_from: datetime | None
    current: bool
    check_value: str


class KeyHouse(Protocol):
    """Where the keys of the house are changed.

    Contract: a key is durable before it is answered, and never overwritten. What is done twice is done once. Processes
    that change keys at the same time take turns. Raises KeyringError where something cannot be done, and
    KeysUnavailableError where the service that has the keys does not answer.
    """

    def described(self) -> Sequence[KeyFacts]:
        """Answer every key that is there, by purpose, oldest first."""
        ...

    def stage(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> str:
        """Make a key that waits to be put in use, unless one does; answer its id."""
        ...

    def can_stage(self, purpose: Purpose) -> bool:
        """Whether a key of this kind can wait to be put in use."""
        ...

    def put_in_use(self, purpose: Purpose, now: datetime) -> None:
        """Put the key that waits in use; every process begins to use it as soon as it looks."""
        ...

    def hand_out(self, key_id: str, to: Path | None) -> None:
        """Write an old key to a file of its own, for backups from its time. It stays where it is.

        Args:
            key_id: of the key.
            to: the file; may be None where the service keeps what is taken out.
        """
        ...

    def take_out(self, key_id: str) -> None:
        """Take an old key out: from here on, nothing under it opens."""
        ...

    def put_back(self, file: Path) -> str:
        """Put a key back that was taken out, as an old one; answer its id."""
        ...


class FileHouse:
    """A `KeyHouse` on a keyring file.

    Args:
        file: of the keyring.
    """

    def __init__(self, file: KeyringFile) -> None:
        self._file = file

    def described(self) -> Sequence[KeyFacts]:
        """Answer every key of the file."""
        ring = self._file.read()
        order = {purpose: number for number, purpose in enumerate(Purpose)}
        ordered = sorted(ring.keys, key=lambda key: (order[key.purpose], number_of(key.id)))
        return [_facts(key, ring) for key in ordered]

    def stage(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> str:
        """Add a key to the file, unless one waits there."""
        staged = self._file.stage(purpose, now, random_bytes).staged(purpose)
        if staged is None:
            raise KeyringError(f"the keyring has no {purpose.value} key that waits", purpose=purpose.value)
        return staged.id

    def can_stage(self, purpose: Purpose) -> bool:  # noqa: ARG002  (protocol)
        """Whether a key of this kind can wait: every one can."""
        return True

    def put_in_use(self, purpose: Purpose, now: datetime) -> None:
        """Put the key that waits in use."""
        self._file.put_in_use(purpose, now)

    def hand_out(self, key_id: str, to: Path | None) -> None:
        """Write an old key to a file of mode 0600; of one that was taken out already, the file has to be there."""
        if to is None:
            raise KeyringError(f"say with --to which file {key_id} is written to: backups from its time need it")
        keys = {key.id: key for key in self._file.read().keys}
        if key_id in keys:
            write_retired(to, keys[key_id])
        elif read_retired(to).id != key_id:
            raise KeyringError(f"{to} holds another key than {key_id}", key_id=key_id)

    def take_out(self, key_id: str) -> None:
        """Take an old key out of the file."""
        self._file.take_out(key_id)

    def put_back(self, file: Path) -> str:
        """Put a key back into the file."""
        key = read_retired(file)
        self._file.put_back(key)
        return key.id


def _facts(key: MasterKey, ring: FileKeyring) -> KeyFacts:
    current = key is ring.current(key.purpose)
    return KeyFacts(key.id, key.purpose, key.created_at, key.in_use_from, current, key.check_value)
