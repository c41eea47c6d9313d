"""What commands that ask a registry over HTTP have in common: opening it, reading lists, and saying what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.cli.output import words
from registry.errors import InvalidInputError

if TYPE_CHECKING:  # it brings an HTTP client, for which whoever asks for help need not wait
    from registry.cli.remote import RemoteRegistry

_MOST_LISTED: Final = 200
_MOST_PAGES: Final = 1_000


class Asked:
    """A registry that is asked, by somebody with a token.

    Args:
        there: the registry.
    """

    def __init__(self, there: RemoteRegistry) -> None:
        self._there = there

    def record(self, path: str) -> Mapping[str, Any]:
        """Answer one record; raises as `RemoteRegistry.get`."""
        return self._record(self._there.get(path))

    def every(self, path: str, **query: str) -> list[Mapping[str, Any]]:
        """Answer a whole list, page by page; raises as `RemoteRegistry.get`."""
        return list(self._items(path, query))

    def whole(self, path: str) -> list[Mapping[str, Any]]:
        """Answer a list that has one page; raises as `RemoteRegistry.get`."""
        return [self._record(each) for each in self._page(path, {})["items"]]

    def change(self, path: str, body: Mapping[str, Any], version: int | None = None) -> Mapping[str, Any]:
        """Change something once, however often it has to be sent; raises as `RemoteRegistry.change`."""
        return self._record(self._there.change(path, body, key=_new_key(), version=version))

    def rewrite(self, path: str, body: Mapping[str, Any], version: int | None = None) -> Mapping[str, Any]:
        """Change members of what is there; raises as `RemoteRegistry.rewrite`."""
        return self._record(self._there.rewrite(path, body, version=version))

    def send(self, path: str, fields: Mapping[str, str], files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Send a form once, however often it has to be sent; raises as `RemoteRegistry.send`."""
        return self._record(self._there.send(path, files, key=_new_key(), fields=fields))

    def content(self, path: str, *, wait_s: float | None = None) -> bytes:
        """Answer what is at an address, byte for byte; takes and raises what `RemoteRegistry.content` does."""
        return self._there.content(path, wait_s=wait_s)

    def _items(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, str | int] = {"limit": _MOST_LISTED, **query}
        for _ in range(_MOST_PAGES):
            page = self._page(path, asked)
            yield from (self._record(each) for each in page["items"])
            if page["next_cursor"] is None:
                return
            asked["cursor"] = str(page["next_cursor"])

    def _page(self, path: str, query: Mapping[str, str | int]) -> Mapping[str, Any]:
        page = self._record(self._there.get(path, **query))
        if not isinstance(page.get("items"), list) or "next_cursor" not in page:
            raise self._there.unreachable("answered no list, where a registry would")
        return page

    def _record(self, said: Any) -> Mapping[str, Any]:
        if not isinstance(said, dict):
            raise self._there.unreachable("answered something that a registry would not say")
        return said


@contextmanager
def asked(url: str, token_file: Path | None, ca_file: Path | None) -> Iterator[Asked]:
    """Open a registry for the time of a command; raises as `registry.cli.remote.read_access`."""
    from registry.cli.remote import RemoteRegistry, read_access

    with RemoteRegistry(read_access(url, token_file, ca_file)) as there:
        yield Asked(there)


def _new_key() -> str:
    return f"likeness-{secrets.token_hex(16)}"


def write_new(to: Path, content: bytes) -> None:
    """Write a file that was not there.

    Raises:
        InvalidInputError: it is there, or cannot be written.
    """
    try:
        with to.open("xb") as out:
            out.write(content)
    except FileExistsError as error:
        raise InvalidInputError(f"{to} is there already, and is not replaced", path=str(to)) from error
    except OSError as error:
        raise InvalidInputError(f"{to} cannot be written: {error.strerror}", path=str(to)) from error


def moment(said: object) -> object:
    """Answer a moment as a person reads it; whatever is none stays what it is."""
    if not isinstance(said, str):
        return said
    try:
        return words(datetime.fromisoformat(said))
    except ValueError:
        return said


def row(record: Mapping[str, Any], *names: str) -> tuple[object, ...]:
    """Answer members of a record for a table: moments (``…_at``) as a person reads them."""
    return tuple(moment(record.get(name)) if name.endswith("_at") else record.get(name) for name in names)
