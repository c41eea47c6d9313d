"""Reviews: what people have decided about findings. Written once; a later one takes the place of an earlier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import product

from sqlalchemy import ForeignKey, Index, Select, Text, false, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from registry.domain.approaches import Priority
from registry.domain.reviews import HARM_OF, Harm, ReviewAction, harm_of
from registry.store.base import Base
from registry.store.checks import Finding
from registry.store.types import Id, Json, UtcDateTime, text_enum


class Review(Base):
    """What somebody decided about a finding, and why."""

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("findings.id"))
    action: Mapped[ReviewAction] = mapped_column(text_enum(ReviewAction))
    reason: Mapped[str] = mapped_column(Text)
    considered: Mapped[list[dict[str, object]]] = mapped_column(Json)
    licence_id: Mapped[str | None] = mapped_column(ForeignKey("licences.id"))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    notice_id: Mapped[str | None] = mapped_column(Id)
    replaces_id: Mapped[str | None] = mapped_column(ForeignKey("reviews.id"), unique=True)
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "finding_id", "id"),)


_RANKS = {harm: rank for rank, harm in enumerate(Harm)}


def _lots(last: Finding | None, limit: int) -> Iterator[Select[str, int]]:
    """Yield the first ids that wait of each verdict and priority, each with its rank: what is gravest has rank 0.

    One index has them in this order, so that however much waits only so many of each are read.

    Args:
        last: the finding that the page begins after, or None.
        limit: at most so many of each.
    """
    harm = None if last is None else harm_of(last.verdict, last.priority)
    for verdict, priority in product(HARM_OF, Priority):
        rank = _RANKS[harm_of(verdict, priority) or Harm.UNCLEAR]
        query = select(Finding.id, literal(rank).label("rank")).where(
            Finding.reviewed_at.is_(None), Finding.verdict == verdict, Finding.priority == priority
        )
        if last is not None and harm is not None and rank <= _RANKS[harm]:
            query = query.where(Finding.id > last.id if rank == _RANKS[harm] else false())
        yield query.order_by(Finding.id).limit(limit)


def page_of_queue(session: Session, *, after: str | None, limit: int) -> Sequence[Finding]:
    """Answer up to ``limit`` findings that wait for a person, each with its recording: gravest first, then oldest.

    Args:
        session: to read with.
        after: id of the finding that the page begins after, whether it still waits or not.
        limit: at most so many.
    """
    last = None if after is None else session.get(Finding, after)
    lots = [lot.subquery() for lot in _lots(last, limit)]
    every = union_all(*(select(lot.c.id, lot.c.rank) for lot in lots)).subquery()
    first = select(every).order_by(every.c.rank, every.c.id).limit(limit).subquery()
    query = select(Finding).options(joinedload(Finding.check), joinedload(Finding.scan_row))
    query = query.join(first, Finding.id == first.c.id).order_by(first.c.rank, first.c.id)
    return session.scalars(query).all()


def reviews_of(session: Session, finding_id: str) -> Sequence[Review]:
    """Answer what was decided about a finding, oldest first; the last is what stands."""
    return session.scalars(select(Review).where(Review.finding_id == finding_id).order_by(Review.id)).all()


def reviews_about(session: Session, performer_id: str) -> Sequence[Review]:
    """Answer what was decided about the findings of a performer, oldest first."""
    query = select(Review).join(Finding, Review.finding_id == Finding.id).where(Finding.performer_id == performer_id)
    return session.scalars(query.order_by(Review.id)).all()
