"""Restoring a backup into an empty database: nothing comes back that has ended since; the journal says what was lost.

| what fails | what is found | what asking again does |
|---|---|---|
| anything before the rows are committed | an empty database | does it |
| anything after that, up to the last commit | rows, no key, a note that no process may use them | goes on behind them |
| the answer, after the last commit | a restored registry | is refused: the database is not empty |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy.exc import IntegrityError

from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import BackupDamagedError, EndingsDamagedError, RestoreRefusedError, SignatureInvalidError
from registry.journal.checkpoint import Checkpoint, open_checkpoint
from registry.journal.endings import Ending, EndingsList
from registry.journal.note import read_note
from registry.services.backup_folder import KEYS, BackedUpKey, Manifest, open_backup_key, rows_of_part
from registry.services.backups import LookedAt, keys_beside, look_at
from registry.services.context import Context
from registry.services.ending_again import ACTOR, EndedAgain, destroyed_keys, end_again, unknown_to
from registry.services.endings import keep_endings
from registry.services.journal_names import first_origin, keys_named
from registry.services.unit import Unit, unit_of_work
from registry.services.withdrawal import erase_voice
from registry.store import dump, enrolments, performers
from registry.store.journal_restorations import JournalRestoration
from registry.store.performers import Performer, PerformerKey

_WHY: Final = "say why it is right to go on without, with --without-endings"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore.

    Attributes:
        manifest: of the backup.
        rows: how many were written.
        keys: performers whose key came back.
        without_key: performers whose voiceprints were deleted, because nothing opens them any more.
        ended: what was let end again.
        origin: the name that the journal has now.
        lost_up_to: how many leaves the newest checkpoint covers that is known of what was lost; None for none.
    """

    manifest: Manifest
    rows: int
    keys: int
    without_key: int
    ended: EndedAgain
    origin: str
    lost_up_to: int | None


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of what was there, beside the backup.

    Attributes:
        endings: everything that ended.
        listed: whether there was a list of them to read.
        newest: the newest checkpoint that somebody may have, where it is not in the backup.
    """

    endings: Sequence[Ending]
    listed: bool
    newest: Checkpoint | None


def restore(
    ctx: Context,
    backup: Path,
    *,
    keys_file: Path | None = None,
    since: Sequence[str] = (),
    without_endings: str | None = None,
) -> Restored:
    """Restore a backup into the empty database of a context.

    1. All of the backup is read and looked at, with its keys; nothing is written before it is whole.
    2. The list of endings is there, is what was written, and reaches as far as anybody is known to have seen.
    3. The database is empty, and gets the schema that the backup has.
    4. All rows are written and committed, without a key of anybody; no process works with the database yet.
    5. It gets the schema of this version.
    6. One unit: keys come back, but for those of whoever withdrew; what ended since ends again; the journal says what
       was restored, under a new name where others may have seen more of it. Its commit is the end of the restore.

    Args:
        ctx: whose database is empty.
        backup: its folder.
        keys_file: the file of keys; by default that beside the backup.
        since: checkpoints that are known from elsewhere.
        without_endings: why there is no list of endings, or none that reaches far enough, in words.

    Raises:
        InvalidInputError, BackupForeignError, BackupDamagedError: as `look_at`.
        EndingsDamagedError: the list of endings is not what was written.
        RestoreRefusedError: a newer schema, a database that is not empty, no keys, no list of endings, or a checkpoint
            that is not of this backup's journal; the sentence says which.
    """
    file = keys_file or backup.absolute().parent / KEYS
    if not file.exists():
        raise RestoreRefusedError(f"there are no performers' keys at {file}: say where they are, with --keys")
    checkpoints = [_opened(ctx, note) for note in since]
    looked_at = look_at(ctx.keys, backup, keys_file=file, sizes={each.size for each in checkpoints})
    manifest = looked_at.manifest
    _require_known_schema(ctx, manifest)
    past = _past(ctx, looked_at, checkpoints, without_endings)
    _write_rows(ctx, backup, manifest)
    ctx.database.upgrade()
    held = keys_beside(file, manifest, ctx.keys)
    return _finish(ctx, backup, looked_at, held, past, without_endings)


# --- what is known of the past ---------------------------------------------------------------------------------------


def _opened(ctx: Context, note: str) -> Checkpoint:
    """Read a checkpoint that this registry signed, by whatever name its journal had.

    Raises:
        RestoreRefusedError: it is none.
    """
    try:
        read = read_note(note)
        origin = Checkpoint.read(read.text).origin
        names = [origin] if f"{origin}/".startswith(f"{first_origin(ctx)}/") else []
        return open_checkpoint(read, keys_named(ctx, names))
    except SignatureInvalidError as error:
        raise RestoreRefusedError(f"a checkpoint that was given is not of this registry: {error.detail}") from error


def _past(ctx: Context, looked_at: LookedAt, given: Sequence[Checkpoint], without: str | None) -> _Past:
    """Read the list of endings, and find the newest checkpoint that anybody may have.

    Raises:
        EndingsDamagedError, RestoreRefusedError: as `restore`.
    """
    manifest, book = looked_at.manifest, ctx.endings
    known = list(given)
    endings: list[Ending] = []
    listed = book is not None and book.exists()
    if book is not None and listed:
        known, endings = _read_list(ctx, book, manifest, known, without)
    elif without is None:
        where = "" if book is None else f" at {book.folder}"
        raise RestoreRefusedError(f"there is no list of endings{where}: who withdrew since is not known; {_WHY}")
    for each in known:
        _require_of_this_journal(each, looked_at)
    beyond = [each for each in known if each.origin != manifest.origin or each.size > manifest.journal_size]
    return _Past(endings, listed and without is None, max(beyond, key=lambda each: each.size, default=None))


def _read_list(
    ctx: Context, book: EndingsList, manifest: Manifest, known: list[Checkpoint], without: str | None
) -> tuple[list[Checkpoint], list[Ending]]:
    signers = keys_named(ctx, [first_origin(ctx)])
    try:
        with book.locked():
            head, endings, note = book.head(signers), list(book.endings(signers)), book.checkpoint()
    except EndingsDamagedError as error:
        raise EndingsDamagedError(
            f"{error.detail}; take that of another host, or move it away, keep it, and {_WHY}", **error.figures
        ) from error
    if note is not None:
        known = [*known, _opened(ctx, note)]
    reached = [each.size for each in known if each.origin == head.origin]
    if head.history == manifest.history:
        reached.append(manifest.journal_size)
    if max(reached, default=0) > head.covered and without is None:
        raise RestoreRefusedError(
            f"the list of endings reaches up to leaf {head.covered} of the journal, and {max(reached)} leaves are "
            f"known of: it is an older copy; {_WHY}",
            covered=head.covered,
            known=max(reached),
        )
    return known, endings


def _require_of_this_journal(checkpoint: Checkpoint, looked_at: LookedAt) -> None:
    """Refuse a checkpoint that the backup's journal should begin with, and does not.

    Raises:
        RestoreRefusedError: figure ``size``.
    """
    manifest = looked_at.manifest
    if checkpoint.origin != manifest.origin or checkpoint.size > manifest.journal_size:
        return
    root = looked_at.roots.get(checkpoint.size)
    if root is not None and root != checkpoint.root.hex():
        raise RestoreRefusedError(
            f"the first {checkpoint.size} leaves in the backup are not those of a checkpoint that was signed: it is of "
            "another past than the one that others have seen",
            size=checkpoint.size,
        )


# --- rows ------------------------------------------------------------------------------------------------------------


def _require_known_schema(ctx: Context, manifest: Manifest) -> None:
    needed = ctx.database.head_revision()
    if manifest.schema > needed:
        raise RestoreRefusedError(
            f"the backup has the schema {manifest.schema}, made by likeness-registry {manifest.software}; this version "
            f"goes up to {needed}: restore it with that version or a later one",
            schema=manifest.schema,
            needed=needed,
        )


def _write_rows(ctx: Context, backup: Path, manifest: Manifest) -> None:
    """Write every row and commit, unless that was done before a crash."""
    database = ctx.database
    if database.current_revision() is None:
        database.upgrade(manifest.schema)
    with database.migrating() as connection:
        begun = dump.unfinished_backup(connection)
        if begun == manifest.id:
            return
        if begun is not None or not dump.is_empty(connection):
            of = f": the backup {begun} is half restored in it" if begun else ""
            raise RestoreRefusedError(f"the database is not empty{of}; a backup is restored into an empty one only")
        here = dump.schema_of(connection)
        if here != manifest.schema:
            raise RestoreRefusedError(
                f"the database is empty, and has the schema {here}; the backup has {manifest.schema}: give a database "
                "without any schema",
                schema=str(here),
                needed=manifest.schema,
            )
        key = open_backup_key(manifest, ctx.keys)
        try:
            with dump.references_checked_at_the_end(connection):
                for part in manifest.parts:
                    if part.columns.table != dump.KEYS:
                        dump.write_rows(connection, part.columns, rows_of_part(backup, manifest, part, key))
            dump.continue_sequences(connection)
            dump.mark_unfinished(connection, manifest.id)
        except IntegrityError as error:
            raise BackupDamagedError(
                f"a row of the backup does not fit the others: {error.orig}", part="rows"
            ) from error
        if not database.is_sqlite:  # whose transaction ends with the block, once every reference was checked
            connection.commit()


# --- the end of a restore --------------------------------------------------------------------------------------------


def _finish(  # noqa: PLR0917  (each of them is another kind of thing)
    ctx: Context, backup: Path, looked_at: LookedAt, held: Sequence[BackedUpKey], past: _Past, why: str | None
) -> Restored:
    """Put keys back, let end what has ended, and say so in the journal: one commit."""
    manifest = looked_at.manifest
    marks = _marks(ctx, backup, manifest)
    with unit_of_work(ctx) as unit:
        if dump.unfinished_backup(unit.session.connection()) != manifest.id:
            raise RestoreRefusedError("another restore has ended in this database meanwhile")
        origin = _say_restored(ctx, unit, manifest, past, why)
        unknown = unknown_to(unit.session, past.endings)
        gone = destroyed_keys(unit, unknown)
        back = [
            each
            for each in held
            if marks.get((each.performer_id, each.modality)) == each.created_at and each.performer_id not in gone
        ]
        performers.put_keys_back(
            unit.session,
            [
                PerformerKey(
                    performer_id=each.performer_id,
                    modality=each.modality,
                    master_key_id=each.key.master_key_id,
                    wrapped_key=each.key.wrapped,
                    created_at=each.created_at,
                )
                for each in back
            ],
        )
        ended = end_again(unit, unknown)
        without_key = _erase_what_nothing_opens(unit)
        dump.mark_finished(unit.session.connection())
        unit.commit()
    keep_endings(ctx)
    lost = None if past.newest is None else past.newest.size
    return Restored(manifest, looked_at.rows, len(back), without_key, ended, origin, lost)


def _marks(ctx: Context, backup: Path, manifest: Manifest) -> dict[tuple[str, str], datetime]:
    """Answer which key each performer had at the moment of the backup, by when it was made."""
    key = open_backup_key(manifest, ctx.keys)
    part = next(each for each in manifest.parts if each.columns.table == dump.KEYS)
    names = list(part.columns.kinds)
    rows = (dict(zip(names, row, strict=True)) for row in rows_of_part(backup, manifest, part, key))
    return {(row["performer_id"], row["modality"]): datetime.fromisoformat(row["created_at"]) for row in rows}


def _say_restored(ctx: Context, unit: Unit, manifest: Manifest, past: _Past, why: str | None) -> str:
    """Record what was restored, as the first leaf behind the backup's; answer the journal's name from there on.

    It goes on under its name only where the list of endings says that nobody was given a checkpoint of more.
    """
    restoration_id = unit.new_id(IdPrefix.RESTORATION)
    goes_on = past.listed and past.newest is None
    origin = manifest.origin if goes_on else f"{first_origin(ctx)}/{restoration_id}"
    unit.session.add(
        JournalRestoration(size=manifest.journal_size, id=restoration_id, origin=origin, reason=why, at=unit.now)
    )
    unit.record(
        EventType.REGISTRY_RESTORED,
        restoration_id,
        ACTOR,
        backup_id=manifest.id,
        origin=origin,
        previous_origin=manifest.origin,
        size=manifest.journal_size,
        root_sha256=manifest.journal_root,
        known_origin=None if past.newest is None else past.newest.origin,
        known_size=None if past.newest is None else past.newest.size,
        known_root_sha256=None if past.newest is None else past.newest.root.hex(),
        endings_listed=past.listed,
        reason_sha256=None if why is None else sha256(why.encode()).hexdigest(),
    )
    return origin


def _erase_what_nothing_opens(unit: Unit) -> int:
    """Delete voiceprints whose key did not come back; answer of how many performers."""
    lost = enrolments.without_key(unit.session)
    for performer_id in lost:
        erase_voice(unit, unit.session.get_one(Performer, performer_id), ACTOR)
    return len(lost)
