"""A disk that can be full: a real one of a few megabytes, in memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE = 3 * 2**20


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Make a folder a small disk of its own; where mounting is not allowed, the test is left out."""
    folder.mkdir(exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:  # noqa: S603  (a fixed command)
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        # lazily: what has read a table may have it open until it is garbage
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607  (a fixed command)


@contextmanager
def filled(disk: Path, *, but: int = 0) -> Iterator[None]:
    """Leave no room on a disk, but for some bytes, for a block."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(bytes(max(0, free - but)))
    try:
        yield
    finally:
        filler.unlink()
