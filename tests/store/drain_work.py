"""A worker process for tests: ``drain_work.py URL WORKER LEASE_S work|hang``.

It takes work until none is left and prints a line for each lease and each piece done. With ``hang`` it keeps the first
piece in its hands until it is killed.
"""

from __future__ import annotations

import sys
import time

from registry.clock import utc_now
from registry.domain.checks import WorkKind
from registry.store import work
from registry.store.database import Database
from registry.store.work import Lease


def take(database: Database, worker: str, lease_s: float) -> Lease | None:
    with database.write() as session:
        held = work.lease(session, worker_id=worker, now=utc_now(), lease_s=lease_s, kinds=tuple(WorkKind))
        session.commit()
        return held


def unfinished(database: Database) -> int:
    with database.read() as session:
        return work.count_unfinished(session, WorkKind.CHECK)


def drain(database: Database, worker: str, lease_s: float, *, hang: bool) -> None:
    while unfinished(database):
        held = take(database, worker, lease_s)
        if held is None:
            time.sleep(0.02)
            continue
        print("leased", held.subject_id, flush=True)  # noqa: T201  (read by the test)
        if hang:
            time.sleep(600)
        with database.write() as session:
            work.finish(session, held, now=utc_now())
            session.commit()
        print("done", held.subject_id, flush=True)  # noqa: T201  (read by the test)


if __name__ == "__main__":
    drain(Database(sys.argv[1]), sys.argv[2], float(sys.argv[3]), hang=sys.argv[4] == "hang")
