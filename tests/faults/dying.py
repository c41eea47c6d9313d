"""A process that dies at every write of a verb, one copy of a registry for each.

``python dying_at_….py HOME VERB SUBJECTS``: the programs beside this module hold the verbs, and SUBJECTS is a JSON
object of the ids that these are about.

The process has one thread, so it forks: a child opens its copy, does the verb, and is gone at the chosen write, before
the database has heard of it or right after, as when the power fails. Nothing is caught, rolled back or closed. What is
printed is the table, as JSON: a row for each death, with the folder that it left.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.services.context import Context
from registry.settings import Settings
from registry.vault.keys import FileKeyring

DIED = 9
COMMIT = "COMMIT"

Subjects = Mapping[str, str]
Verb = Callable[[Context, Subjects], None]


@dataclass
class Death:
    """One row of the table.

    Attributes:
        write: number of the write, from 1; that of the commit is the last.
        when: ``before`` the database heard of it, or ``after``.
        what: the beginning of the statement.
        home: the folder that was left.
        exit_code: of the process; 9 when it died as it should.
    """

    write: int
    when: str
    what: str
    home: str
    exit_code: int


class Writes:
    """Counts the writes of a process, and lets it die at one of them."""

    def __init__(self, ctx: Context, die_at: tuple[int, str] | None) -> None:
        self.seen: list[str] = []
        self._die_at = die_at
        engine = ctx.database.engine
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        self._commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._commits  # type: ignore[method-assign]  # there is no event after a commit

    def _before(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _is_write(statement):
            self.seen.append(" ".join(statement.split()[:3]))
            self._maybe_die("before")

    def _after(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _is_write(statement):
            self._maybe_die("after")

    def _commits(self, connection: Any) -> None:
        if not self.seen:  # of a transaction that has only read
            self._commit(connection)
            return
        self.seen.append(COMMIT)
        self._maybe_die("before")
        self._commit(connection)
        self._maybe_die("after")

    def _maybe_die(self, when: str) -> None:
        if self._die_at == (len(self.seen), when):
            os._exit(DIED)


def _is_write(statement: str) -> bool:
    return statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))


def in_a_child(do: Callable[[], None]) -> int:
    """Do something in a process of its own, and answer its exit code."""
    child = os.fork()
    if child == 0:
        do()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def attempt(home: Path, verb: Verb, subjects: Subjects, die_at: tuple[int, str] | None) -> list[str]:
    """Do a verb in the registry that lives in a folder; answer its writes, or die at one of them."""
    with build_context(Settings(home=home)) as ctx:
        writes = Writes(ctx, die_at)
        verb(ctx, subjects)
        return writes.seen


def copied(home: Path, name: str) -> Path:
    """Answer a copy of a registry that nobody has open."""
    return shutil.copytree(home, home.with_name(f"{home.name}-{name}"))


def table(home: Path, verb: Verb, subjects: Subjects) -> list[Death]:
    """Die at every write of a verb, before and after."""
    writes = attempt(copied(home, "counted"), verb, subjects, None)
    last = writes.index(COMMIT) + 1
    deaths = []
    for number, what in enumerate(writes[:last], 1):
        for when in ("before", "after"):
            own = copied(home, f"{number}-{when}")
            code = in_a_child(lambda own=own, at=(number, when): attempt(own, verb, subjects, at))  # type: ignore[misc]
            deaths.append(Death(number, when, what, str(own), code))
    return deaths


def print_table(verbs: Mapping[str, Verb]) -> None:
    """Be the program: die as the command line says, and print the table."""
    home, verb, subjects = sys.argv[1:]
    found = table(Path(home), verbs[verb], json.loads(subjects))
    sys.stdout.write(json.dumps([asdict(death) for death in found]))


# --- for the tests ---------------------------------------------------------------------------------------------------


def new_registry(folder: Path) -> Settings:
    """Make an empty registry with keys in a folder."""
    from migrated import migrate  # of the tests, which the programs beside this module do not find

    settings = Settings(home=folder / "home")
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    migrate(settings)
    return settings


def deaths(program: str, home: Path, verb: str, subjects: Subjects) -> list[Death]:
    """Run one of the programs, and answer its table."""
    command = [sys.executable, str(Path(__file__).with_name(program)), str(home), verb, json.dumps(subjects)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)
    assert done.returncode == 0, done.stderr
    return [Death(**row) for row in json.loads(done.stdout)]
