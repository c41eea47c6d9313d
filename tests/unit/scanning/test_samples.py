"""WebDataset samples: what stands beside a recording is said of it, and nothing that cannot be used is passed over."""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tars import SUFFIXES, tar_at

from registry.errors import SourceError
from registry.scanning.lists import Columns
from registry.scanning.results import InputRow
from registry.scanning.samples import MOST_BYTES
from registry.scanning.sources import Asked, inputs

DECLARED = {"declared_use": "dubbing", "project": "Spring", "licence": "CC BY 4.0", "text": "In JSON."}


def rows_of(archive: Path, named: dict[str, str] | None = None, **more: Any) -> list[InputRow]:
    return list(inputs(Asked(str(archive), Columns(named or {}), **more)))


def said(row: InputRow) -> tuple[str, str, str, str]:
    return row.declared_use, row.project, row.licence, row.text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_stands_beside_a_recording_is_said_of_it_and_is_no_input(tmp_path: Path, suffix: str) -> None:
    members = {
        "a/1.json": json.dumps(DECLARED).encode(),
        "a/1.flac": b"first",
        "a/1.txt": "노라 베일".encode(),
        "a/1.cls": b"7",
        "a/2.flac": b"second",
        "b/2.txt": b"of another",
        "b/2.seg.FLAC": b"third",
    }
    rows = rows_of(tar_at(tmp_path / f"s{suffix}", members))
    assert [(row.name, row.size, row.problem) for row in rows] == [
        ("a/1.flac", 5, ""),
        ("a/2.flac", 6, ""),
        ("b/2.seg.FLAC", 5, ""),
    ]
    assert said(rows[0]) == ("dubbing", "Spring", "CC BY 4.0", "In JSON.\n노라 베일")
    assert said(rows[1]) == ("", "", "", "")
    assert said(rows[2]) == ("", "", "", "of another")


def test_columns_say_which_member_of_the_json_stands_for_what_and_then_it_must_be_there(tmp_path: Path) -> None:
    members = {
        "1.flac": b"1",
        "1.json": b'{"rights": {"name": "CC0"}, "licence": "not asked for", "n": 1}',
        "2.flac": b"2",
        "2.json": b'{"licence": "CC0"}',
        "3.flac": b"3",
    }
    rows = rows_of(tar_at(tmp_path / "s.tar", members), {"licence": "rights"}, project="Autumn")
    assert [(row.name, row.licence, row.project, row.problem) for row in rows] == [
        ("1.flac", '{"name": "CC0"}', "Autumn", ""),
        ("2.flac", "", "Autumn", "column_missing"),
        ("3.flac", "", "Autumn", "column_missing"),
    ]
    assert "rights" in rows[1].problem_detail


def test_a_tar_has_no_columns_for_what_its_members_are(tmp_path: Path) -> None:
    archive = tar_at(tmp_path / "s.tar", {"1.flac": b"1"})
    for columns in ({"path": "file"}, {"key": "id", "text": "caption"}):
        with pytest.raises(SourceError, match="its members are the inputs"):
            rows_of(archive, columns)
    with pytest.raises(SourceError, match=r"lists .* and tars only"):
        rows_of(tmp_path, {"text": "caption"})


def test_every_recording_of_a_sample_is_an_input_with_the_same_said_of_it(tmp_path: Path) -> None:
    members = {"1.left.wav": b"left", "1.right.wav": b"right", "1.txt": b"both"}
    rows = rows_of(tar_at(tmp_path / "s.tar", members))
    assert [(row.name, row.text) for row in rows] == [("1.left.wav", "both"), ("1.right.wav", "both")]


def test_what_stands_alone_or_apart_is_an_input_as_ever(tmp_path: Path) -> None:
    members = [
        ("readme.txt", b"of all"),
        ("1.flac", b"1"),
        ("2.flac", b"2"),
        ("1.txt", b"it comes too late"),
        ("LICENCE", b"no key"),
        (".txt", b"no key either"),
        ("3.txt.orig", b"another kind"),
        ("3.flac", b"3"),
    ]
    rows = rows_of(tar_at(tmp_path / "s.tar", members))
    assert [row.name for row in rows] == [name for name, _ in members]
    assert {(row.text, row.problem) for row in rows} == {("", "")}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("1.json", b"{", "cannot be read"),
        ("1.json", b"[" * 100_000, "cannot be read"),
        ("1.json", b'["text"]', "no JSON object"),
        ("1.json", b'{"text": "a", "text": "b"}', "named more than once"),
        ("1.json", b"\xff\xfe", "cannot be read"),
        ("1.txt", b"caf\xe9", "cannot be read"),
        ("1.txt", b"x" * (MOST_BYTES + 1), f"{MOST_BYTES + 1} bytes"),
    ],
    ids=["half", "deep", "list", "twice", "no text", "no UTF-8", "long"],
)
@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_what_cannot_be_read_is_a_row_of_its_own_and_the_recording_is_heard_without_it(
    tmp_path: Path, name: str, content: bytes, why: str, suffix: str
) -> None:
    rows = rows_of(tar_at(tmp_path / f"s{suffix}", {"1.flac": b"1", name: content, "2.flac": b"2"}))
    assert [(row.name, row.problem) for row in rows] == [
        ("1.flac", ""),
        (name, "sidecar_unreadable"),
        ("2.flac", ""),
    ]
    assert said(rows[0]) == ("", "", "", "")
    assert why in rows[1].problem_detail


def test_a_second_word_on_the_same_thing_is_a_row_with_a_problem(tmp_path: Path) -> None:
    members = [("1.json", b'{"licence": "CC0"}'), ("1.flac", b"1"), ("1.json", b'{"licence": "ours", "text": "t"}')]
    rows = rows_of(tar_at(tmp_path / "s.tar", members))
    assert [(row.name, row.licence, row.text, row.problem) for row in rows] == [
        ("1.flac", "CC0", "", ""),
        ("1.json", "", "", "sidecar_unreadable"),
    ]
    assert "licence twice" in rows[1].problem_detail


def test_a_link_beside_a_recording_is_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        link = tarfile.TarInfo("1.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("1.flac"), BytesIO())
    rows = rows_of(tmp_path / "s.tar")
    assert [(row.name, row.problem, row.text) for row in rows] == [
        ("1.txt", "sidecar_unreadable", ""),
        ("1.flac", "", ""),
    ]


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.zst"])
def test_where_the_tar_is_cut_in_what_stands_beside_every_member_still_has_a_row(tmp_path: Path, suffix: str) -> None:
    archive = tar_at(tmp_path / f"s{suffix}", {"1.flac": b"1", "1.txt": bytes(range(32, 127)) * 4000})
    content = archive.read_bytes()
    archive.write_bytes(content[: 20_000 if suffix == ".tar" else len(content) // 2])
    rows = rows_of(archive)
    assert rows[-1].problem == "archive_damaged"
    if len(rows) > 1:
        assert [(row.name, row.problem) for row in rows[:-1]] == [("1.flac", ""), ("1.txt", "sidecar_unreadable")]


def test_a_sample_without_end_takes_little_memory_and_loses_nothing(tmp_path: Path) -> None:
    members = [("1.txt", b"first"), *((f"1.{number}.wav", b"") for number in range(1000))]
    rows = rows_of(tar_at(tmp_path / "s.tar", members))
    assert len(rows) == 1000
    assert [row.text for row in rows[:63]] == ["first"] * 63
