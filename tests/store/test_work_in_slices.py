"""Work that is done a slice at a time: attempts count failures, and slices take turns."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from registry.domain.checks import WorkKind
from registry.errors import LeaseLostError
from registry.store import work, workers
from registry.store.database import Database
from registry.store.work import Lease, Work

ATTEMPTS = 3


def enqueue(database: Database, now: datetime, *names: str, kind: WorkKind = WorkKind.SCAN) -> None:
    with database.write() as session:
        for name in names:
            subject = f"{kind.value}_{name}"
            work.enqueue(session, work_id=f"work_{name}", kind=kind, subject_id=subject, now=now, max_attempts=ATTEMPTS)
        session.commit()


def lease(database: Database, now: datetime, worker: str = "wkr_a") -> Lease | None:
    with database.write() as session:
        held = work.lease(session, worker_id=worker, now=now, lease_s=10, kinds=list(WorkKind))
        session.commit()
    return held


def must_lease(database: Database, now: datetime, worker: str = "wkr_a") -> Lease:
    held = lease(database, now, worker)
    assert held is not None
    return held


def give_back(database: Database, held: Lease, now: datetime, attempts: int = 0) -> None:
    with database.write() as session:
        work.give_back(session, held, available_at=now, attempts=attempts)
        session.commit()


def progressed(database: Database, held: Lease) -> None:
    with database.write() as session:
        work.progressed(session, held)
        session.commit()


def attempts(database: Database) -> int:
    with database.read() as session:
        return session.get_one(Work, "work_one").attempts


def test_who_lost_the_lease_can_neither_progress_nor_give_back(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    late = must_lease(database, now)
    must_lease(database, now + timedelta(seconds=11), "wkr_b")
    with pytest.raises(LeaseLostError):
        progressed(database, late)
    with pytest.raises(LeaseLostError):
        give_back(database, late, now)


def test_any_number_of_slices_is_no_failure(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    for number in range(3 * ATTEMPTS):
        held = must_lease(database, now + timedelta(seconds=number))
        assert held.attempt == 1
        give_back(database, held, now + timedelta(seconds=number))
    assert attempts(database) == 0


def test_workers_that_end_without_progress_are_counted_until_it_is_given_up(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    for number in range(ATTEMPTS):
        assert must_lease(database, now + timedelta(seconds=11 * number)).attempt == number + 1
    assert lease(database, now + timedelta(hours=1)) is None
    with database.write() as session:
        dead = work.take_dead(session, now=now + timedelta(hours=1))
    assert dead is not None


def test_progress_sets_the_count_back(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    for number in range(3 * ATTEMPTS):
        held = must_lease(database, now + timedelta(seconds=11 * number))
        assert held.attempt == 1
        progressed(database, held)


def test_what_was_found_taken_counts_no_attempt(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    must_lease(database, now)
    later = now + timedelta(seconds=11)
    held = must_lease(database, later)
    give_back(database, held, later, held.attempt - 1)
    assert attempts(database) == 1


def test_whatever_waited_meanwhile_goes_first(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    held = must_lease(database, now)
    enqueue(database, now + timedelta(seconds=1), "two")
    enqueue(database, now + timedelta(seconds=2), "three", kind=WorkKind.CHECK)
    give_back(database, held, now + timedelta(seconds=3))
    order = [must_lease(database, now + timedelta(seconds=4)).work_id for _ in range(3)]
    assert order == ["work_two", "work_three", "work_one"]


def test_a_worker_that_takes_no_scans_sees_none(database: Database, now: datetime) -> None:
    enqueue(database, now, "one")
    others = [kind for kind in WorkKind if kind is not WorkKind.SCAN]
    with database.read() as session:
        assert workers.look(session, now).waiting
        assert not workers.look(session, now, others).waiting
