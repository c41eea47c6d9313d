"""What stands in a keyring file: JSON, each key named by its purpose and number.

Version 1 has keys that are all in use, or were. Version 2 has, besides, keys that wait to be put in use, and the public
halves of signing keys that were retired; it is written only where there is one, so that the release before can read
what it can understand.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from registry.domain.house_keys import Purpose

KEY_BYTES = 32
FORMAT = "likeness-keyring"
FORMAT_VERSION = 1
VERSION_OF_STATES = 2
"""Written once a keyring says more than version 1 can: a key that waits for its use, or one that was retired."""


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """One key of the house, named by its purpose and number, such as ``wrapping-1``.

    Attributes:
        id: of the key.
        purpose: it has no other.
        created_at: when it was made.
        key: 32 secret bytes.
        in_use_from: when it was put in use; None while it waits for that.
    """

    id: str
    purpose: Purpose
    created_at: datetime
    key: bytes
    in_use_from: datetime | None

    @property
    def check_value(self) -> str:
        """What tells this key from another of the same name, in hex; it says nothing of the key (HMAC-SHA-256)."""
        return hmac.new(self.key, f"likeness key check 1 {self.id}".encode(), sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class RetiredSigner:
    """A signing key whose private half is gone from the keyring; what it signed can still be verified."""

    id: str
    public: bytes
    created_at: datetime
    in_use_from: datetime
    in_use_until: datetime


OpenSecret = Callable[[str], bytes]
"""Answers the secret bytes of an entry of a keyring file, from the text that stands there."""
WriteSecret = Callable[[bytes], str]
"""The way back."""


def plain_secret(text: str) -> bytes:
    """Open an entry that is not sealed."""
    return urlsafe_b64decode(text)


def plain_text(secret: bytes) -> str:
    """Write an entry that is not sealed."""
    return urlsafe_b64encode(secret).decode()


def number_of(key_id: str) -> int:
    """Answer the number in the name of a key, such as 2 of ``wrapping-2``."""
    return int(key_id.rpartition("-")[2])


def to_json(keys: Sequence[MasterKey], retired: Sequence[RetiredSigner], write_secret: WriteSecret) -> bytes:
    """Answer the content of a keyring file."""
    plain = all(key.in_use_from == key.created_at for key in keys) and not retired
    document: dict[str, object] = {"format": FORMAT, "version": FORMAT_VERSION if plain else VERSION_OF_STATES}
    document["keys"] = [write_entry(key, write_secret, plain=plain) for key in keys]
    if not plain:
        document["retired"] = [_retired_entry(each) for each in retired]
    return json.dumps(document, indent=1).encode()


def write_entry(key: MasterKey, write_secret: WriteSecret, *, plain: bool = False) -> dict[str, str | None]:
    """Answer a key as it stands in a file; with ``plain``, as version 1 has it."""
    entry: dict[str, str | None] = {
        "id": key.id,
        "purpose": key.purpose.value,
        "created_at": key.created_at.isoformat(),
        "key": write_secret(key.key),
    }
    return entry if plain else entry | {"in_use_from": _moment_text(key.in_use_from)}


def _retired_entry(key: RetiredSigner) -> dict[str, str]:
    return {
        "id": key.id,
        "public": plain_text(key.public),
        "created_at": key.created_at.isoformat(),
        "in_use_from": key.in_use_from.isoformat(),
        "in_use_until": key.in_use_until.isoformat(),
    }


def from_json(content: bytes, open_secret: OpenSecret) -> tuple[tuple[MasterKey, ...], tuple[RetiredSigner, ...]]:
    """Read the content of a keyring file: its keys, and signing keys that were retired.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is not of its form, or of a version that is not known here.
    """
    document = json.loads(content)
    if document["format"] != FORMAT or document["version"] not in {FORMAT_VERSION, VERSION_OF_STATES}:
        raise ValueError("another format")
    keys = tuple(read_entry(entry, open_secret) for entry in document["keys"])
    return keys, tuple(_retired(entry) for entry in document.get("retired", ()))


def read_entry(entry: Mapping[str, Any], open_secret: OpenSecret) -> MasterKey:
    """Read a key as it stands in a file; raises as `from_json` does."""
    key, key_id = open_secret(entry["key"]), str(entry["id"])
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes")
    number_of(key_id)
    created_at = datetime.fromisoformat(entry["created_at"])
    in_use_from = _moment(entry.get("in_use_from", entry["created_at"]))
    return MasterKey(key_id, Purpose(entry["purpose"]), created_at, key, in_use_from)


def _retired(entry: Mapping[str, Any]) -> RetiredSigner:
    created, since, until = (
        datetime.fromisoformat(entry[name]) for name in ("created_at", "in_use_from", "in_use_until")
    )
    return RetiredSigner(str(entry["id"]), urlsafe_b64decode(entry["public"]), created, since, until)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
