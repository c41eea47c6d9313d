"""``likeness serve``: the HTTP interface, and a worker beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

import typer

from registry.bootstrap import PARENT_VARIABLE, build_database, build_keyring
from registry.cli.worker import WORKER, WORKER_THREADS
from registry.errors import SettingsError
from registry.hardening import leave_no_core
from registry.logs import configure_logs
from registry.settings import Settings, load_settings
from registry.stopping import Stop

_RESTART_S = 1.0
_SERVER_GRACE_S = 2
KEPT_ALIVE_S = 75
"""An idle connection is kept open for longer than a proxy keeps it, so that none is closed as a request goes out."""
_REFUSED_TO_START = {3, 4}  # gunicorn's codes for an application that does not load, and our own for a run that failed
_FAILED = 4


def serve() -> None:
    """Serve the HTTP interface, with one worker beside it unless `LIKENESS_EMBEDDED_WORKER=false`.

    It refuses to start without a keyring, with a schema that does not serve it, or on a port in use.
    """
    leave_no_core()
    settings = load_settings()
    configure_logs(settings.log_level)
    _require_ready(settings)
    with _bound_socket(settings) as listener:
        port = listener.getsockname()[1]
        typer.echo(f"listening on http://{settings.host}:{port}", err=True)
        sys.exit(_Supervisor(settings, listener).run())


def _require_ready(settings: Settings) -> None:
    """Refuse early what would fail in every child."""
    build_keyring(settings)
    database = build_database(settings)
    try:
        database.require_current_schema()
    finally:
        database.dispose()


def _bound_socket(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}") from error
    listener.listen(128)
    listener.set_inheritable(True)
    return listener


class _Supervisor:
    """Runs the HTTP server and the embedded worker as children; one that dies unasked is started again.

    A worker that fails its self-test is not: the registry refuses to serve with an engine that is wrong.
    """

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._commands: dict[str, Callable[[], subprocess.Popen[bytes]]] = {
            "http": lambda: _start_http(settings, listener)
        }
        if settings.embedded_worker:
            self._commands["worker"] = _start_worker
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = Stop()

    def run(self) -> int:
        """Keep the children running until a signal comes; answer the exit code."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        self._children = {name: start() for name, start in self._commands.items()}
        try:
            while not self._stopping.wait(0.2):
                for name in [name for name, child in self._children.items() if child.poll() is not None]:
                    if self._children[name].returncode in _REFUSED_TO_START:
                        return _FAILED  # it has said why
                    time.sleep(_RESTART_S)
                    self._children[name] = self._commands[name]()
        finally:
            self._end_children()
        return 0

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signature)
        self._stopping.ask()

    def _end_children(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + self._settings.shutdown_s + _SERVER_GRACE_S
        for child in self._children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _start_worker() -> subprocess.Popen[bytes]:
    environment = WORKER_THREADS | os.environ | {PARENT_VARIABLE: str(os.getpid())}
    return subprocess.Popen(WORKER, env=environment)  # noqa: S603  (our own program)


def _start_http(settings: Settings, listener: socket.socket) -> subprocess.Popen[bytes]:
    """Start gunicorn on a socket that is bound already, so that a restart never loses the port."""
    command = [
        sys.executable,
        "-m",
        "registry.starting",
        "gunicorn",
        "api.wsgi:build()",
        "--bind",
        f"fd://{listener.fileno()}",
        "--worker-class",
        "api.serving.worker.PatientWorker",
        "--workers",
        "1",
        "--threads",
        str(settings.http_threads),
        "--worker-connections",
        str(settings.http_connections),
        "--timeout",
        "0",  # a thread may wait for a long recording; stuck decoders are killed by their own limits
        "--keep-alive",
        str(KEPT_ALIVE_S),
        "--limit-request-line",
        "8190",
        "--graceful-timeout",
        str(int(settings.shutdown_s)),
        "--worker-tmp-dir",
        "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp",  # noqa: S108  (gunicorn's own heartbeat file)
        "--log-level",
        "warning",
    ]
    return subprocess.Popen(command, pass_fds=[listener.fileno()])  # noqa: S603  (our own program)
