"""A scan that is killed at any moment goes on to the rows of one that was not: real processes, real audio."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from soundfiles import VOICES

from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN, SUMMARY, ResultRow, Status

ROOT = Path(__file__).resolve().parents[2]
LIKENESS = (sys.executable, "-m", "registry.cli.main")
KILLED_AT = (sys.executable, str(Path(__file__).with_name("scan_killed_at.py")))
SHARD_ROWS = 4
MOST_TRIES = 40
WITHIN = 1e-3


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of two, and inputs: voices, things that are no voices, and copies of both in other shards."""
    folder = tmp_path_factory.mktemp("house")
    for name in ("awb", "slt"):
        (folder / "gallery" / name).mkdir(parents=True)
        shutil.copy(VOICES / "enrolment" / f"{name}-1.flac", folder / "gallery" / name)
    (folder / "in").mkdir()
    recordings = [*sorted((VOICES / "submissions").glob("*.flac")), *sorted((VOICES / "problems").glob("*.flac"))]
    for number, recording in enumerate([*recordings, *recordings[::3]]):
        shutil.copy(recording, folder / "in" / f"{number:02d}.flac")
    (folder / "in" / "05b.txt").write_text("no recording")
    return folder


def arguments(house: Path, out: Path) -> list[str]:
    options = ["--gallery", str(house / "gallery"), "--shard-rows", str(SHARD_ROWS), "--yes"]
    return ["scan", str(house / "in"), "--out", str(out), *options]


def environment(house: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    return kept | {"LIKENESS_HOME": str(house)}


def run(house: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=environment(house), capture_output=True, text=True, check=False)  # noqa: S603  (our own program)


@pytest.fixture(scope="module")
def undisturbed(house: Path) -> list[ResultRow]:
    done = run(house, [*LIKENESS, *arguments(house, house / "undisturbed")])
    assert done.returncode == 3, done.stderr
    rows = list(result_rows(house / "undisturbed"))
    assert {row.status for row in rows} == {Status.ASSESSED, Status.DUPLICATE, Status.FAILED}
    assert any(row.duplicate_of // SHARD_ROWS != row.number // SHARD_ROWS for row in rows if row.duplicate_of >= 0)
    return rows


def same(one: Any, other: Any) -> bool:
    """Whether evidence is the same but for the last digits, which batches move."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=WITHIN, abs_tol=10 * WITHIN)
    return isinstance(one, str) or bool(one == other)


def assert_same_rows(rows: list[ResultRow], others: list[ResultRow]) -> None:
    assert len(rows) == len(others)
    for row, other in zip(rows, others, strict=True):
        assert bool(row.evidence) == bool(other.evidence)
        assert not row.evidence or same(json.loads(row.evidence), json.loads(other.evidence))
        for name in ("log10_lr", "duration_s", "speech_s"):
            assert getattr(row, name) == pytest.approx(getattr(other, name), abs=WITHIN, nan_ok=True)
        nothing = {"evidence": "", "log10_lr": 0.0, "duration_s": 0.0, "speech_s": 0.0}
        assert replace(row, **nothing) == replace(other, **nothing)


def assert_done_as(undisturbed: list[ResultRow], out: Path, house: Path) -> None:
    assert_same_rows(list(result_rows(out)), undisturbed)
    counts, expected = read_json(out / SUMMARY), read_json(house / "undisturbed" / SUMMARY)
    for told in (counts, expected):
        told.pop("finished_at")
        told.pop("performers")
    assert counts == expected
    assert [path.name for path in out.rglob(".*")] == []
    verified = run(house, [*LIKENESS, "scan", "verify", str(out)])
    assert verified.returncode == 0, verified.stdout


def test_killed_at_commit_points(house: Path, undisturbed: list[ResultRow], tmp_path: Path) -> None:
    out, random = tmp_path / "out", Random(6)  # noqa: S311  (which moments, no secret)
    for number in range(MOST_TRIES):
        moment = [str(random.randint(1, 2 + 2 * number)), random.choice(["before", "after"])]
        more = ["--resume"] if number else []
        done = run(house, [*KILLED_AT, *moment, *arguments(house, out), *more])
        if done.returncode != -signal.SIGKILL:
            break
    assert done.returncode == 3, done.stderr
    assert number > 3
    assert_done_as(undisturbed, out, house)


def test_killed_at_random_moments(house: Path, undisturbed: list[ResultRow], tmp_path: Path) -> None:
    out, random = tmp_path / "out", Random(7)  # noqa: S311  (which moments, no secret)
    longest_s = 2.0
    for number in range(MOST_TRIES):
        command = [*LIKENESS, *arguments(house, out), *(["--resume"] if number else [])]
        process = subprocess.Popen(  # noqa: S603  (our own program)
            command, cwd=ROOT, env=environment(house), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(random.uniform(0, longest_s))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            longest_s *= 2.0
        else:
            break
    assert process.returncode == 3
    assert_done_as(undisturbed, out, house)


def test_asked_to_stop_it_ends_after_a_shard_and_says_how_to_go_on(
    house: Path, undisturbed: list[ResultRow], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(  # noqa: S603  (our own program)
        [*LIKENESS, *arguments(house, out)],
        cwd=ROOT,
        env=environment(house),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (out / PLAN).exists() and process.poll() is None:
        time.sleep(0.01)
    while process.poll() is None and not list(out.glob("shards/0*.parquet")):
        time.sleep(0.001)
    process.terminate()
    said = process.communicate()[1]
    assert process.returncode in {3, 4}, said
    if process.returncode == 4:
        assert "--resume" in said
        assert not (out / SUMMARY).exists()
    done = run(house, [*LIKENESS, *arguments(house, out), "--resume"])
    assert done.returncode == 3, done.stderr
    assert_done_as(undisturbed, out, house)


def test_what_is_not_as_it_was_is_refused_by_name(house: Path, undisturbed: list[ResultRow], tmp_path: Path) -> None:
    assert undisturbed
    out, other = house / "undisturbed", tmp_path / "gallery"
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    shutil.copytree(house / "gallery" / "slt", other / "slt")
    asked = [*LIKENESS, *arguments(house, out)]
    refusals = {
        "is not empty": asked,
        "options shard_rows (4 then, 5 now)": [*asked, "--resume", "--shard-rows", "5"],
        "gallery id": [*asked, "--resume", "--gallery", str(other)],
        "row 0 (02.flac) differs": [*LIKENESS, "scan", str(house / "in" / "*[2-9].flac"), *asked[5:], "--resume"],
    }
    planned = json.loads((out / PLAN).read_text())
    planned["source"] = str(house / "in" / "*[2-9].flac")
    for says, command in refusals.items():
        if "differs" in says:
            (out / PLAN).write_text(json.dumps(planned))
        done = run(house, command)
        (out / PLAN).write_bytes(before[out / PLAN])
        assert done.returncode == 4, done.stderr
        assert says in done.stderr.replace("\n", " "), done.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
