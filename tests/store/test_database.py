"""The door to the database: refusals, snapshots, and commits only when asked for."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from registry.errors import DatabaseNotReadyError, SettingsError
from registry.store.database import Database
from registry.store.sequence import take_turn

INSERT = text(
    "INSERT INTO organisations (id, kind, name, created_at) VALUES (:id, :kind, :name, '2026-01-01 00:00:00+00:00')"
)
COUNT = text("SELECT count(*) FROM organisations")


def studio(name: str) -> dict[str, str]:
    return {"id": f"org_{name}", "kind": "studio", "name": name}


def count(database: Database) -> int:
    with database.read() as session:
        return int(session.scalar(COUNT) or 0)


@pytest.mark.parametrize(
    "url",
    ["", "not a url", "mysql://localhost/registry", "postgresql+asyncpg://h/d", "sqlite://", "sqlite:///:memory:"],
)
def test_a_url_the_registry_cannot_stand_on_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        Database(url)


def test_postgresql_without_its_driver_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from registry.errors import SettingsError\n"
        "from registry.store.database import Database\n"
        "try: Database('postgresql://localhost/registry')\n"
        "except SettingsError as error: print(error.detail)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  (our own program)
    assert "likeness-registry[postgres]" in done.stdout


def test_a_server_that_is_not_there_is_not_ready_and_the_password_is_not_repeated() -> None:
    database = Database("postgresql://somebody:hunter2@127.0.0.1:1/registry")
    with pytest.raises(DatabaseNotReadyError) as caught, database.read():
        pass
    assert "hunter2" not in caught.value.detail
    assert "hunter2" not in repr(database)


def test_an_sqlite_file_in_a_folder_that_is_not_there_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotReadyError), Database(f"sqlite:///{tmp_path}/none/registry.sqlite3").read():
        pass


def test_a_file_that_is_no_database_is_not_ready(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    path.write_bytes(b"these bytes are no database" * 100)
    with pytest.raises(DatabaseNotReadyError):
        Database(f"sqlite:///{path}").require_current_schema()


def test_a_database_without_schema_is_refused_with_the_command_to_run(bare_database: Database) -> None:
    with pytest.raises(DatabaseNotReadyError, match="likeness db upgrade") as caught:
        bare_database.require_current_schema()
    assert caught.value.figures == {"current": None, "needed": bare_database.head_revision()}


def test_asking_for_the_revision_makes_no_file(tmp_path: Path) -> None:
    assert Database(f"sqlite:///{tmp_path}/none.sqlite3").current_revision() is None
    assert list(tmp_path.iterdir()) == []


def test_a_reading_transaction_cannot_write(database: Database) -> None:
    with pytest.raises((SQLAlchemyError, DatabaseNotReadyError)), database.read() as session:
        session.execute(INSERT, studio("a"))
    assert count(database) == 0


def test_what_is_not_committed_is_rolled_back(database: Database) -> None:
    with database.write() as session:
        session.execute(INSERT, studio("a"))
    assert count(database) == 0


def test_an_exception_rolls_back(database: Database) -> None:
    with suppress(LookupError), database.write() as session:
        session.execute(INSERT, studio("a"))
        raise LookupError
    assert count(database) == 0


def test_what_follows_the_commit_is_rolled_back(database: Database) -> None:
    with database.write() as session:
        session.execute(INSERT, studio("a"))
        session.commit()
        session.execute(INSERT, studio("b"))
    assert count(database) == 1


def test_a_committed_write_is_seen_by_the_next_reader(database: Database) -> None:
    with database.write() as session:
        session.execute(INSERT, studio("a"))
        session.commit()
    assert count(database) == 1


def test_a_reader_sees_one_snapshot_while_a_writer_commits(database: Database) -> None:
    with database.read() as reading:
        assert reading.scalar(COUNT) == 0
        with database.write() as writing:
            writing.execute(INSERT, studio("a"))
            writing.commit()
        assert reading.scalar(COUNT) == 0
    assert count(database) == 1


def test_the_database_itself_refuses_a_value_that_is_not_of_its_enum(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(INSERT, {"id": "org_a", "kind": "circus", "name": "a"})


def test_the_database_itself_refuses_a_reference_to_nothing(database: Database) -> None:
    orphan = text("INSERT INTO journal_openings (seq, salt, details) VALUES (77, :salt, '{}')")
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(orphan, {"salt": b"salt"})


def test_writers_that_read_first_lose_no_update(sqlite_database: Database) -> None:
    """With a deferred BEGIN two of these would dead-lock while turning their read locks into write locks."""
    with sqlite_database.write() as session:
        session.execute(INSERT, studio("0"))
        session.commit()
    start = Barrier(4)

    def raise_the_name() -> None:
        start.wait()
        for _ in range(5):
            with sqlite_database.write() as session:
                name = int(session.scalar(text("SELECT name FROM organisations")) or 0)
                session.execute(text("UPDATE organisations SET name = :name"), {"name": str(name + 1)})
                session.commit()

    threads = [Thread(target=raise_the_name) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sqlite_database.read() as session:
        assert session.scalar(text("SELECT name FROM organisations")) == "20"


def test_a_follower_of_numbers_misses_none_when_writers_take_turns(database: Database) -> None:
    insert = text(
        "INSERT INTO journal_entries (seq, type, subject_id, at, leaf, leaf_sha256)"
        " SELECT COALESCE(MAX(seq), 0) + 1, 't', 's', '2026-01-01 00:00:00+00:00', :leaf, 'x' FROM journal_entries"
    )
    numbers = text("SELECT seq FROM journal_entries WHERE seq > :after ORDER BY seq")

    def write_some() -> None:
        for _ in range(10):
            with database.write() as session:
                take_turn(session)
                session.execute(insert, {"leaf": b"leaf"})
                session.commit()

    threads = [Thread(target=write_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    followed: list[int] = []
    while len(followed) < 30:
        alive = any(thread.is_alive() for thread in threads)
        with database.read() as session:
            new = session.scalars(numbers, {"after": followed[-1] if followed else 0}).all()
        followed += new
        if not alive and not new:
            break
    for thread in threads:
        thread.join()
    assert len(followed) == 30


def test_sqlite_keeps_commits_through_a_power_cut_and_overwrites_what_is_deleted(sqlite_database: Database) -> None:
    with Database(sqlite_database.url).read() as session:
        pragmas = {name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
        assert pragmas == {"journal_mode": "wal", "synchronous": 2}
        assert session.scalar(text("PRAGMA secure_delete")) == 1
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "registry.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    with database.read():
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    database.dispose()
