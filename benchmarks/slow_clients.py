"""What slow clients do to the HTTP process: who else is still answered, and how soon, while they are at it.

    python -m benchmarks.slow_clients [--slow 200] [--seconds 15] [--servers ours gthread waitress] [--out FILE]

Against each server a number of connections do one of these, and begin again when they are cut off:

* `head`: send the head of a request, one byte a second;
* `body`: send a whole head with a good token, and the body one byte a second;
* `answer`: ask for a large answer twenty times in a row, and never read one;
* `leave`: ask once with `Connection: close`, and never close.

Meanwhile an honest client asks for something small, on a new connection each time, and gives up after two seconds; and
another sends a recording at 1 Mbit/s. The bar, for `ours`: every one of the first is answered, and the second is, too.
`gthread` is gunicorn's own worker with as many threads; `waitress` is measured where it is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
THREADS = 16
PATIENCE_S = 2.0
_LINE_BYTES_PER_S = 125_000
_BODY = 64 * 2**20
_WAITRESS = (
    "import os, waitress; from api.wsgi import build; "
    f"waitress.serve(build(), host='127.0.0.1', port=int(os.environ['PORT']), threads={THREADS}, connection_limit=1000)"
)
_GUNICORN = ["-m", "gunicorn", "api.wsgi:build()", "--bind", "127.0.0.1:{port}", "--threads", str(THREADS)]
_GUNICORN += ["--timeout", "0", "--keep-alive", "75", "--log-level", "critical", "--worker-class"]
SERVERS = {
    "ours": [*_GUNICORN, "api.serving.worker.PatientWorker"],
    "gthread": [*_GUNICORN, "gthread"],
    "waitress": ["-c", _WAITRESS],
}

Address = tuple[str, int]


class Registry:
    """A registry in a folder, with a studio's token; servers are run on it one after the other.

    Args:
        home: an empty folder.
    """

    def __init__(self, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
        off = {f"LIKENESS_RATE_{name}": "off" for name in ("READS", "WRITES", "ANONYMOUS", "CHECKS")}
        self._environment = kept | off | {"LIKENESS_HOME": str(home), "LIKENESS_LOG_LEVEL": "error"}
        self._say("keys", "init")
        self._say("db", "upgrade")
        self._say("account", "create", "--role", "operator", "--name", "Registry operator")
        made = ("account", "create", "--role", "studio_member", "--name", "Clearances", "--organisation", "Northlight")
        self.token = self._say("token", "issue", self._say(*made))

    def _say(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "registry.cli.main", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"likeness {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    @contextmanager
    def served(self, server: str) -> Iterator[Address]:
        """Run a server, and answer where it listens."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address: Address = taken.getsockname()
        command = [sys.executable, *(each.format(port=address[1]) for each in SERVERS[server])]
        environment = self._environment | {"PORT": str(address[1])}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while ask(address, self.token) is None:
                if time.monotonic() > deadline:
                    raise SystemExit(f"{server} does not answer")
                time.sleep(0.2)
            yield address
        finally:
            process.kill()
            process.wait()


def head_of(method: str, path: str, token: str, *fields: str) -> bytes:
    """Answer the head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def ask(address: Address, token: str) -> float | None:
    """Ask for something small on a new connection; answer how long it took, or None when no answer came in time."""
    started = time.monotonic()
    try:
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            connection.sendall(head_of("GET", "/v1/me", token))
            answer = connection.recv(64)
    except OSError:
        return None
    return time.monotonic() - started if answer.startswith(b"HTTP/1.1 200") else None


# --- who attacks ------------------------------------------------------------------------------------------------------


def _slow_head(connection: socket.socket, _token: str, over: threading.Event) -> None:
    _trickle(connection, b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 10_000, over)


def _slow_body(connection: socket.socket, token: str, over: threading.Event) -> None:
    fields = ("Content-Type: multipart/form-data; boundary=b", f"Content-Length: {_BODY}")
    connection.sendall(head_of("POST", "/v1/checks", token, *fields))
    _trickle(connection, b"--b\r\n" + b"x" * 10_000, over)


def _no_reading(connection: socket.socket, token: str, over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    for _ in range(20):
        connection.sendall(head_of("GET", "/openapi.json", token))
    over.wait()


def _no_leaving(connection: socket.socket, token: str, over: threading.Event) -> None:
    connection.sendall(head_of("GET", "/v1/me", token, "Connection: close"))
    while connection.recv(4096):
        pass
    over.wait(10)


ATTACKS: Mapping[str, Callable[[socket.socket, str, threading.Event], None]] = {
    "head": _slow_head,
    "body": _slow_body,
    "answer": _no_reading,
    "leave": _no_leaving,
}


def _trickle(connection: socket.socket, data: bytes, over: threading.Event) -> None:
    for byte in data:
        connection.send(bytes([byte]))
        if over.wait(1.0):
            return


@contextmanager
def attacked(address: Address, attack: str, token: str, count: int) -> Iterator[None]:
    """Let so many clients attack, again and again."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=30) as connection:
                ATTACKS[attack](connection, token, over)
            over.wait(0.1)

    threads = [threading.Thread(target=go_on, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()


# --- who is honest ----------------------------------------------------------------------------------------------------


def send_slowly(address: Address, token: str, seconds: float) -> bool:
    """Send a form that takes so long on a line of 1 Mbit/s; answer whether it was read to its end, and answered."""
    rest = int(_LINE_BYTES_PER_S * seconds)
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    end = b"\r\n--b--\r\n"
    fields = ("Content-Type: multipart/form-data; boundary=b", f"Content-Length: {len(form) + rest + len(end)}")
    try:
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            connection.sendall(head_of("POST", "/v1/checks", token, *fields) + form)
            while rest:
                piece = min(rest, _LINE_BYTES_PER_S // 20)
                connection.sendall(bytes(piece))
                rest -= piece
                time.sleep(0.05)
            connection.sendall(end)
            return connection.recv(64).startswith(b"HTTP/1.1 422")  # fields are missing: it has read them all
    except OSError:
        return False


def measure(registry: Registry, server: str, attack: str, slow: int, seconds: float) -> dict[str, Any]:
    """Answer what honest clients saw of one server under one attack."""
    with registry.served(server) as address, attacked(address, attack, registry.token, slow):
        time.sleep(2.0)
        sent: list[bool] = []
        sender = threading.Thread(target=lambda: sent.append(send_slowly(address, registry.token, seconds / 2)))
        sender.start()
        asked, took = 0, list[float]()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asked += 1
            answered = ask(address, registry.token)
            if answered is not None:
                took.append(answered)
            time.sleep(0.1)
        sender.join()
    took.sort()
    return {
        "server": server,
        "attack": attack,
        "asked": asked,
        "answered": len(took),
        "p50_s": round(statistics.median(took), 4) if took else None,
        "max_s": round(took[-1], 4) if took else None,
        "upload_arrived": sent == [True],
    }


def run(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and answer 1 where an honest client was not answered by our own server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=["ours"])
    parser.add_argument("--attacks", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    if "waitress" in asked.servers and find_spec("waitress") is None:
        raise SystemExit("waitress is not installed here")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(Path(folder))
        for server in asked.servers:
            for attack in asked.attacks:
                found.append(measure(registry, server, attack, asked.slow, asked.seconds))
                print(json.dumps(found[-1]))
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    missed = [one for one in found if one["server"] == "ours" and not _held(one)]
    return 1 if missed else 0


def _held(one: Mapping[str, Any]) -> bool:
    return bool(one["asked"] == one["answered"] and one["upload_arrived"])


if __name__ == "__main__":
    sys.exit(run())
