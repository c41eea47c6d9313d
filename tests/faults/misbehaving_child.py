"""A decoding child that does what a file asks of it: crash, hang, spin, eat memory, lie, reach for more.

It is the real child around a reader that obeys the first word of the file, and reads any other file as it should.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).parents[2]))

from registry.errors import NotMediaError
from registry.media import child, wire
from registry.media.limits import MediaLimits
from registry.media.reading import read_recording
from registry.media.recording import SourceFacts

FACTS = SourceFacts("wav", "pcm_s16le", 16_000, 1, 1)


def obey(file: BinaryIO, limits: MediaLimits) -> Iterator[SourceFacts | NDArray[np.int16]]:
    """Do what the file says, or read it."""
    file.seek(0)
    word = file.read(8).decode("latin-1").strip()
    action = ACTIONS.get(word)
    yield from action() if action else read_recording(file, limits)


def crash() -> Iterator[SourceFacts]:
    yield FACTS
    ctypes.string_at(0)


def leave() -> Iterator[SourceFacts]:
    yield FACTS
    os._exit(7)


def hang() -> Iterator[SourceFacts]:
    yield FACTS
    time.sleep(3600)


def spin() -> Iterator[SourceFacts]:
    yield FACTS
    while True:
        pass


def eat() -> Iterator[NDArray[np.int16]]:
    held = []
    while True:
        held.append(np.ones(2**24, np.int16))


def flood() -> Iterator[SourceFacts | NDArray[np.int16]]:
    yield FACTS
    while True:
        yield np.zeros(100_000, np.int16)


def blurt() -> Iterator[SourceFacts]:
    raise RuntimeError("not an error of the one tree")
    yield FACTS


def reach() -> Iterator[SourceFacts]:
    """Try to open, start and change other things, and report which of them worked."""
    reached, refused = [], {}
    for name, attempt in {
        "file": lambda: Path("/etc/hostname").read_bytes(),
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "descriptor": lambda: os.dup(0),
        "process": os.fork,
        "program": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606  (that is the point)
        "name": lambda: Path("/etc/hostname").stat(),
        "removal": lambda: Path("/tmp/there-is-no-such-file").unlink(),  # noqa: S108  (it must not get so far)
        "signal": lambda: os.kill(os.getppid(), 0),
        "code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
        "limit": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE),
    }.items():
        try:
            attempt()
            reached.append(name)
        except OSError as error:
            refused[name] = errno.errorcode[error.errno or 0]
    raise NotMediaError("tried", reached=reached, refused=refused, environment=sorted(os.environ))
    yield FACTS


ACTIONS = {action.__name__: action for action in (crash, leave, hang, spin, eat, flood, blurt, reach)}


def said(wire_socket: socket.socket, message: bytes) -> Iterator[SourceFacts]:
    """Put bytes of our own on the wire."""
    wire_socket.sendall(message)
    yield FACTS


def main() -> None:
    """Serve as the real child does."""
    wire_socket = socket.socket(fileno=0)
    body = b'{"slug": "settings", "detail": "not for a child to say", "figures": {}}'
    foreign = struct.pack("<BI", wire.Kind.REFUSED, len(body)) + body
    endless = struct.pack("<BI", wire.Kind.SAMPLES, 2**31)
    ACTIONS["lie"] = lambda: said(wire_socket, b"\xff" * 64)
    ACTIONS["babble"] = lambda: said(wire_socket, foreign)
    ACTIONS["promise"] = lambda: said(wire_socket, endless)
    child.serve(wire_socket, MediaLimits(**json.loads(sys.argv[1])), int(sys.argv[2]), obey)


if __name__ == "__main__":
    main()
