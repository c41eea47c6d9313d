"""Being asked to stop: by a signal, which comes in the middle of whatever the main thread does, or by another thread.

A `threading.Event` may not be set by a signal's handler: it takes a lock, and where the handler interrupts the very
thread that has it, as when that wakes from waiting, it waits for itself for good. What is used here takes none
(`queue.SimpleQueue.put` is reentrant, by the documentation of the standard library).
"""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Stop:
    """Whether somebody has asked to stop; once asked, it stays so. Threads and handlers of signals may ask."""

    def __init__(self) -> None:
        self._asked = False
        self._awake: SimpleQueue[None] = SimpleQueue()

    def ask(self) -> None:
        """Ask to stop; again does nothing more."""
        self._asked = True
        self._awake.put(None)

    def is_asked(self) -> bool:
        """Whether anybody has."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait until somebody asks, for so long at most; answer whether anybody has."""
        if not self._asked:
            try:
                self._awake.get(timeout=seconds)
            except Empty:
                return self._asked
            self._awake.put(None)  # for whoever else waits
        return self._asked
