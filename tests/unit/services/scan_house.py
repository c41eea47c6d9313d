"""A gallery of two and inputs to scan again and again: voices, things that are no voices, and copies of both."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from likeness_here import Done, likeness_here
from soundfiles import VOICES, beginning

from registry.scanning.folder import result_rows
from registry.scanning.results import ResultRow, Status

ROOT = Path(__file__).resolve().parents[3]
LIKENESS = (sys.executable, "-m", "registry.cli.main")
SHARD_ROWS = 4
FAILED_SOME = 3


@dataclass(frozen=True)
class ScanHouse:
    """A folder with ``gallery`` and ``in``."""

    folder: Path

    def asked(self, out: Path, *more: str) -> list[str]:
        """Answer the arguments of a scan of everything."""
        options = ["--gallery", str(self.folder / "gallery"), "--shard-rows", str(SHARD_ROWS), "--yes"]
        return ["scan", str(self.folder / "in"), "--out", str(out), *options, *more]

    def here(self, *arguments: object) -> Done:
        """Run a command in this process."""
        return likeness_here({"LIKENESS_HOME": self.folder}, *arguments)

    def started(self, arguments: Iterable[str], program: Iterable[str] = LIKENESS) -> subprocess.Popen[str]:
        """Start a process that may be killed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIKENESS_", "RAY_"))}
        return subprocess.Popen(  # noqa: S603  (our own program)
            [*program, *arguments],
            cwd=ROOT,
            env=kept | {"LIKENESS_HOME": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def undisturbed(self) -> Path:
        """The folder of a scan that nothing happened to."""
        return self.folder / "undisturbed"

    def rows(self) -> list[ResultRow]:
        """Answer the rows of that scan; the first call makes it."""
        if not self.undisturbed.exists():
            done = self.here(*self.asked(self.undisturbed))
            assert done.returncode == FAILED_SOME, done.stderr
        rows = list(result_rows(self.undisturbed))
        assert {row.status for row in rows} == {Status.ASSESSED, Status.DUPLICATE, Status.FAILED}
        assert any(0 <= row.duplicate_of // SHARD_ROWS < row.number // SHARD_ROWS for row in rows)
        return rows


def furnished(folder: Path, problems: str, copies: int, *, whole: bool = False) -> ScanHouse:
    """Make the folder.

    Args:
        folder: of its own.
        problems: pattern of which of the example problems are among the inputs.
        copies: of all inputs, each so many-th once more, in another shard.
        whole: not only the first seconds of each input: to listen to all of it is what takes longest.
    """
    for name in ("awb", "slt"):
        (folder / "gallery" / name).mkdir(parents=True)
        shutil.copy(VOICES / "enrolment" / f"{name}-1.flac", folder / "gallery" / name)
    (folder / "in").mkdir()
    recordings = [*sorted((VOICES / "submissions").glob("*.flac")), *sorted((VOICES / "problems").glob(problems))]
    for number, recording in enumerate([*recordings, *recordings[::copies]]):
        sound = recording.read_bytes() if whole else beginning(recording)
        (folder / "in" / f"{number:02d}.flac").write_bytes(sound)
    (folder / "in" / "05b.txt").write_text("no recording")
    return ScanHouse(folder)
