"""The messages between a process and the child that decodes for it: a kind, a length, a body.

One socket, both ways. The parent sends one byte with the file's descriptor beside it; the child answers messages. The
parent treats what comes back as hostile: the child has been reading a stranger's file.

Samples come through the socket too. Memory that both share would save a copy, but sending, checking and scaling takes
0.05 ms for a second of audio, less than 1 % of what analysing it takes; and a child that reads several files could then
change what it sent of one while it reads the next.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from socket import socket

_HEAD = struct.Struct("<BI")
MAX_BODY_BYTES = 2**20
FILTERED = b"filtered"
"""Body of READY where the child's system calls are filtered; empty where they are not."""


class Kind(IntEnum):
    """What a message from the child says."""

    READY = 1  # imports are done, limits are set; see `FILTERED`
    FACTS = 2  # JSON: what the file is
    SAMPLES = 3  # little-endian int16, mono, 16 kHz
    DONE = 4  # all samples were sent
    REFUSED = 5  # JSON: the slug, the sentence and the figures of a MediaError


class BrokenWireError(Exception):
    """The other side closed the socket, or sent what is not a message."""


def send(wire: socket, kind: Kind, body: bytes = b"") -> None:
    """Send one message whole; ``body`` is at most `MAX_BODY_BYTES` long."""
    wire.sendall(_HEAD.pack(kind, len(body)) + body)


def receive(wire: socket) -> tuple[Kind, bytearray]:
    """Receive one message whole.

    Raises:
        BrokenWireError: the end came first, or the message is malformed or too long.
        TimeoutError: the socket's timeout passed.
    """
    number, length = _HEAD.unpack(_exactly(wire, _HEAD.size))
    try:
        kind = Kind(number)
    except ValueError as error:
        raise BrokenWireError(f"not a message: kind {number}") from error
    if length > MAX_BODY_BYTES:
        raise BrokenWireError(f"a message of {length} bytes, {MAX_BODY_BYTES} are the most")
    return kind, _exactly(wire, length)


def _exactly(wire: socket, length: int) -> bytearray:
    """Receive ``length`` bytes."""
    body = bytearray(length)
    view = memoryview(body)
    while view:
        try:
            count = wire.recv_into(view)
        except ConnectionError as error:
            raise BrokenWireError("the connection was reset") from error
        if not count:
            raise BrokenWireError("the other side closed the connection")
        view = view[count:]
    return body
