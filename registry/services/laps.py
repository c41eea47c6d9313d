"""Seconds of each stage of something, for the log: where the time of a recording goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Laps:
    """Stages and how long each took, in the order in which they were first begun.

    Attributes:
        seconds: by stage; a stage that was gone through twice has both.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def lap(self, stage: str) -> Iterator[None]:
        """Time a block, also one that raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

    def figures(self) -> dict[str, float]:
        """Answer the seconds as they are logged, to tenths of a millisecond."""
        return {stage: round(seconds, 4) for stage, seconds in self.seconds.items()}
