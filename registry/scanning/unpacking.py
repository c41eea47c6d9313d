"""Compressed tars as they are read: a stream that only goes forwards, so that nothing has to be unpacked anywhere.

What lies behind the beginning costs all that lies before it. So a stream that was read stays open for what comes next,
and the readers of one archive, who want its members about in order, use it one after the other.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import Any, BinaryIO, Final, Protocol

from registry.errors import UnreadableMediaError
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.places import open_place

CODECS: Final = {".tar.gz": "gzip", ".tgz": "gzip", ".tar.bz2": "bz2", ".tar.zst": "zstd", ".tar.xz": "xz"}
"""How an archive is compressed, by the end of its name."""
MOST_TIMES: Final = 200
"""An archive may unpack to so many times its bytes: recordings come nowhere near, and what was made to swell does."""
ALWAYS_BYTES: Final = 2**30
"""So much any archive may unpack to."""
_BLOCK: Final = 2**14  # where something is wrong, pyarrow gives nothing of the block that it is in
_SEEN_AGAIN: Final = 512  # the header of a tar that turns out to be none
_XZ_MEMORY: Final = 2**28
_MOST_OPEN: Final = 3
"""Streams kept open: one for the archive in hand, one for who comes late, one for the archive before."""


class SwollenError(tarfile.ReadError):
    """An archive unpacks to more than anything that holds recordings."""


class _Source(Protocol):
    def read(self, size: int) -> bytes: ...


class Unpacked:
    """The bytes that a compressed file unpacks to, forwards; a step back goes as far as one header of a tar.

    Args:
        file: compressed; closed with this.
        codec: one of the values of `CODECS`.
    """

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self._file = _Counted(file)
        self._source: _Source = _source(self._file, codec)
        self._block = b""
        self._at = 0
        self._end = 0
        """Where the block ends in what was unpacked."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def tell(self) -> int:
        """Answer where in the unpacked bytes the next read begins."""
        return self._end - len(self._block) + self._at

    def seek(self, offset: int) -> int:
        """Go to a place, or to the end where that comes before it.

        Raises:
            tarfile.ReadError: the bytes on the way cannot be unpacked.
            OSError: they cannot be read.
            ValueError: it lies further back than this can go.
        """
        while offset > self._end and self._refilled():
            self._at = len(self._block)
        self._at = min(offset - self._end + len(self._block), len(self._block))
        if self._at < 0:
            raise ValueError(f"{offset} lies too far before {self._end}")
        return self.tell()

    def read(self, size: int) -> bytes:
        """Read so many bytes, fewer only at the end.

        Raises:
            tarfile.ReadError: they cannot be unpacked.
            OSError: they cannot be read.
        """
        parts = []
        while size and (self._at < len(self._block) or self._refilled()):
            part = self._block[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def _refilled(self) -> bool:
        try:
            block = self._source.read(_BLOCK)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            self._file.raise_if_failed()
            raise tarfile.ReadError(str(error)) from error
        self._end += len(block)
        if self._end > max(ALWAYS_BYTES, MOST_TIMES * self._file.taken):
            raise SwollenError(f"it unpacks to more than {MOST_TIMES} times its own {self._file.taken} bytes")
        kept = self._block[-_SEEN_AGAIN:]
        self._block, self._at = kept + block, len(kept)
        return bool(block)


class _Counted:
    """A file as a decompressor reads it: how much was taken, and whether it was the file that failed."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._failure: OSError | None = None
        self.taken = 0

    def read(self, size: int) -> bytes:
        try:
            block = self._file.read(size)
        except OSError as error:
            self._failure = error
            raise
        self.taken += len(block)
        return block

    def raise_if_failed(self) -> None:
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        self._file.close()


def _source(file: _Counted, codec: str) -> _Source:
    if codec == "gzip":
        return _Gzip(file)
    if codec == "zstd":
        import pyarrow as pa

        stream: _Source = pa.CompressedInputStream(pa.PythonFile(file, "r"), codec)
        return stream
    return _Pieces(file, bz2.BZ2Decompressor if codec == "bz2" else _xz)


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)


class _Gzip:
    """Gives what comes before an error, before it."""

    def __init__(self, file: _Counted) -> None:
        reading_is_enough: Any = file
        self._stream = gzip.GzipFile(fileobj=reading_is_enough)

    def read(self, size: int) -> bytes:
        block: bytes = self._stream.read1(size)
        return block


class _Pieces:
    """The same for bzip2 and xz, of which a file may hold several pieces, and zeros between them."""

    def __init__(self, file: _Counted, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> None:
        self._file = file
        self._new = new
        self._piece = new()

    def read(self, size: int) -> bytes:
        block = packed = b""
        while not block:
            if self._piece.eof:
                packed = self._piece.unused_data.lstrip(b"\0") or self._file.read(_BLOCK).lstrip(b"\0")
                if not packed:
                    return b""
                self._piece = self._new()
            elif self._piece.needs_input and not (packed := self._file.read(_BLOCK)):
                raise EOFError("it ends in the middle")
            block, packed = self._piece.decompress(packed, size), b""
        return block


# --- members, when they are heard ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Archive:
    """A compressed tar.

    Attributes:
        place: of it.
        codec: one of the values of `CODECS`.
        fence: within which it is opened.
    """

    place: str
    codec: str
    fence: Fence = UNFENCED

    def unpacked(self) -> Unpacked:
        """Open it, at its beginning.

        Raises:
            OSError: it cannot be opened.
            InputOutsideError: it may not be.
        """
        return Unpacked(open_place(self.place, self.fence), self.codec)


class Streams:
    """Streams of compressed archives that stay open from one member to the next. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._kept: list[tuple[Archive, Unpacked]] = []
        """Those nobody reads; who was used last comes last."""
        self._busy: set[Archive] = set()
        self._waiting: list[tuple[Archive, int]] = []

    def close(self) -> None:
        """Close all streams that nobody reads."""
        with self._changed:
            self._drop(len(self._kept))

    @contextmanager
    def at(self, archive: Archive, offset: int) -> Iterator[Unpacked]:
        """Answer a stream that stands at an offset, alone at its archive for the block.

        Raises:
            UnreadableMediaError: the archive cannot be unpacked as far as the block reads.
            OSError: it cannot be opened or read.
            InputOutsideError: it may not be opened.
        """
        kept = self._turn(archive, offset)
        try:
            stream = kept or archive.unpacked()
            try:
                stream.seek(offset)
                yield stream
            except BaseException:
                stream.close()
                raise
        except tarfile.ReadError as error:
            self._end_turn(archive)
            raise UnreadableMediaError(f"the archive cannot be read as far as this: {error}") from error
        except BaseException:
            self._end_turn(archive)
            raise
        self._end_turn(archive, stream)

    def _turn(self, archive: Archive, offset: int) -> Unpacked | None:
        """Wait for one's turn, which is that of who wants what comes first; answer the nearest stream before it."""
        with self._changed:
            self._waiting.append((archive, offset))
            self._changed.wait_for(lambda: archive not in self._busy and offset == self._first(archive))
            self._waiting.remove((archive, offset))
            self._busy.add(archive)
            fitting = [one for one in self._kept if one[0] == archive and one[1].tell() <= offset]
            if not fitting:
                return None
            nearest = max(fitting, key=lambda one: one[1].tell())
            self._kept.remove(nearest)
            return nearest[1]

    def _first(self, archive: Archive) -> int:
        return min(offset for waiting, offset in self._waiting if waiting == archive)

    def _end_turn(self, archive: Archive, stream: Unpacked | None = None) -> None:
        with self._changed:
            self._busy.discard(archive)
            self._kept += [(archive, stream)] if stream else []
            self._drop(len(self._kept) - _MOST_OPEN)
            self._changed.notify_all()

    def _drop(self, oldest: int) -> None:
        for _ in range(oldest):
            self._kept.pop(0)[1].close()
