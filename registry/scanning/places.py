"""Where inputs are: paths of this machine, and URLs of any store that fsspec knows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar
from urllib.parse import unquote_to_bytes

import fsspec

from registry.errors import SourceError
from registry.scanning.fences import UNFENCED, Fence

T = TypeVar("T")

FILE_SCHEME: Final = "file://"
GONE: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""What no further try will mend."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a store that fails is asked again, and after which pauses: each is twice the one before.

    Attributes:
        tries: in all; at least 1.
        first_pause_s: before the second.
        sleep: waits so many seconds.
    """

    tries: int = 4
    first_pause_s: float = 0.5
    sleep: Callable[[float], None] = time.sleep

    def try_often(self, do: Callable[[], T]) -> T:
        """Answer what ``do`` answers, after as many tries as it takes and may take.

        Raises:
            OSError: the last one's; or at once, where trying again cannot help: nothing is there, or it is forbidden.
        """
        for number in range(self.tries - 1):
            try:
                return do()
            except GONE:
                raise
            except OSError:
                self.sleep(self.first_pause_s * 2**number)
        return do()


def is_url(place: str) -> bool:
    """Whether a place is in a store, and not a path of this machine."""
    scheme, mark, _ = place.partition("://")
    return bool(mark) and scheme.replace("+", "").isalnum() and not place.startswith(FILE_SCHEME)


def local_path(place: str) -> str:
    """Answer the path that a place on this machine names: a path, or a ``file://`` URL, percent-encoded or not."""
    if not place.startswith(FILE_SCHEME):
        return place
    path = place.removeprefix(FILE_SCHEME)
    return path if os.path.lexists(path) else os.fsdecode(unquote_to_bytes(path))


def locator_of(path: str) -> str:
    """Answer how an absolute path of this machine is written in a row: itself, or a URL where it is no Unicode."""
    return path if shown(path) == path else Path(path).as_uri()


def shown(text: str) -> str:
    """Answer text that any table can hold: what is no Unicode, as bytes of a file name may be, is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def store_of(url: str) -> tuple[Any, str]:
    """Answer the fsspec file system of a URL, and the path in it.

    Raises:
        SourceError: nothing is known of such URLs, or the package that does is not installed; the sentence names it.
    """
    try:
        store, path = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise SourceError(f"{url} cannot be read: {error}", source=url) from error
    return store, str(path)


def open_place(place: str, fence: Fence = UNFENCED) -> BinaryIO:
    """Open a place for reading bytes.

    Raises:
        InputOutsideError: the fence refuses it; nothing of it was read.
        SourceError: see `store_of`.
        OSError: it cannot be opened.
    """
    if is_url(place):
        fence.require_url(place)
        store, path = store_of(place)
        opened: BinaryIO = store.open(path, "rb")
        return opened
    return _opened_here(Path(local_path(place)), fence)


def _opened_here(path: Path, fence: Fence) -> BinaryIO:
    file = path.open("rb")
    try:
        fence.require_open(file.fileno())
    except BaseException:
        file.close()
        raise
    return file
