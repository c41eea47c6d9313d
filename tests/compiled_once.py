"""Statements that one test has compiled are not compiled again in the next, though each has a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

from registry.store.models import Base

MOST = 4000
"""Statements that are kept."""


class Compiled(LRUCache[Any, Any]):
    """What SQLAlchemy keeps of the statements that it compiled, for all engines of this process.

    It keeps them for each engine apart, by the engine's own dialect; those of one class compile alike.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_for_any_engine(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_for_any_engine(key), value)


def _for_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return (type(dialect), *statement)


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all engines share what they compile: what is asked, and what a session writes."""
    shared = Compiled(MOST)

    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=shared)

    event.listen(Engine, "engine_connect", share)
    with _kept_by_mappers(shared):
        yield
    event.remove(Engine, "engine_connect", share)


@contextmanager
def _kept_by_mappers(shared: Compiled) -> Iterator[None]:
    mappers = list(Base.registry.mappers)
    for mapper in mappers:
        mapper.__dict__["_compiled_cache"] = shared
    yield
    for mapper in mappers:
        del mapper.__dict__["_compiled_cache"]
