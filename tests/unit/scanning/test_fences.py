"""Nothing outside of a root is read, listed or looked at, whatever lists, links, tars and names of objects say."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.domain.scan_requests import ScanPlaces, ScanRoot, path_below
from registry.errors import InputOutsideError, InvalidInputError, NotFoundError, SourceError
from registry.scanning.fences import FolderFence, StoreFence
from registry.scanning.lists import Columns
from registry.scanning.places import Patience, open_place
from registry.scanning.reading import opened_input
from registry.scanning.results import InputRow
from registry.scanning.rooted import fence_around
from registry.scanning.sources import Asked, inputs

SECRET = b"somebody else's recording"
NOBODY = frozenset({"org_01jd8x0zq2r4t6v8w0y2a4c6e8"})
ONCE = Patience(tries=1)


class Ground:
    """A root with a recording in it, and beside it what is nobody's to read."""

    def __init__(self, folder: Path) -> None:
        self.root, self.other = folder / "root", folder / "other"
        for place in (self.root, self.other):
            place.mkdir()
        (self.root / "own.wav").write_bytes(b"own")
        (self.other / "secret.wav").write_bytes(SECRET)
        self.fence = fence_around(ScanRoot("media", str(self.root), NOBODY))

    def rows(self, path: str = "", **columns: Any) -> list[InputRow]:
        return list(inputs(Asked(self.fence.source(path), Columns(columns), patience=ONCE, fence=self.fence)))

    def read(self, row: InputRow) -> bytes:
        with opened_input(row, 1000, ONCE, self.fence) as descriptor:
            return os.pread(descriptor, 1000, 0)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def assert_nothing_is_told(row: InputRow) -> None:
    assert row.problem == "input_outside", row
    assert row.size == -1
    assert "other" not in row.problem_detail


@pytest.mark.parametrize(
    "path",
    [
        *("..", "../other", "in/../../other", "/etc/passwd", "//etc", "./in", "in//out", "in\\..\\out", "a\x00b"),
        *("file:///etc/passwd", "http://127.0.0.1/", "s3://bucket", "a::file:///etc", "memory://x", "x" * 1001),
    ],
)
def test_a_path_that_is_none_below_a_root_is_not_there(path: str) -> None:
    with pytest.raises(NotFoundError, match="relative to the root"):
        path_below(path)


def test_paths_below_a_root() -> None:
    assert [path_below(path) for path in ("", "in", "in/", "2026/봄 [1].wav")] == ["", "in", "in", "2026/봄 [1].wav"]


@pytest.mark.parametrize(
    "url", ["media", "sftp://host/x", "http://host/", "local:///etc", "s3://a::file:///etc", "github://a:b@c/", ""]
)
def test_a_root_that_could_be_left_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"the root|the folder of the root"):
        ScanRoot("media", url, NOBODY)


def test_a_root_of_others_is_none() -> None:
    places = ScanPlaces(roots={"media": ScanRoot("media", "/srv", NOBODY)})
    assert places.root_for("media", next(iter(NOBODY))).url == "/srv"
    for name, organisation in (("media", "org_01jd8x0zq2r4t6v8w0y2a4c6e9"), ("other", next(iter(NOBODY)))):
        with pytest.raises(NotFoundError, match=f"there is no root {name} to scan"):
            places.root_for(name, organisation)


def test_rows_say_where_inputs_are_by_the_name_of_the_root(ground: Ground) -> None:
    (ground.root / os.fsdecode(b"\xff.wav")).write_bytes(b"bytes")
    rows = {row.name: row for row in ground.rows()}
    assert {row.locator for row in rows.values()} == {"media/own.wav", "file://media/%FF.wav"}
    assert [ground.read(row) for row in rows.values()] == [b"own", b"bytes"]


@pytest.mark.parametrize("target", ["../other/secret.wav", "../other", "/etc/passwd", "../other/nothing-there"])
def test_a_link_that_leads_out_is_a_row_and_not_followed(ground: Ground, target: str) -> None:
    (ground.root / "link").symlink_to(target)
    link, own = ground.rows()
    assert (link.name, link.locator, own.name) == ("link", "media/link", "own.wav")
    assert_nothing_is_told(link)
    with pytest.raises(InvalidInputError) as refused:
        ground.read(link)
    assert not isinstance(refused.value, InputOutsideError) or "other" not in refused.value.detail


def test_a_link_inside_is_followed(ground: Ground) -> None:
    (ground.root / "in").mkdir()
    (ground.root / "in" / "again.wav").symlink_to(ground.root / "own.wav")
    again, own = ground.rows()
    assert [again.problem, own.problem] == ["", ""]
    assert ground.read(again) == b"own"


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_read(ground: Ground) -> None:
    (row,) = ground.rows()
    (ground.root / "own.wav").unlink()
    (ground.root / "own.wav").symlink_to(ground.other / "secret.wav")
    with pytest.raises(InputOutsideError, match="out of what may be scanned"):
        ground.read(row)


def test_a_folder_that_becomes_a_link_after_it_was_listed_is_not_read(ground: Ground) -> None:
    (ground.root / "in").mkdir()
    (ground.root / "in" / "secret.wav").write_bytes(b"bait")
    row = ground.rows()[0]
    (ground.root / "in" / "secret.wav").unlink()
    (ground.root / "in").rmdir()
    (ground.root / "in").symlink_to(ground.other)
    with pytest.raises(InputOutsideError):
        ground.read(row)


@pytest.mark.parametrize("name", ["link", "link.csv", "link.tar", "link/secret.wav", "nothing", "own.*", "*"])
def test_a_source_that_leads_out_is_as_one_that_is_not_there(ground: Ground, name: str) -> None:
    (ground.other / "list").write_text("path\nsecret.wav\n")
    (ground.root / "link").symlink_to(ground.other)
    (ground.root / "link.csv").symlink_to(ground.other / "list")
    (ground.root / "link.tar").symlink_to(ground.other / "secret.wav")
    with pytest.raises(InvalidInputError) as refused:
        ground.rows(name)
    assert "other" not in refused.value.detail


LEAVING = (
    "{other}/secret.wav",
    "../other/secret.wav",
    "in/../../other/secret.wav",
    "file://{other}/secret.wav",
    "FILE://{other}/secret.wav",
    "local://{other}/secret.wav",
    "http://127.0.0.1:9/x.wav",
    "s3://bucket/key.wav",
    "tar://secret.wav::file://{other}/secret.tar",
    "memory://secret.wav",
    "link/secret.wav",
    "link.wav",
)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_list_names_only_what_is_below_the_root(ground: Ground, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (ground.root / "link").symlink_to(ground.other)
    (ground.root / "link.wav").symlink_to(ground.other / "secret.wav")
    paths = ["own.wav", f"{ground.root}/own.wav", *(path.format(other=ground.other) for path in LEAVING)]
    keyed = [{"path": path, "key": str(number)} for number, path in enumerate(paths)]
    pq.write_table(pa.Table.from_pylist(keyed), ground.root / "list.parquet")
    (ground.root / "list.jsonl").write_text("".join(json.dumps(one) + "\n" for one in keyed))
    (ground.root / "list.csv").write_text("path,key\n" + "".join(f"{one['path']},{one['key']}\n" for one in keyed))
    monkeypatch.setattr(fsspec.core, "url_to_fs", _asked_of_no_store)
    rows = ground.rows(f"list.{form}")
    assert [row.problem for row in rows[:2]] == ["", ""]
    assert [ground.read(row) for row in rows[:2]] == [b"own", b"own"]
    assert len(rows) == len(paths)
    for row in rows[2:]:
        assert_nothing_is_told(row)
        with pytest.raises(InvalidInputError):
            ground.read(row)


def test_a_chain_of_urls_in_a_list_is_a_path_that_is_not_there(ground: Ground) -> None:
    (ground.root / "list.csv").write_text(f"path\nsimplecache::file://{ground.other}/secret.wav\n")
    (row,) = ground.rows("list.csv")
    with pytest.raises(InvalidInputError, match="No such file"):
        ground.read(row)


def _asked_of_no_store(url: str, **_: Any) -> Any:
    raise AssertionError(f"a store was asked for {url}")


def test_members_of_a_tar_that_are_links_have_no_bytes(ground: Ground) -> None:
    with tarfile.open(ground.root / "some.tar", "w") as archive:
        for kind, target in ((tarfile.SYMTYPE, "../other/secret.wav"), (tarfile.LNKTYPE, "/etc/passwd")):
            member = tarfile.TarInfo(f"link-{kind.decode()}")
            member.type, member.linkname = kind, target
            archive.addfile(member)
        member = tarfile.TarInfo("../../up.wav")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"up"))
    rows = [row for row in ground.rows() if "some.tar" in row.name]
    assert [row.problem for row in rows] == ["member_without_bytes", "member_without_bytes", ""]
    assert ground.read(rows[2]) == b"up"


@pytest.mark.parametrize("name", ["some.tar", "some.tar.gz"])
def test_a_tar_that_becomes_a_link_after_it_was_listed_is_not_read(ground: Ground, name: str) -> None:
    for folder, content in ((ground.root, b"own"), (ground.other, SECRET)):
        (folder / name).write_bytes(packed(name, content))
    row = next(row for row in ground.rows() if name in row.name)
    assert (row.locator, ground.read(row)) == (f"media/{name}::a.wav", b"own")
    (ground.root / name).unlink()
    (ground.root / name).symlink_to(ground.other / name)
    with pytest.raises(InputOutsideError):
        ground.read(row)
    assert_nothing_is_told(next(row for row in ground.rows() if name in row.name))


def packed(name: str, content: bytes) -> bytes:
    """Answer a tar with one recording in it, compressed as its name says."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz" if name.endswith(".gz") else "w") as archive:
        member = tarfile.TarInfo("a.wav")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def test_a_pipe_is_not_waited_for(ground: Ground) -> None:
    os.mkfifo(ground.root / "pipe.tar")
    row = next(row for row in ground.rows() if "pipe" in row.name)
    with pytest.raises(InvalidInputError):
        ground.read(row)


# --- stores ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Iterator[tuple[str, StoreFence]]:
    """A store in memory, with a root in it and a neighbour whose name begins the same."""
    name = f"bucket-{uuid4().hex}"
    store = fsspec.filesystem("memory")
    for key, content in {"root/own.wav": b"own", "rooted/secret.wav": SECRET, "secret.wav": SECRET}.items():
        store.pipe(f"/{name}/{key}", content)
    fence = fence_around(ScanRoot("media", f"memory://{name}/root", NOBODY))
    assert isinstance(fence, StoreFence)
    yield name, fence
    store.rm(f"/{name}", recursive=True)


def test_a_store_is_read_below_the_root_only(bucket: tuple[str, StoreFence]) -> None:
    name, fence = bucket
    (row,) = inputs(Asked(fence.source(""), patience=ONCE, fence=fence))
    assert (row.name, row.locator) == ("own.wav", "media/own.wav")
    with opened_input(row, 1000, ONCE, fence) as descriptor:
        assert os.pread(descriptor, 1000, 0) == b"own"
    outside = (
        f"memory:///{name}/secret.wav",
        f"memory:///{name}/rooted/secret.wav",
        f"memory:///{name}/root/../secret.wav",
        f"memory:///{name}/root/own.wav::file:///etc/passwd",
        "file:///etc/passwd",
        "/etc/passwd",
        "http://127.0.0.1:9/",
    )
    for place in outside:
        with pytest.raises(InputOutsideError):
            open_place(place, fence)


def test_what_an_object_is_called_is_no_url_in_a_url(bucket: tuple[str, StoreFence]) -> None:
    name, fence = bucket
    fsspec.filesystem("memory").pipe(f"/{name}/root/x::file:etc", b"bait")
    rows = list(inputs(Asked(fence.source(""), patience=ONCE, fence=fence)))
    chained = next(row for row in rows if "::" in row.locator)
    with pytest.raises(InputOutsideError), opened_input(chained, 1000, ONCE, fence):
        pass


def test_a_folder_of_a_store_that_has_itself_in_it_is_a_row(bucket: tuple[str, StoreFence]) -> None:
    name, fence = bucket
    fsspec.filesystem("memory").pipe(f"/{name}/root/in//x.wav", b"hidden")
    rows = {row.name: row.problem for row in inputs(Asked(fence.source(""), patience=ONCE, fence=fence))}
    assert rows == {"own.wav": "", "in/": "folder_unreadable"}


def test_a_list_in_a_store_names_only_what_is_below_the_root(bucket: tuple[str, StoreFence]) -> None:
    name, fence = bucket
    leaving = ["../secret.wav", f"memory:///{name}/secret.wav", "file:///etc/passwd", "x::file:///etc/passwd"]
    fsspec.filesystem("memory").pipe(f"/{name}/root/list.csv", "\n".join(["path", "own.wav", *leaving]).encode())
    own, *others = inputs(Asked(fence.source("list.csv"), patience=ONCE, fence=fence))
    assert (own.problem, own.locator) == ("", "media/own.wav")
    for row in others:
        assert_nothing_is_told(row)


def test_a_fence_tells_and_finds_places_again(tmp_path: Path) -> None:
    for fence in (FolderFence("media", str(tmp_path)), FolderFence("media", "/"), StoreFence("media", "s3://b/p")):
        for path in ("a.wav", "a/b c.wav", "a.tar::b"):
            place = fence.source(path)
            assert fence.told(place) == f"media/{path}"
            assert fence.place_of(f"media/{path}") == place


def test_a_list_outside_is_an_error_of_the_scan(ground: Ground) -> None:
    with pytest.raises(SourceError, match="there is nothing at media/nothing"):
        ground.rows("nothing")
