"""Opening inputs: whatever an input is, its bytes behind one descriptor, which are hashed and decoded from there.

A file of this machine is opened once. Bytes of a store, and of a tar's member, are copied once, to a file without a
name, so that nothing stays behind however the process ends. Those of a compressed tar come through a stream that stays
open for the next.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from registry.errors import (
    NO_ROOM,
    InputChangedError,
    InputUnreachableError,
    InvalidInputError,
    MediaTooLargeError,
    ScanStorageError,
    StorageFullError,
    TruncatedMediaError,
    UnreadableMediaError,
)
from registry.media.decode import opened_regular
from registry.scanning.archives import archive_of, codec_of
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.places import GONE, Patience, is_url, local_path, open_place
from registry.scanning.results import InputRow
from registry.scanning.unpacking import Archive, Streams, Unpacked

_BLOCK: Final = 2**20
_OF_THE_MACHINE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors that say nothing of the input: the next would fail as well."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the bytes of an input were.

    Attributes:
        sha256: of them; empty where they were too many to be read.
        size: how many.
    """

    sha256: str
    size: int


@contextmanager
def opened_input(
    row: InputRow, max_bytes: int, patience: Patience, fence: Fence = UNFENCED, streams: Streams | None = None
) -> Iterator[int]:
    """Open an input's bytes for reading, behind a descriptor.

    Args:
        row: of the input.
        max_bytes: that it may have.
        patience: with stores.
        fence: around what may be opened.
        streams: of compressed archives; by default one that is read from its beginning, and closed.

    Raises:
        InvalidInputError: this input cannot be read; the subclass says why.
        StorageFullError, ScanStorageError: this machine cannot go on, whatever the input.
    """
    row = replace(row, locator=fence.place_of(row.locator))
    if row.offset < 0 and not is_url(row.locator):
        with _opened_here(row.locator, fence) as descriptor:
            yield descriptor
        return
    with closing(Streams()) as own, _copied(row, max_bytes, patience, fence, streams or own) as file:
        yield file.fileno()


@contextmanager
def _opened_here(locator: str, fence: Fence) -> Iterator[int]:
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(opened_regular(Path(local_path(locator))))
        except UnreadableMediaError as error:
            if error.figures.get("errno") in _OF_THE_MACHINE:
                raise ScanStorageError(f"this machine cannot go on: {error.detail}") from error
            raise
        except ValueError as error:
            raise UnreadableMediaError(f"this is no path: {error}") from error
        fence.require_open(descriptor)
        yield descriptor


@contextmanager
def _copied(row: InputRow, max_bytes: int, patience: Patience, fence: Fence, streams: Streams) -> Iterator[BinaryIO]:
    if row.size > max_bytes:
        raise _too_large(row.size, max_bytes)
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  (only making it is this machine's fault)
    except OSError as error:
        raise _no_room(error) from error
    with file:
        try:
            patience.try_often(lambda: _copy(row, file, max_bytes, fence, streams))
        except GONE as error:
            raise UnreadableMediaError(f"the input cannot be opened: {error or type(error).__name__}") from error
        except (InvalidInputError, ScanStorageError, StorageFullError, MemoryError):
            raise
        except Exception as error:
            raise InputUnreachableError(
                f"the input could not be fetched in {patience.tries} tries: {type(error).__name__}: {error}",
                tries=patience.tries,
            ) from error
        yield file


def _copy(row: InputRow, file: BinaryIO, max_bytes: int, fence: Fence, streams: Streams) -> None:
    """Copy an input's bytes to the beginning of a file."""
    is_member = row.offset >= 0
    left = row.size if is_member else max_bytes + 1
    file.seek(0)
    file.truncate()
    with _opened_source(row, fence, streams) as source:
        while left and (block := source.read(min(left, _BLOCK))):
            left -= len(block)
            _write(file, block)
    if is_member and left:
        raise TruncatedMediaError(
            f"the archive ends {left} bytes before the member does", declared_bytes=row.size, missing_bytes=left
        )
    if not is_member and not left:
        raise _too_large(max_bytes + 1, max_bytes)
    _write(file, b"", flush=True)


@contextmanager
def _opened_source(row: InputRow, fence: Fence, streams: Streams) -> Iterator[BinaryIO | Unpacked]:
    """Open what an input's bytes lie in, where they begin."""
    place = row.locator if row.offset < 0 else archive_of(row.locator)
    if row.offset >= 0 and (codec := codec_of(place)):
        with streams.at(Archive(place, codec, fence), row.offset) as stream:
            yield stream
        return
    with open_place(place, fence) as source:
        source.seek(max(row.offset, 0))
        yield source


def _write(file: BinaryIO, block: bytes, *, flush: bool = False) -> None:
    try:
        file.write(block)
        if flush:
            file.flush()
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> ScanStorageError | StorageFullError:
    kind = StorageFullError if error.errno in NO_ROOM else ScanStorageError
    return kind(f"an input cannot be kept in {tempfile.gettempdir()}: {error.strerror or error}")


def _too_large(size: int, max_bytes: int) -> MediaTooLargeError:
    return MediaTooLargeError(
        f"the file has {size} bytes or more, {max_bytes} are allowed", size_bytes=size, max_bytes=max_bytes
    )


def fingerprint(descriptor: int, max_bytes: int) -> Fingerprint:
    """Hash the bytes behind a descriptor, unless there are more than may be read.

    Raises:
        UnreadableMediaError: they cannot be read.
    """
    size = os.fstat(descriptor).st_size
    if size > max_bytes:
        return Fingerprint("", 0)
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            file.seek(0)
            return Fingerprint(hashlib.file_digest(file, "sha256").hexdigest(), size)
    except OSError as error:
        raise UnreadableMediaError(f"the file cannot be read: {error.strerror}", errno=error.errno) from error


@contextmanager
def held_still(descriptor: int) -> Iterator[None]:
    """Refuse a file that is written to while the block runs, however the block ends.

    Raises:
        InputChangedError: it was.
    """
    before = _state(descriptor)
    try:
        yield
    finally:
        if _state(descriptor) != before:
            raise InputChangedError("the file changed while it was read")


def _state(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns
