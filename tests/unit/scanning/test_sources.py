"""Sources: every file is a row, in one order, and what cannot be listed is a row with a problem or a clear stop."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations
from tars import packed, tar_at, tar_bytes

from registry.errors import SourceError
from registry.scanning.lists import Columns
from registry.scanning.places import Patience, local_path
from registry.scanning.results import InputRow
from registry.scanning.sources import Asked, folder_here, inputs

NOBODY = 65_534
IMPATIENT = Patience(tries=3, sleep=lambda _: None)


def rows_of(source: object, **more: Any) -> list[InputRow]:
    return list(inputs(Asked(str(source), patience=IMPATIENT, **more)))


def names(rows: list[InputRow]) -> list[str]:
    return [row.name for row in rows]


def fill(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(file.encode())
    return folder


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    """The store behind ``memory://``, empty before and after."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield fsspec.filesystem("memory")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


# --- folders ---------------------------------------------------------------------------------------------------------


def test_every_file_of_a_folder_is_a_row_in_the_order_of_names(tmp_path: Path) -> None:
    fill(tmp_path, "b/2.wav", "a.wav", "b/1.wav", "b/c/deep.txt", ".hidden", "z.bin")
    rows = rows_of(tmp_path)
    assert names(rows) == [".hidden", "a.wav", "b/1.wav", "b/2.wav", "b/c/deep.txt", "z.bin"]
    assert [row.number for row in rows] == list(range(6))
    assert [row.size for row in rows] == [len(row.name) for row in rows]
    assert {row.problem for row in rows} == {""}
    assert all(Path(row.locator).read_bytes() == row.name.encode() for row in rows)


def test_a_relative_source_gives_absolute_locators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "in/a.wav")
    monkeypatch.chdir(tmp_path)
    assert rows_of("in") == rows_of(tmp_path / "in")


def test_a_link_back_to_a_folder_above_is_a_row_and_is_not_followed(tmp_path: Path) -> None:
    fill(tmp_path, "a/one.wav")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    rows = {row.name: row.problem for row in rows_of(tmp_path)}
    assert rows == {"a/one.wav": "", "a/up/": "symlink_loop", "gone": "", "self": ""}


def test_a_linked_folder_is_followed(tmp_path: Path) -> None:
    fill(tmp_path, "elsewhere/one.wav", "in/two.wav")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    assert names(rows_of(tmp_path / "in")) == ["link/one.wav", "two.wav"]


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_listed_is_a_row() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = fill(Path(made), "closed/one.wav", "open/two.wav")
        folder.chmod(0o755)
        (folder / "closed").chmod(0)
        with as_nobody():
            rows = rows_of(folder)
        (folder / "closed").chmod(0o700)
    assert {row.name: row.problem for row in rows} == {"closed/": "folder_unreadable", "open/two.wav": ""}


def test_a_name_that_is_no_unicode_is_shown_escaped_and_still_found(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.wav")  # noqa: PTH118  (bytes)
    with open(path, "wb") as file:  # noqa: PTH123  (bytes)
        file.write(b"here")
    (row,) = rows_of(tmp_path)
    assert row.name == r"\udcff\udcfe.wav"
    assert row.locator.startswith("file://")
    assert Path(local_path(row.locator)).read_bytes() == b"here"


def test_nothing_there_is_a_clear_stop(tmp_path: Path) -> None:
    for source in (tmp_path / "nowhere", tmp_path / "*.wav", "memory://nowhere", "nosuchscheme://x/y"):
        with pytest.raises(SourceError):
            rows_of(source)


def test_a_store_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"class": "no_such_package.Store", "err": "Install no_such_package to read these"}
    monkeypatch.setitem(known_implementations, "lacking", missing)
    with pytest.raises(SourceError, match="Install no_such_package"):
        rows_of("lacking://bucket/folder")


def test_a_pattern_chooses_files_and_whole_folders(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.wav", "a/2.txt", "b/3.wav", "c.wav")
    assert names(rows_of(tmp_path / "*" / "*.wav")) == ["a/1.wav", "b/3.wav"]
    assert names(rows_of(tmp_path / "**" / "*.wav")) == ["a/1.wav", "b/3.wav", "c.wav"]
    assert names(rows_of(tmp_path / "[ac]*")) == ["a/1.wav", "a/2.txt", "c.wav"]


def test_files_are_stratified_by_their_folder_and_by_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.wav", "b/2.wav", "3.wav")
    rows = rows_of(tmp_path, columns=Columns(stratify="folder"))
    assert {row.name: row.group for row in rows} == {"a/1.wav": "a", "b/2.wav": "b", "3.wav": "."}
    assert {row.group for row in rows_of(tmp_path)} == {""}
    for columns in (Columns(stratify="genre"), Columns({"path": "file"})):
        with pytest.raises(SourceError):
            rows_of(tmp_path, columns=columns)


def test_what_is_declared_for_the_scan_is_declared_for_every_row(tmp_path: Path) -> None:
    fill(tmp_path, "1.wav")
    (row,) = rows_of(tmp_path, declared_use="dubbing", project="Spring")
    assert (row.declared_use, row.project) == ("dubbing", "Spring")


def test_a_url_of_a_file_here_is_that_file(tmp_path: Path) -> None:
    fill(tmp_path, "a b/1.wav")
    plain = rows_of(tmp_path / "a b")
    assert rows_of(f"file://{tmp_path}/a b") == plain
    assert rows_of(f"file://{tmp_path}/a%20b") == plain
    assert folder_here(f"file://{tmp_path}/a%20b") == str(tmp_path / "a b")


# --- tars ------------------------------------------------------------------------------------------------------------


def test_the_members_of_a_tar_are_rows_that_say_where_their_bytes_are(tmp_path: Path) -> None:
    archive = tar_at(tmp_path / "s.tar", {"1.wav": b"first", "notes": b"{}", "d/2.wav": b"second"})
    rows = rows_of(archive)
    assert names(rows) == ["1.wav", "notes", "d/2.wav"]
    assert [row.locator for row in rows] == [f"{archive}::{row.name}" for row in rows]
    content = archive.read_bytes()
    assert [content[row.offset : row.offset + row.size] for row in rows] == [b"first", b"{}", b"second"]
    assert names(rows_of(tmp_path)) == ["s.tar::1.wav", "s.tar::notes", "s.tar::d/2.wav"]


def test_members_without_bytes_of_their_own_are_rows_with_a_problem(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("1.wav"), BytesIO())
        link = tarfile.TarInfo("2.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    rows = {row.name: row.problem for row in rows_of(tmp_path / "s.tar")}
    assert rows == {"1.wav": "", "2.wav": "member_without_bytes"}


@pytest.mark.parametrize(
    ("damage", "whole"),
    [
        (lambda content: content[:600], 1),
        (lambda content: content[:1536] + b"x" * 512 + content[2048:], 1),
        (lambda content: content + b"more behind the end", 2),
        (lambda content: b"no tar at all" + content[:0], 0),
    ],
    ids=["cut", "broken header", "more behind the end", "no tar"],
)
def test_where_a_tar_cannot_be_read_further_there_is_a_row_that_says_so(
    tmp_path: Path, damage: Any, whole: int
) -> None:
    archive = tar_at(tmp_path / "s.tar", {"1.wav": b"1" * 700, "2.wav": b"2" * 700})
    archive.write_bytes(damage(archive.read_bytes()))
    rows = rows_of(archive)
    assert [row.problem for row in rows] == [""] * whole + ["archive_damaged"]
    assert rows[-1].problem_detail


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    about = tarfile.TarInfo(name)
    about.size, about.type = size, kind
    return about.tobuf(tarfile.GNU_FORMAT)


def extended(record: str, size: int | None = None) -> bytes:
    """A header of PAX with one record; it may say that it is longer."""
    content = f"{len(record) + 4 + len(str(len(record) + 4)) - 1} {record}\n".encode()
    return header("x", len(content) if size is None else size, tarfile.XHDTYPE) + content.ljust(512, b"\0")


@pytest.mark.parametrize(
    "hostile",
    [
        header("back.wav", -512),
        header("back.wav", -(2**40)),
        header("x", -512, tarfile.XHDTYPE),
        b"".join(header("x", 1, tarfile.GNUTYPE_LONGNAME) + b"x".ljust(512, b"\0") for _ in range(2000)),
        extended("path=a", size=2**40),
        extended("GNU.sparse.map=a,b") + header("sparse.wav", 0),
        extended("size=-1024") + header("back.wav", 1),
    ],
    ids=["back", "far back", "header back", "chain", "endless header", "sparse map", "size back"],
)
@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_a_tar_that_was_made_to_do_harm_ends_in_a_row_that_says_so(tmp_path: Path, hostile: bytes, suffix: str) -> None:
    content = tar_bytes({"1.wav": b"1"})[:1024] + hostile + bytes(20_000)
    archive = tmp_path / f"s{suffix}"
    archive.write_bytes(packed(content, suffix))
    rows = rows_of(archive)
    assert (rows[0].name, rows[0].problem) == ("1.wav", "")
    assert rows[-1].problem == "archive_damaged"
    assert len(rows) <= 3


# --- stores ----------------------------------------------------------------------------------------------------------


def test_a_store_is_listed_like_a_folder(memory: MemoryFileSystem, tmp_path: Path) -> None:
    for name in ("b/2.wav", "a.wav", "b/1.wav"):
        memory.pipe_file(f"/in/{name}", name.encode())
    archive = tar_at(tmp_path / "s.tar", {"x.wav": b"x"})
    memory.pipe_file("/in/s.tar", archive.read_bytes())
    rows = rows_of("memory://in")
    assert names(rows) == ["a.wav", "b/1.wav", "b/2.wav", "s.tar::x.wav"]
    assert rows[0].locator == "memory:///in/a.wav"
    assert rows[3].offset == 512
    assert [row.size for row in rows] == [5, 7, 7, 1]
    assert names(rows_of("memory://in/b/*.wav")) == ["1.wav", "2.wav"]
    assert names(rows_of("memory://in/a.wav")) == ["a.wav"]
    assert names(rows_of("memory://in/s.tar")) == ["x.wav"]


def test_a_store_that_fails_now_and_then_is_asked_again(
    memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe_file("/in/a.wav", b"a")
    memory.pipe_file("/in/b/b.wav", b"b")
    calls: dict[str, int] = {}
    answer = MemoryFileSystem.ls

    def failing(self: MemoryFileSystem, path: str, **more: Any) -> Any:
        calls[path] = calls.get(path, 0) + 1
        if calls[path] < IMPATIENT.tries or path.endswith("/b"):
            raise OSError("503 Slow Down")
        return answer(self, path, **more)

    monkeypatch.setattr(MemoryFileSystem, "ls", failing)
    rows = rows_of("memory://in")
    assert [(row.name, row.problem) for row in rows] == [("a.wav", ""), ("b/", "folder_unreadable")]
    assert "503" in rows[1].problem_detail
    assert max(calls.values()) == IMPATIENT.tries
