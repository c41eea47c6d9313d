"""Signed notes (https://c2sp.org/signed-note): a text, and below it a line for each signature over it.

A key is told apart by its name and its id, four bytes of a hash over name, kind and public key. Signatures by keys that
are not known are passed over; one by a known key that does not hold refuses the whole note.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.errors import SignatureInvalidError

KEY_BYTES = 32
LONGEST_NAME = 250
MOST_BYTES = 256 * 1024
MOST_SIGNATURES = 100

_ID_BYTES = 4
_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class KeyKind(IntEnum):
    """What a key signs: the byte that the specification gives to it."""

    NOTE = 0x01
    """Ed25519 over the text of a note."""
    COSIGNATURE = 0x04
    """Ed25519 over a moment and the text: a witness (https://c2sp.org/tlog-cosignature)."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, as whoever trusts it is told of it.

    Attributes:
        name: without spaces and plus signs.
        kind: what it signs.
        public: 32 bytes of Ed25519.
    """

    name: str
    kind: KeyKind
    public: bytes

    @classmethod
    def read(cls, text: str) -> VerifierKey:
        """Read a key that is written as ``name+id+base64``.

        Raises:
            SignatureInvalidError: it is not, its id is not its own, or it is of a kind that is not known here.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        material = _bytes_of(encoded)
        if not is_key_name(name) or material is None or len(material) != 1 + KEY_BYTES:
            raise SignatureInvalidError(f"this is not a verifier key, name+id+base64: {text[:200]!r}", step="key")
        if material[0] not in set(KeyKind):
            raise SignatureInvalidError(f"keys of kind {material[0]} are not known here", step="key", kind=material[0])
        key = cls(name, KeyKind(material[0]), material[1:])
        if key_id != key.id.hex():
            raise SignatureInvalidError(f"the key of {name} has the id {key.id.hex()}, not {key_id[:20]}", step="key")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes by which signatures name it."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    def signed(self, signature: bytes, content: bytes) -> bool:
        """Whether this key made a bare signature over some bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line below a text.

    Attributes:
        name: of the key.
        key_id: four bytes.
        signature: as the kind of the key has it.
    """

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether it says that it was made with a key."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures; nothing of it counts until a signature was verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n" + "".join(f"{signature}\n" for signature in self.signatures)


def is_key_name(name: str) -> bool:
    """Whether a text can name a key: not empty nor very long, without spaces and plus signs."""
    unfit = "+" in name or any(each.isspace() or not each.isprintable() for each in name)
    return 0 < len(name) <= LONGEST_NAME and not unfit


def read_note(content: str | bytes) -> Note:
    """Take a note apart, strictly: it is written in this one way, or refused.

    Raises:
        SignatureInvalidError: it is not a signed note; figure ``step`` is ``form``.
    """
    text = _text_of(content)
    head, separator, tail = text.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise _malformed("it has no signatures below an empty line")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _malformed(f"it has {len(lines)} signatures; at most {MOST_SIGNATURES} are read")
    return Note(f"{head}\n", tuple(_signature_of(line) for line in lines))


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> NoteSignature:
    """Sign the text of a note, which ends with a line end, under a name."""
    public = VerifierKey(name, KeyKind.NOTE, key.public_key().public_bytes_raw())
    return NoteSignature(name, public.id, key.sign(text.encode()))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> Sequence[VerifierKey]:
    """Answer the known keys that signed a note.

    Args:
        note: as `read_note` took it apart.
        keys: those that are trusted; only those of the kind `KeyKind.NOTE` are asked.

    Raises:
        SignatureInvalidError: none of them did, or a signature by one of them does not hold; figure ``step``.
    """
    known = [key for key in keys if key.kind is KeyKind.NOTE]
    signed = []
    for signature in note.signatures:
        for key in filter(signature.is_by, known):
            if not key.signed(signature.signature, note.text.encode()):
                raise SignatureInvalidError(f"the signature by {key.name} does not hold", step="signature")
            signed.append(key)
    if not signed:
        names = ", ".join(f"{each.name} ({each.key_id.hex()})" for each in note.signatures[:5])
        raise SignatureInvalidError(f"it is signed with none of the keys given, but by {names}", step="key")
    return signed


def _text_of(content: str | bytes) -> str:
    try:
        data = content.encode() if isinstance(content, str) else content
        if len(data) > MOST_BYTES:
            raise _malformed(f"it has {len(data)} bytes; at most {MOST_BYTES} are read")
        text = data.decode()
    except UnicodeError as error:  # bytes that are none, or text with lone surrogates, as JSON may have
        raise _malformed("it is not UTF-8") from error
    if _CONTROL.search(text):
        raise _malformed("it has control characters")
    return text


def _signature_of(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _bytes_of(encoded)
    if not line.startswith(_DASH) or not is_key_name(name) or data is None or len(data) <= _ID_BYTES:
        raise _malformed(f"this is not a line of a signature: {line[:200]!r}")
    return NoteSignature(name, data[:_ID_BYTES], data[_ID_BYTES:])


def _bytes_of(encoded: str) -> bytes | None:
    """Read base 64 as RFC 4648 writes it, and in no other way."""
    if not _BASE64.fullmatch(encoded) or len(encoded) % 4:
        return None
    data = b64decode(encoded)
    return data if b64encode(data).decode() == encoded else None


def _malformed(why: str) -> SignatureInvalidError:
    return SignatureInvalidError(f"this is not a signed note: {why}", step="form")
