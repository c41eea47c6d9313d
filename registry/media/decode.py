"""From a file to a `Recording`, without letting the file near this process.

A stranger's media file is decoded by FFmpeg in a child process with limits on everything; see `registry.media.child`
for what it may do. A child that crashes, hangs or asks for too much is killed and costs one answer, nothing else.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from registry.errors import DecoderUnavailableError, EmptyMediaError, MediaTooLargeError, UnreadableMediaError
from registry.media.limits import MediaLimits
from registry.media.process import CHILD_COMMAND, DecoderProcess, Monotonic, Room
from registry.media.recording import Recording, SourceFacts

__all__ = ["Decoder", "MediaLimits", "opened_regular"]


def _always(_samples: int) -> None:
    """Have room for any number of samples."""


class Decoder:
    """Decodes media files in limited child processes. Safe to use from several threads.

    Threads that ask for more files at once than `at_once` wait their turn. Build it in the process that uses it, after
    any fork.

    Args:
        limits: of each file.
        warm: children kept started and waiting, so that a decode does not pay for starting one.
        files_per_child: files a child reads before it ends. One, so that a file that takes a child over gains
            nothing; more for batches of one's own files.
        at_once: files decoded at the same time; it bounds the memory that children take together.
        command: what a child is; tests put one there that misbehaves.
        monotonic: the clock that deadlines are kept by.

    Attributes:
        filtered: whether system calls of the last child that was asked are filtered; None before the first.
    """

    def __init__(
        self,
        limits: MediaLimits | None = None,
        *,
        warm: int = 1,
        files_per_child: int = 1,
        at_once: int = 4,
        command: Sequence[str] = CHILD_COMMAND,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self.limits = limits or MediaLimits()
        self.filtered: bool | None = None
        self._warm = warm
        self._files_per_child = files_per_child
        self._command = command
        self._monotonic = monotonic
        self._turns = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._idle: deque[DecoderProcess] = deque()
        self._closed = False
        self._refill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def decode(self, path: Path, room: Room = _always) -> Recording:
        """Decode the best audio stream of the file at ``path``: averaged to mono, 16 kHz, on the 16-bit grid.

        Args:
            path: of the file.
            room: asked before samples are kept, so that a caller can hold a decode up; what it raises ends the decode.

        Raises:
            UnreadableMediaError: the path cannot be opened or is not a regular file.
            MediaError: the file cannot be used; the subclass and its figures say why.
            DecoderUnavailableError: no child can be started on this machine, or the decoder is closed.
        """
        with opened_regular(path) as descriptor:
            return self.decode_open(descriptor, room)

    def decode_bytes(self, data: bytes, room: Room = _always) -> Recording:
        """Decode a file that is held in memory; otherwise as `decode`."""
        descriptor = os.memfd_create("media", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            return self.decode_open(descriptor, room)

    def decode_open(self, descriptor: int, room: Room) -> Recording:
        """Decode a file that the caller holds open for reading, and moves no more meanwhile; raises as `decode` does.

        1. Check the size. 2. Have the samples made. 3. Fingerprint the bytes they were made of.
        """
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes == 0:
            raise EmptyMediaError("the file is empty: 0 bytes", size_bytes=0)
        if size_bytes > self.limits.max_bytes:
            raise MediaTooLargeError(
                f"the file has {size_bytes} bytes, {self.limits.max_bytes} are allowed",
                size_bytes=size_bytes,
                max_bytes=self.limits.max_bytes,
            )
        source, samples = self._in_child(descriptor, room)
        return Recording(samples=samples, content_sha256=_sha256(descriptor), source=source)

    def close(self) -> None:
        """End the waiting children; decodes that are under way finish."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, deque()
        for child in idle:
            child.kill()

    def _in_child(self, descriptor: int, room: Room) -> tuple[SourceFacts, NDArray[np.float32]]:
        with self._turns:
            child = self._take()
            self.filtered = child.filtered
            try:
                return child.decode(descriptor, room)
            finally:
                self._give_back(child)
                with suppress(DecoderUnavailableError):  # this answer stands; the next call will say so
                    self._refill()

    def _take(self) -> DecoderProcess:
        """Answer a waiting child that still lives, or a new one; it is ready for a file."""
        while (child := self._next_waiting()) is not None:
            if child.usable():
                with suppress(DecoderUnavailableError):  # it died while it waited: the next, or a new one, will do
                    child.await_ready()
                    return child
            child.kill()
        child = self._start()
        child.await_ready()
        return child

    def _next_waiting(self) -> DecoderProcess | None:
        with self._lock:
            if self._closed:
                raise DecoderUnavailableError("the decoder is closed")
            return self._idle.popleft() if self._idle else None

    def _give_back(self, child: DecoderProcess) -> None:
        with self._lock:
            if keep := child.usable() and not self._closed:
                self._idle.append(child)
        if not keep:
            child.kill()

    def _refill(self) -> None:
        """Start children until as many wait as should; they warm up while the caller goes on."""
        while True:
            with self._lock:
                if self._closed or len(self._idle) >= self._warm:
                    return
                self._idle.append(self._start())

    def _start(self) -> DecoderProcess:
        try:
            return DecoderProcess(self.limits, self._files_per_child, self._command, self._monotonic)
        except OSError as error:
            raise DecoderUnavailableError(f"the decoding process cannot be started: {error}") from error


@contextmanager
def opened_regular(path: Path) -> Iterator[int]:
    """Open a regular file for reading; a pipe or a device is refused without waiting for it.

    Raises:
        UnreadableMediaError: the path cannot be opened, or is not a regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableMediaError(f"the file cannot be opened: {error.strerror}", errno=error.errno) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableMediaError("the path does not name a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def _sha256(descriptor: int) -> str:
    """Answer the hex digest of the whole file behind a descriptor."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()
