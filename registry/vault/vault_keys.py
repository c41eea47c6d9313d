"""Keys of the house in HashiCorp Vault: what wraps is a transit key, and the keyring file is sealed by it.

The wrapping key never leaves Vault: every performer's key, and every upload's, is wrapped and unwrapped there. The seed
of the protection epochs and the signing key are needed here, to turn vectors and to sign; they lie in the keyring file,
each as a ciphertext of the transit key, and are in the memory of a process that was let in by Vault. Nothing else is
kept in memory: an unwrapped key that stayed there would outlive the withdrawal that destroys it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import ConflictError, KeyringError, SealBrokenError
from registry.vault.house import FileHouse, KeyFacts
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keyring_text import plain_secret
from registry.vault.keys import Validity, WrappedKey, require_key_length
from registry.vault.transit import Transit, version_of

IN_THE_FILE = (Purpose.SIGNING, Purpose.PROTECTION)
_SEALED = "vault:"


def sealed_file(path: Path, transit: Transit) -> KeyringFile:
    """Answer the keyring file whose secrets Vault seals. One that was written before Vault was is read as well."""

    def opened(text: str) -> bytes:
        if not text.startswith(_SEALED):
            return plain_secret(text)
        (found,) = transit.decrypt([text])
        if isinstance(found, bytes):
            return found
        raise found

    def written(secret: bytes) -> str:
        (ciphertext,) = transit.encrypt([secret])
        return ciphertext

    return KeyringFile(path, IN_THE_FILE, opened, written)


class VaultKeys:
    """A `KeyProvider` on a transit key and a keyring file that it seals.

    What a keyring wrapped before Vault came is opened by that keyring's own wrapping keys, as long as they are in the
    file: `likeness keys rotate wrapping` moves all of it to Vault.

    Args:
        transit: the wrapping key.
        file: of the other keys.
    """

    def __init__(self, transit: Transit, file: KeyringFile) -> None:
        self._transit = transit
        self._ring = WatchedKeyring(file)

    def wrapping_key_id(self) -> str:
        """Answer the id of the latest version of the transit key."""
        return key_id(self._transit, self._transit.describe().latest)

    def wrap(self, key: bytes) -> WrappedKey:
        """Let Vault wrap 32 bytes."""
        return self._wrapped_many([key])[0]

    def _wrapped_many(self, keys: Sequence[bytes]) -> list[WrappedKey]:
        for key in keys:
            require_key_length(key)
        return [self._stored(ciphertext) for ciphertext in self._transit.encrypt(keys)]

    def _stored(self, ciphertext: str) -> WrappedKey:
        return WrappedKey(key_id(self._transit, version_of(ciphertext)), ciphertext.encode("ascii"))

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """Let Vault unwrap what was wrapped."""
        (found,) = self.unwrap_many([wrapped])
        if isinstance(found, bytes):
            return found
        raise found

    def unwrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[bytes | KeyringError | SealBrokenError]:
        """Answer for each what `unwrap` answers or raises; as many requests as there are hundreds of them."""
        asked = [self._ciphertext(each) for each in wrapped]
        opened = iter(self._transit.decrypt([each for each in asked if isinstance(each, str)]))
        found = [next(opened) if isinstance(each, str) else each for each in asked]
        return [_of_a_key(each) if isinstance(each, bytes) else each for each in found]

    def rewrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[WrappedKey | KeyringError | SealBrokenError]:
        """Answer each under the latest version. What Vault has wrapped does not leave it for that."""
        asked = [self._ciphertext(each) for each in wrapped]
        moved = iter(self._transit.rewrap([each for each in asked if isinstance(each, str)]))
        came = iter(self._wrapped_many([each for each in asked if isinstance(each, bytes)]))
        again: list[WrappedKey | KeyringError | SealBrokenError] = []
        for each in asked:
            if isinstance(each, bytes):
                again.append(next(came))
                continue
            new = next(moved) if isinstance(each, str) else each
            again.append(self._stored(new) if isinstance(new, str) else new)
        return again

    def _ciphertext(self, wrapped: WrappedKey) -> str | bytes | KeyringError | SealBrokenError:
        """Answer what Vault is to open; the key itself, where the keyring file opens it; or why nobody does."""
        if not wrapped.master_key_id.startswith(_prefix(self._transit)):
            (found,) = self._ring.unwrap_many([wrapped])
            return found
        ciphertext = wrapped.wrapped.decode("ascii", errors="replace")
        try:
            version = version_of(ciphertext)
        except SealBrokenError as error:
            return error
        if key_id(self._transit, version) != wrapped.master_key_id:
            return SealBrokenError(f"a wrapped key is not of {wrapped.master_key_id}, as its record says")
        return ciphertext

    def signer(self) -> tuple[str, Ed25519PrivateKey]:
        """Answer the id and the private half of the current signing key."""
        return self._ring.signer()

    def signing_key(self) -> Ed25519PrivateKey:
        """Answer the current signing key."""
        return self._ring.signing_key()

    def signing_keys(self) -> Sequence[tuple[str, Ed25519PublicKey]]:
        """Answer the id and the public half of every signing key, oldest first."""
        return self._ring.signing_keys()

    def validity(self) -> Mapping[str, Validity]:
        """Answer when each signing key signed."""
        return self._ring.validity()

    def current_epoch(self) -> int:
        """Answer the newest protection epoch that was put in use."""
        return self._ring.current_epoch()

    def epoch_seed(self, epoch: int) -> bytes:
        """Answer the secret seed of an epoch."""
        return self._ring.epoch_seed(epoch)


class VaultHouse:
    """A `KeyHouse` on a transit key and the keyring file that it seals.

    A version of the transit key is in use everywhere as soon as it is made: none waits. What is retired there is not
    written to a file; Vault keeps it, and decrypts by it no more.

    Args:
        transit: the wrapping key.
        file: of the other keys.
    """

    def __init__(self, transit: Transit, file: KeyringFile) -> None:
        self._transit = transit
        self._file = file
        self._house = FileHouse(file)

    def described(self) -> Sequence[KeyFacts]:
        """Answer the versions of the transit key, and every key of the file."""
        key = self._transit.describe()
        versions = [
            KeyFacts(
                key_id(self._transit, version),
                Purpose.WRAPPING,
                made_at,
                made_at,
                current=version == key.latest,
                check_value=self._check_value(version, made_at),
            )
            for version, made_at in key.versions.items()
        ]
        of_file = [
            replace(each, current=False) if each.purpose is Purpose.WRAPPING else each
            for each in self._house.described()
        ]
        return versions + of_file

    def _check_value(self, version: int, made_at: datetime) -> str:
        """What tells a version from that of another Vault: nobody knows the key, so it is when it was made."""
        said = f"likeness key check 1 {key_id(self._transit, version)} {int(made_at.timestamp())}"
        return hashlib.sha256(said.encode()).hexdigest()

    def stage(self, purpose: Purpose, now: datetime, random_bytes: RandomBytes) -> str:
        """Make a key that waits in the file; of the transit key, answer which version will be the next."""
        if purpose is Purpose.WRAPPING:
            return key_id(self._transit, self._transit.describe().latest + 1)
        return self._house.stage(purpose, now, random_bytes)

    def can_stage(self, purpose: Purpose) -> bool:
        """Whether a key can wait to be put in use: a version of the transit key cannot."""
        return purpose is not Purpose.WRAPPING

    def put_in_use(self, purpose: Purpose, now: datetime) -> None:
        """Put the key that waits in use; a version of the transit key is made, and the file sealed by it anew."""
        if purpose is Purpose.WRAPPING:
            self._transit.rotate()
            self._file.rewrite()
        else:
            self._house.put_in_use(purpose, now)

    def hand_out(self, named: str, to: Path | None) -> None:
        """Write an old key of the file to a file of its own; a version stays in Vault."""
        if self._version(named) is None:
            self._house.hand_out(named, to)

    def take_out(self, named: str) -> None:
        """Take an old key out of the file; of the transit key, let a version decrypt no more, and none before it.

        Raises:
            ConflictError: a version before it still decrypts.
        """
        version = self._version(named)
        if version is None:
            self._house.take_out(named)
            return
        there = sorted(self._transit.describe().versions)
        if version in there:
            if version != there[0]:
                raise ConflictError(f"Vault retires the oldest version first: {key_id(self._transit, there[0])}")
            self._file.rewrite()
            self._transit.forbid_below(version + 1)

    def put_back(self, file: Path) -> str:
        """Put a key back into the file."""
        return self._house.put_back(file)

    def _version(self, named: str) -> int | None:
        prefix = _prefix(self._transit)
        return int(named.removeprefix(prefix)) if named.startswith(prefix) else None


def key_id(transit: Transit, version: int) -> str:
    """Answer by what a version of a transit key is named in the database."""
    return f"{_prefix(transit)}{version}"


def _prefix(transit: Transit) -> str:
    return f"vault-{transit.place.key}-"


def _of_a_key(key: bytes) -> bytes | SealBrokenError:
    try:
        require_key_length(key)
    except KeyringError as error:
        return SealBrokenError(error.detail)
    return key
