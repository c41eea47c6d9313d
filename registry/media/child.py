"""The decoding child: reads strangers' files so that nothing else has to. Started by `registry.media.process` only.

It is given its limits on the command line and one socket as standard input. After its start it can open nothing: no
file, no socket, no process. What it can still do is read the descriptors it is handed and write to that socket.
"""

from __future__ import annotations

import io
import json
import math
import os
import resource
import socket
import sys
import wave
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import BinaryIO

import av.logging
import numpy as np
from numpy.typing import NDArray

from registry.errors import DecoderFailedError, MediaError, RegistryError
from registry.media.cage import Cage
from registry.media.limits import MediaLimits
from registry.media.reading import read_recording
from registry.media.recording import SAMPLE_RATE_HZ, SourceFacts
from registry.media.wire import FILTERED, MAX_BODY_BYTES, Kind, send

Reader = Callable[[BinaryIO, MediaLimits], Iterator[SourceFacts | NDArray[np.int16]]]
_HOUR_S = 3600


def main(arguments: list[str]) -> None:
    """Run as the process that ``arguments`` describe: the limits as JSON, and how many files to read."""
    av.logging.set_level(av.logging.ERROR)  # FFmpeg names some causes in its log only
    serve(socket.socket(fileno=0), MediaLimits(**json.loads(arguments[0])), int(arguments[1]), read_recording)


def serve(wire: socket.socket, limits: MediaLimits, files: int, read: Reader) -> None:
    """Read up to ``files`` files, one after the other, and end when the socket does."""
    _rehearse(read, limits)
    filtered = _lock_down(limits)
    send(wire, Kind.READY, FILTERED if filtered else b"")
    for _ in range(files):
        _byte, descriptors, _flags, _address = socket.recv_fds(wire, 1, 1)
        if not descriptors:
            return
        with os.fdopen(descriptors[0], "rb") as file:
            _answer(wire, file, limits, read)


def _rehearse(read: Reader, limits: MediaLimits) -> None:
    """Read a short recording of our own: what is imported or set up on first use has to be there before lock-down."""
    tone = io.BytesIO()
    with wave.open(tone, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(np.arange(8000, dtype="<i2").tobytes())
    for _ in read(tone, limits):
        pass


def _lock_down(limits: MediaLimits) -> bool:
    """Give up what reading one descriptor does not need; answer whether step 4 was possible.

    1. Address space is bounded, so that a bomb ends here.
    2. No file can grow, no core is dumped, no process is started (as far as the kernel binds this user).
    3. The next descriptor, the file's, is the last the kernel will give: opening a path or a socket fails from here on.
    4. System calls that reading does not take are refused, where this machine has what it needs to filter them.
    """
    cage = Cage()
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    for none_of in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(none_of, (0, 0))
    next_descriptor = os.dup(0)
    os.close(next_descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_descriptor + 1, next_descriptor + 1))
    return cage.close()


def _answer(wire: socket.socket, file: BinaryIO, limits: MediaLimits, read: Reader) -> None:
    """Read one file and send what came of it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    start_cpu_s = usage.ru_utime + usage.ru_stime
    sent_s = 0.0
    _allow_processor_time(start_cpu_s, sent_s, limits)
    try:
        for part in read(file, limits):
            if isinstance(part, SourceFacts):
                send(wire, Kind.FACTS, json.dumps(asdict(part)).encode())
                continue
            _send_samples(wire, part)
            sent_s += part.size / SAMPLE_RATE_HZ
            _allow_processor_time(start_cpu_s, sent_s, limits)
    except MediaError as error:
        _refuse(wire, error)
    except MemoryError:
        _refuse(wire, out_of_memory(limits))
    else:
        send(wire, Kind.DONE)


def _send_samples(wire: socket.socket, samples: NDArray[np.int16]) -> None:
    """Send samples in messages of allowed length; a file of very low rate yields many at once."""
    body = memoryview(samples.astype("<i2").tobytes())
    for first in range(0, len(body), MAX_BODY_BYTES):
        send(wire, Kind.SAMPLES, bytes(body[first : first + MAX_BODY_BYTES]))


def _allow_processor_time(start_cpu_s: float, sent_s: float, limits: MediaLimits) -> None:
    """Move the soft limit ahead by what the audio that came out has earned; past it the kernel ends this process."""
    soft = math.ceil(start_cpu_s + limits.cpu_s + limits.cpu_s_per_hour * sent_s / _HOUR_S)
    _old_soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def out_of_memory(limits: MediaLimits) -> DecoderFailedError:
    """Say that the address space ran out."""
    return DecoderFailedError(
        f"decoding needs more than {limits.memory_bytes} bytes of memory",
        limit="memory_bytes",
        memory_bytes=limits.memory_bytes,
    )


def _refuse(wire: socket.socket, error: RegistryError) -> None:
    send(
        wire,
        Kind.REFUSED,
        json.dumps({"slug": error.slug, "detail": error.detail, "figures": error.figures}).encode(),
    )


if __name__ == "__main__":
    main(sys.argv[1:])
