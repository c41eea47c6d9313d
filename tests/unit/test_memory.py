"""What a process has freed goes back to the system, and its threads share few heaps, however many of them there are."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry import memory

THREADS = 2 * memory.ARENAS + 8
FREED_MIB = 64

ALL_AT_ONCE = f"""
import ctypes, os, tempfile, threading
from registry import memory

def heaps():
    '''How many heaps there are, by malloc_info(3).'''
    libc = ctypes.CDLL(None)
    libc.fdopen.restype = ctypes.c_void_p
    with tempfile.TemporaryFile() as told:
        stream = ctypes.c_void_p(libc.fdopen(os.dup(told.fileno()), b"w"))
        libc.malloc_info(0, stream)
        libc.fclose(stream)
        told.seek(0)
        return told.read().count(b"<heap ")

def allocate_at_once():
    everybody = threading.Barrier({THREADS})
    def allocate():
        held = [bytearray(10_000) for _ in range(10)]
        everybody.wait()
    threads = [threading.Thread(target=allocate) for _ in range({THREADS})]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
"""

BOUNDED = f"{ALL_AT_ONCE}\nmemory.bound_arenas()\nallocate_at_once()\nprint(heaps() <= memory.ARENAS, heaps())"
UNBOUNDED = f"{ALL_AT_ONCE}\nallocate_at_once()\nprint(heaps() > memory.ARENAS, heaps())"

FREED = f"""
import os
from registry import memory

def resident_mib():
    with open("/proc/self/statm", encoding="ascii") as told:
        return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

pieces = [bytearray(b"x" * 32_768) for _ in range({FREED_MIB} * 32)]
kept = pieces[::32]  # one piece in each MiB, so that the heap cannot shrink from its end
del pieces
before = resident_mib()
memory.give_back()
gone = before - resident_mib()
print(gone > {FREED_MIB} / 2, round(gone), "MiB")
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="this is about the allocator of glibc"
)


def told_by(program: str, **more: str) -> str:
    """Run a program as nothing in this environment would change it, and answer what it prints."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_", "LIKENESS_"))}
    done = subprocess.run(  # noqa: S603  (our own programs)
        [sys.executable, "-c", program], env=own | more, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("program", [UNBOUNDED, BOUNDED, FREED], ids=["many without", "few with", "what is free goes"])
def test_what_was_freed_is_not_kept(program: str) -> None:
    assert told_by(program).startswith("True")


@pytest.mark.parametrize("start", ["from api.wsgi import build; build()", "from registry.worker import main; main()"])
def test_processes_that_serve_bound_their_heaps(tmp_path: Path, start: str) -> None:
    """The home is empty, so that each ends as it looks for its keyring."""
    begun = f"try:\n    {start}\nexcept BaseException as error:\n    pass"
    told = told_by(
        f"{begun}\n{ALL_AT_ONCE}\nallocate_at_once()\nprint(heaps() <= memory.ARENAS, heaps())",
        LIKENESS_HOME=str(tmp_path),
        OPENBLAS_NUM_THREADS="1",
    )
    assert told.startswith("True"), told
