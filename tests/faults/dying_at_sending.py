"""A sender of webhooks that is killed when a message has been answered, as it writes that down.

``python dying_at_sending.py before|after|never``: before the database has heard of the commit, right after, or not at
all. It kills itself as ``kill -9`` would: nothing is caught, rolled back or closed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from sqlalchemy import Engine, event

from registry.bootstrap import build_context
from registry.services.webhook_delivery import Sending
from registry.services.webhook_posting import Poster
from registry.settings import load_settings

PATIENCE_S = 120.0


def kill_at_the_outcome(engine: Engine, when: str) -> None:
    """Kill the process at the commit that says what came of an attempt."""
    said: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE webhook_deliveries SET state"):
            said.append(statement)

    commit = engine.dialect.do_commit

    def commits(connection: Any) -> None:
        if said and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        if said:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", note)
    engine.dialect.do_commit = commits  # type: ignore[assignment, method-assign]  # no event follows one


def main() -> None:
    """Send until killed."""
    with build_context(load_settings()) as ctx:
        if sys.argv[1] != "never":
            kill_at_the_outcome(ctx.database.engine, sys.argv[1])
        with Sending(ctx, Poster(ctx.webhooks)):
            time.sleep(PATIENCE_S)


if __name__ == "__main__":
    main()
