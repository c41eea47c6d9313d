"""Turns: so many requests are worked on at once, and who only waits takes nobody's turn.

A thread takes a turn to answer a request, and lays it aside while it waits: for bytes of a slow client, for a client
that reads slowly, or for a worker to finish a check. So the number of turns bounds processor, memory and connections to
the database, while the number of threads bounds only how many may wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()
"""The turns of which this thread holds one."""


class Turns:
    """A number of turns, for all threads of a process.

    Args:
        count: how many there are.
    """

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn and hold it."""
        self._free.acquire()
        _here.turns = self
        try:
            yield
        finally:
            _here.turns = None
            self._free.release()

    def lay_aside(self) -> None:
        """Let another have the turn that this thread holds."""
        self._free.release()

    def take_up(self) -> None:
        """Wait for a turn again."""
        self._free.acquire()


@contextmanager
def aside() -> Iterator[None]:
    """Lay the turn of this thread aside while it waits; a thread that holds none just waits."""
    turns: Turns | None = getattr(_here, "turns", None)
    if turns is None:
        yield
        return
    turns.lay_aside()
    try:
        yield
    finally:
        turns.take_up()


def pause(seconds: float) -> None:
    """Sleep without taking anybody's turn."""
    with aside():
        time.sleep(seconds)
