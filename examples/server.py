"""A real registry for a while: fresh keys and database in a folder, `likeness serve` on a free port, one operator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

READY_WITHIN_S = 120.0
LIKENESS = [sys.executable, "-m", "registry.cli.main"]
"""The program, of this environment."""
_LISTENING = re.compile(r"listening on (http://\S+)")


@dataclass(frozen=True)
class Server:
    """A running registry.

    Attributes:
        url: where it listens.
        operator_id: of the operator's account.
        operator_token: of a token for it.
        ready_s: seconds from start to ready.
        pid: of the supervising process.
    """

    url: str
    operator_id: str
    operator_token: str
    ready_s: float
    pid: int


@contextmanager
def running_server(
    home: Path,
    settings: Mapping[str, str] | None = None,
    before_start: Callable[[], None] | None = None,
    ready_within_s: float = READY_WITHIN_S,
    said: Callable[[str], object] | None = None,
    *,
    prepared: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None,
) -> Iterator[Server]:
    """Set a registry up in a folder as its README says, serve it, and end it in good order.

    Args:
        home: an empty folder for database, keys and spool.
        settings: further ``LIKENESS_…`` variables.
        before_start: called when the database is there and the server is not yet.
        ready_within_s: how long it may take until it can serve.
        said: given each line that the server says, instead of our own standard error.
        prepared: called as ``before_start`` is, with the variables that commands run with; answers further settings.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIKENESS_")}
    environment |= {"LIKENESS_HOME": str(home), "LIKENESS_PORT": "0", "LIKENESS_LOG_LEVEL": "warning"} | dict(
        settings or {}
    )
    likeness(environment, "keys", "init")
    likeness(environment, "db", "upgrade")
    operator_id = likeness(environment, "account", "create", "--role", "operator", "--name", "Registry operator")
    token = likeness(environment, "token", "issue", operator_id)
    if before_start is not None:
        before_start()
    if prepared is not None:
        environment |= dict(prepared(environment))
    started = time.monotonic()
    process = subprocess.Popen([*LIKENESS, "serve"], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        url = listening(process, said or sys.stderr.write)
        await_ready(process, url, ready_within_s)
        yield Server(url, operator_id, token, time.monotonic() - started, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def likeness(environment: Mapping[str, str], *arguments: str) -> str:
    """Run one command and answer what it printed; one that fails ends everything with its own words."""
    done = subprocess.run(
        [*LIKENESS, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(
            f"likeness {' '.join(arguments)} failed ({done.returncode}): {done.stderr.strip() or done.stdout.strip()}"
        )
    return done.stdout.strip()


def listening(process: subprocess.Popen[str], said: Callable[[str], object]) -> str:
    """Read where the server listens, and pass on whatever else it says from a thread of its own."""
    stream = process.stderr
    if stream is None:
        raise SystemExit("the server's words cannot be read")
    for line in stream:
        if found := _LISTENING.search(line):
            threading.Thread(target=_pass_on, args=(stream, said), daemon=True).start()
            return found.group(1)
        said(line)
    raise SystemExit(f"the server ended ({process.wait()}) before it listened")


def _pass_on(stream: IO[str], said: Callable[[str], object]) -> None:
    """Hand on everything that the server says, until it has ended."""
    with stream:
        for line in stream:
            said(line)


def await_ready(process: subprocess.Popen[str], url: str, within_s: float) -> None:
    """Wait until a server says that every part of the registry works."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:  # noqa: S310  (our own server)
                if response.status == 200:  # noqa: PLR2004  (OK)
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the server was not ready within {within_s:.0f} s")
