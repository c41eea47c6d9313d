"""Reviews: what people have decided about findings. Written once; a later one takes the place of an earlier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, and_, case, or_, select
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
_WAITS = and_(Finding.reviewed_at.is_(None), Finding.verdict.in_(HARM_OF))


def _rank() -> ColumnElement[int]:
    """Say in SQL what `harm_of` says: the rank of how much is at stake, 0 first."""
    by_verdict = case(*((Finding.verdict == verdict, _RANKS[harm]) for verdict, harm in HARM_OF.items()))
    return case((Finding.priority == Priority.ESCALATED, _RANKS[Harm.URGENT]), else_=by_verdict)


def page_of_queue(session: Session, *, after: str | None, limit: int) -> Sequence[Finding]:
    """Answer up to ``limit`` findings that wait for a person, each with its recording: gravest first, then oldest.

    Args:
        session: to read with.
        after: id of the finding that the page begins after, whether it still waits or not.
        limit: at most so many.
    """
    query = select(Finding).options(joinedload(Finding.check), joinedload(Finding.scan_row)).where(_WAITS)
    last = None if after is None else session.get(Finding, after)
    harm = None if last is None else harm_of(last.verdict, last.priority)
    if last is not None and harm is not None:
        rank = _RANKS[harm]
        query = query.where(or_(_rank() > rank, and_(_rank() == rank, Finding.id > last.id)))
    return session.scalars(query.order_by(_rank(), Finding.id).limit(limit)).all()


def reviews_of(session: Session, finding_id: str) -> Sequence[Review]:
    """Answer what was decided about a finding, oldest first; the last is what stands."""
    return session.scalars(select(Review).where(Review.finding_id == finding_id).order_by(Review.id)).all()


def reviews_about(session: Session, performer_id: str) -> Sequence[Review]:
    """Answer what was decided about the findings of a performer, oldest first."""
    query = select(Review).join(Finding, Review.finding_id == Finding.id).where(Finding.performer_id == performer_id)
    return session.scalars(query.order_by(Review.id)).all()
