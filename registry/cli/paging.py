"""Reads a list to its end, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

PAGE = 500


class Identified(Protocol):
    """Something with an id to go on from."""

    id: str


T = TypeVar("T", bound=Identified)


def every(page: Callable[[str | None, int], Sequence[T]]) -> Iterator[T]:
    """Yield everything, in the order of the pages.

    Args:
        page: answers up to so many (second) after an id (first; None from the beginning).
    """
    after = None
    while found := page(after, PAGE):
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].id
