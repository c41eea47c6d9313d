"""Identities under seal: who a person is, as bytes that open for one record only."""

from __future__ import annotations

import json
from dataclasses import dataclass

from registry.domain.attestations import SealedIdentity
from registry.domain.ids import RandomBytes
from registry.errors import SealBrokenError
from registry.vault.keys import KeyProvider, WrappedKey, new_data_key
from registry.vault.sealing import bind, open_sealed, seal
from registry.vault.signing import canonical

_BOUND_AS = "source-identity"
_VERSION = 1


@dataclass(frozen=True, slots=True, repr=False)
class SealedBytes:
    """What is stored: the envelope of `registry.vault.sealing`, and its own key, wrapped by the house."""

    data: bytes
    key: WrappedKey


def seal_identity(
    identity: SealedIdentity, record_id: str, keys: KeyProvider, random_bytes: RandomBytes
) -> SealedBytes:
    """Seal an identity under a new key, bound to the record that it belongs to.

    Raises:
        KeyringError: the wrapping key is not there.
    """
    key, wrapped = new_data_key(keys, random_bytes)
    content = canonical(
        {"version": _VERSION, "name": identity.name, "contact": identity.contact, "note": identity.note}
    )
    return SealedBytes(seal(content, key, bind(record_id, _BOUND_AS), random_bytes), wrapped)


def open_identity(sealed: SealedBytes, record_id: str, keys: KeyProvider) -> SealedIdentity:
    """Answer who it is. Whether the caller may know is decided before this is called.

    Raises:
        KeyringError: the wrapping key is not there.
        SealBrokenError: tampered with, or sealed for another record.
    """
    opened = json.loads(open_sealed(sealed.data, keys.unwrap(sealed.key), bind(record_id, _BOUND_AS)))
    if opened.get("version") != _VERSION:
        raise SealBrokenError(f"sealed in an unknown way (version {opened.get('version')})")
    return SealedIdentity(str(opened["name"]), str(opened["contact"]), str(opened["note"]))
