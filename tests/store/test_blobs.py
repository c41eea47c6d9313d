"""Blobs are there whole, or not there."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BlobStoreError, InvalidInputError, NotFoundError, SettingsError
from registry.store.blobs import BlobStore


@pytest.fixture(params=["folder", "object store"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return BlobStore(str(tmp_path / "spool") if request.param == "folder" else f"memory://{uuid4().hex}")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../up", "a/../../up", "a//b", "a/", ".part-x", "A", "a b", "a\x00"]
)
def test_what_is_no_key_is_refused(blobs: BlobStore, key: str) -> None:
    for refused in (lambda: blobs.put(key, b""), lambda: blobs.get(key), lambda: blobs.delete(key)):
        with pytest.raises(InvalidInputError):
            refused()


def test_a_key_under_which_nothing_is_stored_is_not_found(blobs: BlobStore) -> None:
    with pytest.raises(NotFoundError):
        blobs.get("chk_none")


def test_a_store_that_nobody_knows_is_a_setting_to_correct() -> None:
    with pytest.raises(SettingsError):
        BlobStore("nonsense://bucket")


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(BlobStoreError):
        BlobStore(str(tmp_path / "file")).put("chk_a", b"sealed")


def test_deleting_twice_is_no_error(blobs: BlobStore) -> None:
    blobs.put("chk_a", b"sealed")
    blobs.delete("chk_a")
    blobs.delete("chk_a")
    assert blobs.keys() == []


def test_what_was_put_is_got_and_listed(blobs: BlobStore) -> None:
    blobs.put("enr_b/0", b"zero")
    blobs.put("chk_a", b"")
    blobs.put("enr_b/1", b"one")
    assert blobs.keys() == ["chk_a", "enr_b/0", "enr_b/1"]
    assert [blobs.get(key) for key in ("chk_a", "enr_b/0", "enr_b/1")] == [b"", b"zero", b"one"]


def test_the_later_put_replaces_the_earlier(blobs: BlobStore) -> None:
    blobs.put("chk_a", b"first, and longer")
    blobs.put("chk_a", b"second")
    assert blobs.get("chk_a") == b"second"


def test_an_empty_store_lists_nothing(blobs: BlobStore) -> None:
    assert blobs.keys() == []


def test_a_write_that_was_cut_off_is_never_listed(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    blobs.put("enr_b/0", b"zero")
    (tmp_path / "enr_b" / ".part-abc").write_bytes(b"half of")
    assert blobs.keys() == ["enr_b/0"]


def test_files_and_folders_are_their_owners_alone(tmp_path: Path) -> None:
    BlobStore(str(tmp_path / "spool")).put("chk_a", b"sealed")
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "spool" / "chk_a").stat().st_mode) == 0o600


@given(st.binary(max_size=4096))
def test_any_bytes_come_back_as_they_were(data: bytes) -> None:
    blobs = BlobStore("memory://any-bytes")
    blobs.put("chk_a", data)
    assert blobs.get("chk_a") == data
