"""A scan on Ray itself, started on this machine: the rows of the local engine, also when killed and taken up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from soundfiles import VOICES

from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import HEARD, SUMMARY, ResultRow, Status, shard_path

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `ray`: pip install 'likeness-registry[ray]'"),
    pytest.mark.xdist_group("ray"),
]
ROOT = Path(__file__).resolve().parents[3]
LIKENESS = (sys.executable, "-m", "registry.cli.main")
SHARD_ROWS = 4
WITHIN = 1e-3
RAY = ("--engine", "ray", "--ray-cpus", "1", "--ray-actors", "1")
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of two, and inputs: voices, things that are no voices, and copies of both in other shards."""
    folder = tmp_path_factory.mktemp("house")
    for name in ("awb", "slt"):
        (folder / "gallery" / name).mkdir(parents=True)
        shutil.copy(VOICES / "enrolment" / f"{name}-1.flac", folder / "gallery" / name)
    (folder / "in").mkdir()
    recordings = [*sorted((VOICES / "submissions").glob("*.flac")), *sorted((VOICES / "problems").glob("s*.flac"))]
    for number, recording in enumerate([*recordings, *recordings[::2]]):
        shutil.copy(recording, folder / "in" / f"{number:02d}.flac")
    (folder / "in" / "05b.txt").write_text("no recording")
    return folder


def environment(house: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIKENESS_", "RAY_"))}
    return kept | {"LIKENESS_HOME": str(house)}


def scanning(house: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    command = [
        *(*LIKENESS, "scan", str(house / "in"), "--out", str(out), "--gallery", str(house / "gallery")),
        *("--shard-rows", str(SHARD_ROWS), "--yes", *more),
    ]
    return subprocess.Popen(  # noqa: S603  (our own program)
        command, cwd=ROOT, env=environment(house), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(house: Path, out: Path, *more: str) -> None:
    process = scanning(house, out, *more)
    said = process.communicate()[1]
    assert process.returncode == 3, said


@pytest.fixture(scope="module")
def undisturbed(house: Path) -> list[ResultRow]:
    run(house, house / "undisturbed")
    rows = list(result_rows(house / "undisturbed"))
    assert {row.status for row in rows} == {Status.ASSESSED, Status.DUPLICATE, Status.FAILED}
    assert any(0 <= row.duplicate_of // SHARD_ROWS < row.number // SHARD_ROWS for row in rows)
    return rows


def assert_done_as(undisturbed: list[ResultRow], out: Path, house: Path) -> None:
    for row, other in zip(result_rows(out), undisturbed, strict=True):
        assert row.log10_lr == pytest.approx(other.log10_lr, abs=WITHIN, nan_ok=True)
        assert row.duration_s == pytest.approx(other.duration_s, abs=WITHIN, nan_ok=True)
        assert row.speech_s == pytest.approx(other.speech_s, abs=WITHIN, nan_ok=True)
        nothing = {"evidence": "", "log10_lr": 0.0, "duration_s": 0.0, "speech_s": 0.0}
        assert replace(row, **nothing) == replace(other, **nothing)
        assert decisions(row) == decisions(other)
    names = ("rows", "statuses", "verdicts", "errors")
    counts, expected = read_json(out / SUMMARY), read_json(house / "undisturbed" / SUMMARY)
    assert {name: counts[name] for name in names} == {name: expected[name] for name in names}
    assert not (out / HEARD).exists()
    assert [path.name for path in out.rglob(".*")] == []


def decisions(row: ResultRow) -> list[tuple[str, str]]:
    return [
        (one["performer"], one["outcome"]) for one in json.loads(row.evidence or '{"candidates": []}')["candidates"]
    ]


def listening(process: psutil.Process) -> set[str]:
    try:
        return {one.laddr.ip for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN}
    except psutil.NoSuchProcess:
        return set()


def gone(processes: list[psutil.Process], within_s: float = 60) -> bool:
    return not psutil.wait_procs(processes, timeout=within_s)[1]


def test_the_rows_are_those_of_the_local_engine_and_nobody_outside_can_reach_it(
    house: Path, undisturbed: list[ResultRow], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = scanning(house, out, *RAY)
    while process.poll() is None and not shard_path(out, 0).exists():
        time.sleep(0.01)
    started = psutil.Process(process.pid).children(recursive=True)
    assert any("raylet" in each.name() for each in started)
    listened = {address for each in started for address in listening(each)}
    said = process.communicate()[1]
    assert process.returncode == 3, said
    assert listened
    assert listened <= LOOPBACK
    assert_done_as(undisturbed, out, house)
    assert gone(started)


def test_killed_on_ray_the_local_engine_goes_on_and_nothing_that_hears_is_left(
    house: Path, undisturbed: list[ResultRow], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = scanning(house, out, *RAY)
    while process.poll() is None and not shard_path(out, 0).exists():
        time.sleep(0.001)
    (actor,) = actors_of(process.pid)
    hearing = [actor, *actor.children(recursive=True)]
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert gone(hearing)
    assert not (out / SUMMARY).exists()
    run(house, out, "--resume")
    assert_done_as(undisturbed, out, house)


def test_begun_here_it_goes_on_on_ray_and_a_killed_actor_is_made_good(
    house: Path, undisturbed: list[ResultRow], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = scanning(house, out)
    while process.poll() is None and not shard_path(out, 0).exists():
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert not (out / SUMMARY).exists()
    process = scanning(house, out, "--resume", *RAY)
    while process.poll() is None and not (actors := actors_of(process.pid)):
        time.sleep(0.05)
    actors[0].kill()
    said = process.communicate()[1]
    assert process.returncode == 3, said
    assert_done_as(undisturbed, out, house)


def actors_of(pid: int) -> list[psutil.Process]:
    found = []
    for each in psutil.Process(pid).children(recursive=True):
        try:
            found += [each] if "MapWorker" in " ".join(each.cmdline()) else []
        except psutil.Error:
            continue
    return found
