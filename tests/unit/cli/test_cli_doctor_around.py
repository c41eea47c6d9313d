"""The doctor looks around: room, clocks, messages that were given up, and when the last backup was made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from registry.cli import parts_around
from registry.cli.operator import opened_registry
from registry.clock import utc_now
from registry.domain.events import EventType
from registry.settings import Settings
from registry.store.database import Database
from registry.store.journal import JournalEntry


class Disk(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Let every disk have so much room, of so much."""

    def of(free: int, total: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(total, total - free, free))

    return of


def test_a_disk_that_is_nearly_full_is_named_with_its_figures(home: Path, disk: Callable[[int, int], None]) -> None:
    disk(2 * 2**30, 100 * 2**30)
    found = parts_around.room(Settings(home=home))
    assert not found.ok
    assert "2.0 GiB of 100 are free" in found.detail
    assert "make room" in found.remedy


def test_room_for_uploads_is_held_against_the_largest(home: Path, disk: Callable[[int, int], None]) -> None:
    disk(2**28, 2**30)
    assert "one upload may have 0.5" in parts_around.room(Settings(home=home)).detail
    disk(2**31, 2**32)
    assert "less than 16 of the largest uploads take" in parts_around.room(Settings(home=home)).detail
    assert parts_around.room(Settings(home=home)).ok


def test_a_spool_elsewhere_is_not_looked_for_on_this_disk(home: Path) -> None:
    found = parts_around.room(Settings(home=home, spool_url="s3://bucket/spool"))
    assert found.ok
    assert "spool" not in found.detail


def test_clocks_are_apart_by_no_more_than_asking_took() -> None:
    moment = datetime(2026, 3, 14, 15, tzinfo=UTC)
    later = moment + timedelta(seconds=2)
    for theirs_s, apart_s in ((0, 0.0), (2, 0.0), (-7, 7.0), (9, 7.0)):
        theirs = moment + timedelta(seconds=theirs_s)
        assert parts_around._apart_s(moment, theirs, later) == apart_s


def test_the_clock_of_the_database_is_asked(postgres_database: Database, home: Path) -> None:
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    found = parts_around.clocks(Settings(home=home, database_url=url))
    assert found.ok
    assert found.detail == "0.0 s from the database's"


def test_without_a_schema_nothing_is_said_of_messages_and_backups(home: Path) -> None:
    for look in (parts_around.webhooks, parts_around.backups):
        found = look(Settings(home=home))
        assert (found.ok, found.required) == (False, False)
        assert "likeness db upgrade" in found.detail


@pytest.mark.parametrize(("hours", "ok"), [(3, True), (30, False)])
def test_the_last_backup_is_told_by_its_age(migrated: Path, hours: int, *, ok: bool) -> None:
    assert parts_around.backups(Settings(home=migrated)).detail == "none was ever made"
    with opened_registry() as ctx, ctx.database.write() as session:
        at = utc_now() - timedelta(hours=hours)
        leaf = {"leaf": b"leaf", "leaf_sha256": "00"}
        session.add(JournalEntry(seq=1, type=EventType.BACKUP_MADE, subject_id="bak_1", at=at, **leaf))
        session.commit()
    found = parts_around.backups(Settings(home=migrated))
    assert (found.ok, found.detail) == (ok, f"the last was made {hours} hours ago")


def test_messages_that_wait_are_counted(migrated: Path) -> None:
    assert parts_around.webhooks(Settings(home=migrated)).detail == "0 messages wait, none was given up"
