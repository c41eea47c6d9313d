"""The sealed part of a gallery file: vectors turned by a secret of the file, under a key that one organisation opens.

It is a line with a JWE, and then chunks, each with its length in front (4 bytes, big endian).

The JWE (RFC 7516, ECDH-ES with X25519, A256GCM) holds the content key and the seed of the turn, for whoever has the
organisation's private key. A chunk is sealed by `registry.vault.sealing` (AES-256-GCM-SIV) and bound to the file, its
number, and whether it is the last: chunks cannot be taken out, moved, added, or brought in from another file. Both ends
hold one chunk in memory.

The turn is that of `registry.vault.protection`, by a seed that is drawn for the file: the cosine of two vectors of two
files, or of a file and the registry's own store, says nothing. It adds nothing against whoever has the private key, who
must have the seed to search; it is there for whoever gets hold of what is in a chunk alone.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from numpy.typing import NDArray

from registry.domain.ids import RandomBytes
from registry.domain.reading import parse_json
from registry.errors import GalleryFileTamperedError, InvalidInputError, KeyringError, SealBrokenError
from registry.vault.keyfile import create_private_file, read_private_file
from registry.vault.protection import Protection
from registry.vault.sealing import KEY_BYTES, Opener, bind, seal
from registry.vault.signing import canonical

Array = NDArray[np.float32]

KEY_TYPE: Final = "likeness-gallery-key+jwe"
_ALGORITHM: Final = "ECDH-ES"
_ENCRYPTION: Final = "A256GCM"
_LITTLE_ENDIAN: Final = np.dtype("<f4")
_LENGTH_BYTES: Final = 4
_MOST_BYTES: Final = 64_000_000
_LONGEST_LINE: Final = 100_000
_TURN: Final = 1


class Source(Protocol):
    """What a sealed part is read from, forwards and once."""

    def read(self, size: int, /) -> bytes:
        """Answer so many bytes, or fewer at the end."""
        ...

    def readline(self, limit: int, /) -> bytes:
        """Answer a line, at most so long."""
        ...


# --- the organisation's key ------------------------------------------------------------------------------------------


def make_studio_key(file: Path, random_bytes: RandomBytes = os.urandom) -> OKPKey:
    """Write a new private key, a JWK (RFC 8037) of X25519, with mode 0600; answer it.

    Raises:
        KeyringError: there is a file already, or it cannot be written.
    """
    if file.exists():
        raise KeyringError(f"there is a file at {file} already; a key is never overwritten", file=str(file))
    key = OKPKey.import_key(X25519PrivateKey.from_private_bytes(random_bytes(KEY_BYTES)))
    create_private_file(file, json.dumps(key.as_dict(private=True), indent=2).encode() + b"\n")
    return key


def read_studio_key(file: Path) -> OKPKey:
    """Read a private key.

    Raises:
        KeyringError: the file cannot be read, is open to others, or holds no such key.
    """
    if not file.is_file():
        raise KeyringError(f"there is no key at {file}: make one with `likeness gallery key`", file=str(file))
    key = _imported(read_private_file(file))
    if key is None or not isinstance(key.private_key, X25519PrivateKey):
        raise KeyringError(f"{file} is no private key of X25519 as JWK (RFC 8037)", file=str(file))
    return key


def read_public_key(content: bytes) -> OKPKey:
    """Read a public key as `public_jwk` writes it.

    Raises:
        InvalidInputError: it is none, or a private key, which nobody may be given.
    """
    key = _imported(content)
    if key is None or not isinstance(key.public_key, X25519PublicKey):
        raise InvalidInputError("this is no public key of X25519 as JWK (RFC 8037)")
    if key.is_private:
        raise InvalidInputError("this is a private key: keep it, and give the public half that was printed beside it")
    return key


def public_jwk(key: OKPKey) -> dict[str, str]:
    """Answer the public half, to be given to the registry."""
    described = {name: str(value) for name, value in key.as_dict(private=False).items()}
    return {**described, "kid": key.thumbprint(), "use": "enc"}


def _imported(content: bytes) -> OKPKey | None:
    try:
        held = parse_json(content)
        return OKPKey.import_key({name: held[name] for name in ("kty", "crv", "x", "d") if name in held})
    except (ValueError, KeyError, TypeError, JoseError):
        return None


# --- sealing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rows:
    """Some performers of a file.

    Attributes:
        ids: opaque, ``n`` of them.
        means: by space id ``(n, d) float32``, plain.
    """

    ids: Sequence[str]
    means: Mapping[str, Array]


class GallerySealer:
    """Seals one file, a chunk after the other.

    Args:
        file_id: of the file.
        dimensions: of each space, by its id, in the order of the manifest.
        recipient: public.
        random_bytes: makes the content key, the seed of the turn and nonces.
    """

    def __init__(
        self, file_id: str, dimensions: Mapping[str, int], recipient: OKPKey, random_bytes: RandomBytes
    ) -> None:
        self._file_id = file_id
        self._random_bytes = random_bytes
        self._key, seed = random_bytes(KEY_BYTES), random_bytes(KEY_BYTES)
        self._turns = _turns(seed, dimensions)
        self._number = 0
        said = {"file": file_id, "key": _text(self._key), "turn": _text(seed)}
        header = {"alg": _ALGORITHM, "enc": _ENCRYPTION, "typ": KEY_TYPE, "kid": recipient.thumbprint()}
        self.head = jwe.encrypt_compact(header, canonical(said), recipient).encode() + b"\n"

    def chunk(self, rows: Rows, *, last: bool) -> bytes:
        """Answer the next chunk, with its length."""
        content = _content(rows, self._turns)
        envelope = seal(content, self._key, _binding(self._file_id, self._number, last=last), self._random_bytes)
        self._number += 1
        return len(envelope).to_bytes(_LENGTH_BYTES, "big") + envelope


def _content(rows: Rows, turns: Mapping[str, Protection]) -> bytes:
    """Write how many ids there are and how long each is, the ids, and the turned rows of each space."""
    widths = {len(each) for each in rows.ids} or {0}
    if len(widths) != 1:
        raise InvalidInputError("opaque ids are of one length")
    said = [len(rows.ids).to_bytes(4, "big"), widths.pop().to_bytes(2, "big"), "".join(rows.ids).encode("ascii")]
    said += [turn.protect(rows.means[space]).astype(_LITTLE_ENDIAN).tobytes() for space, turn in turns.items()]
    return b"".join(said)


# --- opening ---------------------------------------------------------------------------------------------------------


def open_rows(
    source: Source, file_id: str, dimensions: Mapping[str, int], key: OKPKey, seen: Callable[[bytes], object]
) -> Iterator[Rows]:
    """Yield the performers of a sealed part, a chunk at a time, in plain vectors that are in memory only.

    What is yielded is what was sealed for this file and this key. Whether the registry sealed it, only the digest in
    the signed manifest says, once all of it was read: nothing of it may be used before.

    Args:
        source: at the beginning of the sealed part.
        file_id: of the file.
        dimensions: as in `GallerySealer`.
        key: private.
        seen: is given every byte, for the digest.

    Raises:
        GalleryFileTamperedError: something does not open with this key, is missing, or is too much; figure ``part``.
    """
    head = source.readline(_LONGEST_LINE)
    seen(head)
    content_key, seed = _unwrapped(head, file_id, key)
    opener, turns = Opener(content_key), _turns(seed, dimensions)
    number, last = 0, False
    while not last:
        envelope = _next_envelope(source, number, seen)
        content, last = _opened(opener, envelope, file_id, number)
        yield _rows(content, turns, number)
        number += 1
    if source.read(1):
        raise GalleryFileTamperedError("something was added at the end of the file", part="end")


def _unwrapped(head: bytes, file_id: str, key: OKPKey) -> tuple[bytes, bytes]:
    try:
        opened = jwe.decrypt_compact(head.strip(), key, algorithms=[_ALGORITHM, _ENCRYPTION])
        said = parse_json(opened.plaintext or b"")
        if opened.headers().get("typ") != KEY_TYPE or said["file"] != file_id:
            raise GalleryFileTamperedError("the key in the file is that of another file", part="key")
        return _bytes(said["key"]), _bytes(said["turn"])
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise GalleryFileTamperedError(
            "the key in the file does not open with the key that was given", part="key"
        ) from error


def _next_envelope(source: Source, number: int, seen: Callable[[bytes], object]) -> bytes:
    said = source.read(_LENGTH_BYTES)
    length = int.from_bytes(said, "big")
    envelope = source.read(length) if len(said) == _LENGTH_BYTES and length <= _MOST_BYTES else b""
    if not envelope or len(envelope) != length:
        raise GalleryFileTamperedError(f"the file breaks off at chunk {number}", part=f"chunk {number}")
    seen(said)
    seen(envelope)
    return envelope


def _opened(opener: Opener, envelope: bytes, file_id: str, number: int) -> tuple[bytes, bool]:
    """Answer the content of a chunk, and whether it is the last."""
    for last in (False, True):
        try:
            return opener.open(envelope, _binding(file_id, number, last=last)), last
        except SealBrokenError:
            continue
    raise GalleryFileTamperedError(f"chunk {number} is not as it was sealed", part=f"chunk {number}")


def _rows(content: bytes, turns: Mapping[str, Protection], number: int) -> Rows:
    count, width = int.from_bytes(content[:4], "big"), int.from_bytes(content[4:6], "big")
    at = 6 + count * width
    sizes = {space: count * len(turn.matrix) * _LITTLE_ENDIAN.itemsize for space, turn in turns.items()}
    if len(content) != at + sum(sizes.values()):
        raise GalleryFileTamperedError(f"chunk {number} holds something else than it should", part=f"chunk {number}")
    named = content[6:at].decode("ascii", errors="replace")
    means = {}
    for space, turn in turns.items():
        turned = np.frombuffer(content[at : at + sizes[space]], dtype=_LITTLE_ENDIAN).astype(np.float32)
        means[space] = turn.expose(turned.reshape(count, len(turn.matrix)))
        at += sizes[space]
    return Rows([named[start : start + width] for start in range(0, count * width, width)], means)


def _turns(seed: bytes, dimensions: Mapping[str, int]) -> dict[str, Protection]:
    return {space: Protection.derive(seed, _TURN, space, dimension) for space, dimension in dimensions.items()}


def _binding(file_id: str, number: int, *, last: bool) -> bytes:
    return bind("likeness gallery", file_id, str(number), "last" if last else "more")


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(content) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return content
