"""Workers: who lives, as far as anybody knows, and who may work beside whom."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from registry.domain.checks import WorkKind
from registry.errors import EngineMismatchError
from registry.store import work, workers
from registry.store.database import Database


def after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def beat(database: Database, worker: str, now: datetime, *, ready: bool = True) -> None:
    with database.write() as session:
        workers.beat(
            session,
            worker_id=worker,
            pid=7,
            device="cpu",
            engine_version="ge2e+campplus",
            ready=ready,
            gallery_seq=3,
            now=now,
        )
        session.commit()


def test_a_worker_that_fell_silent_is_not_live(database: Database, now: datetime) -> None:
    beat(database, "wkr_a", now)
    beat(database, "wkr_b", after(now, 10))
    with database.read() as session:
        assert [worker.id for worker in workers.live_workers(session, now=after(now, 20), within_s=10)] == ["wkr_b"]


def test_a_beat_renews_what_is_known_of_a_worker(database: Database, now: datetime) -> None:
    beat(database, "wkr_a", now, ready=False)
    beat(database, "wkr_a", after(now, 5))
    with database.read() as session:
        (worker,) = workers.live_workers(session, now=after(now, 5), within_s=1)
        assert (worker.ready, worker.started_at, worker.last_seen_at) == (True, now, after(now, 5))


def test_a_worker_that_departed_is_not_live(database: Database, now: datetime) -> None:
    beat(database, "wkr_a", now)
    for _ in range(2):
        with database.write() as session:
            workers.depart(session, "wkr_a")
            session.commit()
    with database.read() as session:
        assert list(workers.live_workers(session, now=now, within_s=10)) == []


def require_same_engine(database: Database, worker: str, now: datetime, engine: str) -> None:
    with database.read() as session:
        workers.require_same_engine(session, worker_id=worker, engine_version=engine, now=now, within_s=10)


def test_a_worker_with_another_engine_is_refused_beside_one_that_lives(database: Database, now: datetime) -> None:
    beat(database, "wkr_a", now)
    with pytest.raises(EngineMismatchError) as caught:
        require_same_engine(database, "wkr_b", after(now, 5), "1+another")
    assert caught.value.figures["other_engine"] == "ge2e+campplus"
    assert "1+another" in caught.value.detail


def test_the_same_engine_is_welcome_and_so_is_another_once_the_first_fell_silent(
    database: Database, now: datetime
) -> None:
    beat(database, "wkr_a", now)
    require_same_engine(database, "wkr_b", after(now, 5), "ge2e+campplus")
    require_same_engine(database, "wkr_b", after(now, 11), "1+another")


def test_of_two_that_differ_the_older_stays(database: Database, now: datetime) -> None:
    beat(database, "wkr_b", now)
    require_same_engine(database, "wkr_a", now, "1+another")


def look(database: Database, now: datetime) -> tuple[int, bool]:
    with database.read() as session:
        seen = workers.look(session, now)
        return seen.gallery_seq, seen.waiting


def test_a_worker_that_looks_up_sees_no_work_that_it_could_not_lease(database: Database, now: datetime) -> None:
    assert look(database, now) == (0, False)
    with database.write() as session:
        work.enqueue(session, work_id="work_a", kind=WorkKind.CHECK, subject_id="chk_a", now=now, max_attempts=1)
        session.commit()
    assert look(database, after(now, -1)) == (0, False)
    assert look(database, now) == (0, True)
    with database.write() as session:
        work.lease(session, worker_id="wkr_a", now=now, lease_s=30, kinds=tuple(WorkKind))
        session.commit()
    assert look(database, now) == (0, False)
    assert look(database, after(now, 31)) == (0, False)  # it has no attempts left
