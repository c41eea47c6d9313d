"""A journal in a folder: what anybody needs to check it, without the registry it came from.

| file | holds |
|---|---|
| `journal.json` | form and version of the folder, the journal's name, how many leaves, its restorations |
| `checkpoint` | the newest checkpoint, a signed note |
| `checkpoints.jsonl` | every checkpoint that was kept: `size`, `note` |
| `leaves.jsonl` | every leaf: `seq`, `leaf`, `leaf_sha256` |
| `timestamps.jsonl` | where there are any, time stamps of checkpoints (RFC 3161): `size`, `response` in base 64 |
| `openings.jsonl` | where it was asked for, what opens leaves: `seq`, `salt`, `details` |
"""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

from registry.domain.reading import parse_json
from registry.errors import DuplicateError, InvalidInputError
from registry.journal.kept import KeptLeaf, KeptOpening

FORM = "likeness-journal"
VERSION = 1
CHECKPOINT = "checkpoint"

_ABOUT = "journal.json"
_CHECKPOINTS = "checkpoints.jsonl"
_LEAVES = "leaves.jsonl"
_OPENINGS = "openings.jsonl"
_TIMESTAMPS = "timestamps.jsonl"
_LONGEST_LINE = 1 << 20

Row = TypeVar("Row")


def write_folder(
    folder: Path,
    *,
    origin: str,
    checkpoints: Iterable[tuple[int, str]],
    leaves: Iterable[KeptLeaf],
    openings: Iterable[KeptOpening] | None,
    restorations: Iterable[KeptOpening] = (),
    timestamps: Sequence[tuple[int, bytes]] = (),
) -> int:
    """Write a journal to a new folder, whole or not at all; answer the number of its last leaf.

    Args:
        folder: of which there is none yet.
        origin: name of the journal.
        checkpoints: sizes and notes, the newest last.
        leaves: all of them, in their order.
        openings: in their order; None to leave them out.
        restorations: what opens the leaves that say that the journal was restored.
        timestamps: of checkpoints, by size.

    Raises:
        DuplicateError: there is something at the place of the folder.
        InvalidInputError: it cannot be written; figure ``path``.
    """
    if folder.exists():
        raise DuplicateError(f"there is something at {folder} already; it is never overwritten")
    try:
        part = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.absolute().parent))
        try:
            newest = _write_rows(part / _CHECKPOINTS, checkpoints, lambda row: {"size": row[0], "note": row[1]})
            _write(part / CHECKPOINT, newest[1] if newest else "")
            last = _write_rows(part / _LEAVES, leaves, _leaf_row)
            if openings is not None:
                _write_rows(part / _OPENINGS, openings, _opening_row)
            count = last.seq if last else 0
            if timestamps:
                _write_rows(part / _TIMESTAMPS, timestamps, _timestamp_row)
            restored = [_opening_row(each) for each in restorations]
            about = {"form": FORM, "version": VERSION, "origin": origin, "leaves": count, "restorations": restored}
            _write(part / _ABOUT, json.dumps(about, indent=1) + "\n")
            part.chmod(0o755)
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        raise InvalidInputError(f"{folder} cannot be written: {error.strerror}", path=str(folder)) from error
    return count


class JournalFolder:
    """An exported journal, as `registry.journal.kept.Kept`.

    Args:
        folder: as `write_folder` made it.

    Raises:
        InvalidInputError: it is none, or of another version. Later, of each file: a line cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            about = self._about = parse_json((folder / _ABOUT).read_bytes())
            form, version = about["form"], about["version"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInputError(f"{folder} is not an exported journal: {_ABOUT} cannot be read") from error
        if (form, version) != (FORM, VERSION):
            raise InvalidInputError(
                f"{folder / _ABOUT} says form {form!r}, version {version!r}; {FORM} {VERSION} is read here"
            )

    def leaves(self) -> Iterator[KeptLeaf]:
        """Answer all leaves, as they lie there."""
        return self._rows(_LEAVES, _leaf_of)

    def nodes(self) -> None:
        """Answer nothing: a folder keeps no tree."""
        return

    def openings(self) -> Iterator[KeptOpening]:
        """Answer the openings, where there are any."""
        return self._rows(_OPENINGS, _opening_of) if (self._folder / _OPENINGS).exists() else iter(())

    def restorations(self) -> Iterator[KeptOpening]:
        """Answer what opens the leaves that say that the journal was restored."""
        try:
            yield from map(_opening_of, self._about.get("restorations", ()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(f"{self._folder / _ABOUT}: its restorations cannot be read") from error

    def timestamps(self) -> Iterator[tuple[int, bytes]]:
        """Answer the time stamps, where there are any."""
        return self._rows(_TIMESTAMPS, _timestamp_of) if (self._folder / _TIMESTAMPS).exists() else iter(())

    def checkpoints(self) -> Iterator[str]:
        """Answer the notes of all checkpoints, the newest by itself as well."""
        yield from self._rows(_CHECKPOINTS, lambda row: str(row["note"]))
        yield read_checkpoint(self._folder)

    def _rows(self, name: str, read: Callable[[Mapping[str, Any]], Row]) -> Iterator[Row]:
        path, number = self._folder / name, 0
        try:
            with path.open("rb") as lines:
                while line := lines.readline(_LONGEST_LINE):
                    number += 1
                    yield read(parse_json(line))
        except OSError as error:
            raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(f"{path}, line {number}: it cannot be read", path=str(path), line=number) from error


def read_checkpoint(path: Path) -> str:
    """Answer the text of a checkpoint, from its file or from the folder of an exported journal.

    Raises:
        InvalidInputError: it cannot be read.
    """
    file = path / CHECKPOINT if path.is_dir() else path
    try:
        return file.read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror}", path=str(file)) from error


def _write_rows(path: Path, rows: Iterable[Row], shape: Callable[[Row], Mapping[str, Any]]) -> Row | None:
    """Write rows as lines of JSON, durable on return; answer the last of them."""
    row = None
    with path.open("w", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(shape(row), separators=(",", ":")) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return row


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _leaf_row(kept: KeptLeaf) -> Mapping[str, Any]:
    return {"seq": kept.seq, "leaf": kept.leaf.decode(errors="surrogateescape"), "leaf_sha256": kept.leaf_sha256}


def _leaf_of(row: Mapping[str, Any]) -> KeptLeaf:
    return KeptLeaf(_number(row), row["leaf"].encode(errors="surrogateescape"), str(row["leaf_sha256"]))


def _timestamp_row(timestamp: tuple[int, bytes]) -> Mapping[str, Any]:
    return {"size": timestamp[0], "response": b64encode(timestamp[1]).decode("ascii")}


def _timestamp_of(row: Mapping[str, Any]) -> tuple[int, bytes]:
    return int(row["size"]), b64decode(row["response"], validate=True)


def _opening_row(opening: KeptOpening) -> Mapping[str, Any]:
    return {"seq": opening.seq, "salt": opening.salt.hex(), "details": dict(opening.details)}


def _opening_of(row: Mapping[str, Any]) -> KeptOpening:
    return KeptOpening(_number(row), bytes.fromhex(row["salt"]), dict(row["details"]))


def _number(row: Mapping[str, Any]) -> int:
    if type(row["seq"]) is not int:
        raise TypeError("a number is a whole one")
    return row["seq"]
