"""The workers that take work, as they last reported themselves, and what they see when they look up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, delete, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.checks import WorkKind
from registry.errors import EngineMismatchError
from registry.store.base import Base
from registry.store.engine_settings import EngineSettingsInForce
from registry.store.enrolments import GalleryChange
from registry.store.types import Id, UtcDateTime
from registry.store.work import FARTHEST, Work, can_be_leased


class Worker(Base):
    """A worker process, as it last reported itself."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    pid: Mapped[int]
    device: Mapped[str] = mapped_column(String(80))
    engine_version: Mapped[str] = mapped_column(String(200))
    ready: Mapped[bool]
    gallery_seq: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a worker sees when it looks up.

    Attributes:
        gallery_seq: the last step of the gallery, 0 before the first.
        waiting: whether there is work of the kinds asked for that can be leased.
        engine_settings: number of the engine settings in force, 0 for the shipped ones.
    """

    gallery_seq: int
    waiting: bool
    engine_settings: int = 0


_LOOK = select(
    select(func.max(GalleryChange.seq)).scalar_subquery(),
    exists().where(
        Work.kind.in_(bindparam("kinds", expanding=True)),
        can_be_leased(bindparam("now", type_=UtcDateTime()), bindparam("farthest", type_=UtcDateTime())),
    ),
    select(func.max(EngineSettingsInForce.number)).scalar_subquery(),
)
"""Made once: an idle worker asks this again and again."""


def look(session: Session, now: datetime, kinds: Sequence[WorkKind] = tuple(WorkKind)) -> Outlook:
    """Answer whether anything has changed for a worker that is idle, in one statement.

    Args:
        session: to look in.
        now: the moment.
        kinds: of work that it would take.
    """
    asked = {"now": now, "farthest": now + FARTHEST, "kinds": list(kinds)}
    seq, waiting, settings = session.execute(_LOOK, asked).one()
    return Outlook(seq or 0, bool(waiting), settings or 0)


def beat(
    session: Session,
    *,
    worker_id: str,
    pid: int,
    device: str,
    engine_version: str,
    ready: bool,
    gallery_seq: int,
    now: datetime,
) -> None:
    """Say that a worker lives, and how it is. The first time is its start."""
    worker = session.get(Worker, worker_id)
    if worker is None:
        worker = Worker(id=worker_id, started_at=now)
        session.add(worker)
    worker.pid, worker.device, worker.engine_version = pid, device, engine_version
    worker.ready, worker.gallery_seq, worker.last_seen_at = ready, gallery_seq, now
    session.flush()


def require_same_engine(
    session: Session, *, worker_id: str, engine_version: str, now: datetime, within_s: float
) -> None:
    """Refuse to work beside a live worker that was there before, is ready for checks, and runs another engine.

    Called in the transaction of each `beat`. Of two that start at the same moment, on PostgreSQL, neither sees the
    other at first; the younger one is refused at its next beat.

    Raises:
        EngineMismatchError: there is one; the sentence names both engines.
    """
    for worker in live_workers(session, now=now, within_s=within_s):
        if worker.ready and worker.id < worker_id and worker.engine_version != engine_version:
            raise EngineMismatchError(
                f"this worker runs engine {engine_version}, but worker {worker.id} runs {worker.engine_version}: end "
                "the others first, and give every process the same version and LIKENESS_CALIBRATION",
                engine=engine_version,
                other_engine=worker.engine_version,
                other_worker=worker.id,
            )


def depart(session: Session, worker_id: str) -> None:
    """Strike a worker that ends in good order off the list. Doing it twice is no error."""
    session.execute(delete(Worker).where(Worker.id == worker_id))


def live_workers(session: Session, *, now: datetime, within_s: float) -> Sequence[Worker]:
    """Answer the workers that reported themselves in the last ``within_s`` seconds, oldest first.

    One whose last report lies as far ahead, or farther, made it before the clock went back: it counts when it reports
    itself again.
    """
    within = timedelta(seconds=within_s)
    query = select(Worker).where(Worker.last_seen_at.between(now - within, now + within)).order_by(Worker.id)
    return session.scalars(query).all()


def workers_seen_since(session: Session, moment: datetime) -> Sequence[Worker]:
    """Answer the workers that reported themselves after a moment, whether they still do or not, oldest first."""
    return session.scalars(select(Worker).where(Worker.last_seen_at > moment).order_by(Worker.id)).all()
