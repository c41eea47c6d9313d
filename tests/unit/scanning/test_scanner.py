"""The scanner: each input ends in one row, whatever it is and wherever it lies; the same bytes are heard once."""

from __future__ import annotations

import errno
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from soundfiles import VOICES, encoded, noise

from registry.engine.identify import Engine
from registry.errors import StorageFullError
from registry.media.decode import Decoder
from registry.scanning import pipeline, reading
from registry.scanning.galleries import Searched, enrol_gallery
from registry.scanning.listening import Listener
from registry.scanning.pipeline import Scanner
from registry.scanning.places import Patience
from registry.scanning.results import InputRow, ResultRow, Status
from registry.scanning.sources import Asked, inputs

SLT = VOICES / "submissions" / "slt-advert.flac"
STRANGER = VOICES / "submissions" / "kal16-stranger.flac"
IMPATIENT = Patience(tries=3, sleep=lambda _: None)

Scan = Callable[..., list[ResultRow]]


@pytest.fixture
def scanner(listener: Listener, searched: Searched) -> Scanner:
    return Scanner(listener, searched.gallery, IMPATIENT)


@pytest.fixture
def scan(scanner: Scanner) -> Scan:
    def scanned(source: object, **more: Any) -> list[ResultRow]:
        rows = list(inputs(Asked(str(source), patience=IMPATIENT)))
        assert not [row for row in rows if row.problem]
        return list(scanner.scan(rows, **more))

    return scanned


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    MemoryFileSystem.store.clear()
    yield fsspec.filesystem("memory")
    MemoryFileSystem.store.clear()


def test_a_performer_is_found_a_stranger_is_not_and_what_cannot_be_heard_says_why(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "1.flac").write_bytes(SLT.read_bytes())
    (tmp_path / "2.flac").write_bytes(STRANGER.read_bytes())
    (tmp_path / "3.txt").write_text("words")
    (tmp_path / "4.flac").write_bytes(b"")
    (tmp_path / "5.flac").write_bytes(SLT.read_bytes()[:20_000])
    (tmp_path / "6.flac").write_bytes(encoded("flac", "flac", noise(3)))
    (tmp_path / "7.flac").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "8.fifo")
    found, stranger, *failed = scan(tmp_path)
    assert (found.status, found.outcome, found.performer) == (Status.ASSESSED, "match", "slt")
    assert found.size == SLT.stat().st_size
    assert found.duration_s == pytest.approx(12.9, abs=1)
    line = json.loads(found.evidence)
    assert line["candidates"][0]["performer"] == "slt"
    assert line["candidates"][0]["log10_lr"] == found.log10_lr
    assert (stranger.outcome, stranger.performer) == ("no_match", "")
    assert {row.status for row in failed} == {Status.FAILED}
    assert [row.error for row in failed] == [
        *("media_not_recognised", "media_empty", "media_truncated", "no_speech", "media_unreadable", "media_unreadable")
    ]
    assert all(row.error_detail for row in failed)
    assert [bool(row.sha256) for row in failed] == [True, True, True, True, False, False]


def test_the_same_bytes_are_heard_once_and_the_first_has_the_answer(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        (tmp_path / f"{number:02d}.flac").write_bytes((SLT if number % 3 else STRANGER).read_bytes())
    decoded: list[int] = []
    decode = Decoder.decode_open

    def counted(self: Decoder, descriptor: int, room: Any) -> Any:
        decoded.append(descriptor)
        return decode(self, descriptor, room)

    monkeypatch.setattr(Decoder, "decode_open", counted)
    rows = scan(tmp_path)
    assert [row.duplicate_of for row in rows] == [-1, -1, 1, 0, *[1, 1, 0] * 2, 1, 1]
    assert [row.status for row in rows[:3]] == [Status.ASSESSED, Status.ASSESSED, Status.DUPLICATE]
    assert len(decoded) < 12
    before = {row.sha256: row.number for row in rows[:2]}
    again = scan(tmp_path, owner=before.get)
    assert {row.status for row in again} == {Status.DUPLICATE}
    assert len(decoded) < 12


def test_a_member_of_a_tar_and_an_object_of_a_store_are_heard_like_files(
    scan: Scan, tmp_path: Path, memory: MemoryFileSystem
) -> None:
    (tmp_path / "files").mkdir()
    for path in (SLT, STRANGER):
        (tmp_path / "files" / path.name).write_bytes(path.read_bytes())
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for path in sorted((tmp_path / "files").iterdir()):
            archive.add(path, path.name)
    memory.pipe_file("/in/s.tar", (tmp_path / "s.tar").read_bytes())
    for path in (SLT, STRANGER):
        memory.pipe_file(f"/files/{path.name}", path.read_bytes())
    plain = scan(tmp_path / "files")
    for source in (tmp_path / "s.tar", "memory://in/s.tar", "memory://files"):
        rows = scan(source)
        assert [(row.name, row.sha256, row.outcome) for row in rows] == [
            (row.name, row.sha256, row.outcome) for row in plain
        ]


def test_a_member_that_the_tar_cuts_short_is_truncated(scanner: Scanner, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        about = tarfile.TarInfo("1.flac")
        about.size = SLT.stat().st_size
        archive.addfile(about, BytesIO(SLT.read_bytes()))
    (row,) = inputs(Asked(str(tmp_path / "s.tar")))
    os.truncate(tmp_path / "s.tar", 5_000)
    (result,) = scanner.scan([row])
    assert (result.error, result.sha256) == ("media_truncated", "")


def test_a_store_that_fails_now_and_then_is_asked_again_and_one_that_always_does_is_named(
    scan: Scan, memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("always.flac", "gone.flac", "strange.flac", "twice.flac"):
        memory.pipe_file(f"/in/{name}", SLT.read_bytes() + name.encode())
    calls: dict[str, int] = {}
    opened = MemoryFileSystem.open

    def failing(self: MemoryFileSystem, path: str, *arguments: Any, **more: Any) -> Any:
        name = path.rpartition("/")[2]
        calls[name] = calls.get(name, 0) + 1
        if name == "gone.flac":
            raise FileNotFoundError(path)
        if name == "strange.flac":
            raise RuntimeError("the library broke")
        if name == "always.flac" or calls[name] < IMPATIENT.tries:
            raise OSError("503 Slow Down")
        return opened(self, path, *arguments, **more)

    monkeypatch.setattr(MemoryFileSystem, "open", failing)
    rows = {row.name: row for row in scan("memory://in")}
    assert {name: row.error for name, row in rows.items()} == {
        "always.flac": "input_unreachable",
        "gone.flac": "media_unreadable",
        "strange.flac": "input_unreachable",
        "twice.flac": "",
    }
    assert "503 Slow Down" in rows["always.flac"].error_detail
    assert calls == {"always.flac": 3, "gone.flac": 1, "strange.flac": 1, "twice.flac": 3}


def test_a_file_that_changes_while_it_is_read_is_an_error_and_its_twin_is_heard_by_itself(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing, twin = tmp_path / "1.flac", tmp_path / "2.flac"
    changing.write_bytes(SLT.read_bytes())
    twin.write_bytes(SLT.read_bytes())
    decode = Decoder.decode_open

    def touched(self: Decoder, descriptor: int, room: Any) -> Any:
        recording = decode(self, descriptor, room)
        if os.path.sameopenfile(descriptor, os.open(changing, os.O_RDONLY)):
            with changing.open("ab") as file:
                file.write(b"more")
        return recording

    monkeypatch.setattr(Decoder, "decode_open", touched)
    changed, heard = scan(tmp_path)
    assert (changed.status, changed.error) == (Status.FAILED, "input_changed")
    assert (heard.status, heard.performer, heard.duplicate_of) == (Status.ASSESSED, "slt", -1)


def test_a_file_larger_than_may_be_read_is_refused_unread(
    listener: Listener, searched: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = listener.decoder.limits.max_bytes + 1
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(size)
    monkeypatch.setattr(reading.hashlib, "file_digest", lambda *_: pytest.fail("it was read"))
    rows = [
        InputRow(0, "huge.wav", str(tmp_path / "huge.wav")),
        InputRow(1, "huge.tar::huge.wav", f"{tmp_path}/huge.tar::huge.wav", size, offset=512),
    ]
    results = list(Scanner(listener, searched.gallery).scan(rows))
    assert [(row.error, row.sha256, row.size) for row in results] == [("media_too_large", "", 0)] * 2


def test_a_full_disk_ends_the_run_and_is_no_input_s_error(
    scan: Scan, memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe_file("/in/a.flac", SLT.read_bytes())

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(reading.tempfile, "TemporaryFile", full)
    with pytest.raises(StorageFullError, match="No space left"):
        scan("memory://in")


def test_an_engine_that_breaks_off_on_one_recording_names_it_and_goes_on(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.flac").write_bytes(SLT.read_bytes())
    (tmp_path / "2.flac").write_bytes(STRANGER.read_bytes())
    analyse = Engine.analyse_many
    broken = VOICES / "submissions" / SLT.name

    def breaking(self: Engine, items: Any) -> Any:
        if any(item[0].source.size_bytes == broken.stat().st_size for item in items):
            raise ValueError("secret figures")
        return analyse(self, items)

    monkeypatch.setattr(Engine, "analyse_many", breaking)
    rows = scan(tmp_path)
    assert [row.error for row in rows] == ["analysis_failed", ""]
    assert rows[0].error_detail == "the engine broke off on this recording (ValueError)"


def test_a_row_shows_the_strongest_match_or_else_the_nearest_sound_alike() -> None:
    def line(*outcomes: str) -> dict[str, Any]:
        candidates = [{"performer": f"p{n}", "outcome": each, "log10_lr": -n} for n, each in enumerate(outcomes)]
        reasons = [{"code": "b"}, {"code": "a"}, {"code": "b"}]
        return {"duration_s": 1.0, "speech_s": 1.0, "outcome": "x", "reasons": reasons, "candidates": candidates}

    shown = pipeline.columns_of(line("sound_alike", "match", "match"))
    assert (shown["performer"], shown["log10_lr"], shown["reasons"]) == ("p1", -1.0, "a b")
    assert pipeline.columns_of(line("inconclusive", "sound_alike"))["performer"] == "p1"
    assert pipeline.columns_of(line("inconclusive", "no_match"))["performer"] == ""


def test_a_gallery_is_known_again_by_its_recordings(
    listener: Listener, searched: Searched, gallery_folder: Path
) -> None:
    assert enrol_gallery(listener, gallery_folder).id == searched.id
    extra = gallery_folder / "awb" / "again.flac"
    extra.write_bytes((VOICES / "enrolment" / "awb-1.flac").read_bytes() + b"\0")
    try:
        assert enrol_gallery(listener, gallery_folder).id != searched.id
    finally:
        extra.unlink()
