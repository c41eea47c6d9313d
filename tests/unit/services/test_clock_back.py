"""A clock that goes back: what waits is not held up by it, the journal says so, and what has ended stays ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from steps import Registry

from registry.domain.checks import WorkKind
from registry.domain.consents import ConsentState
from registry.services import housekeeping
from registry.services.journal_append import CLOCKS_APART
from registry.store import work, workers
from registry.store.consents import Consent
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.work import FARTHEST, Lease

STEPPED_BACK = "journal.clock_stepped_back"


def leased(registry: Registry) -> Lease | None:
    with registry.ctx.database.write() as session:
        held = work.lease(session, worker_id="wkr_two", now=registry.clock(), lease_s=30, kinds=list(WorkKind))
        session.commit()
    return held


@pytest.mark.parametrize("days", [1, 400])
def test_work_that_came_before_the_clock_went_back_is_done_at_once(registry: Registry, days: int) -> None:
    check = registry.submit(registry.studio())
    registry.clock.move(days=-days)
    with registry.ctx.database.read() as session:
        assert workers.look(session, registry.clock()).waiting
    held = leased(registry)
    assert held is not None
    assert held.subject_id == check.id
    assert held.waited_s == 0


def test_the_lease_of_a_worker_that_died_before_the_clock_went_back_does_not_hang(registry: Registry) -> None:
    check = registry.submit(registry.studio())
    dead = registry.lease()
    assert leased(registry) is None, "it is held"
    registry.clock.move(days=-1)
    held = leased(registry)
    assert held is not None
    assert (held.subject_id, held.token) == (check.id, dead.token + 1)


def test_where_the_clock_goes_back_by_little_nothing_waits_longer_than_is_said(registry: Registry) -> None:
    registry.submit(registry.studio())
    registry.clock.move(minutes=-5)
    assert leased(registry) is None
    registry.clock.move(minutes=5)
    assert leased(registry) is not None
    assert timedelta(minutes=10) >= FARTHEST


def test_a_worker_that_lives_keeps_its_work_when_the_clock_goes_back(registry: Registry) -> None:
    registry.submit(registry.studio())
    held = registry.lease()
    registry.clock.move(days=-1)
    with registry.ctx.database.write() as session:
        work.extend(session, held, now=registry.clock(), lease_s=30)  # as it does every ten seconds
        session.commit()
    assert leased(registry) is None


def test_a_worker_that_was_last_seen_in_the_future_does_not_count_as_live(registry: Registry) -> None:
    def live() -> int:
        with registry.ctx.database.read() as session:
            return len(workers.live_workers(session, now=registry.clock(), within_s=8))

    with registry.ctx.database.write() as session:
        workers.beat(
            session,
            worker_id="wkr_one",
            pid=1,
            device="cpu",
            engine_version="3+a",
            ready=True,
            gallery_seq=0,
            now=registry.clock(),
        )
        session.commit()
    registry.clock.move(seconds=-7)
    assert live() == 1, "clocks of two hosts may be so far apart"
    registry.clock.move(hours=-1)
    assert live() == 0


def leaves(registry: Registry) -> list[tuple[str, bool]]:
    """Answer every leaf's type, and whether it is older than the one before."""
    with registry.ctx.database.read() as session:
        rows = session.execute(select(JournalEntry.type, JournalEntry.at).order_by(JournalEntry.seq)).all()
    return [(kind, at < rows[max(0, n - 1)].at) for n, (kind, at) in enumerate(rows)]


def test_the_journal_says_where_its_moments_run_backwards(registry: Registry) -> None:
    registry.performer()
    registry.clock.move(hours=-2)
    registry.performer("Bo Berg")
    registry.performer("Cy Dahl")
    assert leaves(registry)[-4:] == [
        ("performer.registered", False),
        (STEPPED_BACK, True),
        ("performer.registered", False),
        ("performer.registered", False),
    ]
    with registry.ctx.database.read() as session:
        seq = session.scalar(select(JournalEntry.seq).where(JournalEntry.type == STEPPED_BACK))
        opening = session.get_one(JournalOpening, seq)
    assert opening.details == {"by_s": 7200.0, "leaves_before": (seq or 0) - 1}


def test_what_two_hosts_clocks_differ_by_is_no_step_back(registry: Registry) -> None:
    registry.performer()
    registry.clock.now -= CLOCKS_APART
    registry.performer("Bo Berg")
    assert STEPPED_BACK not in registry.journal()


def test_a_consent_that_has_expired_stays_expired_when_the_clock_goes_back(registry: Registry) -> None:
    performer_id = registry.performer()
    registry.sign(performer_id)
    with registry.ctx.database.write() as session:
        session.scalars(select(Consent)).one().expires_at = registry.clock() + timedelta(days=1)
        session.commit()
    registry.clock.move(days=2)
    housekeeping.keep_house(registry.ctx)
    registry.clock.move(days=-2)
    housekeeping.keep_house(registry.ctx)
    with registry.ctx.database.read() as session:
        assert session.scalars(select(Consent.state)).one() is ConsentState.EXPIRED


def test_ids_that_are_made_after_it_are_still_each_of_their_own(registry: Registry) -> None:
    made = [registry.performer()]
    registry.clock.move(days=-1)
    made += [registry.performer(f"Number {number}") for number in range(3)]
    assert len(set(made)) == len(made)
