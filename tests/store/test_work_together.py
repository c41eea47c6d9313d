"""Leasing several pieces at once: the oldest is always among them, and nobody waits for somebody else's long file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Role
from registry.domain.checks import CheckState, WorkKind
from registry.domain.uses import Medium, UseKind, UsePurpose
from registry.errors import LeaseLostError
from registry.store import work
from registry.store.accounts import Account, Organisation
from registry.store.checks import Check
from registry.store.database import Database
from registry.store.work import Lease, Share, Work, WorkState

LEASE_S = 30.0
EIGHT = Share(8, 120.0)


@contextmanager
def writing(database: Database) -> Iterator[Session]:
    with database.write() as session:
        yield session
        session.commit()


@pytest.fixture
def organised(database: Database, now: datetime) -> Database:
    """A database with somebody in it who can have submitted something."""
    return organise(database, now)


def organise(database: Database, now: datetime) -> Database:
    with writing(database) as session:
        session.execute(
            insert(Organisation).values(id="org_1", kind=OrganisationKind.STUDIO, name="Studio", created_at=now)
        )
        session.execute(
            insert(Account).values(
                id="acc_1", role=Role.STUDIO_ADMIN, name="Ada", organisation_id="org_1", created_at=now
            )
        )
    return database


def enqueue(database: Database, at: datetime, **durations: float) -> None:
    """Queue checks of recordings of so many seconds."""
    with writing(database) as session:
        for name, duration_s in durations.items():
            check_id = f"chk_{name}"
            session.execute(
                insert(Check).values(
                    id=check_id,
                    organisation_id="org_1",
                    submitted_by="acc_1",
                    state=CheckState.QUEUED,
                    filename="a.wav",
                    content_sha256="a" * 64,
                    size_bytes=1,
                    duration_s=duration_s,
                    kind=UseKind.GENERATED,
                    purpose=UsePurpose.NARRATION,
                    project="Spring",
                    medium=Medium.RADIO,
                    territory="GB",
                    claimed_licence_ids=[],
                    quantities=[],
                    created_at=at,
                )
            )
            work.enqueue(session, work_id=f"work_{name}", kind=WorkKind.CHECK, subject_id=check_id, now=at)


def enqueue_enrolment(database: Database, at: datetime, name: str) -> None:
    with writing(database) as session:
        work.enqueue(session, work_id=f"work_{name}", kind=WorkKind.ENROLMENT, subject_id=f"enr_{name}", now=at)


def take(database: Database, now: datetime, share: Share = EIGHT, worker: str = "wkr_a") -> list[Lease]:
    with writing(database) as session:
        return work.lease_together(
            session, worker_id=worker, now=now, lease_s=LEASE_S, kinds=tuple(WorkKind), share=share
        )


def names(leases: list[Lease]) -> list[str]:
    return [held.work_id.removeprefix("work_") for held in leases]


def after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def test_where_nothing_waits_nothing_is_taken(organised: Database, now: datetime) -> None:
    assert take(organised, now) == []


def test_a_check_that_waits_alone_is_taken_alone_and_at_once(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=10)
    assert names(take(organised, now)) == ["a"]
    assert take(organised, now) == []


def test_checks_are_taken_oldest_first_and_no_more_than_a_share_holds(organised: Database, now: datetime) -> None:
    for number, name in enumerate("edcba"):
        enqueue(organised, after(now, number), **{name: 10})
    assert names(take(organised, after(now, 10), Share(3, 120.0))) == ["e", "d", "c"]
    assert names(take(organised, after(now, 10), Share(3, 120.0))) == ["b", "a"]


def test_a_long_recording_keeps_no_short_one_waiting_that_was_there_before_it(
    organised: Database, now: datetime
) -> None:
    enqueue(organised, now, a=10)
    enqueue(organised, after(now, 1), b=3600)
    enqueue(organised, after(now, 2), c=10)
    assert names(take(organised, after(now, 3))) == ["a", "c"]
    assert names(take(organised, after(now, 3))) == ["b"]


def test_the_oldest_is_taken_however_long_it_is_and_then_nothing_beside_it(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=3600)
    enqueue(organised, after(now, 1), b=10)
    assert names(take(organised, after(now, 2))) == ["a"]


def test_recordings_together_are_no_longer_than_a_share(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=50, b=50, c=30, d=20)
    assert names(take(organised, now)) == ["a", "b", "d"]


def test_only_checks_are_done_together(organised: Database, now: datetime) -> None:
    enqueue_enrolment(organised, now, "a")
    enqueue(organised, after(now, 1), b=10)
    enqueue_enrolment(organised, after(now, 2), "c")
    enqueue(organised, after(now, 3), d=10)
    assert names(take(organised, after(now, 4))) == ["a"]
    assert names(take(organised, after(now, 4))) == ["b", "d"]
    assert names(take(organised, after(now, 4))) == ["c"]


def test_what_took_a_worker_down_once_takes_no_other_check_with_it_again(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=10, b=10, c=10)
    assert names(take(organised, now)) == ["a", "b", "c"]
    later = after(now, LEASE_S)
    enqueue(organised, later, d=10, e=10)
    assert [names(take(organised, later)) for _ in range(4)] == [["a"], ["b"], ["c"], ["d", "e"]]


def test_workers_who_share_leave_each_other_something(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=10, b=10, c=10)
    two = Share(8, 120.0, workers=2)
    assert names(take(organised, now, two)) == ["a", "b"]
    assert names(take(organised, now, two, "wkr_b")) == ["c"]


def test_a_lease_of_many_that_is_lost_takes_no_other_with_it(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=10, b=10)
    lost, kept = take(organised, now)
    with writing(organised) as session:
        work.extend(session, kept, now=after(now, 20), lease_s=LEASE_S)
    assert names(take(organised, after(now, LEASE_S), worker="wkr_b")) == ["a"]
    with pytest.raises(LeaseLostError), writing(organised) as session:
        work.finish(session, lost, now=now)
    with writing(organised) as session:
        work.finish(session, kept, now=now)


def test_what_one_worker_is_just_taking_another_neither_waits_for_nor_gets(
    postgres_database: Database, now: datetime
) -> None:
    organise(postgres_database, now)
    enqueue(postgres_database, now, a=10, b=10, c=10)
    with postgres_database.write() as session:
        first = work.lease_together(
            session, worker_id="wkr_a", now=now, lease_s=LEASE_S, kinds=tuple(WorkKind), share=Share(2, 120.0)
        )
        second = take(postgres_database, now, worker="wkr_b")
        session.commit()
    assert (names(first), names(second)) == (["a", "b"], ["c"])


def test_a_lease_says_how_long_the_work_had_waited(organised: Database, now: datetime) -> None:
    enqueue(organised, now, a=10)
    enqueue(organised, after(now, 2), b=10)
    assert [held.waited_s for held in take(organised, after(now, 5))] == [5.0, 3.0]


STEPS = st.lists(st.sampled_from(["lease", "finish", "vanish", "wait"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    steps=STEPS,
    durations=st.lists(st.integers(1, 200), max_size=6),
    share=st.builds(Share, st.integers(1, 4), st.just(120.0), st.integers(1, 3)),
)
def test_whatever_happens_no_check_ends_twice_or_is_held_by_two(
    sqlite_database: Database, now: datetime, steps: list[str], durations: list[int], share: Share
) -> None:
    with writing(sqlite_database) as session:
        for table in (Work, Check, Account, Organisation):
            session.query(table).delete()
    organise(sqlite_database, now)
    enqueue(sqlite_database, now, **{f"{number}": seconds for number, seconds in enumerate(durations)})
    clock, held, ended = now, [], []
    for step in [*steps, *["wait", "lease"] * 3 * len(durations), *["finish"] * 3 * len(durations)]:
        if step == "lease":
            taken = take(sqlite_database, clock, share)
            assert len(taken) <= share.most
            assert len(taken) == 1 or sum(durations[int(name)] for name in names(taken)) <= share.most_s
            held += taken
        elif step == "wait":
            clock = after(clock, LEASE_S + 1)
        elif step == "vanish" and held:
            held.pop(0)
        elif step == "finish" and held:
            ended += _finished(sqlite_database, held.pop(0), clock)
    assert len(ended) == len(set(ended))
    with sqlite_database.read() as session:
        unfinished = session.scalars(select(Work.id).where(Work.state != WorkState.DONE)).all()
        exhausted = session.scalars(select(Work.id).where(Work.attempts == Work.max_attempts)).all()
    assert sorted([*ended, *unfinished]) == sorted(f"work_{number}" for number in range(len(durations)))
    assert set(unfinished) <= set(exhausted)


def _finished(database: Database, held: Lease, now: datetime) -> list[str]:
    try:
        with writing(database) as session:
            work.finish(session, held, now=now)
    except LeaseLostError:
        return []
    return [held.work_id]
