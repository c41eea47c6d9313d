"""Whether what was answered is what is there: every request against the database, after the load.

Whoever was answered 2xx finds their deed done, once. Whoever was told that it failed, or heard nothing, finds it done
once or not at all: an answer can be lost after the commit. Nothing is there that nobody asked for.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.load_house import House
from benchmarks.load_traffic import Asked, Told
from registry.domain.checks import CheckState, EnrolmentState, WorkKind
from registry.errors import DatabaseUnavailableError
from registry.services.context import Context
from registry.services.housekeeping import keep_house
from registry.store import work
from registry.store.checks import Check, Finding
from registry.store.clearances import Clearance
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment, SealedVoiceprint
from registry.store.journal import JournalEntry
from registry.store.performers import PerformerKey
from registry.store.work import Work, WorkState

_PATIENCE_S = 900.0
_ENDS = ("check.completed", "check.refused", "check.failed", "check.discarded")


@dataclass
class Reconciled:
    """What was found.

    Attributes:
        figures: counts of what there is.
        wrong: everything that is not as was answered, in words.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def require(self, held: bool, else_: str) -> None:  # noqa: FBT001  (reads like a sentence)
        """Note what does not hold."""
        if not held:
            self.wrong.append(else_)


def await_queue(house: House) -> float:
    """Wait until nothing waits for a worker; answer how long that took."""
    started = time.monotonic()
    with house.context() as ctx:
        while time.monotonic() - started < _PATIENCE_S:
            if _unfinished(ctx) == 0:
                return time.monotonic() - started
            time.sleep(0.5)
    raise SystemExit(f"work was still unfinished {_PATIENCE_S:.0f} s after the last request")


def _unfinished(ctx: Context) -> int | None:
    """Answer how much waits; None while the database is away."""
    try:
        with ctx.database.read() as session:
            return sum(work.count_unfinished(session, kind) for kind in WorkKind)
    except DatabaseUnavailableError:
        return None


def reconcile(house: House, told: Told) -> Reconciled:
    """Compare all that was answered with all that is there, and have the journal verified."""
    found = Reconciled()
    with house.context() as ctx:
        keep_house(ctx)
        with ctx.database.read() as session:
            _effects(found, told.asked, session)
            _checks(found, session)
            _enrolments(found, session)
            _withdrawals(found, told, session)
        found.figures["uploads_left"] = len(ctx.spool.keys())
    found.figures["journal"] = " ".join(house.verify_journal().split())
    for name in house.dead():
        found.wrong.append(f"{name} has ended")
    found.wrong += told.broken
    return found


def _effects(found: Reconciled, asked: Sequence[Asked], session: Session) -> None:
    """Once for each that was answered as done; at most once for each other."""
    there = {
        "check": Counter(session.scalars(select(Check.project))),
        "clearance": Counter(session.scalars(select(Clearance.project))),
        "enrolment": Counter(session.scalars(select(Enrolment.performer_id))),
    }
    for kind, counted in there.items():
        sent = [each for each in asked if each.kind == kind]
        done = {each.mark for each in sent if each.ok}
        twice = [mark for mark, times in counted.items() if times > 1]
        unsaid = len(counted.keys() - done)
        found.require(not twice, f"{len(twice)} {kind}s were done twice: {twice[:3]}")
        found.require(done <= counted.keys(), f"{len(done - counted.keys())} {kind}s were answered and are not there")
        found.require(counted.keys() <= {each.mark for each in sent}, f"there are {kind}s that nobody asked for")
        found.figures[f"{kind}s"] = {"answered": len(done), "there": len(counted), "done_but_not_answered": unsaid}


def _checks(found: Reconciled, session: Session) -> None:
    """Each has ended, and the journal says once how."""
    states = Counter(session.scalars(select(Check.state)))
    ended = _leaves(session, _ENDS)
    begun = _leaves(session, ("check.submitted",))
    found.require(not states[CheckState.QUEUED], f"{states[CheckState.QUEUED]} checks wait for nobody")
    found.require(set(ended.values()) <= {1}, f"checks that ended more than once: {_several(ended)}")
    found.require(ended.keys() == set(session.scalars(select(Check.id))), "checks and their ends differ")
    found.require(ended.keys() == begun.keys() and set(begun.values()) <= {1}, "checks and their beginnings differ")
    left = session.scalar(select(func.count()).where(Work.state.not_in([WorkState.DONE, WorkState.DEAD])))
    found.require(not left, f"{left} pieces of work are unfinished")
    attempts = Counter(session.scalars(select(Work.attempts).where(Work.kind == WorkKind.CHECK)))
    found.figures["check_states"] = {state.value: count for state, count in states.items()}
    found.figures["attempts_at_a_check"] = dict(sorted(attempts.items()))


def _enrolments(found: Reconciled, session: Session) -> None:
    states = Counter(session.scalars(select(Enrolment.state)))
    completed = _leaves(session, ("enrolment.completed",))
    found.require(not states[EnrolmentState.QUEUED], f"{states[EnrolmentState.QUEUED]} enrolments wait for nobody")
    found.require(set(completed.values()) <= {1}, f"enrolments completed more than once: {_several(completed)}")
    found.figures["enrolment_states"] = {state.value: count for state, count in states.items()}


def _withdrawals(found: Reconciled, told: Told, session: Session) -> None:
    """Nobody who withdrew has anything left, nor was found in a check that ended after they were answered."""
    gone = told.withdrawn.keys()
    matched = session.execute(select(Finding.performer_id, Check.finished_at).join(Check, Finding.check_id == Check.id))
    moments: dict[str, list[datetime]] = {}
    for performer_id, at in matched:
        if at is not None:
            moments.setdefault(performer_id, []).append(at)
    late = [who for who, answered in told.withdrawn.items() if any(at > answered for at in moments.get(who, ()))]
    ended = _leaves(session, ("consent.withdrawn",), select(Consent.id).where(Consent.performer_id.in_(gone)))
    found.require(not late, f"{len(late)} performers were found after their withdrawal was answered")
    for model in (PerformerKey, SealedVoiceprint):
        left = gone & set(session.scalars(select(model.performer_id)))
        found.require(not left, f"{len(left)} performers who withdrew still have a {model.__name__}")
    found.require(set(ended.values()) <= {1}, f"consents that were withdrawn more than once: {_several(ended)}")
    found.figures["withdrawals"] = {
        "answered": len(gone),
        "of_those_found_before": sum(who in moments for who in gone),
        "found_after": len(late),
    }


def _leaves(session: Session, types: Iterable[str], subjects: Any = None) -> Counter[str]:
    """Count the leaves of some types for each record."""
    query = select(JournalEntry.subject_id).where(JournalEntry.type.in_(list(types)))
    return Counter(session.scalars(query if subjects is None else query.where(JournalEntry.subject_id.in_(subjects))))


def _several(counted: Counter[str]) -> list[str]:
    return [name for name, times in counted.items() if times > 1][:3]
