"""A scan of WebDataset samples in a compressed tar: heard with what stands beside them, and taken up again."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest
from likeness_here import Done, likeness_here
from soundfiles import VOICES

from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import RESULTS, SUMMARY, shard_path

sys.path.append(str(Path(__file__).parents[1] / "unit" / "scanning"))

from tars import tar_at

SUBMISSIONS = VOICES / "submissions"
SLT, STRANGER = (SUBMISSIONS / f"{name}.flac" for name in ("slt-advert", "kal16-stranger"))


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    folder = tmp_path / "gallery" / "slt"
    folder.mkdir(parents=True)
    shutil.copy(VOICES / "enrolment" / "slt-1.flac", folder)
    return folder.parent


def test_samples_are_heard_declared_and_searched_for_names_and_a_scan_of_them_goes_on(
    tmp_path: Path, gallery: Path
) -> None:
    members = {
        "0.flac": SLT.read_bytes(),
        "0.json": json.dumps({"rights": "CC BY 4.0", "project": "Harbour"}).encode(),
        "0.txt": b"Read it like NORA  VALE would.",
        "1.flac": STRANGER.read_bytes(),
        "1.json": json.dumps({"rights": "ours", "text": "노라베일처럼"}).encode(),
        "2.txt": b"of a recording that is not there",
        "3.flac": SLT.read_bytes(),
        "3.json": b'{"rights": ',
    }
    archive = tar_at(tmp_path / "set.tar.gz", members)
    (tmp_path / "names.csv").write_text("name,alias\nNora Vale,노라 베일\n", encoding="utf-8")
    out = tmp_path / "out"

    def scan(*more: object) -> Done:
        asked = ("--gallery", gallery, "--out", out, "--column", "licence=rights", "--shard-rows", 2, "--yes")
        names = ("--kind", "training", "--names", tmp_path / "names.csv")
        return likeness_here({"LIKENESS_HOME": tmp_path}, "scan", archive, *asked, *names, *more)

    done = scan()
    assert done.returncode == 3, done.stderr
    rows = list(result_rows(out))
    assert [(row.name, row.status.value, row.outcome or row.error, row.licence, row.project) for row in rows] == [
        ("0.flac", "assessed", "match", "CC BY 4.0", "Harbour"),
        ("1.flac", "assessed", "no_match", "ours", ""),
        ("2.txt", "failed", "media_not_recognised", "", ""),
        ("3.flac", "failed", "column_missing", "", ""),
        ("3.json", "failed", "sidecar_unreadable", "", ""),
    ]
    assert [row.sha256 for row in rows[:2]] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (SLT, STRANGER)
    ]
    names = read_json(out / "training-summary.json")["names"]
    assert (names["found"], [row["input"] for row in names["rows"]]) == ({"Nora Vale": 2}, ["0.flac", "1.flac"])

    for left in (shard_path(out, 0), shard_path(out, 1), shard_path(out, 2), out / RESULTS, out / SUMMARY):
        left.unlink()
    assert scan("--resume").returncode == 3
    assert [repr(row) for row in result_rows(out)] == [repr(row) for row in rows]
    assert likeness_here({"LIKENESS_HOME": tmp_path}, "scan", "verify", out).returncode == 0
