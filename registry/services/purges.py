"""Purges that take two operators: counted, proposed, approved, looked at, and stopped.

A worker carries them out; see `registry.services.purge_work`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.checks import WorkKind
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.proposals import Purging
from registry.domain.purges import PurgeState, require_moment, require_running
from registry.domain.retention import schedule_sha256
from registry.errors import ConflictError, NotFoundError
from registry.services.context import Context
from registry.services.purge import what_is_due
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import purges, work
from registry.store.purges import Purge

# --- what a proposal asks --------------------------------------------------------------------------------------------


def counted(ctx: Context, principal: Principal, content: Purging) -> Purging:
    """Answer what is proposed with what is due by it, every record counted, and by the schedule of today.

    Raises:
        ForbiddenError: the caller may not destroy what is past its time.
        InvalidInputError: the moment has not come, or lies more than a day back.
        ConflictError: nothing is past its time; figure ``state``.
    """
    require_moment(content.moment, ctx.clock())
    due = {each.rule.value: each.records for each in what_is_due(ctx, principal, as_of=content.moment) if each.records}
    if not due:
        raise ConflictError("nothing was past its time at that moment", state="nothing_due")
    return replace(content, schedule_sha256=schedule_sha256(), due=due)


def require_purgeable(session: Session, content: Purging) -> None:
    """Refuse to purge by a schedule that is not in force any more, or beside another purge.

    Raises:
        ConflictError: figure ``state``.
    """
    if content.schedule_sha256 != schedule_sha256():
        raise ConflictError(
            "the retention schedule is another by now than it was counted by: propose anew",
            state="schedule_changed",
            schedule_sha256=schedule_sha256(),
        )
    other = purges.running(session)
    if other is not None:
        raise _another(other.id)


def _another(purge_id: str | None) -> ConflictError:
    return ConflictError("another purge runs: wait for its end, or stop it", state="running", purge_id=purge_id)


def begin_purge(unit: Unit, principal: Principal, content: Purging, *, proposal_id: str) -> None:
    """Let workers destroy what was agreed on, and commit the caller's unit.

    1. The schedule is the one that was read, and no other purge runs; the database lets no second one begin.
    2. The purge, the work on it, the approval and their leaves: one commit. From here on a worker does it.

    Raises:
        ForbiddenError: the caller may not destroy what is past its time.
        ConflictError: 1; figure ``state``.
    """
    principal.require(Scope.RETENTION_WRITE)
    require_purgeable(unit.session, content)
    purge = Purge(
        id=unit.new_id(IdPrefix.PURGE),
        proposal_id=proposal_id,
        as_of=content.moment,
        schedule_sha256=content.schedule_sha256,
        due=content.due,
        state=PurgeState.RUNNING,
        destroyed={},
        records=0,
        certificates=0,
        approved_by=principal.account_id,
        approved_at=unit.now,
        version=1,
    )
    unit.session.add(purge)
    try:
        unit.session.flush()
    except IntegrityError as error:
        raise _another(None) from error
    work.enqueue(
        unit.session,
        work_id=unit.new_id(IdPrefix.WORK),
        kind=WorkKind.PURGE,
        subject_id=purge.id,
        now=unit.now,
    )
    unit.record(
        EventType.PURGE_BEGUN,
        purge.id,
        principal.account_id,
        proposal_id=proposal_id,
        as_of=content.as_of,
        schedule_sha256=purge.schedule_sha256,
        due=sum(content.due.values()),
    )
    unit.commit()


# --- looking, and stopping -------------------------------------------------------------------------------------------


def get_purge(ctx: Context, principal: Principal, purge_id: str) -> Purge:
    """Answer one purge, and how far it is.

    Raises:
        ForbiddenError, NotFoundError: the caller does not run the registry, or there is none.
    """
    principal.require(Scope.RETENTION_WRITE)
    with ctx.database.read() as session:
        purge = session.get(Purge, purge_id)
    if purge is None:
        raise NotFoundError("there is no such purge")
    return purge


def list_purges(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[Purge]:
    """Answer a page of purges, newest first.

    Raises:
        ForbiddenError: the caller does not run the registry.
    """
    principal.require(Scope.RETENTION_WRITE)
    with ctx.database.read() as session:
        return purges.page_of_purges(session, after=after, limit=limit)


def purge_of_proposal(ctx: Context, principal: Principal, proposal_id: str) -> Purge | None:
    """Answer the purge that a proposal led to; None where it has led to none, or is not for the caller to see."""
    if Scope.RETENTION_WRITE not in principal.scopes:
        return None
    with ctx.database.read() as session:
        return purges.purge_of(session, proposal_id)


def stop_purge(ctx: Context, principal: Principal, purge_id: str, *, if_version: int | None = None) -> Purge:
    """Stop a purge: what it has not destroyed stays for another. That takes one operator, since it destroys nothing.

    The part that a worker has in hand is either committed before this, or rolled back.

    Raises:
        ForbiddenError, NotFoundError: the caller does not run the registry, or there is none.
        ConflictError: it has ended; figure ``state``.
        StaleVersionError: it has changed since the caller saw it.
    """
    principal.require(Scope.RETENTION_WRITE)
    with unit_of_work(ctx) as unit:
        purge = unit.session.get(Purge, purge_id, with_for_update=True)
        if purge is None:
            raise NotFoundError("there is no such purge")
        require_version(purge.version, if_version)
        require_running(purge.state)
        work.cancel(unit.session, subject_id=purge.id, now=unit.now)
        purge.state, purge.ended_at, purge.stopped_by = PurgeState.STOPPED, unit.now, principal.account_id
        purge.version += 1
        unit.record(
            EventType.PURGE_STOPPED,
            purge.id,
            principal.account_id,
            records=purge.records,
            certificates=purge.certificates,
        )
        unit.commit()
    return purge
