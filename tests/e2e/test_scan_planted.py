"""A small training set with things planted in it: ``likeness scan`` accounts for every one of them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from soundfiles import VOICES

from benchmarks.planted import (
    ALONE,
    AMONG,
    BROKEN,
    BROKEN_AS,
    CLONE,
    DUPLICATE,
    PIECE_S,
    STRANGER,
    Material,
    Planted,
    account,
    plant,
    scan,
)
from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import SUMMARY, ResultRow, Status

COUNTS = {"files": 26, "planted": 6, "broken": 7, "duplicates": 4, "seed": 6}
FOUND_SOME = 3


def material() -> Material:
    """Only slt is registered: the other two of the synthesiser are too much alike for one to be a stranger."""
    enrolment, submissions = VOICES / "enrolment", VOICES / "submissions"
    return Material(
        registered={"slt": [submissions / "slt-advert.flac", submissions / "slt-game.flac"]},
        clones={"slt": [submissions / "slt-hts.flac"]},
        others=[
            *sorted(enrolment.glob("rms-*.flac")),
            *sorted(enrolment.glob("awb-*.flac")),
            submissions / "kal16-stranger.flac",
        ],
    )


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "slt").mkdir()
    for recording in (VOICES / "enrolment").glob("slt-*.flac"):
        shutil.copy(recording, folder / "slt")
    return folder


def test_every_planted_thing_is_accounted_for(monkeypatch: pytest.MonkeyPatch, gallery: Path, tmp_path: Path) -> None:
    monkeypatch.setenv("LIKENESS_HOME", str(tmp_path))
    key = plant(material(), tmp_path / "set", **COUNTS)
    assert Counter(one.kind for one in key) == {
        ALONE: 2,
        AMONG: 2,
        CLONE: 2,
        STRANGER: 9,
        BROKEN: 7,
        DUPLICATE: 4,
    }
    assert {one.of for one in key if one.kind == BROKEN} == set(BROKEN_AS)
    code = scan(tmp_path / "set", gallery, tmp_path / "out", "--kind", "training", "--shard-rows", "5")
    assert code == FOUND_SOME
    rows = list(result_rows(tmp_path / "out"))
    found = account(key, rows, tmp_path / "set")
    assert found.unaccounted == []
    assert found.not_found == []
    assert found.mistaken == []
    summary = read_json(tmp_path / "out" / SUMMARY)
    assert summary["rows"] == len(key) == sum(summary["statuses"].values())
    assert summary["statuses"]["failed"] == COUNTS["broken"]
    among = {one.name: one for one in key if one.kind == AMONG}
    assert all(heard_there(row, among[row.name]) for row in rows if row.name in among)


def heard_there(row: ResultRow, one: Planted) -> bool:
    """Whether the planted voice is heard where it speaks, and not only somewhere in the file."""
    (found,) = [each for each in json.loads(row.evidence)["candidates"] if each["performer"] == one.performer]
    until_s = one.at_s + PIECE_S
    return any(part["start_s"] < until_s and one.at_s < part["end_s"] for part in found["segments"])


# --- the account itself: what it would say of a scan that loses something ---------------------------------------------


def key_and_rows(folder: Path) -> tuple[list[Planted], list[ResultRow]]:
    contents = {"0": b"a", "1": b"b", "2": b"a", "3": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    match = '{"candidates":[{"performer":"p","outcome":"match"}]}'
    assessed = ResultRow(0, "0", "/0", Status.ASSESSED, outcome="match", performer="p", evidence=match)
    return (
        [Planted("0", ALONE, "p"), Planted("1", STRANGER), Planted("2", DUPLICATE, "p", "0"), Planted("3", BROKEN)],
        [
            assessed,
            ResultRow(1, "1", "/1", Status.ASSESSED, outcome="no_match"),
            replace(assessed, number=2, name="2", status=Status.DUPLICATE, duplicate_of=0),
            ResultRow(3, "3", "/3", Status.FAILED, error="media_empty"),
        ],
    )


def test_a_scan_as_it_should_be_leaves_nothing_open(tmp_path: Path) -> None:
    key, rows = key_and_rows(tmp_path)
    found = account(key, rows, tmp_path)
    assert (found.unaccounted, found.not_found, found.mistaken) == ([], [], [])
    assert found.ends == {
        ALONE: Counter(match=1),
        STRANGER: Counter(no_match=1),
        DUPLICATE: Counter(match=1),
        BROKEN: Counter(media_empty=1),
    }


def test_what_a_scan_loses_or_makes_up_is_named(tmp_path: Path) -> None:
    key, rows = key_and_rows(tmp_path)
    whole = replace(rows[3], status=Status.ASSESSED, error="", outcome="no_match")
    for changed, says in (
        (rows[:3], "only on one side: 3"),
        ([*rows, replace(rows[1], name="9", number=4)], "only on one side: 9"),
        ([*rows[:2], replace(rows[2], duplicate_of=1), rows[3]], "2: the bytes of row 0, reported as those of 1"),
        ([*rows[:2], replace(rows[2], duplicate_of=-1), rows[3]], "2: the bytes of row 0, reported as those of -1"),
        ([*rows[:3], whole], "3, broken"),
        ([replace(rows[0], status=Status.FAILED, error="no_speech"), *rows[1:]], "0, alone"),
    ):
        (only,) = account(key, changed, tmp_path).unaccounted
        assert says in only
    missed = [replace(rows[0], outcome="no_match", evidence=""), *rows[1:]]
    assert account(key, missed, tmp_path).not_found == ["0: alone, p, is no_match"]
    mistaken = [rows[0], replace(rows[1], outcome="match", evidence=rows[0].evidence), *rows[2:]]
    assert account(key, mistaken, tmp_path).mistaken == ["1: stranger, nobody, is a match of p"]
