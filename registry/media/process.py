"""One decoding child, seen from the process that started it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.errors import DecoderFailedError, DecoderUnavailableError, MediaError
from registry.media.limits import MediaLimits
from registry.media.recording import SAMPLE_RATE_HZ, SourceFacts
from registry.media.wire import FILTERED, BrokenWireError, Kind, receive

Monotonic = Callable[[], float]
"""Seconds from an arbitrary moment that never go back, such as `time.monotonic`."""

Room = Callable[[int], None]
"""Told how many samples of a recording are about to be held, each time more come; it may wait before it returns.

While it waits nothing is read of the child, which waits too; that time does not count as the child's. What it raises
ends the decode.
"""

_BOOTSTRAP: Final = f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); "

CHILD_COMMAND: Final = (
    sys.executable,
    "-I",  # neither the environment nor the current folder can put other code in
    "-c",
    _BOOTSTRAP + "from registry.media.child import main; main(sys.argv[1:])",
)
"""Starts `registry.media.child`; the limits and the number of files are appended."""

HEADER_COMMAND: Final = (
    *CHILD_COMMAND[:-1],
    _BOOTSTRAP + "from registry.media.headers import main; main(sys.argv[1:])",
)
"""Starts such a child that reads no further than the headers."""

_START_S: Final = 60.0
_HOUR_S: Final = 3600
_GROWTH_SAMPLES: Final = 2**22  # 16 MiB, four minutes: the allocator moves no bytes, but zeros what it adds
_KEPT_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH")
_REFUSALS: Final = {kind.slug: kind for kind in MediaError.__subclasses__()}


class DecoderProcess:
    """A child that reads a number of files, one after the other, and may die of any of them.

    Not thread-safe: one owner at a time.

    Args:
        limits: of each file.
        files: how many it reads before it ends.
        command: what to start; the limits and ``files`` are appended to it.
        monotonic: the clock that deadlines are kept by.

    Attributes:
        filtered: whether its system calls are filtered; it says so when it is ready.
    """

    def __init__(self, limits: MediaLimits, files: int, command: Sequence[str], monotonic: Monotonic) -> None:
        self.files_left = files
        self._limits = limits
        self._monotonic = monotonic
        self._ready = False
        self.filtered = False
        self._between_files = True
        self._wire, theirs = socket.socketpair()
        with theirs, _closed_on_failure(self._wire):
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module, or a test's)
                [*command, json.dumps(asdict(limits)), str(files)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # a group of its own: Ctrl-C is not for it, and killing it takes all of it
            )

    def usable(self) -> bool:
        """Whether it still runs and may be given another file."""
        return self._between_files and self.files_left > 0 and self._process.poll() is None

    def await_ready(self) -> None:
        """Wait until it has started; returns at once when it has before.

        Raises:
            DecoderUnavailableError: it did not start; it is gone.
        """
        if self._ready:
            return
        self._wire.settimeout(_START_S)
        try:
            kind, body = receive(self._wire)
        except (BrokenWireError, TimeoutError) as error:
            raise self._why_it_did_not_start() from error
        if kind is not Kind.READY:
            raise self._why_it_did_not_start()
        self._ready, self.filtered = True, body == FILTERED

    def decode(self, descriptor: int, room: Room) -> tuple[SourceFacts, NDArray[np.float32]]:
        """Have the file behind ``descriptor`` decoded, once it is ready; the descriptor's position is moved.

        Args:
            descriptor: of a file that is open for reading.
            room: asked before samples are kept.

        Returns:
            What the file is, and ``(n,) float32`` samples, mono at 16 kHz, on the 16-bit grid.

        Raises:
            MediaError: the file cannot be used; after a `DecoderFailedError` neither can this child.
        """
        self.files_left -= 1
        self._between_files = False  # until it has said that it is done: an interrupted one is not asked again
        try:
            socket.send_fds(self._wire, [b"\0"], [descriptor])
            return self._collect(room)
        except TimeoutError as error:
            self.kill()
            raise DecoderFailedError(
                f"decoding took longer than {self._limits.wall_s:.0f} s",
                limit="wall_s",
                wall_s=self._limits.wall_s,
                wall_s_per_hour=self._limits.wall_s_per_hour,
            ) from error
        except (BrokenWireError, ConnectionError, ValueError, TypeError, KeyError) as error:
            raise self._why_it_died() from error

    def kill(self) -> None:
        """End it now, with all that it may have started, and collect its remains."""
        self.files_left = 0
        with suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._wire.close()

    def _collect(self, room: Room) -> tuple[SourceFacts, NDArray[np.float32]]:
        """Take messages until the child is done, and hold it to its time and its length."""
        facts: SourceFacts | None = None
        samples = _GrowingSamples(self._limits)
        started = self._monotonic()
        while True:
            deadline = started + self._limits.wall_s + self._limits.wall_s_per_hour * samples.duration_s / _HOUR_S
            self._wire.settimeout(max(deadline - self._monotonic(), 0.001))
            kind, body = receive(self._wire)
            if kind is Kind.SAMPLES:
                started += self._waited(room, samples.length_with(body))
                samples.append(body)
            elif kind is Kind.FACTS:
                facts = _facts(body)
            elif kind is Kind.REFUSED:
                refusal = _refusal(body)
                self._between_files = True
                raise refusal
            elif kind is Kind.DONE and facts is not None:
                self._between_files = True
                return facts, samples.whole()
            else:
                raise BrokenWireError(f"unexpected message {kind.name}")

    def _waited(self, room: Room, length: int) -> float:
        """Ask for room for ``length`` samples in all; answer how many seconds that took."""
        asked = self._monotonic()
        room(length)
        return self._monotonic() - asked

    def _last_status(self) -> int | None:
        """Answer how the child ended by itself, ``None`` when it had to be killed, and clear it away."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        status = self._process.poll()
        self.kill()
        return status

    def _why_it_did_not_start(self) -> DecoderUnavailableError:
        status = self._last_status()
        return DecoderUnavailableError(f"the decoding process did not start (exit status {status})", exit_status=status)

    def _why_it_died(self) -> DecoderFailedError:
        """Name the signal or the limit that ended the child, and clear it away."""
        status = self._last_status()
        if status == -signal.SIGXCPU:
            return DecoderFailedError(
                f"decoding took more than {self._limits.cpu_s:.0f} s of processor time",
                limit="cpu_s",
                cpu_s=self._limits.cpu_s,
                cpu_s_per_hour=self._limits.cpu_s_per_hour,
            )
        if status is not None and status < 0:
            name = signal.Signals(-status).name
            return DecoderFailedError(f"the decoder crashed on this file ({name})", signal=name)
        return DecoderFailedError(
            f"the decoder ended on this file without an answer (exit status {status})", exit_status=status
        )


class _GrowingSamples:
    """Samples as they come in, in one array that the allocator extends in place."""

    def __init__(self, limits: MediaLimits) -> None:
        self._most = int((limits.max_duration_s + 1) * SAMPLE_RATE_HZ)
        self._samples = np.empty(SAMPLE_RATE_HZ * 16, dtype=np.float32)
        self._length = 0

    @property
    def duration_s(self) -> float:
        return self._length / SAMPLE_RATE_HZ

    def length_with(self, body: bytearray) -> int:
        """Answer how many samples there will be with these little-endian int16.

        Raises:
            BrokenWireError: more than a child may send.
        """
        length = self._length + len(body) // 2
        if length > self._most:
            raise BrokenWireError("more samples than a child may send")
        return length

    def append(self, body: bytearray) -> None:
        """Add little-endian int16 samples, scaled to [-1, 1)."""
        end = self.length_with(body)
        fresh = np.frombuffer(body, dtype="<i2")
        if end > self._samples.size:
            self._samples.resize(max(end, self._samples.size + _GROWTH_SAMPLES), refcheck=False)
        np.multiply(fresh, np.float32(1 / 32768), out=self._samples[self._length : end], casting="same_kind")
        self._length = end

    def whole(self) -> NDArray[np.float32]:
        self._samples.resize(self._length, refcheck=False)
        return self._samples


@contextmanager
def _closed_on_failure(wire: socket.socket) -> Iterator[None]:
    """Close our end when the child could not be started."""
    try:
        yield
    except OSError:
        wire.close()
        raise


def _environment() -> dict[str, str]:
    """What the child needs of the environment: no secrets, and one thread for the array library."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


def _facts(body: bytearray) -> SourceFacts:
    """Read the child's account of the file; whatever does not fit raises ValueError, TypeError or KeyError."""
    said = json.loads(body)
    return SourceFacts(
        container=str(said["container"]),
        codec=str(said["codec"]),
        sample_rate_hz=int(said["sample_rate_hz"]),
        channels=int(said["channels"]),
        size_bytes=int(said["size_bytes"]),
        declared_s=None if said["declared_s"] is None else float(said["declared_s"]),
    )


def _refusal(body: bytearray) -> MediaError:
    """Read the child's refusal; whatever does not fit raises ValueError, TypeError or KeyError."""
    said = json.loads(body)
    return _REFUSALS[said["slug"]](str(said["detail"]), **dict(said["figures"]))
