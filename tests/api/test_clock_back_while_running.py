"""A server and a worker whose clock goes back by hours while they run: nothing hangs on it, and the journal says so.

Real processes are told another time of day from one moment on, by a library that is loaded before the C library
(``another_clock.c``).
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from house import USE, VOICES
from httpx import codes
from over_wire import Served, furnish, let_in, serving
from sqlalchemy import select

from registry.clock import utc_now
from registry.services.journal_append import CLOCKS_APART
from registry.store.database import Database
from registry.store.journal import JournalEntry
from registry.store.work import Work, WorkState

SOURCE = Path(__file__).with_name("another_clock.c")
WITHIN_S = 300.0
LEASE_S = 2
READY_WITHIN_S = 30.0


@dataclass
class Running:
    """A registry as it is served, with a worker beside it, and the clock of both."""

    served: Served
    database: Database
    clock: Path

    def turn_back(self, hours: int) -> None:
        """Let both have a clock that is so many hours behind from now on."""
        with self.clock.open("r+b") as file:  # in place: the processes have it mapped
            file.write(struct.pack("=q", -3600 * hours))

    def await_ready(self) -> None:
        """Wait until the worker has reported itself by its new clock, and the registry says that it is ready."""
        ready = httpx.get(f"{self.served.url}/readyz", trust_env=False)
        deadline = time.monotonic() + READY_WITHIN_S
        while ready.status_code != codes.OK and time.monotonic() < deadline:
            time.sleep(0.2)
            ready = httpx.get(f"{self.served.url}/readyz", trust_env=False)
        assert ready.status_code == codes.OK, ready.text

    def submit(self, copies: int = 1) -> dict[str, Any]:
        """Send a recording, as many times over as wanted, and answer the check once nothing of it is left to do."""
        content = (VOICES / "submissions" / "slt-advert.flac").read_bytes()
        headers = {"Authorization": f"Bearer {self.served.people.studio}", "Prefer": "wait=0"}
        with httpx.Client(base_url=self.served.url, headers=headers, timeout=60, trust_env=False) as client:
            made = [client.post("/v1/checks", data=USE, files={"file": content}) for _ in range(copies)]
            assert {each.status_code for each in made} == {202}, made[0].text
            self.await_work(WorkState.DONE)
            answer = client.get(f"/v1/checks/{made[0].json()['id']}")
            checked: dict[str, Any] = answer.json()
            return checked

    def await_work(self, state: WorkState) -> list[Work]:
        """Wait until all there is to do is so; answer it."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            with self.database.read() as session:
                found = list(session.scalars(select(Work)))
            if {each.state for each in found} == {state}:
                return found
            time.sleep(0.1)
        raise AssertionError([(each.state, each.attempts) for each in found])


@pytest.fixture
def running(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    library, clock = tmp_path / "another_clock.so", tmp_path / "clock"
    compiling = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
    subprocess.run(compiling, check=True)  # noqa: S603  (our own source)
    clock.write_bytes(struct.pack("=q", 0))
    shutil.copy(sqlite_template, tmp_path / "registry.sqlite3")
    settings = furnish(tmp_path / "home", f"sqlite:///{tmp_path / 'registry.sqlite3'}")
    people = let_in(settings)
    monkeypatch.setenv("LD_PRELOAD", str(library))  # for the processes that are started: this one has begun
    monkeypatch.setenv("ANOTHER_CLOCK", str(clock))
    with serving(settings, people, embedded_worker="true", lease_s=str(LEASE_S)) as served:
        database = Database(settings.resolved_database_url)
        try:
            yield Running(served, database, clock)
        finally:
            database.dispose()


def test_checks_end_once_before_and_after_the_clock_goes_back_and_the_journal_says_by_how_much(
    running: Running,
) -> None:
    first = running.submit()
    running.turn_back(1)
    second = running.submit()
    assert {first["state"], second["state"]} == {"done"}
    earlier = datetime.fromisoformat(second["created_at"]) - datetime.fromisoformat(first["created_at"])
    assert timedelta(hours=-1) <= earlier < timedelta(minutes=-40), "the clock did not go back"

    running.turn_back(2)
    third = running.submit(copies=4)  # of which some wait while others are in hand
    assert third["state"] == "done"
    assert {each.attempts for each in running.await_work(WorkState.DONE)} == {1}
    with running.database.read() as session:
        entries = list(session.scalars(select(JournalEntry).order_by(JournalEntry.seq)))
    ended = [each.subject_id for each in entries if each.type == "check.completed"]
    assert len(ended) == len(set(ended)) == 6
    told = [number for number, each in enumerate(entries) if each.type == "journal.clock_stepped_back"]
    assert len(told) == 2
    for number in told:
        assert entries[number - 1].at - entries[number].at > CLOCKS_APART
    assert all(each.at < utc_now() for each in entries)
    running.await_ready()
