"""A worker that is killed as it commits the verdict on one check of those it does together.

``python worker_killed_at.py NUMBER before|after``: at the commit of the NUMBERth verdict, before the database has heard
of it or right after. It kills itself as ``kill -9`` would: nothing is caught, rolled back or closed.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from registry.bootstrap import build_context, build_engine
from registry.settings import load_settings
from registry.worker import Worker


class Killer:
    """Counts verdicts as they are written, and kills the process at the commit of one.

    Args:
        engine: of the database.
        number: of the verdict, from 1.
        when: ``before`` or ``after`` the commit.
    """

    def __init__(self, engine: Engine, number: int, when: str) -> None:
        self._left = number
        self._when = when
        event.listen(engine, "before_cursor_execute", self._before)
        self._commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._commits  # type: ignore[assignment, method-assign]  # no event follows one

    def _before(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE checks SET"):
            self._left -= 1

    def _commits(self, connection: Any) -> None:
        if self._left == 0 and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        self._commit(connection)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Work until killed."""
    settings = load_settings()
    with build_context(settings) as ctx:
        ctx.database.require_current_schema()
        worker = Worker(ctx, build_engine(settings), lease_s=settings.lease_s)
        Killer(ctx.database.engine, int(sys.argv[1]), sys.argv[2])
        worker.run()


if __name__ == "__main__":
    main()
