"""A backup brings everything back but what has ended since, on and between both databases; what is damaged is named."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from backed_up import BackedUp, a_context, backed_up, counted_bytes, everything, key_of, sealed_of
from steps import Clock, Registry, drawn_voiceprints

from registry.domain.consents import ConsentState
from registry.domain.performers import FORGOTTEN_NAME
from registry.errors import (
    BackupDamagedError,
    BackupError,
    BackupForeignError,
    DatabaseNotReadyError,
    EndingsDamagedError,
    InvalidInputError,
    NameRefusedError,
    RegistryError,
    RestoreRefusedError,
    SealBrokenError,
    UnauthenticatedError,
)
from registry.journal.endings import EndingsList
from registry.journal.files import JournalFolder
from registry.journal.flaws import FlawKind
from registry.journal.verify import verify
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.services import backup_folder, backups, consents, performers, restoring, tokens
from registry.services.context import Context
from registry.services.endings import endings_behind, write_endings
from registry.services.journal import describe_journal, journal_keys, sign_current
from registry.services.journal_export import export_journal, verify_database
from registry.store.database import Database
from registry.store.journal_restorations import restorations
from registry.vault.keys import FileKeyring, Purpose
from registry.vault.voiceprints import SealedVoiceprint

LOST = "the disk with the list burnt as well"
CHANGED = {"journal_entries", "journal_nodes", "journal_openings", "journal_restorations"}
"""Tables to which a restore of everything adds: the leaf that says so."""


@pytest.fixture(scope="module")
def house(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, decoder: Decoder, detector: SpeechDetector
) -> Iterator[BackedUp]:
    """A registry that was backed up, and went on."""
    home = tmp_path_factory.mktemp("backed-up")
    shutil.copy(sqlite_template, home / "registry.sqlite3")
    database = Database(f"sqlite:///{home / 'registry.sqlite3'}")
    clock = Clock(datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC))
    yield backed_up(a_context(home, database, clock, counted_bytes(), (decoder, detector)), clock, home)
    database.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """An SQLite database without a schema."""
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    yield database
    database.dispose()


@pytest.fixture
def folder(house: BackedUp, tmp_path: Path) -> Path:
    """A copy of the folder of backups, to be damaged."""
    return Path(shutil.copytree(house.folder, tmp_path / "backups"))


# --- what comes back, and what does not ------------------------------------------------------------------------------


def test_everything_comes_back_as_it_was(house: BackedUp, bare_database: Database, tmp_path: Path) -> None:
    where, _ = backups.make_backup(house.ctx, house.registry.operator, tmp_path / "all")
    before = everything(house.ctx.database)
    target = house.target(bare_database, tmp_path / "endings")
    done = restoring.restore(target, where)
    after = everything(bare_database)
    assert {name for name in before if before[name] != after[name]} <= CHANGED
    assert key_of(bare_database, house.bo) == key_of(house.ctx.database, house.bo)
    assert (done.keys, done.without_key, done.ended.done, done.ended.by_hand) == (1, 0, {}, [])
    consents.withdraw_all(target, house.registry.operator, house.bo)  # numbers go on behind those that came back
    assert verify_database(target).holds


def test_who_withdrew_since_stays_withdrawn(house: BackedUp, bare_database: Database, tmp_path: Path) -> None:
    target, operator = house.target(bare_database, tmp_path / "endings"), house.registry.operator
    done = restoring.restore(target, house.backup)
    assert done.ended.done == {
        "consent.withdrawn": 2,
        "performer.forgotten": 1,
        "token.revoked": 1,
        "webhook.removed": 1,
    }
    for gone in (house.ada, house.cy):
        assert key_of(bare_database, gone) is None
        assert not sealed_of(bare_database, gone)
        [consent] = consents.list_consents(target, operator, gone)
        assert consent.state is ConsentState.WITHDRAWN
    assert performers.get_performer(target, operator, house.cy).name == FORGOTTEN_NAME
    with pytest.raises(NameRefusedError):
        steps_in(house, target).performer("Cy Dahl")
    with pytest.raises(UnauthenticatedError):
        tokens.authenticate(target, house.token)
    drawn = {each.space.id: each.vector for each in drawn_voiceprints(house.bo)}
    for sealed in sealed_of(bare_database, house.bo):
        opened = target.vault.open(sealed, key_of(bare_database, house.bo))
        assert np.allclose(opened, drawn.pop(sealed.space_id), atol=1e-6)
    assert not drawn
    assert verify_database(target).holds
    assert endings_behind(target) == 0


def steps_in(house: BackedUp, ctx: Context) -> Registry:
    """Answer the steps of a house in another context, without making its operator anew."""
    registry = object.__new__(Registry)
    vars(registry).update(vars(house.registry), ctx=ctx)
    return registry


def test_the_old_backup_the_keys_and_the_keyring_open_no_voice_that_was_withdrawn(house: BackedUp) -> None:
    """Whoever has all files of the folder, and the keyring, still has no key to it; with an old copy of one they do."""
    keys = house.ctx.keys
    manifest = backup_folder.read_manifest(house.backup, keys)
    sealed = _sealed_in(house, manifest)
    _, held = backup_folder.read_keys(house.folder / "keys.sealed", keys)
    assert [each.performer_id for each in held] == [house.bo]
    every_key = {keys.unwrap(each.key) for each in held} | {backup_folder.open_backup_key(manifest, keys)}
    files = b"".join(path.read_bytes() for path in house.folder.rglob("*") if path.is_file())
    opened = b"".join(_plain(house, manifest, part) for part in manifest.parts)
    assert all(not _opens(house, sealed, key) for key in every_key)
    _, old = backup_folder.read_keys(house.old_keys, keys)
    [adas] = [each.key for each in old if each.performer_id == house.ada]
    assert adas.wrapped not in files + opened
    assert keys.unwrap(adas) not in files + opened
    assert _opens(house, sealed, keys.unwrap(adas)), "the test itself opens what can be opened"


def test_the_file_of_a_restored_database_never_had_the_key(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    """Also with an old file of keys: what was written and deleted again would still lie in the file."""
    restoring.restore(house.target(empty, tmp_path / "endings"), house.backup, keys_file=house.old_keys)
    _, old = backup_folder.read_keys(house.old_keys, house.ctx.keys)
    written = b"".join(path.read_bytes() for path in tmp_path.glob("empty.sqlite3*"))
    assert [each.performer_id for each in old if each.key.wrapped in written] == [house.bo]


def _sealed_in(house: BackedUp, manifest: backup_folder.Manifest) -> list[dict[str, object]]:
    part = next(each for each in manifest.parts if each.columns.table == "voiceprints")
    key = backup_folder.open_backup_key(manifest, house.ctx.keys)
    rows = backup_folder.rows_of_part(house.backup, manifest, part, key)
    found = [dict(zip(part.columns.kinds, row, strict=True)) for row in rows]
    return [each for each in found if each["performer_id"] == house.ada]


def _plain(house: BackedUp, manifest: backup_folder.Manifest, part: backup_folder.Part) -> bytes:
    key = backup_folder.open_backup_key(manifest, house.ctx.keys)
    return repr(list(backup_folder.rows_of_part(house.backup, manifest, part, key))).encode()


def _opens(house: BackedUp, rows: list[dict[str, object]], key: bytes) -> bool:
    """Whether a key opens a voiceprint as it lies in a backup."""
    spaces = {each.space.encoder: each.space for each in drawn_voiceprints("any")}
    wrapped = house.ctx.keys.wrap(key)
    for row in rows:
        space = spaces[str(row["encoder"])]
        one = SealedVoiceprint(str(row["id"]), space.id, 1, space.dimension, b64decode(str(row["sealed"])))
        try:
            house.ctx.vault.open(one, wrapped)
        except SealBrokenError:
            continue
        return True
    return False


def test_a_key_made_since_opens_nothing_that_was_destroyed(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    """With keys from before and no list of endings, the old file of keys is the one that must not be kept."""
    target = house.target(empty, tmp_path / "none")
    shutil.rmtree(tmp_path / "none")
    done = restoring.restore(target, house.backup, without_endings=LOST)
    assert (done.keys, done.without_key) == (1, 2)
    assert not sealed_of(empty, house.ada)


# --- refusals --------------------------------------------------------------------------------------------------------


def damages(backup: Path) -> Iterator[tuple[str, str]]:
    """Damage each part of a backup in turn; yield how, and the part that should be named."""
    for path in sorted([*backup.glob("*.sealed"), backup / "manifest.jws", backup.parent / "keys.sealed"]):
        whole = path.read_bytes()
        middle = len(whole) // 2
        for how, content in (
            ("changed", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]),
            ("cut short", whole[:-2]),
            ("longer", whole + b"\x00\x00\x00\x00"),
        ):
            path.write_bytes(content)
            yield f"{path.name} {how}", path.name
        path.unlink()
        if path.parent == backup:
            yield f"{path.name} gone", path.name
        path.write_bytes(whole)


def test_damage_of_each_part_is_found_and_named(house: BackedUp, folder: Path) -> None:
    backup = folder / house.backup.name
    tried = 0
    for how, part in damages(backup):
        with pytest.raises((BackupError, InvalidInputError)) as caught:
            backups.look_at(house.ctx.keys, backup)
        assert part in caught.value.detail, how
        tried += 1
    assert tried > 200
    assert backups.look_at(house.ctx.keys, backup).keys == 1


def test_parts_do_not_stand_for_each_other(house: BackedUp, folder: Path) -> None:
    backup = folder / house.backup.name
    shutil.copy(backup / "payments.sealed", backup / "performers.sealed")
    with pytest.raises(BackupDamagedError, match=r"performers\.sealed"):
        backups.look_at(house.ctx.keys, backup)


def test_nothing_is_written_of_a_backup_that_is_damaged(
    house: BackedUp, folder: Path, empty: Database, tmp_path: Path
) -> None:
    (folder / house.backup.name / "voiceprints.sealed").unlink()
    with pytest.raises(BackupDamagedError):
        restoring.restore(house.target(empty, tmp_path / "endings"), folder / house.backup.name)
    assert empty.current_revision() is None


def test_the_keyring_of_another_registry_is_refused(house: BackedUp, tmp_path: Path, now: datetime) -> None:
    strange = FileKeyring.create(tmp_path / "strange.json", now, lambda count: b"\x09" * count)
    with pytest.raises(BackupForeignError, match="this keyring is that of"):
        backups.look_at(strange, house.backup)
    with pytest.raises(BackupForeignError, match="another registry"):
        backup_folder.read_keys(house.folder / "keys.sealed", strange)


def test_a_backup_from_before_a_rotation_says_which_key_it_takes(house: BackedUp, now: datetime) -> None:
    keyring = FileKeyring.load(house.folder.parent / "keyring.json")
    rotated = keyring.rotated(Purpose.WRAPPING, now, counted_bytes())
    assert backups.look_at(rotated, house.backup).keys == 1
    retired = rotated.without("wrapping-1")
    with pytest.raises(BackupForeignError, match="opens with wrapping-1, which the keyring has not"):
        backups.look_at(retired, house.backup)


def test_a_backup_of_a_newer_schema_is_refused(house: BackedUp, folder: Path, empty: Database, tmp_path: Path) -> None:
    backup = folder / house.backup.name
    newer = replace(backup_folder.read_manifest(backup, house.ctx.keys), schema="9999", software="9.0.0")
    (backup / "manifest.jws").write_text(backup_folder.sign_manifest(newer, house.ctx.keys))
    with pytest.raises(RestoreRefusedError, match=r"9999, made by likeness-registry 9\.0\.0"):
        restoring.restore(house.target(empty, tmp_path / "endings"), backup)


def test_only_an_empty_database_is_restored_into(house: BackedUp, tmp_path: Path) -> None:
    target = house.target(house.ctx.database, tmp_path / "endings")
    before = everything(house.ctx.database)
    with pytest.raises(RestoreRefusedError, match="not empty"):
        restoring.restore(target, house.backup)
    assert everything(house.ctx.database) == before


def test_keys_from_before_the_backup_are_refused(house: BackedUp, tmp_path: Path, empty: Database) -> None:
    house.registry.clock.move(seconds=1)
    where, _ = backups.make_backup(house.ctx, house.registry.operator, tmp_path / "later")
    with pytest.raises(BackupDamagedError, match="an old copy was put in the place of the newest"):
        restoring.restore(house.target(empty, tmp_path / "endings"), where, keys_file=house.old_keys)


def test_without_the_list_of_endings_it_takes_words(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    target = house.target(empty, tmp_path / "endings")
    shutil.rmtree(tmp_path / "endings")
    with pytest.raises(RestoreRefusedError, match="who withdrew since is not known"):
        restoring.restore(target, house.backup)
    assert empty.current_revision() is None
    done = restoring.restore(target, house.backup, without_endings=LOST)
    assert done.origin != done.manifest.origin, "what others have seen is not known"
    with empty.read() as session:
        assert [each.reason for each in restorations(session)] == [LOST]


def test_an_older_copy_of_the_list_is_refused(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    shutil.copytree(house.old_endings, tmp_path / "endings")
    target = house.target(empty, tmp_path / "endings")
    with pytest.raises(RestoreRefusedError, match="it is an older copy"):
        restoring.restore(target, house.backup, since=[house.after])


def test_a_list_that_was_changed_is_refused(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    target = house.target(empty, tmp_path / "endings")
    path = tmp_path / "endings" / "endings.jsonl"
    whole = path.read_bytes()
    for content in (whole.replace(house.ada.encode(), house.bo.encode()), whole[: whole.rindex(b"{")]):
        path.write_bytes(content)
        with pytest.raises(EndingsDamagedError):
            restoring.restore(target, house.backup)
    assert empty.current_revision() is None


# --- a crash, an older schema, writers meanwhile ---------------------------------------------------------------------


def test_a_restore_that_died_behind_its_rows_lets_nobody_work_and_goes_on(
    house: BackedUp, empty: Database, tmp_path: Path
) -> None:
    target = house.target(empty, tmp_path / "endings")
    manifest = backup_folder.read_manifest(house.backup, house.ctx.keys)
    restoring._write_rows(target, house.backup, manifest)
    assert key_of(empty, house.bo) is None, "no key is there before what ended has ended again"
    with pytest.raises(DatabaseNotReadyError, match="has begun in this database and not ended"):
        empty.require_current_schema()
    done = restoring.restore(target, house.backup)
    empty.require_current_schema()
    assert (done.keys, key_of(empty, house.ada)) == (1, None)


def test_a_backup_of_an_older_schema_is_brought_up_to_date(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    before = Database(f"sqlite:///{tmp_path / 'before.sqlite3'}")
    before.upgrade("0015")
    backup = tmp_path / "old" / "bak_old"
    backup.mkdir(parents=True)
    with before.read() as session:
        manifest = backups._copy(replace(house.ctx, database=before), session, backup, "bak_old")
    before.dispose()
    (backup / "manifest.jws").write_text(backup_folder.sign_manifest(manifest, house.ctx.keys))
    target = replace(house.ctx, database=empty, endings=None)
    restoring.restore(target, backup, keys_file=house.folder / "keys.sealed", without_endings=LOST)
    empty.require_current_schema()


def test_a_backup_is_one_moment_while_others_write(registry: Registry, tmp_path: Path) -> None:
    stop = Event()

    def go_on() -> None:
        while not stop.is_set():
            registry.performer()

    writer = Thread(target=go_on)
    writer.start()
    try:
        where, manifest = backups.make_backup(registry.ctx, registry.operator, tmp_path / "backups")
    finally:
        stop.set()
        writer.join()
    assert backups.look_at(registry.ctx.keys, where).rows == sum(part.rows for part in manifest.parts)
    rows = {part.columns.table: part.rows for part in manifest.parts}
    assert rows["journal_entries"] == manifest.journal_size
    assert rows["performers"] == registry.journal()[: manifest.journal_size].count("performer.registered")


def test_whoever_does_not_run_the_registry_makes_no_copy(sqlite_registry: Registry, tmp_path: Path) -> None:
    studio = sqlite_registry.studio()
    for verb in (backups.make_backup, backups.back_keys_up):
        with pytest.raises(RegistryError):
            verb(sqlite_registry.ctx, studio, tmp_path)


# --- the journal -----------------------------------------------------------------------------------------------------


def test_a_journal_of_which_others_saw_more_goes_on_under_another_name(
    house: BackedUp, empty: Database, tmp_path: Path
) -> None:
    target = house.target(empty, tmp_path / "endings")
    newest = EndingsList(tmp_path / "endings").checkpoint() or ""
    done = restoring.restore(target, house.backup)
    facts = describe_journal(target)
    assert facts.origin == done.origin != done.manifest.origin
    assert facts.restored_after == [done.manifest.journal_size]
    assert done.lost_up_to is not None
    later = sign_current(target).note
    assert later.startswith(f"{done.origin}\n"), "no witness takes it for the journal that it has seen"
    export_journal(target, house.registry.operator, tmp_path / "exported", with_openings=False)
    exported = JournalFolder(tmp_path / "exported")
    for earlier, flaws in (([house.before, later], []), ([newest], [FlawKind.LOST_IN_RESTORATION])):
        for found in (
            verify_database(target, earlier=earlier),
            verify(exported, journal_keys(target), earlier=earlier),
        ):
            assert [flaw.kind for flaw in found.flaws] == flaws
            [restored] = found.restorations
            assert (restored.size, restored.origin) == (done.manifest.journal_size, done.origin)
            assert all("names that very checkpoint" in flaw.detail for flaw in found.flaws)


def test_a_restoration_that_no_leaf_says_is_found(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    """Whoever cuts a journal back cannot make it a restoration by saying so beside it."""
    target = house.target(empty, tmp_path / "endings")
    restoring.restore(target, house.backup)
    export_journal(target, house.registry.operator, tmp_path / "exported", with_openings=False)
    about = tmp_path / "exported" / "journal.json"
    told = about.read_text()
    size = restoring.look_at(house.ctx.keys, house.backup).manifest.journal_size
    about.write_text(told.replace(f'"size": {size}', f'"size": {size - 1}'))
    found = verify(JournalFolder(tmp_path / "exported"), journal_keys(target))
    assert {FlawKind.OPENING_CHANGED, FlawKind.NOT_AS_SIGNED} <= {flaw.kind for flaw in found.flaws}


def test_a_journal_of_which_nobody_saw_more_goes_on(  # noqa: PLR0917  (fixtures)
    sqlite_database: Database, decoder: Decoder, detector: SpeechDetector, empty: Database, tmp_path: Path, clock: Clock
) -> None:
    ctx = a_context(tmp_path, sqlite_database, clock, counted_bytes(), (decoder, detector))
    registry = Registry(ctx, clock)
    where, manifest = backups.make_backup(ctx, registry.operator, tmp_path / "backups")
    registry.performer()
    write_endings(ctx)
    target = replace(ctx, database=empty)
    done = restoring.restore(target, where)
    assert (done.origin, done.lost_up_to) == (manifest.origin, None)
    assert verify_database(target, earlier=[sign_current(target).note]).holds
    assert endings_behind(target) == 0


def test_a_checkpoint_of_another_past_is_refused(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    """A registry that was set up anew with the same keyring has another past, and signs it with the same key."""
    other = Database(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    other.upgrade()
    ctx = replace(house.ctx, database=other, endings=None)
    Registry(ctx, house.registry.clock)
    note = sign_current(ctx).note
    other.dispose()
    with pytest.raises(RestoreRefusedError, match="another past"):
        restoring.restore(house.target(empty, tmp_path / "endings"), house.backup, since=[note])


# --- the list of endings ---------------------------------------------------------------------------------------------


def test_a_list_that_cannot_be_written_holds_no_withdrawal_up(
    sqlite_database: Database, decoder: Decoder, detector: SpeechDetector, tmp_path: Path, clock: Clock
) -> None:
    ctx = a_context(tmp_path, sqlite_database, clock, counted_bytes(), (decoder, detector))
    registry = Registry(ctx, clock)
    ada, bo = registry.performer(), registry.performer("Bo Berg")
    registry.sign(ada)
    registry.sign(bo)
    (tmp_path / "endings").write_text("a file in its place")
    assert consents.withdraw_all(ctx, registry.operator, ada).consents
    (tmp_path / "endings").unlink()
    consents.withdraw_all(ctx, registry.operator, bo)
    lines = (tmp_path / "endings" / "endings.jsonl").read_text()
    assert ada in lines, "the next to write it writes what was missed"
    assert bo in lines
    with (tmp_path / "endings" / "endings.jsonl").open("a") as file:
        file.write('{"torn": ')
    registry.sign(ada)
    consents.withdraw_all(ctx, registry.operator, ada)
    assert "torn" not in (tmp_path / "endings" / "endings.jsonl").read_text()
    assert endings_behind(ctx) == 0


def test_lines_that_a_crash_kept_out_of_the_head_are_taken_in(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    """The process died behind its lines, and the database was lost before anybody wrote the list again."""
    target = house.target(empty, tmp_path / "endings")
    for name in ("head", "checkpoint"):
        shutil.copy(house.old_endings / name, tmp_path / "endings" / name)
    done = restoring.restore(target, house.backup)
    assert done.ended.done["consent.withdrawn"] == 2
    assert endings_behind(target) == 0
    with EndingsList(tmp_path / "endings").locked():
        assert EndingsList(tmp_path / "endings").head(journal_keys(target)).covered == describe_journal(target).size


def test_a_line_that_somebody_else_has_added_is_refused(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    """Who could add lines could have voices destroyed: each is signed, also behind the head."""
    target = house.target(empty, tmp_path / "endings")
    path = tmp_path / "endings" / "endings.jsonl"
    last = json.loads(path.read_text().splitlines()[-1])
    previous = sha256(path.read_bytes().splitlines(keepends=True)[-1]).hexdigest()
    with path.open("a") as file:
        file.write(json.dumps(last | {"previous": previous, "about": {"performer_id": house.bo}}) + "\n")
    with pytest.raises(EndingsDamagedError, match="its signature does not hold"):
        restoring.restore(target, house.backup)


def test_a_database_that_was_put_back_by_hand_is_noticed(house: BackedUp, empty: Database, tmp_path: Path) -> None:
    target = house.target(empty, tmp_path / "endings")
    empty.upgrade()
    Registry(replace(target, endings=None), house.registry.clock)
    with pytest.raises(EndingsDamagedError, match="the database is older than the list"):
        write_endings(target)
