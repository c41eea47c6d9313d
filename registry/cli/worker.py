"""``likeness worker``: one worker, in place of this process."""

from __future__ import annotations

import os
import sys

WORKER = [sys.executable, "-m", "registry.starting", "registry.worker"]
WORKER_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's own threads wait for each other by spinning, at twice the cost; the engine runs threads that don't."""


def worker() -> None:
    """Run one worker: it loads the engine, follows the gallery, and does what waits in the queue.

    Run as many as there are GPUs, or hosts; they share the work through the database.
    """
    os.execve(sys.executable, WORKER, WORKER_THREADS | os.environ)  # noqa: S606  (our own program, in place of this one)
