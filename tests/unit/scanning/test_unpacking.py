"""Compressed tars: the members of the plain one, in few passes, and a clear end where nothing can be relied on."""

from __future__ import annotations

import lzma
import os
import tarfile
import tracemalloc
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tars import PACKED, packed, tar_at, tar_bytes

from registry.errors import InvalidInputError, UnreadableMediaError
from registry.scanning.archives import archive_of, is_archive
from registry.scanning.fences import UNFENCED
from registry.scanning.places import Patience
from registry.scanning.reading import opened_input
from registry.scanning.results import InputRow
from registry.scanning.sources import Asked, inputs
from registry.scanning.unpacking import Archive, Streams, Unpacked

MIB = 2**20
IMPATIENT = Patience(tries=2, sleep=lambda _: None)
RANDOM = Random(6)  # noqa: S311  (contents, no secret)
MEMBERS = {f"{number:03d}.wav": RANDOM.randbytes(RANDOM.randrange(40_000)) for number in range(32)}

each_suffix = pytest.mark.parametrize("suffix", PACKED)


def rows_of(source: object) -> list[InputRow]:
    return list(inputs(Asked(str(source), patience=IMPATIENT)))


def content_of(row: InputRow, streams: Streams | None = None) -> bytes:
    with opened_input(row, MIB, IMPATIENT, UNFENCED, streams) as descriptor:
        return os.pread(descriptor, MIB, 0)


@each_suffix
def test_the_members_are_those_of_the_plain_tar_and_so_are_their_bytes(tmp_path: Path, suffix: str) -> None:
    plain = rows_of(tar_at(tmp_path / "s.tar", MEMBERS))
    rows = rows_of(tar_at(tmp_path / f"s{suffix}", MEMBERS))
    assert [(row.name, row.size, row.offset) for row in rows] == [(row.name, row.size, row.offset) for row in plain]
    assert [row.locator for row in rows] == [f"{tmp_path}/s{suffix}::{name}" for name in MEMBERS]
    assert {archive_of(row.locator) for row in rows} == {f"{tmp_path}/s{suffix}"}
    with closing(Streams()) as streams:
        assert [content_of(row, streams) for row in rows] == list(MEMBERS.values())
        assert content_of(rows[3], streams) == content_of(rows[3]) == MEMBERS["003.wav"]


def test_an_archive_is_known_by_its_name_alone() -> None:
    for name in ("s.tar", *(f"s{suffix}" for suffix in PACKED)):
        assert is_archive(name)
        assert archive_of(f"/in/{name}::a.tar::b.wav") == f"/in/{name}"
    assert not any(map(is_archive, ("s.gz", "s.tar.lz", "tar", "s.zst", "s.tar.gz.wav")))


class Shelf(MemoryFileSystem):
    """A store whose files are each read from where its reader is, and that counts how often one is opened."""

    protocol = "shelf"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    opened: ClassVar[list[str]] = []
    failures: ClassVar[list[OSError]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("shelf://", "memory://")))

    def _open(self, path: str, mode: str = "rb", *arguments: Any, **more: Any) -> Any:
        if mode != "rb":
            return super()._open(path, mode, *arguments, **more)
        self.opened.append(path)
        return Failing(self.store[path].getvalue(), self.failures)


class Failing(BytesIO):
    """A file that fails behind its first half, as often as there are failures."""

    def __init__(self, content: bytes, failures: list[OSError]) -> None:
        super().__init__(content)
        self._failures = failures
        self._half = len(content) // 2

    def read(self, size: int | None = -1) -> bytes:
        if self._failures and self.tell() > self._half:
            raise self._failures.pop()
        return super().read(size)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    fsspec.register_implementation("shelf", Shelf, clobber=True)
    for each in (Shelf.store, Shelf.opened, Shelf.failures):
        each.clear()
    yield fsspec.filesystem("shelf")
    Shelf.store.clear()


@each_suffix
def test_members_in_their_order_take_one_pass_also_when_there_is_another_archive(shelf: Shelf, suffix: str) -> None:
    for name in ("1", "2"):
        shelf.pipe_file(f"/in/{name}{suffix}", packed(tar_bytes(MEMBERS), suffix))
    rows = rows_of("shelf://in")
    assert len(shelf.opened) == 2
    shelf.opened.clear()
    with closing(Streams()) as streams:
        for row in rows:
            assert content_of(row, streams) == MEMBERS[row.name.partition("::")[2]]
    assert len(shelf.opened) == 2


def test_members_that_are_asked_for_a_little_out_of_order_take_two_passes(shelf: Shelf) -> None:
    shelf.pipe_file("/in/s.tar.zst", packed(tar_bytes(MEMBERS), ".tar.zst"))
    rows = rows_of("shelf://in/s.tar.zst")
    shelf.opened.clear()
    with closing(Streams()) as streams:
        for row in (rows[number ^ 1] for number in range(len(rows))):
            assert content_of(row, streams) == MEMBERS[row.name]
    assert len(shelf.opened) == 2


def test_readers_side_by_side_get_their_own_bytes(tmp_path: Path) -> None:
    rows = rows_of(tar_at(tmp_path / "s.tar.zst", MEMBERS))
    with closing(Streams()) as streams, ThreadPoolExecutor(8) as readers:
        for _ in range(3):
            assert list(readers.map(lambda row: content_of(row, streams), rows)) == list(MEMBERS.values())


def test_streams_that_are_kept_close(shelf: Shelf) -> None:
    shelf.pipe_file("/s.tar.gz", packed(tar_bytes(MEMBERS), ".tar.gz"))
    streams = Streams()
    with streams.at(Archive("shelf:///s.tar.gz", "gzip"), 4096) as stream:
        assert stream.tell() == 4096
    streams.close()
    with pytest.raises(ValueError, match="closed"):
        stream.seek(10 * MIB)


# --- what is wrong with an archive -----------------------------------------------------------------------------------


@each_suffix
def test_one_that_was_cut_keeps_its_whole_members_and_says_where_it_ends(tmp_path: Path, suffix: str) -> None:
    archive = tar_at(tmp_path / f"s{suffix}", MEMBERS)
    whole = rows_of(archive)
    os.truncate(archive, archive.stat().st_size * 2 // 3)
    rows = rows_of(archive)
    assert 5 < len(rows) < len(whole)
    assert rows[:-1] == whole[: len(rows) - 1]
    assert rows[-1].problem == "archive_damaged"
    assert rows[-1].problem_detail.startswith("the archive cannot be read further: ")
    assert content_of(whole[0]) == MEMBERS["000.wav"]
    for row in (rows[-2], whole[-1]):
        with pytest.raises(InvalidInputError, match="cannot be read as far as this"):
            content_of(row)


@each_suffix
def test_what_is_not_that_archive_or_has_more_behind_it_says_so(tmp_path: Path, suffix: str) -> None:
    archive = tmp_path / f"s{suffix}"
    for content in (b"", b"no archive at all", tar_bytes(MEMBERS), packed(b"", suffix), packed(b"no tar", suffix)):
        archive.write_bytes(content)
        (row,) = rows_of(archive)
        assert (row.name, row.problem) == (archive.name, "archive_damaged")
    tar = tar_bytes({"1.wav": b"1"})
    for content in (packed(tar, suffix) + b"behind the end", packed(tar + b"behind", suffix)):
        archive.write_bytes(content)
        assert [row.problem for row in rows_of(archive)][-1] == "archive_damaged"


def test_a_sum_that_does_not_hold_is_said_though_the_members_can_be_read(tmp_path: Path) -> None:
    archive = tar_at(tmp_path / "s.tar.gz", MEMBERS)
    content = bytearray(archive.read_bytes())
    content[-8] ^= 0xFF
    archive.write_bytes(content)
    rows = rows_of(archive)
    assert [row.name for row in rows[:-1]] == list(MEMBERS)[: len(rows) - 1]
    assert (rows[-1].problem, "CRC check failed" in rows[-1].problem_detail) == ("archive_damaged", True)


@each_suffix
def test_one_in_several_pieces_is_read_through(tmp_path: Path, suffix: str) -> None:
    tar = tar_bytes(MEMBERS)
    archive = tmp_path / f"s{suffix}"
    archive.write_bytes(packed(tar[:100_000], suffix) + packed(tar[100_000:], suffix))
    rows = rows_of(archive)
    assert [content_of(row) for row in rows[-3:]] == list(MEMBERS.values())[-3:]


def swollen(path: Path, size: int) -> Path:
    """Write a tar whose first member is of so many zeros; a second follows."""
    first, second = tarfile.TarInfo("zeros.wav"), tarfile.TarInfo("behind.wav")
    first.size = size
    with path.open("wb") as file, pa.CompressedOutputStream(file, "zstd") as written:
        written.write(first.tobuf())
        for _ in range(size // MIB):
            written.write(bytes(MIB))
        written.write(second.tobuf() + bytes(1024))
    return path


def test_one_that_was_made_to_swell_is_left_before_it_has_and_takes_no_memory(tmp_path: Path) -> None:
    archive = swollen(tmp_path / "s.tar.zst", 2048 * MIB)
    assert archive.stat().st_size < MIB
    tracemalloc.start()
    rows = rows_of(archive)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(row.name, row.problem) for row in rows] == [("zeros.wav", ""), ("s.tar.zst", "archive_too_large")]
    assert "more than 200 times" in rows[1].problem_detail
    assert peak < 16 * MIB
    with pytest.raises(InvalidInputError):
        content_of(rows[0])


def test_one_that_wants_gigabytes_to_be_unpacked_is_refused(tmp_path: Path) -> None:
    content = bytearray(lzma.compress(tar_bytes(MEMBERS)))
    ends = 12 + (content[12] + 1) * 4 - 4  # of the block's header, before its sum (the .xz file format, 3.1)
    content[16] = 40  # a dictionary of 4 GiB - 1
    content[ends : ends + 4] = zlib.crc32(content[12:ends]).to_bytes(4, "little")
    (tmp_path / "s.tar.xz").write_bytes(content)
    (row,) = rows_of(tmp_path / "s.tar.xz")
    assert (row.problem, "Memory usage limit" in row.problem_detail) == ("archive_damaged", True)


def test_a_store_that_fails_on_the_way_is_asked_again_and_then_named(shelf: Shelf) -> None:
    shelf.pipe_file("/in/s.tar.gz", packed(tar_bytes(MEMBERS), ".tar.gz"))
    rows = rows_of("shelf://in/s.tar.gz")
    shelf.opened.clear()
    shelf.failures.append(OSError("503 Slow Down"))
    assert content_of(rows[-1]) == MEMBERS[rows[-1].name]
    assert len(shelf.opened) == IMPATIENT.tries
    shelf.failures.extend(OSError("503 Slow Down") for _ in range(IMPATIENT.tries))
    with pytest.raises(InvalidInputError, match="503 Slow Down"):
        content_of(rows[-1])
    shelf.failures.append(OSError("503 Slow Down"))
    last = rows_of("shelf://in/s.tar.gz")[-1]
    assert (last.problem, "503 Slow Down" in last.problem_detail) == ("archive_damaged", True)


def test_a_stream_goes_forwards_and_back_no_further_than_a_header(tmp_path: Path) -> None:
    content = tar_bytes(MEMBERS)
    (tmp_path / "s.tar.gz").write_bytes(packed(content, ".tar.gz"))
    with closing(Unpacked((tmp_path / "s.tar.gz").open("rb"), "gzip")) as stream:
        for offset in (100, 2**14 - 300, 2**14 + 10, 2**17, 300_000, 300_000 - 512):
            assert stream.seek(offset) == stream.tell() == offset
            assert stream.read(700) == content[offset : offset + 700]
        with pytest.raises(ValueError, match="too far"):
            stream.seek(200_000)
        assert stream.seek(len(content) + 9) == len(content)
        assert stream.read(1) == b""


def test_an_archive_that_is_gone_is_that_input_s_error(tmp_path: Path) -> None:
    (row,) = rows_of(tar_at(tmp_path / "s.tar.gz", {"1.wav": b"1"}))
    (tmp_path / "s.tar.gz").unlink()
    with pytest.raises(UnreadableMediaError, match="cannot be opened"):
        content_of(row)
