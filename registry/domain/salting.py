"""Digests that nobody recognises who was not given their salt.

Whoever holds the same public recording as a side that filed it under seal would know it by its SHA-256. So what is told
of it is the SHA-256 of 32 random bytes and of its digest. Its side has the salt, and shows with it, to whom and when it
likes, of which recording that digest is; nobody else tells it from any other.
"""

from __future__ import annotations

import hashlib
from typing import Final

SALT_BYTES: Final = 32

TOLD_IN_BYTES: Final = 2**20
"""In so many bytes the size of a recording under seal is told: by its exact one, it would be known as by its digest."""


def salted_digest(salt: bytes, sha256: str) -> str:
    """Answer what is told of a recording: ``SHA-256(salt || SHA-256(recording))``, as hex.

    Args:
        salt: `SALT_BYTES` random bytes.
        sha256: of the recording, as hex.

    Raises:
        ValueError: the salt is of another length, or the digest is none.
    """
    digest = bytes.fromhex(sha256)
    if len(salt) != SALT_BYTES or len(digest) != hashlib.sha256().digest_size:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, and a digest {hashlib.sha256().digest_size}")
    return hashlib.sha256(salt + digest).hexdigest()


def told_size(size_bytes: int) -> int:
    """Answer what is told of the size of a recording under seal, in bytes: whole `TOLD_IN_BYTES`, rounded up."""
    return -(-size_bytes // TOLD_IN_BYTES) * TOLD_IN_BYTES
