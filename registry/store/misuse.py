"""Strikes for misuse of notices, and limits that people have decided on, of claimants and respondents alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.cases import CaseSide
from registry.domain.misuse import ContestAnswer, MisuseGround
from registry.store.base import Base
from registry.store.types import Id, UtcDateTime, text_enum


class MisuseStrike(Base):
    """What counts against a side, as a person has written it down about something that the records show."""

    __tablename__ = "misuse_strikes"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    performer_id: Mapped[str | None] = mapped_column(ForeignKey("performers.id"))
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    ground: Mapped[MisuseGround] = mapped_column(text_enum(MisuseGround))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    notice_id: Mapped[str | None] = mapped_column(ForeignKey("notices.id"))
    reason: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    contested_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    contested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contest_reason: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[ContestAnswer | None] = mapped_column(text_enum(ContestAnswer))
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("(performer_id IS NULL) <> (organisation_id IS NULL)", name="against_one_side"),
        CheckConstraint("(side = 'complainant') = (performer_id IS NOT NULL)", name="against_a_claimant"),
        CheckConstraint("(contested_at IS NULL) = (contested_by IS NULL)", name="contested_by_somebody"),
        CheckConstraint("answer IS NULL OR contested_at IS NOT NULL", name="answered_once_contested"),
        CheckConstraint("answered_by IS NULL OR answered_by <> recorded_by", name="answered_by_another"),
        CheckConstraint("(answer IS NULL) = (answered_by IS NULL)", name="answered_by_somebody"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "performer_id", "id"),
        Index(None, "organisation_id", "id"),
    )

    def counts(self, now: datetime) -> bool:
        """Whether it is in force: neither expired nor lifted."""
        return now < self.expires_at and self.answer is not ContestAnswer.LIFTED


class MisuseLimit(Base):
    """That a person has decided that what a side asks for takes two operators, for a time."""

    __tablename__ = "misuse_limits"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    performer_id: Mapped[str | None] = mapped_column(ForeignKey("performers.id"))
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    strikes: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lift_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("(performer_id IS NULL) <> (organisation_id IS NULL)", name="of_one_side"),
        CheckConstraint("(side = 'complainant') = (performer_id IS NOT NULL)", name="of_a_claimant"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted_by_somebody"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "performer_id", "id"),
        Index(None, "organisation_id", "id"),
    )

    def holds(self, now: datetime) -> bool:
        """Whether it is in force: neither over nor lifted."""
        return now < self.ends_at and self.lifted_at is None


Kept = TypeVar("Kept", MisuseStrike, MisuseLimit)


def page_of_misuse(
    session: Session,
    table: type[Kept],
    *,
    performer_ids: Collection[str] | None,
    organisation_id: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Kept]:
    """Answer up to ``limit`` strikes, or limits, before an id, newest first: one's own, or everybody's for None."""
    query = select(table).order_by(table.id.desc()).limit(limit)
    if performer_ids is not None or organisation_id is not None:
        own = table.performer_id.in_(performer_ids or ())
        query = query.where(own if organisation_id is None else or_(own, table.organisation_id == organisation_id))
    if after is not None:
        query = query.where(table.id < after)
    return session.scalars(query).all()


def misuse_of(
    session: Session, table: type[Kept], *, performer_id: str | None = None, organisation_id: str | None = None
) -> Sequence[Kept]:
    """Answer every strike, or limit, of one party, oldest first."""
    party = table.organisation_id == organisation_id if performer_id is None else table.performer_id == performer_id
    return session.scalars(select(table).where(party).order_by(table.id)).all()


def strike_about(session: Session, ground: MisuseGround, *, case_id: str, notice_id: str | None) -> MisuseStrike | None:
    """Answer the strike that was written down for a ground about a notice, or about a case, or None."""
    query = select(MisuseStrike).where(MisuseStrike.ground == ground, MisuseStrike.case_id == case_id)
    return session.scalars(query.where(MisuseStrike.notice_id == notice_id).limit(1)).first()
