"""Work that waits, and leases on it.

A row of work is written in the transaction that creates its check or enrolment, and finished in the transaction that
stores the result: those are its two commit points. Between them a worker holds a lease, which is a promise to be done
by a moment. A worker that dies lets it expire, and another takes the work over with a higher token. The token fences:
whoever comes back late finds that its own is no longer the row's, and its transaction is rolled back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    Index,
    String,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.checks import WorkKind
from registry.errors import LeaseLostError
from registry.store.base import Base
from registry.store.checks import Check
from registry.store.types import Id, UtcDateTime, text_enum

MAX_ATTEMPTS = 3
FARTHEST = timedelta(minutes=10)
"""Nothing waits for longer, and no lease is given for longer: a moment that lies farther ahead was written before the
clock went back, and nobody waits for it to come again."""
ERROR_LENGTH = 1000


class WorkState(StrEnum):
    """Where a piece of work is in its life."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"  # given up after the last attempt


class Work(Base):
    """One piece of work. There is at most one of a kind for a subject."""

    __tablename__ = "work"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[WorkKind] = mapped_column(text_enum(WorkKind))
    subject_id: Mapped[str] = mapped_column(Id)
    state: Mapped[WorkState] = mapped_column(text_enum(WorkState), default=WorkState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=MAX_ATTEMPTS)
    available_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_by: Mapped[str | None] = mapped_column(Id)
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(ERROR_LENGTH))

    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        CheckConstraint("attempts >= 0 AND attempts <= max_attempts", name="attempts_in_range"),
        CheckConstraint("(state = 'leased') = (lease_expires_at IS NOT NULL)", name="leased_until"),
        CheckConstraint("(state = 'leased') = (leased_by IS NOT NULL)", name="leased_by_one"),
        CheckConstraint("(state IN ('done', 'dead')) = (finished_at IS NOT NULL)", name="finished_when_over"),
        Index(None, "state", "available_at"),
    )


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's hold on a piece of work.

    Attributes:
        work_id: of the work.
        kind: what to do.
        subject_id: id of the check or enrolment to do it for.
        attempt: which attempt this is, from 1.
        max_attempts: after how many it is given up.
        worker_id: who holds it.
        token: rises with each lease of this work.
        expires_at: until when it holds; another worker may take the work from then on.
        waited_s: how long the work had waited when it was taken, since it came or was to be tried again.
    """

    work_id: str
    kind: WorkKind
    subject_id: str
    attempt: int
    max_attempts: int
    worker_id: str
    token: int
    expires_at: datetime
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """How much one worker takes at once.

    Attributes:
        most: pieces of work together.
        most_s: length of the recordings together, in seconds; one that is longer is taken alone.
        workers: who share what waits, so that nobody is idle while another has taken it all.
    """

    most: int = 1
    most_s: float = math.inf
    workers: int = 1


ONE = Share()


@dataclass(frozen=True, slots=True)
class DeadWork:
    """Work that was given up.

    Attributes:
        work_id: of the work.
        kind: what was to be done.
        subject_id: id of the check or enrolment it was to be done for.
        attempts: how often it was tried.
        last_error: what the last attempt said, or None when its worker died without a word.
    """

    work_id: str
    kind: WorkKind
    subject_id: str
    attempts: int
    last_error: str | None


def enqueue(
    session: Session,
    *,
    work_id: str,
    kind: WorkKind,
    subject_id: str,
    now: datetime,
    max_attempts: int = MAX_ATTEMPTS,
) -> None:
    """Write a piece of work in the caller's transaction; it can be leased from ``now`` on, once that has committed.

    A second one of a kind for a subject breaks a constraint of the database (`sqlalchemy.exc.IntegrityError`).
    """
    session.add(
        Work(
            id=work_id,
            kind=kind,
            subject_id=subject_id,
            available_at=now,
            created_at=now,
            max_attempts=max_attempts,
        )
    )
    session.flush()


def lease(
    session: Session, *, worker_id: str, now: datetime, lease_s: float, kinds: Collection[WorkKind]
) -> Lease | None:
    """Take the work that has waited longest; otherwise as `lease_together`.

    Returns:
        None when nothing is waiting.
    """
    held = lease_together(session, worker_id=worker_id, now=now, lease_s=lease_s, kinds=kinds)
    return held[0] if held else None


def lease_together(
    session: Session,
    *,
    worker_id: str,
    now: datetime,
    lease_s: float,
    kinds: Collection[WorkKind],
    share: Share = ONE,
) -> list[Lease]:
    """Take the work that has waited longest, or that whose lease expired, and what can be done together with it.

    The oldest is always taken; if it is a check, so are the next ones that fit into the share. What was tried before is
    done alone, so that a recording that takes its worker down does so to others once, and not each time.

    The caller commits before it starts to work. Two workers never get the same lease: on PostgreSQL rows that another
    is just taking are skipped, on SQLite writers take turns.

    Returns:
        One lease for each, each of its own, those that have waited longest first; none when nothing is waiting.
    """
    chosen = _fitting(_candidates(session, now, kinds, share.most), share)
    if not chosen:
        return []
    expires_at = now + timedelta(seconds=lease_s)
    taken = session.scalars(
        update(Work)
        .where(Work.id.in_(chosen))
        .values(
            state=WorkState.LEASED,
            attempts=Work.attempts + 1,
            lease_token=Work.lease_token + 1,
            leased_by=worker_id,
            lease_expires_at=expires_at,
        )
        .returning(Work)
        .execution_options(synchronize_session=False)
    )
    held = {row.id: _lease(row, worker_id, now, expires_at) for row in taken}
    return [held[work_id] for work_id in chosen]


def _candidates(session: Session, now: datetime, kinds: Collection[WorkKind], most: int) -> Sequence[Any]:
    """Lock what can be leased, the oldest first; what somebody else is just taking is left out."""
    query = (
        select(Work.id, Work.kind, Work.attempts, Check.duration_s)
        .outerjoin(Check, and_(Work.kind == WorkKind.CHECK, Check.id == Work.subject_id))
        .where(Work.kind.in_(kinds), can_be_leased(now, now + FARTHEST))
        .order_by(Work.available_at, Work.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=Work)  # SQLite, where writers take turns, leaves the clause out
    )
    return session.execute(query).all()


def _fitting(candidates: Sequence[Any], share: Share) -> list[str]:
    """Choose the oldest, and after it whatever fits beside it."""
    if not candidates:
        return []
    first, *others = candidates
    chosen, most = [first.id], math.ceil(len(candidates) / max(1, share.workers))
    if not _goes_together(first):
        return chosen
    length_s = first.duration_s
    for each in others:
        if len(chosen) < most and _goes_together(each) and length_s + each.duration_s <= share.most_s:
            chosen.append(each.id)
            length_s += each.duration_s
    return chosen


def _goes_together(candidate: Any) -> bool:
    """Whether it may be done beside others: a check that nobody has tried yet."""
    return candidate.duration_s is not None and candidate.attempts == 0


def _lease(row: Work, worker_id: str, now: datetime, expires_at: datetime) -> Lease:
    return Lease(
        work_id=row.id,
        kind=row.kind,
        subject_id=row.subject_id,
        attempt=row.attempts,
        max_attempts=row.max_attempts,
        worker_id=worker_id,
        token=row.lease_token,
        expires_at=expires_at,
        waited_s=max(0.0, (now - row.available_at).total_seconds()),
    )


def extend(session: Session, held: Lease, *, now: datetime, lease_s: float) -> Lease:
    """Hold on for ``lease_s`` seconds from ``now``, also when the lease expired but nobody took the work.

    Raises:
        LeaseLostError: another worker took it over, or it is finished.
    """
    expires_at = now + timedelta(seconds=lease_s)
    _change_held(session, held, lease_expires_at=expires_at)
    return replace(held, expires_at=expires_at)


def finish(session: Session, held: Lease, *, now: datetime) -> None:
    """Mark the work as done, in the transaction that stores its result.

    Raises:
        LeaseLostError: another worker took it over, or it is finished; the caller's transaction must not commit.
    """
    _change_held(session, held, state=WorkState.DONE, leased_by=None, lease_expires_at=None, finished_at=now)


def release(session: Session, held: Lease, *, retry_at: datetime, error: str) -> None:
    """Give the work back after a failed attempt, to be tried again from ``retry_at`` on.

    When this was the last attempt nobody leases it again, and `take_dead` gives it up.

    Args:
        session: a writing one.
        held: the lease.
        retry_at: when to try again.
        error: one sentence for an operator; it holds nothing of the recording, and is cut to `ERROR_LENGTH`.

    Raises:
        LeaseLostError: another worker took it over, or it is finished.
    """
    _change_held(
        session,
        held,
        state=WorkState.QUEUED,
        leased_by=None,
        lease_expires_at=None,
        available_at=retry_at,
        last_error=error[:ERROR_LENGTH],
    )


def require_held(session: Session, held: Lease) -> None:
    """Refuse to go on under a lease that does not hold any more.

    Raises:
        LeaseLostError: another worker took the work over, or it is finished.
    """
    _change_held(session, held, lease_token=held.token)


def progressed(session: Session, held: Lease) -> None:
    """Note that an attempt has come to something that stays: what fails from here on counts anew.

    Raises:
        LeaseLostError: another worker took the work over, or it is finished.
    """
    _change_held(session, held, attempts=0)


def give_back(session: Session, held: Lease, *, available_at: datetime, attempts: int = 0) -> None:
    """Give back work that is not done and has not failed either, to be gone on with from ``available_at`` on.

    Args:
        session: a writing one.
        held: the lease.
        available_at: from when on; whatever waits for longer goes first.
        attempts: that have failed since the last that came to something.

    Raises:
        LeaseLostError: another worker took the work over, or it is finished.
    """
    _change_held(
        session,
        held,
        state=WorkState.QUEUED,
        attempts=attempts,
        leased_by=None,
        lease_expires_at=None,
        available_at=available_at,
    )


def take_dead(
    session: Session, *, now: datetime, first: Callable[[WorkKind, str], None] = lambda _kind, _subject_id: None
) -> DeadWork | None:
    """Give up one piece of work that has no attempts left, and answer it, once only.

    The caller marks its check or enrolment as failed in the same transaction: neither happens without the other.

    Args:
        session: a writing one.
        now: the moment.
        first: called with kind and subject of what is to be given up, before its row is locked: there the caller locks
            what others lock before work.

    Returns:
        None when there is none.
    """
    is_dead = (Work.attempts >= Work.max_attempts, or_(Work.state == WorkState.QUEUED, _expired(now, now + FARTHEST)))
    candidates = select(Work.id, Work.kind, Work.subject_id).where(*is_dead).order_by(Work.id).limit(1)
    while (found := session.execute(candidates).one_or_none()) is not None:
        first(found.kind, found.subject_id)
        dead = session.execute(
            update(Work)
            .where(Work.id == found.id, *is_dead)
            .values(state=WorkState.DEAD, leased_by=None, lease_expires_at=None, finished_at=now)
            .returning(Work.id, Work.kind, Work.subject_id, Work.attempts, Work.last_error)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if dead is not None:
            return DeadWork(*dead)
    return None


def cancel(session: Session, *, subject_id: str, now: datetime) -> None:
    """Strike out whatever waits or is being done for a subject. Whoever holds it finds its lease lost."""
    session.execute(
        update(Work)
        .where(Work.subject_id == subject_id, Work.state.in_([WorkState.QUEUED, WorkState.LEASED]))
        .values(state=WorkState.DONE, leased_by=None, lease_expires_at=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )


def work_for(session: Session, kind: WorkKind, subject_id: str) -> str | None:
    """Answer the id of the work of a kind for a subject; None when there never was any."""
    return session.scalar(select(Work.id).where(Work.kind == kind, Work.subject_id == subject_id))


def count_unfinished(session: Session, kind: WorkKind) -> int:
    """Answer how many pieces of a kind are queued or leased."""
    query = select(func.count()).where(Work.kind == kind, Work.state.in_([WorkState.QUEUED, WorkState.LEASED]))
    return session.scalar(query) or 0


Moment = datetime | BindParameter[datetime]


def can_be_leased(now: Moment, farthest: Moment) -> ColumnElement[bool]:
    """Whether work waits, or its lease has expired, and it has attempts left.

    Args:
        now: the moment.
        farthest: `FARTHEST` from it; what is to come later than that has come.
    """
    waiting = and_(Work.state == WorkState.QUEUED, _has_come(Work.available_at, now, farthest))
    return and_(Work.attempts < Work.max_attempts, or_(waiting, _expired(now, farthest)))


def _expired(now: Moment, farthest: Moment) -> ColumnElement[bool]:
    return and_(Work.state == WorkState.LEASED, _has_come(Work.lease_expires_at, now, farthest))


def _has_come(moment: Any, now: Moment, farthest: Moment) -> ColumnElement[bool]:
    return or_(moment <= now, moment > farthest)


def _change_held(session: Session, held: Lease, **values: object) -> None:
    """Change the row, only if this lease is still the one that holds it."""
    changed = session.execute(
        update(Work)
        .where(Work.id == held.work_id, Work.state == WorkState.LEASED, Work.lease_token == held.token)
        .values(**values)
        .returning(Work.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if changed is None:
        raise LeaseLostError(
            f"{held.work_id} is no longer held by {held.worker_id}: its lease expired and the work was taken over",
            work_id=held.work_id,
            worker_id=held.worker_id,
        )
