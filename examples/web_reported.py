"""A scan that was made where its recordings are, and then reported to the registry that `make web` serves.

The auditor is issued a gallery file, scans some recordings with it at the command line, files the signed report, and
sends its rows. It is a scan like any other, with an engine of its own, so it goes on while people look already.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import VOICES
from server import likeness

TOLD = "monitoring.en.studios-1"
"""The text that performers have read who may be in gallery files."""

RECORDINGS = ("dialogue-slt-awb.flac", "kal16-stranger.flac", "rms-story.flac", "slt-advert.flac")
DAYS = 7
FLAGGED = 1
_BEHIND_PEOPLE = 10
"""How much these commands give way to whoever looks (nice)."""


@dataclass
class Elsewhere:
    """The auditor's own machine.

    Attributes:
        home: an empty folder.
        url: of the registry.
        token: of the auditor.
        organisation_id: of the auditor.
        machine: the variables of commands on the registry's own machine.
        operator_id: who issues the gallery file.
    """

    home: Path
    url: str
    token: str
    organisation_id: str
    machine: Mapping[str, str]
    operator_id: str
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    def report(self) -> None:
        """Have a gallery file issued, scan with it, file the report, and send the rows."""
        own = {**os.environ, "LIKENESS_HOME": str(self.home), "LIKENESS_TOKEN": self.token}
        recordings, found = self.home / "recordings", self.home / "found"
        recordings.mkdir(parents=True)
        for name in RECORDINGS:
            (recordings / name).symlink_to(VOICES / "submissions" / name)
        key, public = self.home / "key.json", self.home / "public.jwk"
        public.write_text(likeness(own, "gallery", "key", "--out", str(key)))
        until = (datetime.now(tz=UTC) + timedelta(days=DAYS)).date().isoformat()
        wanted = ("--for", self.organisation_id, "--purpose", "catalogue", "--expires", until, "--told", TOLD)
        self._do(
            self.machine, "gallery", "export", *wanted, "--studio-key", public, "--offer", "--as", self.operator_id
        )
        there = ("--registry", self.url)
        self._do(own, "scan", recordings, "--out", found, *there, "--gallery-key", key, "--jsonl", "--yes")
        self._do(own, "scan", "submit", found, "--rows", *there)

    def end(self) -> None:
        """End what is under way."""
        self._over.set()
        if self._running is not None:
            self._running.terminate()

    def _do(self, environment: Mapping[str, str], *arguments: object) -> None:
        """Run one command, behind people; one that fails ends the rest, with its own words."""
        if self._over.is_set():
            raise SystemExit
        command = [sys.executable, "-m", "registry.cli.main", *map(str, arguments)]
        said = subprocess.PIPE
        self._running = subprocess.Popen(command, env=dict(environment), stdout=said, stderr=subprocess.STDOUT)
        os.setpriority(os.PRIO_PROCESS, self._running.pid, _BEHIND_PEOPLE)
        output, _nothing = self._running.communicate()
        if self._running.returncode not in {0, FLAGGED}:
            raise SystemExit if self._over.is_set() else SystemExit(output.decode(errors="replace"))


@contextmanager
def reported(elsewhere: Elsewhere) -> Iterator[None]:
    """Have the scan made and reported beside whatever goes on."""
    beside = threading.Thread(target=_report, args=(elsewhere,), daemon=True)
    beside.start()
    try:
        yield
    finally:
        elsewhere.end()
        beside.join(timeout=30)


def _report(elsewhere: Elsewhere) -> None:
    try:
        elsewhere.report()
    except SystemExit as over:
        if str(over) not in {"", "None"}:
            sys.stderr.write(f"the scan that was to be reported was not: {over}\n")


def own_text() -> dict[str, object]:
    """Answer a text on monitoring that says that studios and auditors may get a voiceprint, sealed, as JSON has it."""
    shipped = Path(__file__).parents[1] / "registry" / "domain" / "explanations" / "texts" / "monitoring.en.v1"
    told = shipped.with_suffix(".v1.md").read_text(encoding="utf-8")
    asked = json.loads(shipped.with_suffix(".v1.json").read_text(encoding="utf-8"))
    never = "It is never sold and never given to a studio."
    sealed = (
        "It is never sold. A studio or an auditor may get it, sealed, to look for your voice at their own place. Their "
        "program stops within a day of your withdrawal, and they have to delete it. Somebody who cheats could keep it, "
        "whatever happens to your key."
    )
    if never not in told:
        raise SystemExit(f"{shipped.name} says something else by now")
    topic, language, _version = shipped.name.split(".")
    return {
        "topic": topic,
        "language": language,
        "version": TOLD.rpartition(".")[2],
        "modalities": asked["modalities"],
        "text": told.replace(never, sealed),
        "questions": asked["questions"],
    }
