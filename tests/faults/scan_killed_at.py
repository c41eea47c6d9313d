"""A scan that is killed as it puts a file in its place.

``python scan_killed_at.py before|after PLACE ARGUMENTS…``: runs ``likeness`` with the arguments, and kills itself right
before or after the renaming that puts a file at a path that ends so. It kills itself as ``kill -9`` would: nothing is
caught or removed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from registry.cli.main import run

RENAMING = ("replace", "rename")


def kill_at(when: str, place: str) -> None:
    """Arrange for the end."""

    def dying(rename: Any) -> Any:
        def renamed(self: Path, target: Any) -> Any:
            is_there = str(target).endswith(f"/{place}")
            if is_there and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            answer = rename(self, target)
            if is_there:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return renamed

    for name in RENAMING:
        setattr(Path, name, dying(getattr(Path, name)))


if __name__ == "__main__":
    kill_at(sys.argv[1], sys.argv[2])
    run(sys.argv[3:])
