"""How much there is of each kind, for the metrics. Counts and ages only: whose it is is nobody's business here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.domain.checks import CheckState, WorkKind
from registry.domain.events import EventType
from registry.domain.verdicts import Verdict
from registry.domain.webhooks import DeliveryState
from registry.services.context import Context
from registry.store import workers
from registry.store.checks import Check
from registry.store.enrolments import GalleryChange, SealedVoiceprint
from registry.store.journal import JournalEntry, last_moment_of
from registry.store.journal_checkpoints import last_checkpoint
from registry.store.webhooks import messages_undelivered
from registry.store.work import Work, WorkState


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of one kind of work: how much, and for how long the oldest has."""

    pieces: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Tallies:
    """The registry at one moment.

    Attributes:
        workers_live: workers that reported in time and are ready.
        gallery_behind: steps of the gallery that the ready worker farthest behind has yet to take.
        waiting: unfinished work, by kind.
        given_up: pieces of work that were tried too often, by kind.
        checks: by state and verdict.
        messages: of webhooks that did not arrive, by state.
        performers, voiceprints: in the gallery.
        leaves, leaves_unsigned: of the journal, and of these not under a checkpoint.
        unsigned_s: age of the oldest leaf without a checkpoint.
        backup_age_s: since the last backup that this journal has; None when it has none.
    """

    workers_live: int
    gallery_behind: int
    waiting: Mapping[WorkKind, Waiting]
    given_up: Mapping[WorkKind, int]
    checks: Mapping[tuple[CheckState, Verdict | None], int]
    messages: Mapping[DeliveryState, int]
    performers: int
    voiceprints: int
    leaves: int
    leaves_unsigned: int
    unsigned_s: float
    backup_age_s: float | None


def tally(ctx: Context) -> Tallies:
    """Count everything, in one reading transaction.

    Raises:
        DatabaseNotReadyError: the database does not answer.
    """
    now = ctx.clock()
    with ctx.database.read() as session:
        live = workers.live_workers(session, now=now, within_s=ctx.thresholds.worker_lost_after_s)
        ready = [worker.gallery_seq for worker in live if worker.ready]
        last_step = session.scalar(select(func.max(GalleryChange.seq))) or 0
        voiceprints = select(func.count(SealedVoiceprint.performer_id.distinct()), func.count())
        performers, prototypes = session.execute(voiceprints.select_from(SealedVoiceprint)).one()
        leaves, unsigned, unsigned_s = _journal(session, now)
        backup = last_moment_of(session, EventType.BACKUP_MADE)
        return Tallies(
            workers_live=len(ready),
            gallery_behind=max((last_step - seq for seq in ready), default=0),
            waiting=waiting(session, now),
            given_up=given_up(session),
            checks=_checks(session),
            messages=messages_undelivered(session),
            performers=performers,
            voiceprints=prototypes,
            leaves=leaves,
            leaves_unsigned=unsigned,
            unsigned_s=unsigned_s,
            backup_age_s=None if backup is None else _age_s(backup, now),
        )


def waiting(session: Session, now: datetime) -> Mapping[WorkKind, Waiting]:
    """Answer what is unfinished, by kind of work; every kind is there."""
    query = (
        select(Work.kind, func.count(), func.min(Work.created_at))
        .where(Work.state.in_([WorkState.QUEUED, WorkState.LEASED]))
        .group_by(Work.kind)
    )
    found = {kind: Waiting(pieces, _age_s(oldest, now)) for kind, pieces, oldest in session.execute(query)}
    return dict.fromkeys(WorkKind, Waiting(0, 0.0)) | found


def given_up(session: Session) -> Mapping[WorkKind, int]:
    """Answer how many pieces of work were tried too often, by kind; every kind is there."""
    query = select(Work.kind, func.count()).where(Work.state == WorkState.DEAD).group_by(Work.kind)
    return dict.fromkeys(WorkKind, 0) | dict(session.execute(query).all())


def _checks(session: Session) -> Mapping[tuple[CheckState, Verdict | None], int]:
    query = select(Check.state, Check.verdict, func.count()).group_by(Check.state, Check.verdict)
    return {(state, verdict): count for state, verdict, count in session.execute(query)}


def _journal(session: Session, now: datetime) -> tuple[int, int, float]:
    """Answer how many leaves there are, how many lie behind the last checkpoint, and how old the first of these is."""
    leaves = session.scalar(select(func.max(JournalEntry.seq))) or 0
    checkpoint = last_checkpoint(session)
    signed = checkpoint.size if checkpoint else 0
    first = session.get(JournalEntry, signed + 1)
    return leaves, leaves - signed, _age_s(first.at if first else None, now)


def _age_s(moment: datetime | None, now: datetime) -> float:
    """Answer how long ago a moment was; 0 for none, and for one that a clock that went back has not reached."""
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
