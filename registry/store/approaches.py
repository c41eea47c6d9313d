"""Approaches that performers have recorded. Rows are written once and never changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import approaches as rules
from registry.domain.approaches import ApproachOutcome
from registry.store.base import Base
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class Approach(Base):
    """One entry: who asked a performer, for what, and what they answered."""

    __tablename__ = "approaches"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    studio_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    studio_name: Mapped[str] = mapped_column(String(200))
    asked_on: Mapped[date]
    purposes: Mapped[list[str]] = mapped_column(Json)
    scope: Mapped[str] = mapped_column(Text)
    outcome: Mapped[ApproachOutcome] = mapped_column(text_enum(ApproachOutcome))
    evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    amends_id: Mapped[str | None] = mapped_column(ForeignKey("approaches.id"), unique=True)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("outcome <> 'retracted' OR amends_id IS NOT NULL", name="only_amendments_retract"),
        Index(None, "performer_id", "id"),
    )

    def value(self) -> rules.Approach:
        """Answer the entry as the rules take it."""
        return rules.Approach(
            id=self.id,
            performer_id=self.performer_id,
            studio_id=self.studio_id,
            studio_name=self.studio_name,
            asked_on=self.asked_on,
            outcome=self.outcome,
            recorded_at=self.recorded_at,
            amends_id=self.amends_id,
        )


def approaches_to(session: Session, performer_ids: Collection[str]) -> Sequence[Approach]:
    """Answer every entry of some performers, oldest first."""
    query = select(Approach).where(Approach.performer_id.in_(performer_ids)).order_by(Approach.id)
    return session.scalars(query).all()


def page_of_approaches(session: Session, performer_id: str, *, after: str | None, limit: int) -> Sequence[Approach]:
    """Answer up to ``limit`` entries of a performer after an id, oldest first."""
    query = select(Approach).where(Approach.performer_id == performer_id).order_by(Approach.id).limit(limit)
    if after is not None:
        query = query.where(Approach.id > after)
    return session.scalars(query).all()


def amendment_of(session: Session, approach_id: str) -> Approach | None:
    """Answer the entry that has taken the place of this one, if there is one."""
    return session.scalars(select(Approach).where(Approach.amends_id == approach_id)).one_or_none()
