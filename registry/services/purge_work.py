"""What a worker does with a purge that two operators agreed on: part after part, until nothing of it is left.

Each part is one commit: the records gone, their certificate, the leaf, and how far the purge is. A worker that dies
leaves whole parts behind it, and another goes on after them; one that comes back late finds its lease lost, and its
part is rolled back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from registry.domain.events import EventType
from registry.domain.purges import PurgeState
from registry.domain.retention import RULES, RuleId
from registry.errors import NotFoundError
from registry.services.context import Context
from registry.services.purge import PURGED, destroy_part
from registry.services.unit import Unit, unit_of_work
from registry.store import work
from registry.store.purges import Purge
from registry.store.work import Lease

SLICE_S = 2.0
"""How long a worker goes on with a purge, about, until whatever waits has its turn."""
SYSTEM = "system"


def run_purge(
    ctx: Context, held: Lease, *, is_asked_to_stop: Callable[[], bool] = lambda: False, slice_s: float = SLICE_S
) -> str:
    """Go on with a purge for a while; answer what became of it, in words for the log.

    Raises:
        NotFoundError: it does not run any more.
        LeaseLostError: another worker has taken over, or it was stopped.
    """
    until = time.monotonic() + slice_s
    with ctx.database.read() as session:
        purge = session.get(Purge, held.subject_id)
    if purge is None or purge.state is not PurgeState.RUNNING:
        raise NotFoundError("the purge does not run any more")
    for rule in PURGED:
        cutoff = RULES[rule].cutoff(purge.as_of)
        while _go_on(ctx, held, rule, cutoff):
            if time.monotonic() >= until or is_asked_to_stop():
                _hand_back(ctx, held)
                return "gone on with, and handed back"
    _finish(ctx, held)
    ctx.database.scrub()
    return "done"


def _go_on(ctx: Context, held: Lease, rule: RuleId, cutoff: datetime) -> bool:
    """Destroy one part of a rule; answer whether there was any."""
    with unit_of_work(ctx) as unit:
        purge = _held_purge(unit, held)
        part = destroy_part(unit, rule, cutoff, purge.approved_by, purge_id=purge.id)
        if part is None:
            return False
        purge.started_at = purge.started_at or unit.now
        purge.destroyed = {**purge.destroyed, rule.value: purge.destroyed.get(rule.value, 0) + part.due}
        purge.records += part.certificate.records
        purge.certificates += 1
        purge.version += 1
        work.progressed(unit.session, held)
        unit.commit()
    return True


def _held_purge(unit: Unit, held: Lease) -> Purge:
    """Answer the purge of a lease, locked: of two that think they hold it, one waits, and finds that it does not."""
    purge = unit.session.get_one(Purge, held.subject_id, with_for_update=True)
    work.require_held(unit.session, held)
    return purge


def _hand_back(ctx: Context, held: Lease) -> None:
    with ctx.database.write() as session:
        work.give_back(session, held, available_at=ctx.clock())
        session.commit()


def _finish(ctx: Context, held: Lease) -> None:
    with unit_of_work(ctx) as unit:
        purge = _held_purge(unit, held)
        purge.started_at = purge.started_at or unit.now
        purge.state, purge.ended_at = PurgeState.DONE, unit.now
        purge.version += 1
        unit.record(
            EventType.PURGE_FINISHED,
            purge.id,
            held.worker_id,
            records=purge.records,
            certificates=purge.certificates,
        )
        work.finish(unit.session, held, now=unit.now)
        unit.commit()


def fail_purge(unit: Unit, purge_id: str, attempts: int) -> None:
    """End a purge that was tried too often, in the unit that gives its work up, and that holds its lock."""
    purge = unit.session.get(Purge, purge_id)
    if purge is None or purge.state is not PurgeState.RUNNING:
        return
    purge.state, purge.ended_at = PurgeState.FAILED, unit.now
    purge.problem = {
        "slug": "worker_failed",
        "detail": f"{attempts} times in a row a worker ended before it had destroyed one more part; what is left is "
        "still due: look at the workers' log, and propose another",
        "figures": {"attempts": attempts, "certificates": purge.certificates},
    }
    purge.version += 1
    unit.record(EventType.PURGE_FAILED, purge.id, SYSTEM, records=purge.records, certificates=purge.certificates)
