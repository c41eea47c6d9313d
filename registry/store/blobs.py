"""Blobs: uploads that wait for a worker, files that wait for whom they are sealed for. Nothing here can read them.

Trusted for: being there, whole, from the moment `BlobStore.put` returned until somebody deletes them. Not trusted for
secrecy or integrity, which the seal gives.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from registry.errors import (
    NO_ROOM,
    BlobStoreError,
    InvalidInputError,
    NotFoundError,
    SettingsError,
    StorageFullError,
)

_KEY = re.compile(r"[0-9a-z_][0-9a-z_.-]*(/[0-9a-z_][0-9a-z_.-]*)*")
_PART_PREFIX = ".part-"
"""No key begins so, and a file of that name is never listed: it was being written when its process died."""


class BlobStore:
    """Bytes by key, in a folder or an object store.

    Args:
        url: a path, or anything that fsspec knows, such as ``s3://bucket/spool`` (with its package installed).

    Raises:
        SettingsError: no file system answers to this URL.
    """

    def __init__(self, url: str) -> None:
        try:
            filesystem, root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise SettingsError(f"blobs cannot be kept at {url}: {error}") from error
        self._filesystem: Any = filesystem
        self._root = PurePosixPath(root)
        self._is_local = isinstance(filesystem, LocalFileSystem)

    def put(self, key: str, data: bytes) -> None:
        """Store bytes, replacing what was there. On return they are whole and durable; before, they are not there.

        Args:
            key: lower-case letters, digits, ``_ . -``, in parts divided by ``/``.
            data: the bytes, sealed.

        Raises:
            InvalidInputError: the key is none.
            BlobStoreError: the store does not answer.
            StorageFullError: it is full; nothing of the bytes is left.
        """
        path = self._path(key)
        with _translated(key):
            if self._is_local:
                with _replacing(Path(path)) as part:
                    part.write(data)
            else:
                self._filesystem.pipe_file(path, data)  # object stores show an object only when it is whole

    def put_file(self, key: str, file: Path) -> None:
        """Store what is in a file, which may be larger than memory; promises and raises as `put`."""
        path = self._path(key)
        with _translated(key):
            if self._is_local:
                with file.open("rb") as source, _replacing(Path(path)) as part:
                    shutil.copyfileobj(source, part)
            else:
                self._filesystem.put_file(str(file), path)

    def get(self, key: str) -> bytes:
        """Answer the bytes of a key.

        Raises:
            InvalidInputError: the key is none.
            NotFoundError: nothing is stored under it.
            BlobStoreError: the store does not answer.
        """
        with _translated(key):
            return bytes(self._filesystem.cat_file(self._path(key)))

    def open(self, key: str) -> IO[bytes]:
        """Answer the bytes of a key as a file to read from, for the caller to close; raises as `get`."""
        path = self._path(key)
        with _translated(key):
            opened: IO[bytes] = self._filesystem.open(path, "rb")
        return opened

    def delete(self, key: str) -> None:
        """Remove a key. Doing it twice is no error.

        Raises:
            InvalidInputError: the key is none.
            BlobStoreError: the store does not answer.
        """
        path = self._path(key)
        try:
            with _translated(key):
                self._filesystem.rm_file(path)
        except NotFoundError:
            return

    def keys(self) -> list[str]:
        """Answer every key, sorted.

        Raises:
            BlobStoreError: the store does not answer.
        """
        with _translated(""):
            self._filesystem.invalidate_cache()
            found = [PurePosixPath(path) for path in self._filesystem.find(str(self._root))]
        return sorted(
            path.relative_to(self._root).as_posix() for path in found if not path.name.startswith(_PART_PREFIX)
        )

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise InvalidInputError(f"{key!r} is not the key of a blob")
        return str(self._root / key)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Let the block write beside the place, flush, then rename into it: the rename is the commit point."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=path.parent, prefix=_PART_PREFIX, delete=False) as part:
        try:
            yield part
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no blob {key}", key=key) from error
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFullError(f"the blob store has no room for {key}: {error.strerror}", key=key) from error
        raise BlobStoreError(f"the blob store failed on {key or 'listing'}: {error}", key=key) from error
