"""Leases: work is done once, by one worker, whatever becomes of the others."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from registry.clock import utc_now
from registry.domain.checks import WorkKind
from registry.errors import LeaseLostError
from registry.store import work
from registry.store.database import Database
from registry.store.work import DeadWork, Lease, Work, WorkState

ROOT = Path(__file__).resolve().parents[2]
DRAINER = Path(__file__).with_name("drain_work.py")
LEASE_S = 30.0
ALL = tuple(WorkKind)


def enqueue(database: Database, now: datetime, *names: str, kind: WorkKind = WorkKind.CHECK, attempts: int = 3) -> None:
    with database.write() as session:
        for name in names:
            work.enqueue(
                session, work_id=f"work_{name}", kind=kind, subject_id=f"chk_{name}", now=now, max_attempts=attempts
            )
        session.commit()


def lease(database: Database, now: datetime, worker: str = "wkr_a", kinds: tuple[WorkKind, ...] = ALL) -> Lease | None:
    with database.write() as session:
        held = work.lease(session, worker_id=worker, now=now, lease_s=LEASE_S, kinds=kinds)
        session.commit()
        return held


def must_lease(database: Database, now: datetime, worker: str = "wkr_a") -> Lease:
    held = lease(database, now, worker)
    assert held is not None
    return held


def finish(database: Database, held: Lease, now: datetime) -> None:
    with database.write() as session:
        work.finish(session, held, now=now)
        session.commit()


def release(database: Database, held: Lease, retry_at: datetime, error: str = "it broke") -> None:
    with database.write() as session:
        work.release(session, held, retry_at=retry_at, error=error)
        session.commit()


def write_result_and_finish(database: Database, held: Lease, now: datetime) -> None:
    with database.write() as session:
        session.execute(update(Work).values(last_error="a result of the late worker"))
        work.finish(session, held, now=now)
        session.commit()


def take_dead(database: Database, now: datetime) -> DeadWork | None:
    with database.write() as session:
        dead = work.take_dead(session, now=now)
        session.commit()
        return dead


def states(database: Database) -> dict[str, WorkState]:
    with database.read() as session:
        return {row.id: row.state for row in session.scalars(select(Work))}


def after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def test_an_empty_queue_leases_nothing(database: Database, now: datetime) -> None:
    assert lease(database, now) is None


def test_a_second_work_of_a_kind_for_a_subject_is_refused(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    with pytest.raises(IntegrityError), database.write() as session:
        work.enqueue(session, work_id="work_b", kind=WorkKind.CHECK, subject_id="chk_a", now=now)


def test_work_whose_transaction_was_rolled_back_was_never_there(database: Database, now: datetime) -> None:
    with database.write() as session:
        work.enqueue(session, work_id="work_a", kind=WorkKind.CHECK, subject_id="chk_a", now=now)
    assert lease(database, now) is None


def test_work_that_is_leased_is_not_leased_again(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    must_lease(database, now)
    assert lease(database, after(now, LEASE_S - 1), "wkr_b") is None


def test_work_that_is_done_is_not_leased_again(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    finish(database, must_lease(database, now), now)
    assert lease(database, after(now, 10 * LEASE_S)) is None
    assert states(database) == {"work_a": WorkState.DONE}


def test_work_of_another_kind_is_left_alone(database: Database, now: datetime) -> None:
    enqueue(database, now, "a", kind=WorkKind.ENROLMENT)
    assert lease(database, now, kinds=(WorkKind.CHECK,)) is None


def test_what_was_taken_over_cannot_be_finished_released_or_extended(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    late, later = must_lease(database, now), after(now, LEASE_S)
    taken = must_lease(database, later, "wkr_b")
    with pytest.raises(LeaseLostError):
        finish(database, late, later)
    with pytest.raises(LeaseLostError):
        release(database, late, later)
    with pytest.raises(LeaseLostError), database.write() as session:
        work.extend(session, late, now=later, lease_s=LEASE_S)
    finish(database, taken, later)


def test_the_same_worker_cannot_finish_under_a_lease_it_lost(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    late = must_lease(database, now)
    must_lease(database, after(now, LEASE_S))
    with pytest.raises(LeaseLostError):
        finish(database, late, after(now, LEASE_S))


def test_nothing_is_finished_twice(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    held = must_lease(database, now)
    finish(database, held, now)
    with pytest.raises(LeaseLostError):
        finish(database, held, now)


def test_a_lost_lease_takes_the_result_down_with_it(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    late = must_lease(database, now)
    must_lease(database, after(now, LEASE_S), "wkr_b")
    with pytest.raises(LeaseLostError):
        write_result_and_finish(database, late, now)
    with database.read() as session:
        assert session.scalar(select(Work.last_error)) is None


def test_a_lease_that_expired_untaken_still_finishes(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    finish(database, must_lease(database, now), after(now, 2 * LEASE_S))
    assert states(database) == {"work_a": WorkState.DONE}


def test_an_extended_lease_is_held_on(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    held = must_lease(database, now)
    with database.write() as session:
        held = work.extend(session, held, now=after(now, 20), lease_s=LEASE_S)
        session.commit()
    assert held.expires_at == after(now, 50)
    assert lease(database, after(now, 49), "wkr_b") is None
    assert must_lease(database, after(now, 50), "wkr_b").attempt == 2


def test_a_failed_attempt_waits_for_its_moment(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    release(database, must_lease(database, now), after(now, 5))
    assert lease(database, after(now, 4)) is None
    again = must_lease(database, after(now, 5))
    assert (again.attempt, again.max_attempts) == (2, 3)


def test_who_waited_longest_comes_first(database: Database, now: datetime) -> None:
    enqueue(database, after(now, 1), "b")
    enqueue(database, now, "c", "a")
    names = [must_lease(database, after(now, 2)).subject_id for _ in range(3)]
    assert names == ["chk_a", "chk_c", "chk_b"]


def test_work_that_failed_too_often_is_given_up_once(database: Database, now: datetime) -> None:
    enqueue(database, now, "a", attempts=2)
    for _ in range(2):
        assert take_dead(database, now) is None
        release(database, must_lease(database, now), now, "e" * 2000)
    assert lease(database, now) is None
    assert take_dead(database, now) == DeadWork("work_a", WorkKind.CHECK, "chk_a", 2, "e" * work.ERROR_LENGTH)
    assert take_dead(database, now) is None
    assert states(database) == {"work_a": WorkState.DEAD}


def test_work_that_kills_every_worker_is_given_up(database: Database, now: datetime) -> None:
    enqueue(database, now, "a", attempts=2)
    must_lease(database, now)
    must_lease(database, after(now, LEASE_S))
    assert take_dead(database, after(now, 2 * LEASE_S - 1)) is None
    assert lease(database, after(now, 2 * LEASE_S)) is None
    assert take_dead(database, after(now, 2 * LEASE_S)) == DeadWork("work_a", WorkKind.CHECK, "chk_a", 2, None)


def test_dead_work_that_its_taker_did_not_commit_is_taken_again(database: Database, now: datetime) -> None:
    enqueue(database, now, "a", attempts=1)
    release(database, must_lease(database, now), now)
    with database.write() as session:
        assert work.take_dead(session, now=now) is not None
    assert take_dead(database, now) is not None


def cancel(database: Database, subject_id: str, now: datetime) -> None:
    with database.write() as session:
        work.cancel(session, subject_id=subject_id, now=now)
        session.commit()


def test_cancelled_work_is_neither_leased_nor_given_up(database: Database, now: datetime) -> None:
    enqueue(database, now, "a", "b")
    cancel(database, "chk_a", now)
    cancel(database, "chk_a", now)
    assert must_lease(database, now).subject_id == "chk_b"
    assert lease(database, now) is None
    assert take_dead(database, after(now, 2 * LEASE_S)) is None


def test_work_cancelled_under_a_workers_hands_cannot_be_finished(database: Database, now: datetime) -> None:
    enqueue(database, now, "a")
    held = must_lease(database, now)
    cancel(database, "chk_a", now)
    with pytest.raises(LeaseLostError):
        finish(database, held, now)


def test_a_row_that_one_worker_is_taking_does_not_hold_up_another(postgres_database: Database, now: datetime) -> None:
    enqueue(postgres_database, now, "a", "b")
    with postgres_database.write() as session:
        first = work.lease(session, worker_id="wkr_a", now=now, lease_s=LEASE_S, kinds=ALL)
        second = must_lease(postgres_database, now, "wkr_b")
        assert lease(postgres_database, now, "wkr_c") is None
        session.commit()
    assert first is not None
    assert {first.subject_id, second.subject_id} == {"chk_a", "chk_b"}


def test_unfinished_work_is_counted_by_kind(database: Database, now: datetime) -> None:
    enqueue(database, now, "a", "b", "c")
    enqueue(database, now, "d", kind=WorkKind.ENROLMENT)
    finish(database, must_lease(database, now), now)
    must_lease(database, now)
    with database.read() as session:
        assert work.count_unfinished(session, WorkKind.CHECK) == 2
        assert work.count_unfinished(session, WorkKind.ENROLMENT) == 1


STEPS = st.lists(st.sampled_from(["lease", "finish", "release", "vanish", "wait", "bury"]), max_size=40)


@given(STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_of_happenings_each_work_ends_once(
    sqlite_database: Database, now: datetime, steps: list[str]
) -> None:
    """Whatever workers do, each piece of work is finished or given up exactly once, and never both."""
    names = ["a", "b", "c"]
    with sqlite_database.write() as session:
        for row in session.scalars(select(Work)):
            session.delete(row)
        session.commit()
    enqueue(sqlite_database, now, *names)
    held: list[Lease] = []
    ended: list[str] = []
    drain = ["lease", "finish", "wait", "bury"] * 10  # every story ends with workers that do their work
    for step in steps + drain:
        if step == "wait":
            now = after(now, LEASE_S + 1)
        elif step == "lease" and (taken := lease(sqlite_database, now)):
            held.append(taken)
        elif step == "bury" and (dead := take_dead(sqlite_database, now)):
            ended.append(dead.subject_id)
        elif step == "vanish" and held:
            held.pop(0)
        elif step in {"finish", "release"} and held:
            ended += _let_go(sqlite_database, held.pop(0), now, step)
    assert sorted(ended) == [f"chk_{name}" for name in names]


def _let_go(database: Database, held: Lease, now: datetime, how: str) -> list[str]:
    try:
        if how == "release":
            release(database, held, now)
            return []
        finish(database, held, now)
    except LeaseLostError:
        return []
    return [held.subject_id]


def _start_drainer(database: Database, worker: str, *, lease_s: float, hang: bool = False) -> subprocess.Popen[str]:
    arguments = [database.url, worker, str(lease_s), "hang" if hang else "work"]
    return subprocess.Popen(  # noqa: S603  (our own program)
        [sys.executable, str(DRAINER), *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_when_a_worker_is_killed_another_does_its_work_and_each_is_done_once(database: Database) -> None:
    """Three processes drain thirty pieces, after a fourth took one and was killed with it in its hands."""
    enqueue(database, utc_now(), *(f"{number:02}" for number in range(30)))
    with _start_drainer(database, "wkr_victim", lease_s=1.0, hang=True) as victim:
        assert victim.stdout is not None
        taken = victim.stdout.readline().split()[1]
        victim.send_signal(signal.SIGKILL)
    drainers = [_start_drainer(database, f"wkr_{name}", lease_s=60.0) for name in "abc"]
    lines = [line for drainer in drainers for line in drainer.communicate(timeout=60)[0].splitlines()]
    done = [line.split()[1] for line in lines if line.startswith("done ")]
    assert sorted(done) == [f"chk_{number:02}" for number in range(30)]
    assert taken in done
    assert set(states(database).values()) == {WorkState.DONE}
    with database.read() as session:
        tries = {row.subject_id: row.attempts for row in session.scalars(select(Work))}
    assert tries.pop(taken) == 2
    assert set(tries.values()) == {1}
