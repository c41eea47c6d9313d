"""Many ids, in parts that one statement can name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

MOST_NAMED = 500
"""SQLite takes 32,766 parameters, PostgreSQL 65,535; both plan long lists badly long before."""


def in_parts(named: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield parts of up to `MOST_NAMED`, in their order; nothing for nothing."""
    for start in range(0, len(named), MOST_NAMED):
        yield named[start : start + MOST_NAMED]
