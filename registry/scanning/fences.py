"""What a scan may open: anything, where its own user asks; only what lies below a root, where somebody else does.

A source is other people's: its lists name places, its links lead anywhere, its objects are called what they like. So
nothing is concluded from how a place is written. A path is looked at only once it is known where it leads, and what was
opened is asked where it really is before a byte of it is read, so that a link exchanged meanwhile gains nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from registry.domain.scan_requests import CHAINED
from registry.errors import InputOutsideError

_FILE: Final = "file://"


class Fence(Protocol):
    """Says what may be opened, and how places are written in rows."""

    def is_inside(self, path: str) -> bool:
        """Whether a path of this machine may be looked at: where it leads, links followed, is inside."""

    def require_open(self, descriptor: int) -> None:
        """Refuse what was opened on this machine and lies outside.

        Raises:
            InputOutsideError: it does.
        """

    def require_url(self, url: str) -> None:
        """Refuse a URL that leads outside, before it is asked for.

        Raises:
            InputOutsideError: it does.
        """

    def told(self, place: str) -> str:
        """Answer how a row writes a place."""

    def place_of(self, locator: str) -> str:
        """Answer the place that a row means; what `told` made of it comes back as it was."""


class Unfenced:
    """Lets everything be opened, and writes places as they are."""

    def is_inside(self, path: str) -> bool:  # noqa: ARG002  (see Fence)
        """Let every path be looked at."""
        return True

    def require_open(self, descriptor: int) -> None:
        """Let everything stay open."""

    def require_url(self, url: str) -> None:
        """Let every URL be asked for."""

    def told(self, place: str) -> str:
        """Answer the place."""
        return place

    def place_of(self, locator: str) -> str:
        """Answer the locator."""
        return locator


UNFENCED: Final[Fence] = Unfenced()


@dataclass(frozen=True, slots=True)
class FolderFence:
    """Lets only be opened what lies below a folder of this machine.

    Attributes:
        name: of the root, which rows write in place of the folder.
        folder: its real path.
    """

    name: str
    folder: str

    def is_inside(self, path: str) -> bool:
        """Whether a path leads below the folder; see `Fence`."""
        return self._holds(os.path.realpath(path))

    def require_open(self, descriptor: int) -> None:
        """Refuse what lies elsewhere; see `Fence`."""
        if not self._holds(os.readlink(f"/proc/self/fd/{descriptor}")):  # noqa: PTH115  (it may hold no valid path)
            raise _outside(self.name)

    def require_url(self, url: str) -> None:
        """Refuse: a folder has no URLs in it."""
        del url
        raise _outside(self.name)

    def told(self, place: str) -> str:
        """Answer the place below the root's name; see `Fence`."""
        for prefix, shown in self._forms():
            if place.startswith(prefix):
                return shown + place.removeprefix(prefix)
        return place

    def place_of(self, locator: str) -> str:
        """Answer the place; see `Fence`."""
        for prefix, shown in self._forms():
            if locator.startswith(shown):
                return prefix + locator.removeprefix(shown)
        return locator

    def source(self, path: str) -> str:
        """Answer the place of a path below the folder; of an empty one, the folder."""
        return f"{self.folder.rstrip('/')}/{path}" if path else self.folder

    def _holds(self, real: str) -> bool:
        return real == self.folder or real.startswith(self.folder.rstrip("/") + "/")

    def _forms(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Answer how places below the folder begin, and how rows write that: as a path, and as a URL of a path."""
        path = self.folder.rstrip("/")
        return (f"{path}/", f"{self.name}/"), (f"{Path(self.folder).as_uri().rstrip('/')}/", f"{_FILE}{self.name}/")


@dataclass(frozen=True, slots=True)
class StoreFence:
    """Lets only be opened what lies below a place in a store that has no links.

    Attributes:
        name: of the root, which rows write in place of the URL.
        url: without a slash at its end.
    """

    name: str
    url: str

    def is_inside(self, path: str) -> bool:
        """Answer no: nothing of this machine is in a store."""
        del path
        return False

    def require_open(self, descriptor: int) -> None:
        """Refuse: see `is_inside`."""
        del descriptor
        raise _outside(self.name)

    def require_url(self, url: str) -> None:
        """Refuse what is elsewhere, and what only begins like the root: a way up, and one URL inside of another."""
        below = url.removeprefix(self.url)
        is_below = below != url and below[:1] in {"", "/"}
        if not is_below or CHAINED in below or ".." in below.replace("\\", "/").split("/"):
            raise _outside(self.name)

    def told(self, place: str) -> str:
        """Answer the place below the root's name; see `Fence`."""
        return place.replace(f"{self.url}/", f"{self.name}/", 1) if place.startswith(f"{self.url}/") else place

    def place_of(self, locator: str) -> str:
        """Answer the place; see `Fence`."""
        shown = f"{self.name}/"
        return f"{self.url}/{locator.removeprefix(shown)}" if locator.startswith(shown) else locator

    def source(self, path: str) -> str:
        """Answer the place of a path below the URL; of an empty one, the URL."""
        return f"{self.url}/{path}" if path else self.url


def _outside(name: str) -> InputOutsideError:
    return InputOutsideError(f"this leads out of what may be scanned, the root {name}", root=name)
