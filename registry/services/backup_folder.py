"""A backup in a folder: sealed tables, a signed manifest, and apart from them the one file of performers' keys.

| file | holds |
|---|---|
| `BACKUP/manifest.jws` | what the backup is, its journal, and rows, bytes and SHA-256 of each part; signed |
| `BACKUP/TABLE.sealed` | the rows of a table, a line of JSON for each, compressed and sealed under the backup's key |
| `keys.sealed` | beside the backups, one for all of them: the keys of whoever has one *now* |

A backup's own key is in its manifest, wrapped by the keyring. Performers' keys are in no backup: an old one opens no
voice of anybody whose key is not in the file of keys as it is now, and each backup puts a new file in the place of the
last.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from registry.domain.ids import RandomBytes
from registry.domain.reading import parse_json
from registry.errors import (
    BackupDamagedError,
    BackupForeignError,
    InvalidInputError,
    KeyringError,
    SealBrokenError,
    SignatureInvalidError,
)
from registry.store.dump import Columns, Row
from registry.vault.keys import KeyProvider, WrappedKey
from registry.vault.sealed_stream import opened_lines, sealed_pieces
from registry.vault.sealing import bind
from registry.vault.signing import canonical, registry_id, sign, verify

MANIFEST: Final = "manifest.jws"
KEYS: Final = "keys.sealed"
FORM: Final = "likeness-backup"
VERSION: Final = 1
_TYPE: Final = "likeness-backup+jwt"
_KEYS_FORM: Final = "likeness-backup-keys"
_LONGEST_HEADER: Final = 4096
_MOST_MANIFEST: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A table in a backup.

    Attributes:
        columns: of the table.
        rows: how many.
        size: of its file, in bytes.
        sha256: of its file, in hex.
    """

    columns: Columns
    rows: int
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.columns.table}.sealed"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is.

    Attributes:
        id: of the backup.
        made_at: the moment of its snapshot.
        software: version that made it.
        schema: revision of the database.
        registry: id of the registry, for good.
        origin: name of its journal at that moment.
        history: which past of it.
        journal_size: how many leaves it had.
        journal_root: over them, in hex.
        checkpoint: the newest that was signed, a note.
        key: of the backup, wrapped.
        parts: its tables, by name.
    """

    id: str
    made_at: datetime
    software: str
    schema: str
    registry: str
    origin: str
    history: str
    journal_size: int
    journal_root: str
    checkpoint: str
    key: WrappedKey
    parts: Sequence[Part]


def sign_manifest(manifest: Manifest, keys: KeyProvider) -> str:
    """Answer a manifest as it is stored."""
    claims = {
        "form": FORM,
        "version": VERSION,
        "id": manifest.id,
        "made_at": manifest.made_at.isoformat(),
        "software": manifest.software,
        "schema": manifest.schema,
        "registry": manifest.registry,
        "origin": manifest.origin,
        "history": manifest.history,
        "journal": {
            "size": manifest.journal_size,
            "root_sha256": manifest.journal_root,
            "checkpoint": manifest.checkpoint,
        },
        "key": _key_json(manifest.key),
        "parts": [
            {
                "table": part.columns.table,
                "columns": [[name, kind] for name, kind in part.columns.kinds.items()],
                "key": list(part.columns.key),
                "rows": part.rows,
                "bytes": part.size,
                "sha256": part.sha256,
            }
            for part in manifest.parts
        ],
    }
    return sign(keys, claims, typ=_TYPE)


def read_manifest(folder: Path, keys: KeyProvider) -> Manifest:
    """Read the manifest of a backup, once it is known that this registry signed it.

    Raises:
        InvalidInputError: the folder is no backup, or of another version.
        BackupForeignError: another registry made it.
        BackupDamagedError: it was changed; figure ``part``.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            token = file.read(_MOST_MANIFEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{folder} is not a backup: {MANIFEST} cannot be read", path=str(path)) from error
    _require_this_registry(token, keys, folder)
    try:
        said = verify(token, dict(keys.signing_keys()), typ=_TYPE)
        if (said["form"], said["version"]) != (FORM, VERSION):
            raise InvalidInputError(f"{path} is of version {said['version']}; {VERSION} is read here", path=str(path))
        return _manifest(said)
    except (SignatureInvalidError, ValueError, KeyError, TypeError) as error:
        why = error.detail if isinstance(error, SignatureInvalidError) else "it cannot be read"
        raise BackupDamagedError(f"{path} is not what the registry signed: {why}", part=MANIFEST) from error


def _require_this_registry(token: str, keys: KeyProvider, folder: Path) -> None:
    """Say of a backup of another registry that it is one; whether what it says of itself is true is seen after."""
    try:
        said = parse_json(_decoded(token.split(".")[1]))["registry"]
    except (ValueError, IndexError, KeyError, TypeError):
        return
    if said != registry_id(keys):
        raise BackupForeignError(
            f"{folder} is a backup of the registry {said}; this keyring is that of {registry_id(keys)}",
            registry=str(said)[:80],
        )


def _manifest(said: Mapping[str, Any]) -> Manifest:
    return Manifest(
        id=said["id"],
        made_at=datetime.fromisoformat(said["made_at"]),
        software=said["software"],
        schema=said["schema"],
        registry=said["registry"],
        origin=said["origin"],
        history=said["history"],
        journal_size=said["journal"]["size"],
        journal_root=said["journal"]["root_sha256"],
        checkpoint=said["journal"]["checkpoint"],
        key=_key_of(said["key"]),
        parts=[
            Part(
                Columns(part["table"], dict(part["columns"]), tuple(part["key"])),
                rows=part["rows"],
                size=part["bytes"],
                sha256=part["sha256"],
            )
            for part in said["parts"]
        ],
    )


# --- parts -----------------------------------------------------------------------------------------------------------


def write_part(  # noqa: PLR0917  (each of them is another kind of thing)
    folder: Path, backup_id: str, columns: Columns, rows: Iterable[Row], key: bytes, random_bytes: RandomBytes
) -> Part:
    """Write the rows of a table, some at a time; nothing is durable yet."""
    digest, counted, size = sha256(), _Counted(rows), 0
    what = _what(backup_id, columns.table)
    with (folder / f"{columns.table}.sealed").open("wb") as file:
        for piece in sealed_pieces(map(_line, counted), key, what, random_bytes):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return Part(columns, counted.rows, size, digest.hexdigest())


def open_backup_key(manifest: Manifest, keys: KeyProvider) -> bytes:
    """Answer the key that a backup is sealed under.

    Raises:
        BackupForeignError: the keyring has not the key that wrapped it; figure ``master_key_id``.
        KeyringError: the provider does not answer.
    """
    try:
        return keys.unwrap(manifest.key)
    except KeyringError as error:
        if "key_id" not in error.figures and "master_key_id" not in error.figures:
            raise
        raise BackupForeignError(
            f"the backup {manifest.id} opens with {manifest.key.master_key_id}, which the keyring has not: put it back "
            "from where it was retired to",
            master_key_id=manifest.key.master_key_id,
        ) from error
    except SealBrokenError as error:
        raise BackupForeignError(
            f"the backup {manifest.id} does not open with {manifest.key.master_key_id} of this keyring",
            master_key_id=manifest.key.master_key_id,
        ) from error


def rows_of_part(folder: Path, manifest: Manifest, part: Part, key: bytes) -> Iterator[Row]:
    """Yield the rows of a table; that all are there and none was changed is known at the end.

    Raises:
        BackupDamagedError: the file is missing, changed, or breaks off; figure ``part``.
    """
    digest, rows = sha256(), 0
    try:
        with (folder / part.file).open("rb") as file:
            for line in opened_lines(file, key, _what(manifest.id, part.columns.table), digest.update):
                rows += 1
                yield json.loads(line)
    except (OSError, SealBrokenError) as error:
        why = error.detail if isinstance(error, SealBrokenError) else (error.strerror or "it cannot be read")
        raise BackupDamagedError(f"{folder / part.file}: {why}", part=part.file) from error
    if digest.hexdigest() != part.sha256 or rows != part.rows:
        raise BackupDamagedError(
            f"{folder / part.file} has {rows} rows, and is not the file of {part.rows} rows that was signed",
            part=part.file,
            rows=rows,
            expected_rows=part.rows,
        )


class _Counted:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows, self.rows = rows, 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.rows += 1
            yield row


# --- the file of keys ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeysMade:
    """When keys were read: the moment, and how many leaves the journal had."""

    at: datetime
    journal_size: int


@dataclass(frozen=True, slots=True)
class BackedUpKey:
    """The key of a performer, as it is wrapped; ``created_at`` tells it from one that they had before or after."""

    performer_id: str
    modality: str
    created_at: datetime
    key: WrappedKey


def keys_content(
    held: Iterable[BackedUpKey],
    *,
    registry: str,
    made: KeysMade,
    own: tuple[bytes, WrappedKey],
    random_bytes: RandomBytes,
) -> Iterator[bytes]:
    """Yield the file of keys.

    Args:
        held: every key there is.
        registry: whose they are.
        made: when they were read.
        own: the key that the file is sealed under, as it is used and as it is stored.
        random_bytes: makes nonces.
    """
    key, wrapped = own
    said = {"form": _KEYS_FORM, "version": VERSION, "registry": registry, "key": _key_json(wrapped)}
    header = canonical(said | {"made_at": made.at.isoformat(), "journal_size": made.journal_size}) + b"\n"
    yield header
    rows = (
        [each.performer_id, each.modality, each.created_at.isoformat(), *_key_json(each.key).values()] for each in held
    )
    yield from sealed_pieces(map(_line, rows), key, bind(_KEYS_FORM, header.decode()), random_bytes)


def read_keys(path: Path, keys: KeyProvider) -> tuple[KeysMade, list[BackedUpKey]]:
    """Read a file of keys: when it was made, and what is in it.

    Raises:
        BackupForeignError: it is of another registry, or opens with no key of this keyring.
        BackupDamagedError: it is missing, changed, or breaks off; figure ``part``.
    """
    try:
        with path.open("rb") as file:
            header = file.readline(_LONGEST_HEADER)
            said = parse_json(header)
            if said["form"] != _KEYS_FORM or said["version"] != VERSION:
                raise BackupDamagedError(f"{path} is not a file of keys of version {VERSION}", part=KEYS)
            if said["registry"] != registry_id(keys):
                raise BackupForeignError(
                    f"{path} has the keys of another registry", registry=str(said["registry"])[:80]
                )
            key = keys.unwrap(_key_of(said["key"]))
            made = KeysMade(datetime.fromisoformat(said["made_at"]), int(said["journal_size"]))
            return made, list(_keys_in(file, key, header))
    except KeyringError as error:
        raise BackupForeignError(f"{path} does not open with this keyring: {error.detail}") from error
    except (OSError, SealBrokenError, ValueError, KeyError, TypeError) as error:
        why = (
            error.detail
            if isinstance(error, SealBrokenError)
            else (getattr(error, "strerror", "") or "it cannot be read")
        )
        raise BackupDamagedError(f"{path}: {why}", part=KEYS) from error


def _keys_in(file: IO[bytes], key: bytes, header: bytes) -> Iterator[BackedUpKey]:
    for line in opened_lines(file, key, bind(_KEYS_FORM, header.decode()), _unseen):
        performer_id, modality, created_at, master_key_id, wrapped = json.loads(line)
        yield BackedUpKey(
            performer_id, modality, datetime.fromisoformat(created_at), WrappedKey(master_key_id, b64decode(wrapped))
        )


_unseen: Final[Callable[[bytes], object]] = len
"""Nothing is made of the bytes: what the file is, its seal says."""


def _line(row: Sequence[object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _what(backup_id: str, table: str) -> bytes:
    return bind(FORM, backup_id, table)


def _key_json(key: WrappedKey) -> dict[str, str]:
    return {"master_key_id": key.master_key_id, "wrapped": b64encode(key.wrapped).decode("ascii")}


def _key_of(said: Mapping[str, str]) -> WrappedKey:
    return WrappedKey(said["master_key_id"], b64decode(said["wrapped"], validate=True))


def _decoded(part: str) -> bytes:
    return b64decode(part + "=" * (-len(part) % 4), altchars=b"-_")
