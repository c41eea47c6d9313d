"""Every change of a record is in the journal.

Three walks: over the code, for verbs that commit and record nothing; over the types of events, for one that nobody
records; and, in every test that has a registry, over its transactions (`unjournalled`, from the fixtures).
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from steps import Registry
from unjournalled import QUIET, Watch

from registry.domain.events import EventType
from registry.services.unit import unit_of_work
from registry.store import models
from registry.store.database import Database
from registry.store.performers import Performer

ROOT = Path(__file__).parents[3]

WITHOUT_A_UNIT = {
    "registry/services/housekeeping.py": "gives leases back and sweeps; what it gives up is journalled by units",
    "registry/services/holding.py": "prolongs leases",
    "registry/services/idempotency.py": "keeps answers for a day",
    "registry/services/journal.py": "signs the journal: a leaf for each signature would make the next one due",
    "registry/services/journal_timestamps.py": "keeps time stamps of it, likewise",
    "registry/services/journal_witnesses.py": "keeps cosignatures of it, likewise",
    "registry/services/tokens.py": "notes that a token was used",
    "registry/services/sessions.py": "notes that a session was used, and signs out; see there why that is no leaf",
    "registry/services/identities.py": "opens a session for an identity whose connecting was journalled",
    "registry/scanning/following.py": "signs of life of a scan",
    "registry/services/unit.py": "the unit itself",
    "registry/services/webhook_delivery.py": "the log of sending messages that rest on journalled events",
    "registry/services/purge_work.py": "giving a purge back after a slice: the queue",
    "registry/services/scan_work.py": "how far a scan has come; its ends are journalled by units",
    "registry/worker.py": "leases, and signs of life",
}
"""Modules that write without a unit of work, and what."""


@dataclass
class Function:
    """A function of the registry: what it calls, whether it commits a unit, and whether it records an event."""

    where: str
    name: str
    calls: set[str] = field(default_factory=set)
    commits: bool = False
    records: bool = False


def functions() -> Iterator[Function]:
    for path in sorted((ROOT / "registry").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield _read(str(path.relative_to(ROOT)), node)


def _read(where: str, node: ast.FunctionDef) -> Function:
    found = Function(where, node.name)
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        of = (
            call.func.value.id if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""
        )
        found.calls.add(name)
        found.commits |= (of, name) == ("unit", "commit")
        found.records |= (of, name) == ("unit", "record")
    return found


def recording() -> set[str]:
    """Answer the names of functions that record an event, themselves or through what they call."""
    every = list(functions())
    names = {each.name for each in every if each.records}
    while more := {each.name for each in every if each.name not in names and each.calls & names}:
        names |= more
    return names


def test_every_verb_that_commits_records_what_it_did() -> None:
    committing = [each for each in functions() if each.commits]
    assert len(committing) > 50
    recorded = recording() - {"commit"}
    silent = {each.name for each in committing if not each.records and not each.calls & recorded}
    assert silent == set()


def test_nothing_but_what_is_named_writes_without_a_unit() -> None:
    writing = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "registry").rglob("*.py"))
        if "database.write()" in path.read_text(encoding="utf-8")
    }
    assert writing <= WITHOUT_A_UNIT.keys(), writing - WITHOUT_A_UNIT.keys()


def test_every_type_of_event_is_recorded_somewhere() -> None:
    recorded: set[str] = set()
    for path in sorted((ROOT / "registry").rglob("*.py")):
        if path.relative_to(ROOT).parts[1] in {"services", "scanning"}:
            recorded |= {
                each.name for each in EventType if f"EventType.{each.name}" in path.read_text(encoding="utf-8")
            }
    assert {each.name for each in EventType} - recorded == set()


def test_every_table_that_may_change_quietly_is_one() -> None:
    assert QUIET.keys() <= models.metadata.tables.keys()


def test_a_change_without_a_leaf_is_seen(sqlite_registry: Registry, tmp_path: Path) -> None:
    """The watch itself works: it would fail the test that it watches."""
    performer_id = sqlite_registry.performer()
    database = sqlite_registry.ctx.database
    watch = Watch(database.engine, also_of_tests=True)
    sqlite_registry.performer("Bo Berg")
    assert watch.unjournalled == []
    with unit_of_work(sqlite_registry.ctx) as unit:
        unit.session.get_one(Performer, performer_id).name = "Somebody else"
    assert watch.unjournalled == []  # it was rolled back
    database.scrub()  # what is in the log goes into the file
    copy = shutil.copy(str(database.engine.url.database), tmp_path / "copy.sqlite3")
    other = Database(f"sqlite:///{copy}")
    watch = Watch(other.engine, also_of_tests=True)
    with unit_of_work(replace(sqlite_registry.ctx, database=other)) as unit:
        unit.session.get_one(Performer, performer_id).name = "Somebody else"
        unit.commit()
    other.dispose()
    assert watch.unjournalled == [{"performers"}]
