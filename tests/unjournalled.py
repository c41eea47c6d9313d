"""Watching every transaction of a registry: what a verb changes is journalled in the same commit, or is named here."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

QUIET = {
    "work": "the queue: it says who does what next, and nothing of a record",
    "gallery_changes": "steps that workers follow; what led to each is journalled in the same commit or before",
    "webhook_deliveries": "messages made of events that are journalled, and the log of sending them",
    "sessions": "who came and went would stay for good; what opens a session, and who ends another's, is journalled",
    "explanation_texts": "those that come with the registry are written down when one is first used",
}
"""Tables that may change without a leaf, and why."""

QUIET_VERBS = {
    "registry/services/webhook_delivery.py _write_down": (
        "since when nothing arrives at a webhook is part of the log of sending; that it is disabled is journalled"
    ),
    "registry/services/gallery_delivery.py deliver": "the issue of the file was journalled in the commit before",
}
"""Functions that may change a record without a leaf, and why."""

_WRITE = re.compile(r'\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
_UNIT = "registry/services/unit.py commit"
_PRODUCT = re.compile(r".*/((?:registry|api)/.*)")


@contextmanager
def watched(engine: Engine) -> Iterator[None]:
    """Fail a test in which a verb has changed a record without a leaf."""
    watch = Watch(engine)
    yield
    assert not watch.unjournalled, f"changed without a leaf of the journal: {watch.unjournalled}"


class Watch:
    """Notes which tables each transaction writes, and what of it was committed by a verb without a leaf.

    Args:
        engine: of the database.
        also_of_tests: look at units that a test itself commits, too.

    Attributes:
        unjournalled: tables of each such commit.
    """

    def __init__(self, engine: Engine, *, also_of_tests: bool = False) -> None:
        self._also_of_tests = also_of_tests
        self.unjournalled: list[set[str]] = []
        self._written: dict[int, set[str]] = defaultdict(set)
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "commit", self._committed)
        event.listen(engine, "rollback", self._forget)

    def _note(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        found = _WRITE.match(statement)
        if found is not None:
            self._written[id(connection)].add(found[1])

    def _committed(self, connection: Connection) -> None:
        tables = self._written.pop(id(connection), set())
        if _in_a_verb(also_of_tests=self._also_of_tests) and "journal_entries" not in tables and tables - QUIET.keys():
            self.unjournalled.append(tables)

    def _forget(self, connection: Connection) -> None:
        self._written.pop(id(connection), None)


def _in_a_verb(*, also_of_tests: bool) -> bool:
    """Whether a verb commits its unit of work, and no quiet one; tests write in units of their own as well."""
    frame, path = sys._getframe(), list[str]()
    while frame is not None:
        found = _PRODUCT.fullmatch(frame.f_code.co_filename)
        path.append(f"{found[1]} {frame.f_code.co_name}" if found is not None else "")
        frame = frame.f_back  # type: ignore[assignment]  # the last frame has none
    if _UNIT not in path or set(path) & QUIET_VERBS.keys():
        return False
    return also_of_tests or path[path.index(_UNIT) + 1] != ""
