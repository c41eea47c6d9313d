"""A scan that is killed at any moment goes on to the rows of one that was not: real processes, real audio."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from same_rows import assert_same_rows
from scan_house import FAILED_SOME, ScanHouse, furnished
from small_disk import filled, small_disk

from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN, SUMMARY
from registry.scanning.verify import verify_scan

KILLED_AT = (sys.executable, str(Path(__file__).with_name("scan_killed_at.py")))
MOMENTS = (
    ("before", "manifest"),
    ("after", "plan.json"),
    ("before", "shards/00000002.parquet"),
    ("after", "results.parquet"),
    ("before", "report.json"),
)
"""One of each kind of thing that is put in its place; each process goes on where the one before was killed."""
MOST_TRIES = 40


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> ScanHouse:
    house = furnished(tmp_path_factory.mktemp("house"), "*.flac", copies=3)
    house.rows()
    return house


def assert_done_as_undisturbed(out: Path, house: ScanHouse) -> None:
    assert_same_rows(list(result_rows(out)), house.rows())
    counts, expected = read_json(out / SUMMARY), read_json(house.undisturbed / SUMMARY)
    for told in (counts, expected):
        told.pop("finished_at")
        told.pop("performers")
    assert counts == expected
    assert [path.name for path in out.rglob(".*")] == []
    assert verify_scan(out).holds


def test_killed_at_commit_points(house: ScanHouse, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number, moment in enumerate(MOMENTS):
        more = ["--resume"] if number else []
        process = house.started(house.asked(out, *more), [*KILLED_AT, *moment])
        said = process.communicate()[1]
        assert process.returncode == -signal.SIGKILL, (moment, said)
    done = house.here(*house.asked(out, "--resume"))
    assert done.returncode == FAILED_SOME, done.stderr
    assert_done_as_undisturbed(out, house)


def test_killed_at_random_moments(house: ScanHouse, tmp_path: Path) -> None:
    out, random = tmp_path / "out", Random(7)  # noqa: S311  (which moments, no secret)
    longest_s = 2.0
    for number in range(MOST_TRIES):
        process = house.started(house.asked(out, *(["--resume"] if number else [])))
        try:
            process.communicate(timeout=random.uniform(0, longest_s))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            longest_s *= 2.0
        else:
            break
    assert process.returncode == FAILED_SOME
    assert_done_as_undisturbed(out, house)


def test_asked_to_stop_it_ends_after_a_shard_and_says_how_to_go_on(house: ScanHouse, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = house.started(house.asked(out))
    while not (out / PLAN).exists() and process.poll() is None:
        time.sleep(0.01)
    while process.poll() is None and not list(out.glob("shards/0*.parquet")):
        time.sleep(0.01)
    process.terminate()
    said = process.communicate()[1]
    assert process.returncode in {3, 4}, said
    if process.returncode == 4:
        assert "--resume" in said
        assert not (out / SUMMARY).exists()
    done = house.here(*house.asked(out, "--resume"))
    assert done.returncode == FAILED_SOME, done.stderr
    assert_done_as_undisturbed(out, house)


def test_a_full_disk_ends_it_with_a_sentence_and_with_room_it_goes_on(house: ScanHouse, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        out = disk / "out"
        with filled(disk, but=64 * 1024):
            done = house.here(*house.asked(out))
            assert done.returncode == 4, done.stderr
            assert "cannot be written: " in done.stderr.replace("\n", " ")
            assert "No space left on device" in done.stderr.replace("\n", " ")
            assert (out / PLAN).exists()
            assert not (out / SUMMARY).exists()
            assert [path.name for path in out.rglob(".*")] == []
        done = house.here(*house.asked(out, "--resume"))
        assert done.returncode == FAILED_SOME, done.stderr
        assert_done_as_undisturbed(out, house)


def test_what_is_not_as_it_was_is_refused_by_name(house: ScanHouse, tmp_path: Path) -> None:
    out, other = house.undisturbed, tmp_path / "gallery"
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    shutil.copytree(house.folder / "gallery" / "slt", other / "slt")
    asked = house.asked(out)
    fewer = str(house.folder / "in" / "*[2-9].flac")
    refusals = {
        "is not empty": asked,
        "options shard_rows (4 then, 5 now)": [*asked, "--resume", "--shard-rows", "5"],
        "gallery id": [*asked, "--resume", "--gallery", str(other)],
        "row 0 (02.flac) differs": ["scan", fewer, *asked[2:], "--resume"],
    }
    planned = json.loads((out / PLAN).read_text())
    planned["source"] = fewer
    for says, command in refusals.items():
        if "differs" in says:
            (out / PLAN).write_text(json.dumps(planned))
        done = house.here(*command)
        (out / PLAN).write_bytes(before[out / PLAN])
        assert done.returncode == 4, done.stderr
        assert says in done.stderr.replace("\n", " "), done.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
