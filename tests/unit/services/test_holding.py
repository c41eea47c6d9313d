"""Holding work: every lease is renewed for itself, and nobody renews what is over or lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select
from steps import Registry

from registry.domain.checks import WorkKind
from registry.errors import DatabaseNotReadyError, LeaseLostError, NotFoundError
from registry.services.holding import LOOK_S, Hold
from registry.store import work
from registry.store.work import Lease, Share, Work, WorkState

LEASE_S = 0.3
PATIENCE_S = 30.0


@pytest.fixture
def leases(sqlite_registry: Registry) -> list[Lease]:
    studio = sqlite_registry.studio()
    for _ in range(2):
        sqlite_registry.submit(studio)
    return take(sqlite_registry)


def take(registry: Registry, worker_id: str = "wkr_one", most: int = 2) -> list[Lease]:
    with registry.ctx.database.write() as session:
        held = work.lease_together(
            session,
            worker_id=worker_id,
            now=registry.clock(),
            lease_s=LEASE_S,
            kinds=[WorkKind.CHECK],
            share=Share(most, 1000.0),
        )
        session.commit()
    return held


def rows(registry: Registry) -> list[Work]:
    with registry.ctx.database.read() as session:
        return list(session.scalars(select(Work).order_by(Work.id)))


def hold(registry: Registry, leases: Sequence[Lease], meanwhile: Callable[[], None] = lambda: None) -> Hold:
    return Hold(registry.ctx, leases, lease_s=LEASE_S, meanwhile=meanwhile)


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def renewed(registry: Registry) -> list[bool]:
    """Answer for each piece whether it was renewed at the present moment of the clock."""
    now = registry.clock()
    return [row.lease_expires_at is not None and row.lease_expires_at > now for row in rows(registry)]


def test_every_lease_is_renewed_as_long_as_the_work_takes(sqlite_registry: Registry, leases: list[Lease]) -> None:
    with hold(sqlite_registry, leases):
        sqlite_registry.clock.move(seconds=100)
        wait_until(lambda: renewed(sqlite_registry) == [True, True])
        assert take(sqlite_registry, "wkr_two") == []


def test_a_lease_that_was_lost_is_left_alone_and_the_other_one_is_kept(
    sqlite_registry: Registry, leases: list[Lease]
) -> None:
    sqlite_registry.clock.move(seconds=1)
    (taken,) = take(sqlite_registry, "wkr_two", most=1)
    sqlite_registry.clock.move(seconds=1)
    with hold(sqlite_registry, leases):
        wait_until(lambda: renewed(sqlite_registry) == [False, True])
        time.sleep(2 * LOOK_S)
    assert renewed(sqlite_registry) == [False, True]
    assert [row.leased_by for row in rows(sqlite_registry)] == [taken.worker_id, "wkr_one"]


def test_what_is_over_is_not_renewed(sqlite_registry: Registry, leases: list[Lease]) -> None:
    with hold(sqlite_registry, leases) as held:
        held.over(leases[0])
        sqlite_registry.clock.move(seconds=100)
        wait_until(lambda: renewed(sqlite_registry) == [False, True])


def test_after_the_block_nothing_is_renewed(sqlite_registry: Registry, leases: list[Lease]) -> None:
    with hold(sqlite_registry, leases):
        pass
    sqlite_registry.clock.move(seconds=100)
    time.sleep(2 * LOOK_S)
    assert renewed(sqlite_registry) == [False, False]


def test_a_database_that_does_not_answer_once_is_asked_again(sqlite_registry: Registry, leases: list[Lease]) -> None:
    asked: list[int] = []

    def meanwhile() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise DatabaseNotReadyError("for the test")

    with hold(sqlite_registry, leases, meanwhile):
        sqlite_registry.clock.move(seconds=100)
        wait_until(lambda: renewed(sqlite_registry) == [True, True])
    assert len(asked) > 1


@pytest.mark.parametrize("error", [NotFoundError("it is gone"), ValueError("for the test")])
def test_a_step_that_fails_gives_its_own_piece_back_and_says_so(
    sqlite_registry: Registry, leases: list[Lease], error: Exception
) -> None:
    def fail() -> None:
        raise error

    with hold(sqlite_registry, leases) as held:
        assert held.attempt(leases[0], fail) == "failed, to be tried again"
        assert held.attempt(leases[1], lambda: None) is None
    first, second = rows(sqlite_registry)
    assert (first.state, first.attempts) == (WorkState.QUEUED, 1)
    assert second.state is WorkState.LEASED


def test_a_step_whose_lease_was_lost_changes_nothing(sqlite_registry: Registry, leases: list[Lease]) -> None:
    def lost() -> None:
        raise LeaseLostError("for the test")

    with hold(sqlite_registry, leases) as held:
        assert held.attempt(leases[0], lost) == "lease lost"
    assert [row.state for row in rows(sqlite_registry)] == [WorkState.LEASED] * 2
