"""A scan whose worker is killed at any moment goes on in the next one, to the rows of a scan that was left alone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from same_rows import assert_same_rows
from served import ServedHouse, fill, served_house
from sqlalchemy import select

from registry.bootstrap import build_engine
from registry.domain.checks import WorkKind
from registry.domain.scans import ScanState
from registry.scanning.verify import verify_scan
from registry.settings import Settings
from registry.store.checks import Finding
from registry.store.database import Database
from registry.store.journal import JournalEntry
from registry.store.work import Work, WorkState

ROOT = Path(__file__).resolve().parents[2]
WORKER = (sys.executable, "-m", "registry.starting", "registry.worker")
PATIENCE_S = 600.0
KILLS = 3


@contextmanager
def worker(house: ServedHouse) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(WORKER, env=house.environment(), cwd=ROOT)  # noqa: S603  (our own program)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < deadline, f"it did not happen within {PATIENCE_S} s"
        time.sleep(0.05)


def work_on(house: ServedHouse, scan_id: str) -> Work:
    with house.registry.ctx.database.read() as session:
        return session.scalars(select(Work).where(Work.kind == WorkKind.SCAN, Work.subject_id == scan_id)).one()


def findings_of(house: ServedHouse, scan_id: str) -> list[tuple[int, str, str]]:
    """Answer the row, the performer and the verdict of each finding of a scan."""
    with house.registry.ctx.database.read() as session:
        found = [one for one in session.scalars(select(Finding)) if one.scan_id == scan_id]
        return sorted((one.scan_row.number, one.performer_id, one.verdict.value) for one in found if one.scan_row)


def test_killed_at_random_moments(tmp_path: Path, sqlite_database: Database) -> None:
    random = Random(15)  # noqa: S311  (which moments, no secret)
    engine = build_engine(Settings(device="cpu"))
    with served_house(tmp_path, sqlite_database, engine, ("slt", "rms")) as house:
        fill(house.media / "in", copies=3, distinct=True)
        killed = house.ask("in").id
        for shards in range(KILLS):
            with worker(house) as process:
                wait_until(lambda shards=shards: kill_now(house, killed, shards))  # type: ignore[misc]
                time.sleep(random.uniform(0, 1))
                process.kill()
                process.wait()
        assert work_on(house, killed).lease_token > 1
        undisturbed = house.ask("in").id
        last = house.worker(engine)
        wait_until(lambda: not last.run_once() and house.scan(killed).state is not ScanState.RUNNING)
        first, second = house.scan(killed), house.scan(undisturbed)
        assert (first.state, second.state) == (ScanState.DONE, ScanState.DONE), first.problem
        assert_same_rows(house.rows(killed), house.rows(undisturbed))
        for figure in ("rows", "rows_done", "failed", "flagged", "findings", "unresolved", "manifest_sha256"):
            assert getattr(first, figure) == getattr(second, figure), figure
        assert findings_of(house, killed) == findings_of(house, undisturbed) != []
        assert verify_scan(house.folder(killed)).holds
        assert [path.name for path in house.folder(killed).rglob(".*")] == []
        with house.registry.ctx.database.read() as session:
            told = session.scalars(select(JournalEntry.subject_id).where(JournalEntry.type == "scan.finished")).all()
        assert sorted(told) == sorted([killed, undisturbed])


def kill_now(house: ServedHouse, scan_id: str, shards: int) -> bool:
    """Whether a worker is at the scan, and so many of its shards are there; or none is left to be killed at it."""
    state = work_on(house, scan_id).state
    return state is WorkState.DONE or (state is WorkState.LEASED and house.shards(scan_id) >= shards)
