"""Which code may go on against which schema: what a migration says, what the database keeps, what a process does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from next_release import NextRelease
from sqlalchemy import select, text

from registry.errors import DatabaseNotReadyError
from registry.store.database import LOCK_TIMEOUT_S, Database
from registry.store.schema import FIRST_TO_SAY, SchemaRevision, Standing

GROWS = 'op.add_column("organisations", sa.Column("motto", sa.String(40), nullable=True))'
SHRINKS = 'op.drop_column("organisations", "motto")'
INDEXES = 'index_online("ix_organisations_name", "organisations", ["name"])'
UNINDEXES = 'drop_index_online("ix_organisations_name", "organisations")'


@pytest.fixture
def following(tmp_path: Path) -> NextRelease:
    folder = tmp_path / "next"
    folder.mkdir()
    return NextRelease(folder)


@pytest.mark.parametrize(
    ("standing", "served", "words"),
    [
        (Standing(None, "0012", newer=False, serves_code_from=None), False, "run `likeness db upgrade`"),
        (Standing("0011", "0012", newer=False, serves_code_from=None), False, "the schema is 0011"),
        (Standing("0014", "0012", newer=True, serves_code_from=None), False, "start the newer version"),
        (Standing("0014", "0012", newer=True, serves_code_from="0013"), False, "serves code from 0013 on"),
        (Standing("0014", "0012", newer=True, serves_code_from="0012"), True, ""),
        (Standing("0012", "0012", newer=False, serves_code_from=None), True, ""),
    ],
)
def test_code_goes_on_with_its_own_schema_and_with_a_newer_one_that_serves_it(
    standing: Standing, *, served: bool, words: str
) -> None:
    assert standing.served is served
    assert words in standing.refusal


def test_a_migration_that_does_not_say_whom_it_serves_is_refused_and_undone(
    sqlite_database: Database, following: NextRelease
) -> None:
    before = sqlite_database.current_revision()
    following.add(GROWS, serves=None)
    assert "does not say which code it serves" in following.upgrade(sqlite_database.url)
    assert sqlite_database.current_revision() == before


def test_each_migration_is_written_down_with_what_it_says(database: Database) -> None:
    with database.read() as session:
        rows = session.scalars(select(SchemaRevision).order_by(SchemaRevision.revision)).all()
    assert [row.revision for row in rows] == [f"{n:04}" for n in range(int(FIRST_TO_SAY), int(rows[-1].revision) + 1)]
    assert rows[-1].revision == database.head_revision()
    assert all(FIRST_TO_SAY <= row.serves_code_from <= row.revision for row in rows)


def test_a_newer_schema_is_gone_on_with_until_a_migration_no_longer_serves_this_code(
    database: Database, following: NextRelease
) -> None:
    ours = database.head_revision()
    url = database.engine.url.render_as_string(hide_password=False)
    newer = following.add(GROWS, downgrade=SHRINKS, serves=ours)
    assert following.upgrade(url) == ""
    database.require_current_schema()
    assert database.standing() == Standing(newer, ours, newer=True, serves_code_from=ours)
    database.upgrade()  # finds nothing to do, and leaves the newer schema as it is
    assert database.current_revision() == newer

    following.add(INDEXES, downgrade=UNINDEXES, serves=ours)
    newest = following.add(SHRINKS, downgrade=GROWS, serves="its own")
    assert following.upgrade(url) == ""
    with pytest.raises(DatabaseNotReadyError, match="start the newer version") as caught:
        database.require_current_schema()
    assert caught.value.figures == {"current": newest, "needed": ours}
    with pytest.raises(DatabaseNotReadyError, match=f"serves code from {newest} on"):
        database.upgrade()


def test_a_schema_that_did_not_come_by_way_of_ours_serves_nobody(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        session.execute(text("DELETE FROM schema_revisions WHERE revision = :ours"), {"ours": database.head_revision()})
        session.commit()
    with pytest.raises(DatabaseNotReadyError, match="none but its own"):
        database.require_current_schema()


def test_a_migration_waits_for_a_table_in_use_for_seconds_only_and_can_be_run_again(
    postgres_database: Database, following: NextRelease
) -> None:
    ours = postgres_database.head_revision()
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    first = following.add('op.create_table("mottos", sa.Column("motto", sa.String(40), primary_key=True))', serves=ours)
    last = following.add(GROWS, serves=ours)
    with postgres_database.read() as session:
        session.execute(text("SELECT count(*) FROM organisations"))
        assert f"in use for {LOCK_TIMEOUT_S} s" in following.upgrade(url)
        assert postgres_database.current_revision() == first
    assert following.upgrade(url) == ""
    assert postgres_database.current_revision() == last


def test_an_index_made_online_waits_for_a_reader_however_long_it_reads(
    postgres_database: Database, following: NextRelease
) -> None:
    following.add(INDEXES, downgrade=UNINDEXES, serves=postgres_database.head_revision())
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(1) as beside, postgres_database.read() as session:
        session.execute(text("SELECT count(*) FROM organisations"))
        upgrading = beside.submit(following.upgrade, url)
        with suppress(TimeoutError):
            upgrading.result(LOCK_TIMEOUT_S + 2)
        assert not upgrading.done()
        session.rollback()
        assert upgrading.result(60) == ""
