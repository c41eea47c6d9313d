"""How a scan says how far it has come: a line that moves on a terminal, JSON lines on standard error elsewhere."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from registry.scanning.results import ResultRow, Status
from registry.scanning.tally import is_flagged

_HOUR_S: Final = 3600
_SAY_EVERY_S: Final = 10.0
_LEAST_PAUSE_S: Final = 1.0

Show = Callable[[dict[str, Any], bool], None]
"""Shows figures; the flag says whether a shard has just been finished."""


class ScanProgress:
    """Counts rows as they end, and shows the figures.

    Args:
        show: see `Show`.
        monotonic: seconds that never go back.
    """

    def __init__(self, show: Show, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._monotonic = monotonic
        self._began = monotonic()
        self._rows = self._before = self._files = self._flagged = self._errors = 0
        self._audio_s = self._heard_s = 0.0

    def begin(self, files: int, done: Sequence[ResultRow]) -> None:
        """Take note of the rows that are there from before."""
        scanned = sum(row.status is not Status.NOT_SCANNED for row in done)
        self._rows = files
        self._before += scanned
        self._files += scanned
        self._errors += sum(row.status is Status.FAILED for row in done)
        self._audio_s += sum(row.duration_s for row in done if row.status is Status.ASSESSED)
        self._flagged += sum(map(is_flagged, done))
        self._began = self._monotonic()
        self._show(self.figures(), False)  # noqa: FBT003  (see Show)

    def ended(self, row: ResultRow) -> None:
        """Count a row."""
        if row.status is Status.NOT_SCANNED:
            return
        self._files += 1
        self._errors += row.status is Status.FAILED
        if row.status is Status.ASSESSED:
            self._audio_s += row.duration_s
            self._heard_s += row.duration_s
        self._show(self.figures(), False)  # noqa: FBT003  (see Show)

    def committed(self, rows: Sequence[ResultRow]) -> None:
        """Count what is flagged in a shard."""
        self._flagged += sum(map(is_flagged, rows))
        self._show(self.figures(), True)  # noqa: FBT003  (see Show)

    def figures(self) -> dict[str, Any]:
        """Answer how far it has come."""
        seconds = max(self._monotonic() - self._began, 1e-9)
        ended = self._files - self._before
        return {
            "files": self._files,
            "of": self._rows,
            "hours": round(self._audio_s / _HOUR_S, 3),
            "times_real_time": round(self._heard_s / seconds, 1),
            "flagged": self._flagged,
            "errors": self._errors,
            "left_s": round(seconds / ended * (self._rows - self._files), 1) if ended else None,
        }


@contextmanager
def shown_progress(console: Console) -> Iterator[ScanProgress]:
    """Answer a progress that shows itself on the console when it is a terminal, and as JSON lines otherwise."""
    if not console.is_terminal:
        yield ScanProgress(_Lines())
        return
    columns = (TextColumn("scanning"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("scanning", total=None, said="")

        def show(figures: dict[str, Any], _: bool) -> None:  # noqa: FBT001  (see Show)
            bar.update(task, completed=figures["files"], total=figures["of"], said=_sentence(figures))

        yield ScanProgress(show)


def _sentence(figures: dict[str, Any]) -> str:
    left = "" if figures["left_s"] is None else f", {duration(figures['left_s'])} left"
    return (
        f"{figures['hours']:.2f} h, {figures['times_real_time']:.0f} × real time, {figures['flagged']} flagged, "
        f"{figures['errors']} errors{left}"
    )


def duration(seconds: float) -> str:
    """Write a length of time as a person reads it."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {left:02d} s" if minutes else f"{left} s"


class _Lines:
    """Prints figures every few seconds, when a shard is finished that is not one of many small ones, and at the end."""

    def __init__(self) -> None:
        self._said = -_SAY_EVERY_S

    def __call__(self, figures: dict[str, Any], committed: bool) -> None:  # noqa: FBT001  (see Show)
        waited = time.monotonic() - self._said
        is_last = figures["files"] == figures["of"]
        if waited >= _SAY_EVERY_S or (committed and (waited >= _LEAST_PAUSE_S or is_last)):
            self._said = time.monotonic()
            print(json.dumps({"event": "scanning", **figures}), file=sys.stderr, flush=True)  # noqa: T201
