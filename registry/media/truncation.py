"""Signs that a file was cut, where FFmpeg would read on to the end and say nothing.

Pure functions over a seekable binary file; each leaves the position anywhere.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

_OGG_TAIL_BYTES: Final = 27 + 255 + 255 * 255  # the longest page there is
_OGG_HEAD_BYTES: Final = 27
_MAX_CHUNKS: Final = 4096
_OPEN_ENDED_FROM: Final = 0x7FFF_F000  # programs that write to a pipe put 2^31 or 2^32 less a little here


@dataclass(frozen=True, slots=True)
class _ChunkLayout:
    """How one family of containers strings its chunks together."""

    magic: bytes
    first_chunk: int
    name_bytes: int
    size_format: str
    size_counts_head: bool
    alignment: int


_LAYOUTS: Final = (
    _ChunkLayout(b"RIFF", 12, 4, "<I", size_counts_head=False, alignment=2),
    _ChunkLayout(b"RF64", 12, 4, "<I", size_counts_head=False, alignment=2),
    _ChunkLayout(b"caff", 8, 4, ">q", size_counts_head=False, alignment=1),
    _ChunkLayout(b"riff", 40, 16, "<q", size_counts_head=True, alignment=8),  # Sony's w64
)


def chunk_shortfall(file: BinaryIO, size_bytes: int) -> tuple[int, int] | None:
    """Compare the length that a ``data`` chunk declares with what the file holds (wav, w64, caf).

    A length of zero, minus one, or near 2^31 or 2^32 is what a recorder leaves that never learned the length; it
    declares nothing. So does the 0xFFFFFFFF of an RF64 file, whose 64-bit length FFmpeg checks.

    Returns:
        ``(declared bytes, bytes there)`` when bytes are missing, else ``None``.
    """
    file.seek(0)
    magic = file.read(4)
    layout = next((each for each in _LAYOUTS if each.magic == magic), None)
    if layout is None:
        return None
    offset = layout.first_chunk
    for _ in range(_MAX_CHUNKS):
        file.seek(offset)
        head = file.read(layout.name_bytes + struct.calcsize(layout.size_format))
        if len(head) < layout.name_bytes + struct.calcsize(layout.size_format):
            return None
        (length,) = struct.unpack(layout.size_format, head[layout.name_bytes :])
        length -= len(head) if layout.size_counts_head else 0
        body = offset + len(head)
        if head[:4] == b"data":
            return _shortfall(length, size_bytes - body)
        if length < 0:
            return None
        offset = body + length + -length % layout.alignment
    return None


def _shortfall(declared: int, present: int) -> tuple[int, int] | None:
    open_ended = declared <= 0 or _OPEN_ENDED_FROM <= declared <= 2**31 or 2**32 - 4096 <= declared <= 2**32
    return None if open_ended or declared <= present else (declared, max(present, 0))


def ends_inside_ogg_page(file: BinaryIO, size_bytes: int) -> bool:
    """Whether the last page of an Ogg file (RFC 3533, section 6) declares more bytes than follow it.

    A stream without an end-of-stream page is customary (live recordings) and no sign of anything.
    """
    start = max(0, size_bytes - _OGG_TAIL_BYTES)
    file.seek(start)
    tail = file.read(_OGG_TAIL_BYTES)
    at = tail.rfind(b"OggS")
    if at < 0:
        return False
    head = tail[at : at + _OGG_HEAD_BYTES]
    if len(head) < _OGG_HEAD_BYTES:
        return True
    segments = tail[at + _OGG_HEAD_BYTES : at + _OGG_HEAD_BYTES + head[26]]
    return len(segments) < head[26] or at + _OGG_HEAD_BYTES + head[26] + sum(segments) > len(tail)


def size_of(file: BinaryIO) -> int:
    """Answer the length of a seekable file in bytes."""
    return file.seek(0, os.SEEK_END)
