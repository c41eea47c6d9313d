"""Checkpoints (https://c2sp.org/tlog-checkpoint): how many leaves the journal has and their root, as a signed note.

Whoever keeps one can show later whether the journal still begins with what it began with then. A *witness* signs a
checkpoint with the moment at which it saw that it continues all those before (https://c2sp.org/tlog-cosignature, v1).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.errors import SignatureInvalidError
from registry.journal.merkle import HASH_BYTES
from registry.journal.note import KeyKind, Note, NoteSignature, VerifierKey, sign_note, verify_note

MOST_AHEAD = timedelta(minutes=5)
"""By how much the clock of a witness may be ahead."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST_SIZE = 2**63 - 1
_LEAST_LINES = 3
_ROOT = re.compile(r"[A-Za-z0-9+/]{43}=")
_SECONDS_BYTES = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A journal at one size.

    Attributes:
        origin: which journal: one line, the same for good.
        size: how many leaves.
        root: over them, 32 bytes.
        extensions: further lines. This registry writes none; they are part of what is signed.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        """Read the text of a note.

        Raises:
            SignatureInvalidError: it is not that of a checkpoint; figure ``step`` is ``form``.
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < _LEAST_LINES or not all(lines) or not text.endswith("\n"):
            raise _malformed("it has not three lines or more, each with something in it")
        origin, size, encoded, *extensions = lines
        if not _SIZE.fullmatch(size) or int(size) > _LARGEST_SIZE:
            raise _malformed(f"its size is {size[:30]!r}")
        root = b64decode(encoded) if _ROOT.fullmatch(encoded) else b""
        if len(root) != HASH_BYTES or b64encode(root).decode() != encoded:
            raise _malformed(f"its root is no hash of {HASH_BYTES} bytes")
        return cls(origin, int(size), root, tuple(extensions))

    @property
    def text(self) -> str:
        """What is signed."""
        lines = [self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> Note:
    """Sign a checkpoint; the key goes by the name of the journal."""
    return Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, key),))


def open_checkpoint(note: Note, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Answer what a note says, once it is known that the journal's own key signed it.

    1. A trusted key signed the text, and no signature by a trusted key fails.
    2. The text is that of a checkpoint.
    3. A key that signed goes by the name of the journal: no other may speak for it.

    Raises:
        SignatureInvalidError: one of these does not hold; figure ``step``.
    """
    signed = verify_note(note, keys)
    checkpoint = Checkpoint.read(note.text)
    if all(key.name != checkpoint.origin for key in signed):
        raise SignatureInvalidError(
            f"it is of {checkpoint.origin}, but signed by {signed[0].name}", step="origin", origin=checkpoint.origin
        )
    return checkpoint


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness has seen a checkpoint, and that it continues all those before.

    Attributes:
        witness: its key.
        at: when, to the second.
        line: as it stands below the text.
    """

    witness: VerifierKey
    at: datetime
    line: NoteSignature


def cosign(text: str, name: str, key: Ed25519PrivateKey, at: datetime) -> NoteSignature:
    """Sign a checkpoint as a witness does."""
    seconds = int(at.timestamp())
    public = VerifierKey(name, KeyKind.COSIGNATURE, key.public_key().public_bytes_raw())
    signature = key.sign(_seen(text, seconds))
    return NoteSignature(name, public.id, seconds.to_bytes(_SECONDS_BYTES, "big") + signature)


def verify_cosignatures(note: Note, witnesses: Iterable[VerifierKey], now: datetime | None = None) -> list[Cosignature]:
    """Answer the cosignatures of known witnesses below a checkpoint, one of each; of others nothing is said.

    Args:
        note: the checkpoint.
        witnesses: keys of the kind `KeyKind.COSIGNATURE`.
        now: nobody has signed more than `MOST_AHEAD` later than this; None, where no clock is to be trusted.

    Raises:
        SignatureInvalidError: one of a known witness does not hold, or is of the future; figure ``step``.
    """
    known = [key for key in witnesses if key.kind is KeyKind.COSIGNATURE]
    found: dict[VerifierKey, Cosignature] = {}
    for line in note.signatures:
        for witness in filter(line.is_by, known):
            found.setdefault(witness, _cosignature(note.text, line, witness, now))
    return list(found.values())


def _cosignature(text: str, line: NoteSignature, witness: VerifierKey, now: datetime | None) -> Cosignature:
    seconds = int.from_bytes(line.signature[:_SECONDS_BYTES], "big")
    signature = line.signature[_SECONDS_BYTES:]
    if len(signature) != _SIGNATURE_BYTES or not witness.signed(signature, _seen(text, seconds)):
        raise SignatureInvalidError(f"the cosignature of {witness.name} does not hold", step="signature")
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureInvalidError(f"the cosignature of {witness.name} has no moment", step="moment") from error
    if now is not None and at > now + MOST_AHEAD:
        ahead_s = (at - now).total_seconds()
        raise SignatureInvalidError(
            f"the cosignature of {witness.name} is {ahead_s:.0f} s ahead of this clock", step="moment", ahead_s=ahead_s
        )
    return Cosignature(witness, at, line)


def _seen(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _malformed(why: str) -> SignatureInvalidError:
    return SignatureInvalidError(f"this is not a checkpoint: {why}", step="form")
