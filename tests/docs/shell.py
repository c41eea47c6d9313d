"""Running what a page shows, in bash, as a reader would; with a note of every request that was made."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pages import ROOT
from ready import ready

# Runs the real curl, notes method, status and address, and keeps a copy of the body under the note's number.
_CURL = """#!/bin/bash
set -o pipefail
body={notes}/body.$(ls {notes} | wc -l)
{curl} -w '%{{stderr}}%{{method}} %{{http_code}} %{{url_effective}} '"$body"'\\n' "$@" 2>>{notes}/requests | tee "$body"
"""


LONGEST_S = 400
"""How long a page may take to follow, on a machine that is busy with other tests."""


@dataclass(frozen=True)
class Ran:
    """What came of a script."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


@dataclass(frozen=True)
class Noted:
    """One request that a script has made, and its answer."""

    method: str
    status: int
    url: str
    body_path: Path

    def body(self) -> Any:
        return json.loads(self.body_path.read_text(encoding="utf-8"))


def workplace(folder: Path) -> Path:
    """Make a folder look like the root of the repository to a script that reads the example voices."""
    folder.mkdir(exist_ok=True)
    (folder / "examples").symlink_to(ROOT / "examples")
    return folder


def note_requests(folder: Path) -> Path:
    """Put a curl into a folder that notes what it asks for; answer where to find the notes."""
    notes = folder / "notes"
    notes.mkdir(parents=True)
    (notes / "requests").touch()
    curl = folder / "curl"
    real = shutil.which("curl") or "curl"
    curl.write_text(_CURL.format(notes=shlex.quote(str(notes)), curl=shlex.quote(real)), encoding="utf-8")
    curl.chmod(0o755)
    return notes / "requests"


def noted(requests: Path) -> list[Noted]:
    """Read the notes; whatever else curl said there makes a line that cannot be read, and fails."""
    found = []
    for line in requests.read_text(encoding="utf-8").splitlines():
        try:
            method, status, url, body = line.split(" ")
        except ValueError as error:
            raise ValueError(f"curl said something else: {line}") from error
        found.append(Noted(method, int(status), url, Path(body)))
    return found


def run_bash(script: str, *, cwd: Path, settings: Mapping[str, str], first_on_path: Path | None = None) -> Ran:
    """Run a script with ``likeness`` and ``python`` of this environment; whatever it has started ends with it.

    Args:
        script: stops at the first command that fails.
        cwd: where to run it.
        settings: further variables; none of the caller's ``LIKENESS_…`` is passed on.
        first_on_path: folder of programs that come before all others.
    """
    path = [str(first_on_path)] if first_on_path else []
    path += [str(ready()), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    environment |= {"PATH": os.pathsep.join(path), "NO_PROXY": "*", **settings}
    process = subprocess.Popen(  # noqa: S603  (our own pages)
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607  (the bash that a reader has)
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Ran(process.returncode, out, err)
