"""Sealing: authenticated encryption of one record, bound to the record it belongs to.

AES-256-GCM-SIV (RFC 8452): a repeated nonce reveals only that two plaintexts were equal, never the key. The envelope is
``version byte ‖ nonce (12) ‖ ciphertext ‖ tag (16)``; a new way of sealing gets a new version byte.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from registry.domain.ids import RandomBytes
from registry.errors import SealBrokenError

KEY_BYTES = 32
ENVELOPE_VERSION = b"\x01"

_NONCE_BYTES = 12
_TAG_BYTES = 16
_OVERHEAD_BYTES = len(ENVELOPE_VERSION) + _NONCE_BYTES + _TAG_BYTES


def bind(*parts: str) -> bytes:
    """Answer associated data naming what a sealed record belongs to; different parts never give the same bytes.

    Args:
        parts: such as record id, space id and epoch. Each is written with its length in front, so that
            ``("ab", "c")`` and ``("a", "bc")`` differ; ``bind(a, b)`` is ``bind(a) + bind(b)``.
    """
    bound = b""
    for part in parts:
        encoded = part.encode()
        bound += len(encoded).to_bytes(4, "big") + encoded
    return bound


def seal(data: bytes, key: bytes, associated_data: bytes, random_bytes: RandomBytes) -> bytes:
    """Seal ``data`` so that it opens only with this key and for this record.

    Args:
        data: what to hide; may be empty.
        key: 32 bytes.
        associated_data: of the record it belongs to, from `bind`; authenticated, not stored.
        random_bytes: makes the nonce.
    """
    nonce = random_bytes(_NONCE_BYTES)
    return ENVELOPE_VERSION + nonce + AESGCMSIV(key).encrypt(nonce, data, ENVELOPE_VERSION + associated_data)


class Opener:
    """Opens what one key has sealed; the key is set up once, however many records there are.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCMSIV(key)

    def open(self, sealed: bytes, associated_data: bytes) -> bytes:
        """Answer what was sealed.

        Raises:
            SealBrokenError: too short, of an unknown version, tampered with, or sealed under another key or for another
                record. Which of the last three it was cannot be told.
        """
        if len(sealed) < _OVERHEAD_BYTES:
            raise SealBrokenError(
                f"{len(sealed)} bytes are too few for a sealed record, which has at least {_OVERHEAD_BYTES}",
                bytes=len(sealed),
                required_bytes=_OVERHEAD_BYTES,
            )
        version, nonce, ciphertext = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if version != ENVELOPE_VERSION:
            raise SealBrokenError(f"sealed in an unknown way (version {version[0]})", version=version[0])
        try:
            return self._cipher.decrypt(nonce, ciphertext, version + associated_data)
        except InvalidTag as error:
            raise SealBrokenError("tampered with, or sealed under another key or for another record") from error


def open_sealed(sealed: bytes, key: bytes, associated_data: bytes) -> bytes:
    """Answer what was sealed under a key; raises as `Opener.open` does."""
    return Opener(key).open(sealed, associated_data)
