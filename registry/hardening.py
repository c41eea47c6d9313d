"""What a process that holds keys or voices does before it reads the first of them: it leaves no copy of its memory."""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4


def leave_no_core() -> None:
    """Let no core dump be written of this process, and no other process of its user look into it.

    The kernel writes none of a process that is not dumpable, neither to a file nor to a program that collects them
    (which the limit alone does not keep from it), and refuses ``ptrace`` and ``/proc/PID/mem`` to all but root
    (prctl(2), PR_SET_DUMPABLE). The limit also holds for the programs that it starts. Root can still look: protect
    the host, and its swap.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def leaves_core() -> bool:
    """Whether a core dump of this process could be written."""
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        return True
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
