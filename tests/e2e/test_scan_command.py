"""``likeness scan``: what it leaves, what it says, and its exit codes; once as a process, otherwise in this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from likeness_here import Done, likeness_here
from soundfiles import VOICES

from registry.scanning.folder import input_rows, read_json, result_rows
from registry.scanning.results import PLAN, SUMMARY, Status

ROOT = Path(__file__).resolve().parents[2]
LIKENESS = (sys.executable, "-m", "registry.cli.main")
SUBMISSIONS = VOICES / "submissions"
STRANGER = SUBMISSIONS / "kal16-stranger.flac"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    for name in ("awb", "slt"):
        (folder / name).mkdir()
        shutil.copy(VOICES / "enrolment" / f"{name}-1.flac", folder / name)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def likeness(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    environment = kept | {"LIKENESS_HOME": str(tmp_path), "COLUMNS": "200"}
    command = [*LIKENESS, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)


def scan(tmp_path: Path, source: object, gallery: Path, *more: object) -> Done:
    asked = ("--gallery", gallery, "--out", tmp_path / "out")
    return likeness_here({"LIKENESS_HOME": tmp_path}, "scan", source, *asked, *more)


def rows_by_name(out: Path) -> dict[str, Any]:
    return {row.name: row for row in result_rows(out)}


def test_nothing_flagged_is_0(tmp_path: Path, source: Path, gallery: Path) -> None:
    shutil.copy(STRANGER, source)
    done = scan(tmp_path, source, gallery, "--yes")
    assert done.returncode == 0, done.stderr
    (row,) = result_rows(tmp_path / "out")
    assert (row.status, row.verdict) == (Status.ASSESSED, "no_match")


def test_a_match_is_1_and_its_evidence_is_what_identify_says(tmp_path: Path, source: Path, gallery: Path) -> None:
    for recording in SUBMISSIONS.glob("*.flac"):
        shutil.copy(recording, source)
    asked = ("--gallery", gallery, "--out", tmp_path / "out", "--yes", "--jsonl", "--csv", "--declared-use", "dubbing")
    done = likeness(tmp_path, "scan", source, *asked, "--seed", 7)
    assert done.returncode == 1, done.stderr
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} >= {
        *("plan.json", "manifest", "shards", "results.parquet", "results.jsonl", "results.csv", "summary.json"),
        *("report.html", "report.ko.html", "report.json"),
    }
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert (events[-1]["files"], events[-1]["of"], events[-1]["errors"]) == (6, 6, 0)
    asked = ("--gallery", gallery, "--out", tmp_path / "found.jsonl")
    identified = likeness_here({"LIKENESS_HOME": tmp_path}, "identify", *asked, source)
    assert identified.returncode == 1
    rows = {row.locator: row for row in result_rows(out)}
    for line in map(json.loads, (tmp_path / "found.jsonl").read_text().splitlines()):
        row = rows[line.pop("file")]
        evidence = json.loads(row.evidence)
        assert evidence.keys() == line.keys()
        assert evidence["outcome"] == line["outcome"] == row.outcome
        for mine, theirs in zip(evidence["candidates"], line["candidates"], strict=True):
            assert mine.keys() == theirs.keys()
            assert (mine["performer"], mine["outcome"]) == (theirs["performer"], theirs["outcome"])
            assert mine["log10_lr"] == pytest.approx(theirs["log10_lr"], abs=1e-3)
        assert row.declared_use == "dubbing"
        assert (row.verdict == "not_assessed") == (row.outcome in {"match", "sound_alike"})


def test_a_list_with_bad_rows_is_3_and_every_row_has_its_end(tmp_path: Path, source: Path, gallery: Path) -> None:
    for name in ("a.flac", "b.flac"):
        shutil.copy(SUBMISSIONS / "slt-advert.flac", source / name)
    (source / "words.flac").write_text("no recording")
    listed = tmp_path / "list.csv"
    listed.write_text(
        "id,file,use,who\n1,in/a.flac,dubbing,Spring\n2,in/b.flac,narration,Autumn\n3,in/gone.flac,,\n4,,,\n"
        "1,in/words.flac,,\n5,in/words.flac,,\n6,in/a.flac\n7,memory://nowhere/x.flac,,\n"
    )
    columns = ["key=id", "path=file", "declared_use=use", "project=who"]
    named = [part for column in columns for part in ("--column", column)]
    done = scan(tmp_path, listed, gallery, "--yes", *named, "--shard-rows", 3)
    assert done.returncode == 3, done.stderr
    rows = list(result_rows(tmp_path / "out"))
    assert [(row.name, row.status.value, row.error) for row in rows] == [
        ("1", "assessed", ""),
        ("2", "duplicate", ""),
        ("3", "failed", "media_unreadable"),
        ("4", "failed", "column_missing"),
        ("1", "failed", "duplicate_key"),
        ("5", "failed", "media_not_recognised"),
        ("6", "failed", "columns_do_not_fit"),
        ("7", "failed", "media_unreadable"),
    ]
    first, second = rows[:2]
    assert (second.duplicate_of, second.performer, second.evidence) == (0, "slt", first.evidence)
    assert [(row.declared_use, row.project) for row in rows[:2]] == [("dubbing", "Spring"), ("narration", "Autumn")]
    summary = read_json(tmp_path / "out" / SUMMARY)
    assert summary["statuses"] == {"assessed": 1, "duplicate": 1, "failed": 6, "not_scanned": 0}
    plan = read_json(tmp_path / "out" / PLAN)
    assert plan["manifest"]["rows"] == summary["rows"] == 8
    assert plan["options"]["columns"] == dict(column.split("=") for column in columns)


def test_a_sample_leaves_the_rest_in_the_manifest_and_says_so(tmp_path: Path, source: Path, gallery: Path) -> None:
    for number in range(30):
        (source / str(number % 3)).mkdir(exist_ok=True)
        (source / str(number % 3) / f"{number}.txt").write_text(str(number))
    done = scan(tmp_path, source, gallery, "--yes", "--sample", 6, "--stratify", "folder", "--seed", 1)
    assert done.returncode == 3, done.stderr
    rows = list(result_rows(tmp_path / "out"))
    assert [row.number for row in input_rows(tmp_path / "out")] == [row.number for row in rows] == list(range(30))
    chosen = [row for row in rows if row.status is Status.FAILED]
    assert {name: sum(row.name.startswith(name) for row in chosen) for name in "012"} == {"0": 2, "1": 2, "2": 2}
    rest = [row for row in rows if row not in chosen]
    assert {(row.status, row.reasons) for row in rest} == {(Status.NOT_SCANNED, "not_sampled")}
    assert read_json(tmp_path / "out" / SUMMARY)["not_scanned"] == {"not_sampled": 24}


def test_a_dry_run_says_what_would_be_done_and_leaves_nothing(tmp_path: Path, source: Path, gallery: Path) -> None:
    for recording in SUBMISSIONS.glob("*.flac"):
        shutil.copy(recording, source)
    done = scan(tmp_path, source, gallery, "--dry-run", "--target-fpir", "0.05")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "6 files" in said
    assert "by the headers of 6 files" in said
    assert "about 0.03 hours" in said  # 90 s
    assert "2 performers" in said
    assert "expected false hits 0.3" in said
    assert not (tmp_path / "out").exists()


def test_wrong_use_is_2_and_leaves_nothing(tmp_path: Path, source: Path, gallery: Path) -> None:
    shutil.copy(STRANGER, source)
    for more in (
        [],
        ["--yes", "--limit", 1, "--sample", 1],
        ["--yes", "--stratify", "folder"],
        ["--yes", "--column", "nonsense=x"],
        ["--yes", "--kind", "nonsense"],
        ["--yes", "--engine", "nonsense"],
        ["--yes", "--ray-address", "127.0.0.1:6379"],
        ["--yes", "--names", tmp_path / "names.csv"],
        ["--yes", "--out", source / "out"],
    ):
        done = scan(tmp_path, source, gallery, *more)
        assert done.returncode == 2, (more, done.stderr)
    assert "--yes" in scan(tmp_path, source, gallery).stderr
    assert not (tmp_path / "out").exists()
    assert list(source.iterdir()) == [source / STRANGER.name]


def test_a_run_that_fails_is_4_and_says_why_in_one_sentence(tmp_path: Path, source: Path, gallery: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"path\ncaf\xe9.flac\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("mine")
    for begins, arguments in {
        "likeness: the list is not UTF-8: line 2, byte 8 of the file": [tmp_path / "list.csv"],
        f"likeness: there is nothing at {tmp_path}/nowhere": [tmp_path / "nowhere"],
        f"likeness: {tmp_path}/full is not empty": [source, "--out", tmp_path / "full"],
        f"likeness: {tmp_path}/full holds no scan": [source, "--out", tmp_path / "full", "--resume"],
    }.items():
        done = scan(tmp_path, arguments[0], gallery, "--yes", *arguments[1:])
        assert done.returncode == 4, done.stderr
        assert done.stderr.startswith(begins), done.stderr
        assert done.stderr.count("\n") == 1
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["diary.txt"]


def test_what_a_scan_leaves_can_be_verified_heard_again_and_compared(
    tmp_path: Path, source: Path, gallery: Path
) -> None:
    shutil.copy(SUBMISSIONS / "slt-game.flac", source)
    assert scan(tmp_path, source, gallery, "--yes").returncode == 1
    verified = likeness_here(
        {"LIKENESS_HOME": tmp_path}, "scan", "verify", tmp_path / "out", "--recompute", 1, "--gallery", gallery
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    again = scan(tmp_path, source, gallery, "--yes", "--out", tmp_path / "again", "--compare", tmp_path / "out")
    assert again.returncode == 1
    assert "recordings unchanged: 1" in again.stdout
