"""How soon a withdrawal is everywhere: two worker processes, a gallery of 100,000, the real server, over HTTP.

    python -m benchmarks.withdrawal [--performers 100000] [--rounds 5]

A round enrols a performer, sees that both workers find their voice, withdraws in one call, and asks each worker alone
(the other one is stopped meanwhile) for the next check of the same recording. Whoever is found again ends the benchmark
with an error: a withdrawal that is fast and wrong has no time to show. The rest of the gallery is nobody's voice, drawn
from the cohort distribution that ships with the engine, sealed and loaded as every enrolment is.

A withdrawal is everywhere once it is answered: the answer waits until every worker has confirmed that it dropped the
voice, so that whatever check comes next cannot find it. That is held against the bar. A check's own time, decoding and
listening, comes on top until its verdict; it is told beside.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.gallery import fill_gallery
from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.settings import Settings
from registry.store import workers

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

import demo  # noqa: E402  (a script beside the package, not part of it)
from server import running_server  # noqa: E402

VOICE = "slt"
FILE = "slt-advert.flac"
WORKERS = 2
START_WITHIN_S = 900.0
BAR_S = 1.0
_USE = {"kind": "generated", "purpose": "advertising", "project": "b", "medium": "radio", "territory": "GB"}


@dataclass(frozen=True)
class Round:
    """Seconds from the call: to its answer, which every worker has confirmed, and to each worker's next check."""

    answered_s: float
    checked_s: Sequence[float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--performers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        rounds, ready_s = measure(Path(folder), arguments.performers, arguments.rounds)
    print_table(rounds, arguments.performers, ready_s)


def measure(home: Path, performers: int, rounds: int) -> tuple[Sequence[Round], float]:
    """Answer the rounds, and the seconds that the first worker took to hold the whole gallery."""
    with (
        running_server(
            home, before_start=lambda: fill_gallery(home, performers, prototypes=1), ready_within_s=START_WITHIN_S
        ) as server,
        second_worker(home),
    ):
        operator = demo.party(server, "Operator", server.operator_id, server.operator_token)
        studio = demo.new_studio(server, operator, "Bench")
        return [one_round(home, server, operator, studio, number) for number in range(rounds)], server.ready_s


@contextlib.contextmanager
def second_worker(home: Path) -> Iterator[None]:
    """Run another worker on the registry in a folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIKENESS_")}
    environment |= {"LIKENESS_HOME": str(home), "LIKENESS_LOG_LEVEL": "warning"}
    process = subprocess.Popen([sys.executable, "-m", "registry.cli.main", "worker"], env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def await_workers(home: Path) -> Sequence[int]:
    """Wait until both workers hold the gallery; answer their process ids."""
    deadline = time.monotonic() + START_WITHIN_S
    with build_context(Settings(home=home)) as ctx:
        while time.monotonic() < deadline:
            with ctx.database.read() as session:
                live = workers.live_workers(session, now=utc_now(), within_s=10.0)
            if len(live) == WORKERS:
                return [worker.pid for worker in live]
            time.sleep(0.5)
    raise SystemExit(f"{WORKERS} workers were not ready within {START_WITHIN_S:.0f} s")


def one_round(home: Path, server: demo.Server, operator: demo.Party, studio: demo.Party, number: int) -> Round:
    """Enrol, see that both workers find the voice, withdraw, and see that neither does."""
    pids = await_workers(home)
    person = demo.new_performer(server, operator, f"Round {number}", VOICE)
    for pid in pids:
        with stopped(home, pid):
            if not found(studio):
                raise SystemExit("the voice was not found before the withdrawal: there is nothing to measure")
    await_workers(home)  # whoever was stopped last gives a sign of life again, and is waited for
    started = time.monotonic()
    done = person.post(f"/v1/performers/{person.performer_id}/consents/withdraw", {"modality": "voice"})
    answered_s = time.monotonic() - started
    if (done["workers_live"], done["workers_confirmed"]) != (WORKERS, WORKERS):
        raise SystemExit(f"{done['workers_confirmed']} of {done['workers_live']} workers confirmed")
    checked_s = []
    for pid in pids:
        with stopped(home, pid):
            before = time.monotonic()
            if found(studio):
                raise SystemExit("the voice was found after the withdrawal")
            checked_s.append(answered_s + time.monotonic() - before)
    return Round(answered_s, checked_s)


@contextlib.contextmanager
def stopped(home: Path, pid: int) -> Iterator[None]:
    """Hold one worker, so that the other one answers; never while it has the database locked for writing."""
    try:
        os.kill(pid, signal.SIGSTOP)
        while not may_write(home):
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def may_write(home: Path) -> bool:
    """Whether the database can be written to now: no process that is stopped has begun to."""
    with contextlib.closing(sqlite3.connect(home / "registry.sqlite3", timeout=0.5, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


def found(studio: demo.Party) -> bool:
    """Whether anybody is found in the recording by the worker that runs."""
    with demo.opened([demo.VOICES / "submissions" / FILE]) as [file]:
        check = studio.post("/v1/checks", files={"file": file}, data=_USE | {"language": "en"}, headers=demo.WAIT)
    if check["state"] != "done":
        raise SystemExit(f"the check is {check['state']}: the worker that should answer does not")
    return bool(check["findings"])


def print_table(rounds: Sequence[Round], performers: int, ready_s: float) -> None:
    """Print what was measured, and end with an error where a withdrawal took longer than the bar."""
    table = Table(title=f"{performers:,} performers enrolled, {WORKERS} worker processes, {os.cpu_count()} cores")
    for heading in ("seconds from the call", "median", "worst", "times"):
        table.add_column(heading, justify="left" if heading.startswith("seconds") else "right")
    for name, seconds in (
        ("to its answer: every worker has dropped the voice", [r.answered_s for r in rounds]),
        ("to the verdict of each worker's next check", [s for r in rounds for s in r.checked_s]),
    ):
        table.add_row(name, f"{statistics.median(seconds):.3f}", f"{max(seconds):.3f}", str(len(seconds)))
    console = Console(width=110)
    console.print(table)
    console.print(f"start to ready, the whole gallery opened: {ready_s:.1f} s")
    slowest = max(each.answered_s for each in rounds)
    if slowest > BAR_S:
        raise SystemExit(f"a withdrawal was everywhere after {slowest:.2f} s, later than {BAR_S:g} s")


if __name__ == "__main__":
    main()
