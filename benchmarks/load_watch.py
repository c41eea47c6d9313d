"""Watching the processes of a registry under load: memory, files and threads, what waits, and what lies on disk.

A process that leaks grows for as long as it runs. Whether it does is tested, and not looked at: the first part of the
run is left out, in which caches fill and pools grow; the rest is divided into parts of a minute, of which each counts
with its median; the slope of a line through these has an interval of 95 % (Student's t, ordinary least squares). A
process grows when that whole interval lies above `GROWTH_MIB_PER_MIN`.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.load_house import House
from registry.domain.checks import WorkKind
from registry.errors import RegistryError
from registry.services.context import Context
from registry.store import work

GROWTH_MIB_PER_MIN = 0.5
EVERY_S = 5.0
WARM_UP = 0.25
_PART_S = 60.0
_LEAST_PARTS = 5
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment."""

    at_s: float
    rss_mib: float
    files: int
    threads: int


@dataclass
class Watch:
    """What was seen.

    Attributes:
        processes: samples of each process, by name and process id.
        queue: how much waited, by seconds.
        wal_mib: size of SQLite's write-ahead log.
        spool: files in the spool.
    """

    processes: dict[tuple[str, int], list[Sample]] = field(default_factory=dict)
    queue: list[tuple[float, int]] = field(default_factory=list)
    wal_mib: list[float] = field(default_factory=list)
    spool: list[int] = field(default_factory=list)

    def longest_queue(self, since_s: float = 0.0) -> int:
        """Answer how much waited at most, from a moment on."""
        return max((count for at, count in self.queue if at >= since_s), default=0)


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth of one process in MiB a minute, with its interval of 95 %."""

    mib_per_min: float
    low: float
    high: float

    @property
    def grows(self) -> bool:
        """Whether it is beyond doubt that the process grows by more than is allowed."""
        return self.low > GROWTH_MIB_PER_MIN


def slope_of(samples: Sequence[Sample]) -> Slope | None:
    """Answer the growth of a process; None where it ran for too short a time to tell."""
    begun, ended = samples[0].at_s, samples[-1].at_s
    kept = [each for each in samples if each.at_s >= begun + WARM_UP * (ended - begun)]
    parts: dict[int, list[float]] = {}
    for each in kept:
        parts.setdefault(int(each.at_s // _PART_S), []).append(each.rss_mib)
    if len(parts) < _LEAST_PARTS:
        return None
    minutes = np.array(list(parts), dtype=float)
    mib = np.array([statistics.median(part) for part in parts.values()])
    slope, level = np.polyfit(minutes, mib, 1)
    left = mib - (level + slope * minutes)
    freedom = len(parts) - 2
    error = np.sqrt(np.sum(left**2) / freedom / np.sum((minutes - minutes.mean()) ** 2))
    half = float(error) * students_t(freedom)
    return Slope(float(slope), float(slope) - half, float(slope) + half)


def students_t(freedom: int) -> float:
    """Answer the quantile of 97.5 % of Student's t (Abramowitz and Stegun 26.7.5; from 3 degrees on within 0.5 %)."""
    z = statistics.NormalDist().inv_cdf(0.975)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


@contextmanager
def watching(house: House) -> Iterator[Watch]:
    """Watch a house for a block."""
    watch, done = Watch(), threading.Event()
    started = time.monotonic()

    def look() -> None:
        with house.context() as ctx:
            while not done.wait(EVERY_S):
                _look(house, ctx, watch, time.monotonic() - started)

    thread = threading.Thread(target=look, name="watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def _look(house: House, ctx: Context, watch: Watch, at_s: float) -> None:
    for name, pid in _pids(house).items():
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                rss = process.memory_info().rss / _MIB
                sample = Sample(at_s, rss, process.num_fds(), process.num_threads())
        except psutil.Error:
            continue
        watch.processes.setdefault((name, pid), []).append(sample)
    try:
        with ctx.database.read() as session:
            watch.queue.append((at_s, sum(work.count_unfinished(session, kind) for kind in WorkKind)))
    except RegistryError:
        pass  # it is away: that is what is being tried
    wal = Path(f"{house.home}/registry.sqlite3-wal")
    watch.wal_mib.append(wal.stat().st_size / _MIB if wal.exists() else 0.0)
    watch.spool.append(len(ctx.spool.keys()))


def _pids(house: House) -> Mapping[str, int]:
    """Answer the processes that stay: supervisors, HTTP processes, workers; decoders end with their file."""
    found = {}
    for part in list(house.parts.values()):
        found[part.name] = part.process.pid
        if part.name.startswith("server"):
            found |= {f"{part.name}, http {n}": pid for n, pid in enumerate(_http(part.process.pid))}
    return found


def _http(supervisor: int) -> list[int]:
    try:
        children = psutil.Process(supervisor).children(recursive=True)
        return [each.pid for each in children if "gunicorn" in " ".join(each.cmdline())]
    except psutil.Error:
        return []
