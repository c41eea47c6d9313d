"""Purges that two operators agreed on, and how far each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.purges import PurgeState
from registry.store.base import Base
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum

_RUNNING = text("state = 'running'")


class Purge(Base):
    """One purge. At most one runs at a time, which the database sees to.

    ``destroyed`` counts records by rule as the proposal counted them; ``records`` counts what certificates count, which
    is what went with these as well.
    """

    __tablename__ = "purges"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"), unique=True)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    schedule_sha256: Mapped[str] = mapped_column(Sha256)
    due: Mapped[Mapping[str, int]] = mapped_column(Json)
    state: Mapped[PurgeState] = mapped_column(text_enum(PurgeState), default=PurgeState.RUNNING)
    destroyed: Mapped[Mapping[str, int]] = mapped_column(Json)
    records: Mapped[int] = mapped_column(default=0)
    certificates: Mapped[int] = mapped_column(default=0)
    approved_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    approved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    problem: Mapped[Mapping[str, Any] | None] = mapped_column(Json)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="runs_until_it_ends"),
        CheckConstraint("(state = 'stopped') = (stopped_by IS NOT NULL)", name="stopped_by_somebody"),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="failed_for_a_reason"),
        CheckConstraint("records >= 0 AND certificates >= 0", name="counted"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index("ix_purges_running", "state", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )


def page_of_purges(session: Session, *, after: str | None, limit: int) -> Sequence[Purge]:
    """Answer up to ``limit`` purges before one, newest first."""
    query = select(Purge).order_by(Purge.id.desc()).limit(limit)
    if after is not None:
        query = query.where(Purge.id < after)
    return session.scalars(query).all()


def running(session: Session) -> Purge | None:
    """Answer the purge that runs, if one does."""
    return session.scalars(select(Purge).where(Purge.state == PurgeState.RUNNING)).one_or_none()


def purge_of(session: Session, proposal_id: str) -> Purge | None:
    """Answer the purge that a proposal led to, if it did."""
    return session.scalars(select(Purge).where(Purge.proposal_id == proposal_id)).one_or_none()
