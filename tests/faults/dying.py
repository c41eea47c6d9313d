"""A process that dies at every write of a verb, one copy of a registry for each: ``python dying.py HOME VERB SUBJECT``.

It has one thread, so it forks: a child opens its copy, does the verb, and is gone at the chosen write, before the
database has heard of it or right after, as when the power fails. Nothing is caught, rolled back or closed. What is
printed is the table, as JSON: a row for each death, with the folder that it left.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from registry.bootstrap import build_context
from registry.cli.operator import choose_operator
from registry.domain.explanations.shipped import shipped_texts
from registry.services import civil_status, consents, forgetting, withdrawal
from registry.services.context import Context
from registry.settings import Settings

DIED = 9
COMMIT = "COMMIT"


def withdraw(ctx: Context, performer_id: str) -> None:
    """Withdraw everything that a performer has consented to."""
    consents.withdraw_all(ctx, choose_operator(ctx, None), performer_id)


def forget(ctx: Context, performer_id: str) -> None:
    """Forget a performer."""
    text = shipped_texts()["forget_me.en.v1"]
    forgetting.forget_performer(
        ctx, choose_operator(ctx, None), performer_id, text_id=text.id, text_sha256=text.text_sha256
    )


def expire(ctx: Context, _: str) -> None:
    """End every consent that is due."""
    withdrawal.expire_due(ctx)


def turn_out_young(ctx: Context, performer_id: str) -> None:
    """Record that a performer is a minor, whom nobody had taken for one."""
    birth_date = ctx.clock().date() - timedelta(days=14 * 365)
    civil_status.record_birth_date(
        ctx, choose_operator(ctx, None), performer_id, birth_date=birth_date, evidence_sha256="e" * 64
    )


VERBS = {"withdraw": withdraw, "forget": forget, "expire": expire, "turn_out_young": turn_out_young}


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


def attempt(home: Path, verb: str, subject: str, die_at: tuple[int, str] | None) -> list[str]:
    """Do a verb in the registry that lives in a folder; answer its writes, or die at one of them."""
    with build_context(Settings(home=home)) as ctx:
        writes = Writes(ctx, die_at)
        VERBS[verb](ctx, subject)
        return writes.seen


def copied(home: Path, name: str) -> Path:
    """Answer a copy of a registry that nobody has open."""
    return shutil.copytree(home, home.with_name(f"{home.name}-{name}"))


def table(home: Path, verb: str, subject: str) -> list[Death]:
    """Die at every write of a verb, before and after."""
    writes = attempt(copied(home, f"{verb}-counted"), verb, subject, None)
    last = writes.index(COMMIT) + 1
    deaths = []
    for number, what in enumerate(writes[:last], 1):
        for when in ("before", "after"):
            own = copied(home, f"{verb}-{number}-{when}")
            code = in_a_child(lambda own=own, at=(number, when): attempt(own, verb, subject, at))  # type: ignore[misc]
            deaths.append(Death(number, when, what, str(own), code))
    return deaths


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(death) for death in table(Path(sys.argv[1]), sys.argv[2], sys.argv[3])]))
