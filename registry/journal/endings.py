"""The list of endings: what has ended and must not come back with a backup, written down outside of the database.

It is a folder, best on another disk than the database:

| file | holds |
|---|---|
| `endings.jsonl` | a line for each leaf by which something ended: leaf, ids, signature, hash of the line before |
| `head` | how far the journal was looked through, how many lines there are, hash of the last: a signed note |
| `checkpoint` | the newest checkpoint of the journal that anybody was given |

Write order: lines, flushed; then the head in the place of the old one. Between the two, lines are there that the head
does not count: each carries its signature, so whoever reads next takes them in, and cuts off the one that is torn.
Fewer lines than the head counts is a list from which something was taken.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.domain.reading import parse_json
from registry.errors import EndingsDamagedError, SignatureInvalidError
from registry.journal.note import Note, VerifierKey, read_note, sign_note, verify_note

FORM: Final = "likeness-endings/v1"
_LINES, _HEAD, _CHECKPOINT, _LOCK = "endings.jsonl", "head", "checkpoint", ".lock"
_FIRST: Final = "-"
_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Ending:
    """One thing that ended.

    Attributes:
        origin: name of the journal that says so.
        history: which past of it.
        seq: number of its leaf.
        type: of the event.
        subject_id: of the record that ended, or of the record of its end.
        at: when.
        leaf: the bytes of the leaf.
        about: ids and digests that it takes to let it end again.
    """

    origin: str
    history: str
    seq: int
    type: str
    subject_id: str
    at: datetime
    leaf: str
    about: Mapping[str, Any]

    @classmethod
    def of_leaf(cls, origin: str, history: str, seq: int, leaf: str, about: Mapping[str, Any]) -> Ending:
        """Answer what a leaf says has ended; raises ValueError, KeyError or TypeError where it is no leaf."""
        told = parse_json(leaf)
        return cls(origin, history, seq, told["type"], told["subject"], datetime.fromisoformat(told["at"]), leaf, about)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a list has come.

    Attributes:
        origin: name of the journal that was looked through last.
        history: which past of it; empty before the first.
        covered: up to which of its leaves.
        lines: how many there are.
        size: of the file of lines, in bytes.
        last: SHA-256 of the last line, in hex.
    """

    origin: str = ""
    history: str = ""
    covered: int = 0
    lines: int = 0
    size: int = 0
    last: str = _FIRST

    @property
    def text(self) -> str:
        """What is signed."""
        return (
            f"{FORM}\n{self.origin}\n{self.history}\n"
            f"covered {self.covered}\nlines {self.lines}\nbytes {self.size}\nlast {self.last}\n"
        )

    @classmethod
    def read(cls, text: str) -> Head:
        """Read the text of a head; raises ValueError where it is none."""
        form, origin, history, *figures = text.removesuffix("\n").split("\n")
        said = dict(each.split(" ", 1) for each in figures)
        if form != FORM or list(said) != ["covered", "lines", "bytes", "last"]:
            raise ValueError("another form")
        return cls(origin, history, int(said["covered"]), int(said["lines"]), int(said["bytes"]), said["last"])


class EndingsList:
    """The list in a folder. Every method but `checkpoint` is called while `locked`.

    Args:
        folder: made with the first line, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process and thread from the list, for the block.

        Raises:
            OSError: the folder cannot be made or written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return (self.folder / _HEAD).exists() or (self.folder / _LINES).exists()

    # --- reading -----------------------------------------------------------------------------------------------------

    def head(self, keys: Sequence[VerifierKey]) -> Head:
        """Answer how far the list has come, lines among it that a crash kept out of the head.

        Raises:
            EndingsDamagedError: the head is not signed, or there are fewer lines than it counts.
        """
        head = self._signed_head(keys)
        size = self._size()
        if size < head.size:
            raise EndingsDamagedError(
                f"{self.folder / _LINES} has {size} bytes, and {head.size} were written: something was taken from it",
                bytes=size,
                expected_bytes=head.size,
            )
        if size == head.size:
            return head
        for ending, line in self._lines_from(head, keys):
            head = _after(head, ending, line)
        return head

    def endings(self, keys: Sequence[VerifierKey]) -> Iterator[Ending]:
        """Yield everything that ended, in the order in which it was written down.

        Raises:
            EndingsDamagedError: a line is not what was written, or lines are missing.
        """
        counted, at = self._signed_head(keys), Head()
        for ending, line in self._lines_from(at, keys):
            at = _after(at, ending, line)
            if at.lines == counted.lines and at.last != counted.last:
                raise EndingsDamagedError(f"line {at.lines} of the list of endings is not its last", line=at.lines)
            yield ending
        if at.lines < counted.lines:
            raise EndingsDamagedError(
                f"the list of endings has {at.lines} lines, and {counted.lines} were written",
                lines=at.lines,
                expected_lines=counted.lines,
            )

    def checkpoint(self) -> str | None:
        """Answer the newest checkpoint that is known to have been given to anybody, as a signed note."""
        try:
            return (self.folder / _CHECKPOINT).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _signed_head(self, keys: Sequence[VerifierKey]) -> Head:
        try:
            note = read_note((self.folder / _HEAD).read_bytes())
            verify_note(note, keys)
            return Head.read(note.text)
        except FileNotFoundError:
            return Head()
        except (SignatureInvalidError, ValueError) as error:
            raise EndingsDamagedError(f"{self.folder / _HEAD} is not what this registry has signed") from error

    def _size(self) -> int:
        path = self.folder / _LINES
        return path.stat().st_size if path.exists() else 0

    def _lines_from(self, head: Head, keys: Sequence[VerifierKey]) -> Iterator[tuple[Ending, bytes]]:
        """Yield the lines behind a head; a last one that is torn is as if it were not there."""
        if not (self.folder / _LINES).exists():
            return
        with (self.folder / _LINES).open("rb") as file:
            file.seek(head.size)
            number, last = head.lines, head.last
            while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
                number += 1
                try:
                    ending = _read_line(line, last, keys)
                except (ValueError, KeyError, TypeError) as error:
                    raise EndingsDamagedError(
                        f"line {number} of the list of endings is not what was written: {error}", line=number
                    ) from error
                yield ending, line
                last = sha256(line).hexdigest()

    # --- writing -----------------------------------------------------------------------------------------------------

    def add(
        self,
        head: Head,
        endings: Sequence[Ending],
        *,
        origin: str,
        history: str,
        covered: int,
        key: Ed25519PrivateKey,
        name: str,
    ) -> Head:
        """Write lines behind a head, and the head that counts them, durable on return.

        Args:
            head: as `head` answered it.
            endings: in the order of their leaves.
            origin: name of the journal that was looked through.
            history: which past of it.
            covered: up to which leaf.
            key: to sign with.
            name: of the key.

        Raises:
            OSError: it cannot be written; what is there goes on to hold.
        """
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
        with os.fdopen(os.open(self.folder / _LINES, flags, 0o600), "ab") as file:
            file.truncate(head.size)  # a line that a crash has torn
            for each in endings:
                line = _write_line(each, head.last, key)
                file.write(line)
                head = _after(head, each, line)
            file.flush()
            os.fsync(file.fileno())
        head = replace(head, origin=origin, history=history, covered=covered)
        note = Note(head.text, (sign_note(head.text, name, key),))
        self._put(_HEAD, str(note))
        return head

    def keep_checkpoint(self, note: str) -> None:
        """Remember a checkpoint as the newest that anybody was given, durable on return."""
        if self.checkpoint() != note:
            self._put(_CHECKPOINT, note)

    def _put(self, name: str, content: str) -> None:
        with NamedTemporaryFile("w", dir=self.folder, prefix=f".{name}.", delete=False, encoding="utf-8") as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(self.folder / name)
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _after(head: Head, ending: Ending, line: bytes) -> Head:
    return Head(
        ending.origin, ending.history, ending.seq, head.lines + 1, head.size + len(line), sha256(line).hexdigest()
    )


def _said(ending: Ending, previous: str) -> dict[str, object]:
    return {
        "origin": ending.origin,
        "history": ending.history,
        "seq": ending.seq,
        "leaf": ending.leaf,
        "about": dict(ending.about),
        "previous": previous,
    }


def _signed_bytes(said: Mapping[str, object]) -> bytes:
    return f"{FORM} ending\n{json.dumps(said, sort_keys=True, separators=(',', ':'))}".encode()


def _write_line(ending: Ending, previous: str, key: Ed25519PrivateKey) -> bytes:
    said = _said(ending, previous)
    signature = b64encode(key.sign(_signed_bytes(said))).decode("ascii")
    return json.dumps(said | {"signature": signature}, separators=(",", ":")).encode() + b"\n"


def _read_line(line: bytes, previous: str, keys: Sequence[VerifierKey]) -> Ending:
    said = parse_json(line)
    signature = b64decode(said.pop("signature"), validate=True)
    if said["previous"] != previous:
        raise ValueError("it does not follow the line before")
    if not any(key.signed(signature, _signed_bytes(said)) for key in keys):
        raise ValueError("its signature does not hold")
    return Ending.of_leaf(said["origin"], said["history"], said["seq"], said["leaf"], said["about"])
