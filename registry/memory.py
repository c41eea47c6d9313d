"""What a process has freed goes back to the system; it is not kept for each thread that once ran.

glibc keeps a heap (an *arena*) for each thread that allocates while others do, up to eight for each processor, and
what was freed in one lies there for that one. A process whose threads come and go so grows for hours, by what its
threads once needed at most, although nothing is held on to: see "Memory" in the page on reliability. Two bounds end
that: few arenas, and what is free in them given back now and then. Other allocators are left as they are.
"""

from __future__ import annotations

import ctypes
import os

ARENAS = max(2, len(os.sched_getaffinity(0)))
"""Arenas of one process: one for each processor, for no more threads than these allocate at the same moment."""

GIVE_BACK_EVERY_S = 2.0
"""How often a process that serves gives back what is free. A check after that takes 9 ms longer, of 222, for the pages
that it wants again: under half a hundredth of a worker's time at this rate, and 4 % if it were after each check."""

_M_ARENA_MAX = -8  # malloc.h


def bound_arenas(most: int = ARENAS) -> None:
    """Let no more arenas be made; to be called before there are threads: those that are there already stay."""
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_M_ARENA_MAX, most)


def give_back() -> None:
    """Return what is free to the system, where the allocator can; it takes some milliseconds, and Python goes on.

    Whole pages that are free in the middle of a heap go too, which glibc by itself does not give back.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
