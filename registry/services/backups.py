"""Making backups: everything as it stood at one moment, while the registry goes on; performers' keys apart."""

from __future__ import annotations

import fcntl
import os
import shutil
from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry import __version__
from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import BackupDamagedError, InvalidInputError
from registry.journal.leaf import leaf_hash
from registry.journal.merkle import Tree
from registry.services.backup_folder import (
    KEYS,
    MANIFEST,
    BackedUpKey,
    KeysMade,
    Manifest,
    keys_content,
    open_backup_key,
    read_keys,
    read_manifest,
    rows_of_part,
    sign_manifest,
    write_part,
)
from registry.services.context import Context
from registry.services.journal import sign_current
from registry.services.journal_append import tree_at
from registry.services.journal_names import history_in, origin_in
from registry.services.unit import unit_of_work
from registry.store import dump, journal, journal_checkpoints
from registry.store.performers import PerformerKey
from registry.vault.keys import KeyProvider, WrappedKey, new_data_key
from registry.vault.signing import registry_id

_PART: Final = ".part-"
_LOCK: Final = ".lock"
_AT_A_TIME: Final = 1000


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What came of looking at a backup.

    Attributes:
        manifest: of the backup.
        rows: how many, over all tables.
        keys: how many performers' keys the file of keys has; None where there is none beside it.
        roots: of the journal at the sizes that were asked for and that it has, in hex.
    """

    manifest: Manifest
    rows: int
    keys: int | None
    roots: Mapping[int, str] = field(default_factory=dict)


def make_backup(ctx: Context, principal: Principal, folder: Path) -> tuple[Path, Manifest]:
    """Write a backup into a folder of backups; answer where it is, and what.

    1. The journal is signed as it is now.
    2. All tables are read in one snapshot; whoever writes meanwhile goes on, and is not in it.
    3. The file of keys is put in the place of the last one: keys as they are *after* the snapshot, so that whoever
       withdrew meanwhile is in neither.
    4. Everything is flushed, and the backup gets its name: the commit point. Before, there is none.
    5. The journal says that there is a copy, and of what.

    Args:
        folder: of backups; it is made where there is none.

    Raises:
        ForbiddenError: the caller does not run the registry.
        JournalDamagedError: the journal is not what was signed; nothing is copied.
        InvalidInputError: the folder cannot be written to.
    """
    principal.require(Scope.RETENTION_WRITE)
    sign_current(ctx)
    now = ctx.clock()
    backup_id = ctx.ids.new(IdPrefix.BACKUP, now)
    with _alone(folder):
        part = folder / f"{_PART}{backup_id}"
        with _translated(folder):
            part.mkdir(mode=0o700)
        try:
            with _translated(folder), ctx.database.read() as session:
                manifest = _copy(ctx, session, part, backup_id)
            with _translated(folder):
                (part / MANIFEST).write_text(sign_manifest(manifest, ctx.keys) + "\n", encoding="ascii")
                _flush(part)
                _replace_keys(ctx, folder)
                part.rename(folder / backup_id)
                _flush_folder(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    with unit_of_work(ctx) as unit:
        unit.record(
            EventType.BACKUP_MADE,
            manifest.id,
            principal.account_id,
            journal_size=manifest.journal_size,
            journal_root_sha256=manifest.journal_root,
            rows=sum(each.rows for each in manifest.parts),
        )
        unit.commit()
    return folder / backup_id, manifest


def back_keys_up(ctx: Context, principal: Principal, folder: Path) -> int:
    """Put performers' keys as they are now in the place of those that lie beside the backups; answer how many.

    Raises:
        ForbiddenError: the caller does not run the registry.
        InvalidInputError: the folder is not there, or cannot be written to.
    """
    principal.require(Scope.RETENTION_WRITE)
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder of backups at {folder}", path=str(folder))
    with _alone(folder), _translated(folder):
        return _replace_keys(ctx, folder)


def look_at(keys: KeyProvider, backup: Path, *, keys_file: Path | None = None, sizes: Collection[int] = ()) -> LookedAt:
    """Read all of a backup, and of the keys beside it, as a restore would; nothing is written, and no database needed.

    1. The manifest is signed by this registry.
    2. The backup's key opens with this keyring.
    3. Every part is whole, and what was signed.
    4. The leaves of the journal have the root that was signed.
    5. The file of keys opens, and is not older than the backup.

    Args:
        keys: of the house.
        backup: its folder.
        keys_file: the file of keys; by default the one beside the backup, where there is one.
        sizes: of the journal, at which its root is wanted.

    Raises:
        InvalidInputError, BackupForeignError, BackupDamagedError: one of these does not hold; the sentence says which.
    """
    manifest = read_manifest(backup, keys)
    key = open_backup_key(manifest, keys)
    tree, roots = Tree(), {0: Tree().root.hex()}
    for part in manifest.parts:
        names = list(part.columns.kinds)
        for row in rows_of_part(backup, manifest, part, key):
            if part.columns.table == "journal_entries":
                tree.add(leaf_hash(b64decode(row[names.index("leaf")])))
                if tree.size in sizes:
                    roots[tree.size] = tree.root.hex()
    require_root(manifest, tree)
    beside = keys_file or backup.absolute().parent / KEYS
    held = keys_beside(beside, manifest, keys) if keys_file or beside.exists() else None
    rows = sum(part.rows for part in manifest.parts)
    return LookedAt(manifest, rows, None if held is None else len(held), roots)


def keys_beside(file: Path, manifest: Manifest, keys: KeyProvider) -> list[BackedUpKey]:
    """Answer the keys in a file of keys that is not older than a backup.

    Raises:
        BackupForeignError, BackupDamagedError: as `read_keys`; or they are older, figure ``keys_made_at``.
    """
    made, held = read_keys(file, keys)
    if made.at < manifest.made_at and made.journal_size < manifest.journal_size:  # by a clock alone nothing is refused
        raise BackupDamagedError(
            f"the keys in {file} are of {made.at:%Y-%m-%d %H:%M:%S} UTC, older than the backup, of "
            f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC: an old copy was put in the place of the newest",
            part=KEYS,
            keys_made_at=made.at.isoformat(),
        )
    return held


def require_root(manifest: Manifest, tree: Tree) -> None:
    """Refuse leaves that are not those whose root was signed.

    Raises:
        BackupDamagedError: figure ``part``.
    """
    if (tree.size, tree.root.hex()) != (manifest.journal_size, manifest.journal_root):
        raise BackupDamagedError(
            f"the {tree.size} leaves of the journal are not the {manifest.journal_size} whose root was signed",
            part="journal_entries.sealed",
            leaves=tree.size,
            expected_leaves=manifest.journal_size,
        )


# --- writing ---------------------------------------------------------------------------------------------------------


def _copy(ctx: Context, session: Session, part: Path, backup_id: str) -> Manifest:
    """Copy every table of one snapshot; answer the manifest."""
    size = journal.size_of_journal(session)  # the first statement: from here on the snapshot stands
    made_at = ctx.clock()
    last = journal_checkpoints.last_checkpoint(session)
    key, wrapped = new_data_key(ctx.keys, ctx.random_bytes)
    connection = session.connection()
    parts = [
        write_part(part, backup_id, columns, dump.rows_of(connection, columns), key, ctx.random_bytes)
        for columns in dump.columns_of_all(connection)
    ]
    return Manifest(
        id=backup_id,
        made_at=made_at,
        software=__version__,
        schema=str(dump.schema_of(connection)),
        registry=registry_id(ctx.keys),
        origin=origin_in(ctx, session),
        history=history_in(ctx, session)[0],
        journal_size=size,
        journal_root=tree_at(session, size).root.hex(),
        checkpoint="" if last is None else last.note,
        key=wrapped,
        parts=parts,
    )


def _replace_keys(ctx: Context, folder: Path) -> int:
    """Put the keys as they are now in the place of the last file, durable on return; answer how many."""
    with ctx.database.read() as session:
        made = KeysMade(ctx.clock(), journal.size_of_journal(session))
        held = list(_keys_in(session))
    own = new_data_key(ctx.keys, ctx.random_bytes)
    content = keys_content(held, registry=registry_id(ctx.keys), made=made, own=own, random_bytes=ctx.random_bytes)
    with NamedTemporaryFile(dir=folder, prefix=_PART, delete=False) as file:
        file.writelines(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(folder / KEYS)
    _flush_folder(folder)
    return len(held)


def _keys_in(session: Session) -> Iterator[BackedUpKey]:
    query = select(PerformerKey).order_by(PerformerKey.performer_id, PerformerKey.modality)
    for key in session.scalars(query.execution_options(yield_per=_AT_A_TIME)):
        wrapped = WrappedKey(key.master_key_id, key.wrapped_key)
        yield BackedUpKey(key.performer_id, key.modality, key.created_at, wrapped)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep every other process from a folder of backups, and clear away what one that died has left."""
    with _translated(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / _LOCK).open("a")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _translated(folder):
            for left in folder.glob(f"{_PART}*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(f"{folder} cannot be written to: {error.strerror}", path=str(folder)) from error


def _flush(folder: Path) -> None:
    """Make every file of a folder survive a power cut."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
