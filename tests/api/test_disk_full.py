"""A disk that is full: whoever sends is told so with 507, nothing stays of what they sent, and it goes on with room.

The disk is a real one of three megabytes, in memory; where mounting is not allowed those tests are left out. SQLite
alone is filled up by its own limit of pages, which it reports in the same way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from house import USE, Caller, House, Sound, assert_problem, recording
from small_disk import filled, small_disk
from sqlalchemy import event
from werkzeug.test import TestResponse

from api import create_app
from registry.errors import StorageFullError
from registry.services.journal import sign_current
from registry.services.journal_export import verify_database
from registry.store.blobs import BlobStore

CHECK = USE | {"file": recording("submissions/slt-advert.flac")}
BODY = {"name": "Ada Lind", "identity_assurance": "self_declared"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def with_spool(house: House, folder: Path) -> House:
    """Answer the same registry with its spool elsewhere."""
    ctx = replace(house.ctx, spool=BlobStore(str(folder / "spool")))
    house.ctx, house.app = ctx, create_app(ctx)
    house.client = house.app.test_client()
    house.operator = replace(house.operator, client=house.client)
    return house


def submit(studio: Caller) -> int:
    return studio.send("/v1/checks", CHECK, headers={"Prefer": "wait=0"}).status_code


def test_a_full_spool_is_507_and_nothing_of_the_check_stays(house: House, disk: Path) -> None:
    house = with_spool(house, disk)
    studio = house.studio()
    before = house.rows()
    with filled(disk, but=64 * 1024):
        response = studio.send("/v1/checks", CHECK)
        body = assert_problem(response, 507, "storage_full")
        assert response.headers["Retry-After"] == "5"
        assert str(disk) not in response.text
        assert "room" in body["detail"]
    assert house.rows() == before
    assert [path for path in (disk / "spool").rglob("*") if path.is_file()] == []
    assert submit(studio) == 202


def test_no_room_for_an_upload_to_pass_through_is_507(
    house: House, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = house.studio()
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with filled(disk, but=16 * 1024):
        assert_problem(studio.send("/v1/checks", CHECK), 507, "storage_full")
    assert submit(studio) == 202


def test_a_blob_store_that_is_full_leaves_what_was_there(disk: Path) -> None:
    store = BlobStore(str(disk))
    store.put("chk_1", b"first")
    with filled(disk), pytest.raises(StorageFullError):
        store.put("chk_1", bytes(2**20))
    assert store.get("chk_1") == b"first"
    assert store.keys() == ["chk_1"]
    assert len(list(disk.iterdir())) == 1, "a part was left behind"


@contextmanager
def no_more_pages(house: House) -> Iterator[None]:
    """Let SQLite find its disk full for a block: it may not grow, by its own limit of pages."""

    def limit(connection: object, *_: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # of sqlite3
        cursor.execute("PRAGMA max_page_count = 1")  # the least it takes is what it has
        cursor.close()

    engine = house.ctx.database.engine
    engine.dispose()
    event.listen(engine, "connect", limit)
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


def until_full(house: House) -> TestResponse:
    """Register performers until the pages that are free are used up; answer what is said then."""
    for _ in range(300):
        response = house.operator.post("/v1/performers", BODY)
        if response.status_code != 201:
            break
    return response


def test_a_full_database_is_507_and_keeps_nothing_of_what_was_asked(house: House) -> None:
    with no_more_pages(house):
        response = until_full(house)
        assert_problem(response, 507, "storage_full")
        assert response.headers["Retry-After"] == "5"
        before = house.rows()
        assert_problem(house.operator.post("/v1/performers", BODY), 507, "storage_full")
        assert house.rows() == before
        assert house.operator.get("/v1/performers").status_code == 200, "who reads is answered"
    assert house.operator.post("/v1/performers", BODY).status_code == 201
    assert verify_database(house.ctx, earlier=[sign_current(house.ctx).note]).holds


def test_a_full_database_leaves_no_upload_without_its_check(house: House) -> None:
    studio = house.studio()
    with no_more_pages(house):
        until_full(house)
        assert submit(studio) == 507
        assert house.spooled() == []
    assert house.rows()["checks"] == 0
    assert submit(studio) == 202


def test_sound_that_is_too_much_for_a_disk_of_its_own_says_nothing_of_where(
    house: House, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    response = house.studio().send("/v1/checks", USE | {"file": Sound(bytes(int(3.5 * 2**20)), "long.wav")})
    assert_problem(response, 507, "storage_full")
    assert str(disk) not in response.text
