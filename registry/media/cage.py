"""A filter on system calls for the decoding child, where the kernel and libseccomp offer one (seccomp(2)).

It names what reading one descriptor and writing to one socket takes. Whatever else a file may try that has taken the
decoder over, such as opening, starting, connecting, tracing or making memory executable, the kernel refuses with EPERM.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
from dataclasses import dataclass
from typing import Final

LIBRARY: Final = "libseccomp.so.2"

_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_EQUAL: Final = 4
_MASKED_EQUAL: Final = 7
_UNKNOWN: Final = -1
_OWN_PROCESS: Final = 0
_AT_EMPTY_PATH: Final = 0x1000

ALLOWED: Final = (
    *("read", "readv", "pread64", "lseek", "fstat", "close", "recvmsg", "recvfrom"),
    *("write", "writev", "sendto", "sendmsg", "poll", "ppoll"),
    *("brk", "munmap", "mremap", "madvise", "futex", "membarrier", "sched_yield"),
    *("getrusage", "clock_gettime", "gettimeofday", "clock_nanosleep", "nanosleep", "getrandom"),
    *("getpid", "gettid", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    *("ioctl", "fcntl", "exit", "exit_group"),
)
"""Whatever their arguments: each acts on descriptors that are open, or on this process alone."""


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp`` of libseccomp."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


@dataclass(frozen=True, slots=True)
class _Limited:
    """A call that is allowed with some arguments only.

    Attributes:
        name: of the call.
        comparison: what holds of an argument where it is allowed.
    """

    name: str
    comparison: _Comparison


_LIMITED: Final = (
    _Limited("mmap", _Comparison(2, _MASKED_EQUAL, mmap.PROT_EXEC, 0)),
    _Limited("mprotect", _Comparison(2, _MASKED_EQUAL, mmap.PROT_EXEC, 0)),
    _Limited("newfstatat", _Comparison(3, _MASKED_EQUAL, _AT_EMPTY_PATH, _AT_EMPTY_PATH)),
    _Limited("prlimit64", _Comparison(0, _EQUAL, _OWN_PROCESS, 0)),
)


class Cage:
    """The filter, ready to be closed. Making it opens the library; closing it needs no descriptor."""

    def __init__(self, library: str = LIBRARY) -> None:
        try:
            self._library: ctypes.CDLL | None = ctypes.CDLL(library)
        except OSError:
            self._library = None

    def close(self) -> bool:
        """Put the filter in force for the rest of this process; answer whether it is."""
        if self._library is None:
            return False
        self._library.seccomp_init.restype = ctypes.c_void_p
        rules = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(_REFUSE)))
        if not rules:
            return False
        for name in ALLOWED:
            _allow(self._library, rules, name)
        for limited in _LIMITED:
            _allow(self._library, rules, limited.name, limited.comparison)
        return bool(self._library.seccomp_load(rules) == 0)


def _allow(library: ctypes.CDLL, rules: ctypes.c_void_p, name: str, *comparisons: _Comparison) -> None:
    """Allow a call, where this processor has it; a rule that cannot be added leaves the call refused."""
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number != _UNKNOWN:
        these = (_Comparison * len(comparisons))(*comparisons)
        library.seccomp_rule_add_array(rules, ctypes.c_uint32(_ALLOW), number, len(comparisons), these)
