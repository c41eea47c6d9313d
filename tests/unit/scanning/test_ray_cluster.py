"""A scan on Ray itself, started on this machine: the rows of the local engine, also when killed and taken up."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from same_rows import assert_alike
from scan_house import FAILED_SOME, ScanHouse, furnished

from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import HEARD, SUMMARY, ResultRow, shard_path

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `ray`: pip install 'likeness-registry[ray]'"),
]
RAY = ("--engine", "ray", "--ray-cpus", "1", "--ray-actors", "1")
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> ScanHouse:
    house = furnished(tmp_path_factory.mktemp("house"), "s*.flac", copies=2, whole=True)
    house.rows()
    return house


def scanning(house: ScanHouse, out: Path, *more: str) -> subprocess.Popen[str]:
    return house.started(house.asked(out, *more))


def assert_done_as_undisturbed(out: Path, house: ScanHouse) -> None:
    for row, other in zip(result_rows(out), house.rows(), strict=True):
        assert_alike(row, other)
        assert decisions(row) == decisions(other)
    names = ("rows", "statuses", "verdicts", "errors")
    counts, expected = read_json(out / SUMMARY), read_json(house.undisturbed / SUMMARY)
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
    house: ScanHouse, tmp_path: Path
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
    assert_done_as_undisturbed(out, house)
    assert gone(started)


def test_begun_here_killed_and_gone_on_with_on_ray_a_killed_actor_is_made_good_and_killed_again_it_ends_here(
    house: ScanHouse, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = scanning(house, out)
    await_shard(process, out, 0)
    kill(process)
    assert not shard_path(out, 1).exists()

    process = scanning(house, out, "--resume", *RAY)
    while process.poll() is None and not (actors := actors_of(process.pid)):
        time.sleep(0.05)
    actors[0].kill()
    await_shard(process, out, 1)
    (actor,) = actors_of(process.pid)
    hearing = [actor, *actor.children(recursive=True)]
    kill(process)
    assert gone(hearing)
    assert not (out / SUMMARY).exists()

    done = house.here(*house.asked(out, "--resume"))
    assert done.returncode == FAILED_SOME, done.stderr
    assert_done_as_undisturbed(out, house)


def await_shard(process: subprocess.Popen[str], out: Path, number: int) -> None:
    while process.poll() is None and not shard_path(out, number).exists():
        time.sleep(0.01)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process that has not ended by itself."""
    process.kill()
    said = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, said


def actors_of(pid: int) -> list[psutil.Process]:
    found = []
    for each in psutil.Process(pid).children(recursive=True):
        try:
            found += [each] if "MapWorker" in " ".join(each.cmdline()) else []
        except psutil.Error:
            continue
    return found
