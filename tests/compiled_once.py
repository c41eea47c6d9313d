"""What one test has compiled is not compiled again in the next: statements, though each has a database of its own, and
templates, though each has an application of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
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


class Templates(BytecodeCache):
    """What Jinja compiled, for all applications of this process: they find and read templates alike."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


def _for_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return (type(dialect), *statement)


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all engines share what they compile, of what is asked and what is written, and all applications theirs."""
    shared = Compiled(MOST)
    usual = Flask.jinja_options
    Flask.jinja_options = usual | {"bytecode_cache": Templates()}

    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=shared)

    event.listen(Engine, "engine_connect", share)
    with _kept_by_mappers(shared):
        yield
    event.remove(Engine, "engine_connect", share)
    Flask.jinja_options = usual


@contextmanager
def _kept_by_mappers(shared: Compiled) -> Iterator[None]:
    mappers = list(Base.registry.mappers)
    for mapper in mappers:
        mapper.__dict__["_compiled_cache"] = shared
    yield
    for mapper in mappers:
        del mapper.__dict__["_compiled_cache"]
