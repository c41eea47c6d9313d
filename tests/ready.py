"""``likeness`` at once: a process that has loaded all commands waits, and a copy of it runs each that is asked for.

A page runs dozens of commands, one after the other, and each would load the same modules first. Nothing else is
different: a command has a process, a folder, an environment and streams of its own, can be sent signals, and ends with
its code.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_LENGTH_BYTES = 8
_SIGNALLED = 128
_LOADING_S = 120

# Asks for a command; -S, -E and -s, for it needs no package, and shall start at once.
_CLIENT = """#!{python} -SEs
import json, os, signal, socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect({path!r})
wanted = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(there, [len(wanted).to_bytes({length}, "big")], [0, 1, 2])
there.sendall(wanted)
for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(each, lambda number, _: there.send(bytes([number])))
sys.exit((there.recv(1) or bytes([255]))[0])
"""


@cache
def ready() -> Path:
    """Answer the folder of a ``likeness`` that runs at once; it goes away when the tests end."""
    waiting = _waiting()
    atexit.register(waiting.__exit__, None, None, None)
    return waiting.__enter__()


@contextmanager
def _waiting() -> Iterator[Path]:
    """Load all commands in a process that waits."""
    with tempfile.TemporaryDirectory(prefix="lk-") as folder:
        path = Path(folder, "ready")
        program = Path(folder, "likeness")
        client = _CLIENT.format(python=sys.executable, path=str(path), length=_LENGTH_BYTES)
        program.write_text(client, encoding="utf-8")
        program.chmod(0o755)
        process = subprocess.Popen([sys.executable, __file__, str(path)], stdin=subprocess.PIPE)  # noqa: S603  (this file)
        try:
            _await(path, process)
            yield program.parent
        finally:
            process.communicate()  # its input ends, and so does it


def _await(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _LOADING_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the commands did not load")
        time.sleep(0.05)


# --- the process that waits ------------------------------------------------------------------------------------------


def _wait(path: str) -> None:
    """Load every command; then run each that is asked for in a copy of this process, until whoever began it is gone."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here asks how a copy has ended
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen()
        Path(f"{path}.new").rename(path)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            asking, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _keep(asking)
            asking.close()


def _load() -> None:
    from importlib import import_module

    from registry.cli.main import Commands

    for name in Commands.summaries:
        import_module(f"registry.cli.{name.replace('-', '_')}")


def _keep(asking: socket.socket) -> None:
    """Run one command, hand it the signals that come for it, and tell its code; one that nobody waits for is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(asking, _LENGTH_BYTES, 3)
    with asking.makefile("rb") as wanted:
        arguments, folder, environment = json.loads(wanted.read(int.from_bytes(length, "big")))
    command = os.fork()
    if command == 0:
        asking.close()
        _run(arguments, folder, environment, streams)
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(command)
    while True:
        found, _, _ = select.select([asking, ended], [], [])
        if ended in found:
            code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
            asking.send(bytes([code if code >= 0 else _SIGNALLED - code]))
            os._exit(0)
        for number in asking.recv(1) or bytes([signal.SIGKILL]):
            os.kill(command, number)


def _run(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> None:
    """Be the command, from here on."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["likeness", *arguments]
    from registry.cli.main import run

    run()
    sys.exit()


if __name__ == "__main__":
    _wait(sys.argv[1])
