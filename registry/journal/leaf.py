"""One event as a leaf of the journal: canonical bytes that commit to the details without holding them.

The leaf is canonical JSON (RFC 8785) of version, type, subject, actor, moment and a commitment, which is
``SHA-256(salt ‖ canonical details)`` with 32 random bytes of salt. Who holds the opening (salt and details) can show
what a leaf says; when the opening is erased, the leaf stays valid and its details are gone. Subject and actor are
opaque ids of records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest

import rfc8785

from registry.domain.events import Detail, Event
from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, OpeningMismatchError

SALT_BYTES = 32

_LEAF_PREFIX = b"\x00"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a leaf's commitment. It can be erased without touching the leaf.

    Attributes:
        salt: `SALT_BYTES` random bytes.
        details: of the event.
    """

    salt: bytes
    details: Mapping[str, Detail]


def encode(event: Event, salt: bytes) -> tuple[bytes, Opening]:
    """Answer the leaf's bytes and what opens its commitment. The same arguments always give the same bytes.

    Args:
        event: what happened; ``at`` is aware.
        salt: `SALT_BYTES` random bytes, used for no other event.

    Raises:
        InvalidInputError: the salt has another length, ``at`` is naive, or a detail cannot be written as canonical JSON
            (an integer beyond 2**53, a number that is not finite).
    """
    if event.at.tzinfo is None:
        raise InvalidInputError("an event's moment needs a time zone")
    opening = Opening(salt, dict(event.details))
    leaf = {
        "version": event.version,
        "type": event.type.value,
        "subject": event.subject_id,
        "actor": event.actor_id,
        "at": rfc3339(event.at),
        "details_sha256": _commitment(opening),
    }
    return rfc8785.dumps(leaf), opening


def leaf_hash(leaf: bytes) -> bytes:
    """Answer the Merkle hash of a leaf, 32 bytes (RFC 6962, section 2.1)."""
    return sha256(_LEAF_PREFIX + leaf).digest()


def verify_opening(leaf: bytes, opening: Opening) -> None:
    """Refuse an opening that is not the leaf's own.

    Raises:
        OpeningMismatchError: the leaf commits to other details, or to none that can be read.
        InvalidInputError: the salt has another length, or the details cannot be written as canonical JSON.
    """
    try:
        committed = str(parse_json(leaf)["details_sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise OpeningMismatchError("these bytes are not a leaf of the journal") from error
    if not compare_digest(committed.encode(), _commitment(opening).encode()):
        raise OpeningMismatchError("the leaf commits to other details, or under another salt", committed=committed)


def _commitment(opening: Opening) -> str:
    if len(opening.salt) != SALT_BYTES:
        # One length only: with salts of any length, bytes could move between salt and details under one hash.
        raise InvalidInputError(f"a salt has {SALT_BYTES} bytes, not {len(opening.salt)}", bytes=len(opening.salt))
    try:
        details = rfc8785.dumps(dict(opening.details))
    except rfc8785.CanonicalizationError as error:
        raise InvalidInputError(f"a detail cannot be written as canonical JSON: {error}") from error
    return sha256(opening.salt + details).hexdigest()


def rfc3339(moment: datetime) -> str:
    """Answer a moment as a leaf has it: in UTC, with its microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
