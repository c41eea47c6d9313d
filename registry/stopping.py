"""Being asked to stop: by a signal, which comes in the middle of whatever the main thread does, or by another thread.

A `threading.Event` may not be set by a signal's handler: it takes a lock, and where the handler interrupts the very
thread that has it, as when that wakes from waiting, it waits for itself for good. `queue.SimpleQueue.put` takes none,
but what waits in `get` with a time limit may wait without one: where the process is held up for longer than the limit
just as the waiting begins, CPython 3.11 takes what is left, which is less than nothing, for "for good". A plain lock
does neither: nobody can take it until somebody has asked, and letting it go is one step.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Lock


class Stop:
    """Whether somebody has asked to stop; once asked, it stays so. Threads and handlers of signals may ask."""

    def __init__(self) -> None:
        self._asked = False
        self._until_asked = Lock()
        self._until_asked.acquire()

    def ask(self) -> None:
        """Ask to stop; again does nothing more."""
        self._asked = True
        self._let_go()

    def is_asked(self) -> bool:
        """Whether anybody has."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait until somebody asks, for so long at most; answer whether anybody has.

        Args:
            seconds: how long, from 0.
        """
        if not self._asked and self._until_asked.acquire(timeout=seconds):
            self._let_go()  # for whoever else waits
        return self._asked

    def _let_go(self) -> None:
        with suppress(RuntimeError):  # somebody has let it go already
            self._until_asked.release()
