"""Restorations of the journal, and time stamps of its checkpoints. The database refuses to change either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.journal_checkpoints import JournalCheckpoint
from registry.store.types import Bytes, Id, UtcDateTime


class JournalRestoration(Base):
    """Behind how many leaves the journal goes by which name, because everything was restored from a backup.

    The leaf about it, whose subject is ``id``, says what was restored, and what is known to be lost.
    """

    __tablename__ = "journal_restorations"

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id)
    origin: Mapped[str] = mapped_column(String(250))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("id"),)


class JournalTimestamp(Base):
    """What a time-stamping authority has said of a checkpoint: the response as it came (RFC 3161)."""

    __tablename__ = "journal_timestamps"

    size: Mapped[int] = mapped_column(
        Integer, ForeignKey("journal_checkpoints.size"), primary_key=True, autoincrement=False
    )
    response: Mapped[bytes] = mapped_column(Bytes)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


def restorations(session: Session) -> Sequence[JournalRestoration]:
    """Answer every restoration, oldest first; there are few."""
    return session.scalars(select(JournalRestoration).order_by(JournalRestoration.size)).all()


def statements(session: Session) -> Sequence[tuple[int, bytes, dict[str, object]]]:
    """Answer number, salt and details of every leaf that says what was restored."""
    query = (
        select(JournalOpening.seq, JournalOpening.salt, JournalOpening.details)
        .join(JournalEntry, JournalEntry.seq == JournalOpening.seq)
        .join(JournalRestoration, JournalRestoration.id == JournalEntry.subject_id)
    )
    return [(seq, salt, details) for seq, salt, details in session.execute(query.order_by(JournalOpening.seq))]


def checkpoint_to_stamp(session: Session) -> JournalCheckpoint | None:
    """Answer the newest checkpoint, unless it has its time stamp."""
    newest = session.scalars(select(JournalCheckpoint).order_by(JournalCheckpoint.size.desc()).limit(1)).first()
    if newest is None or session.get(JournalTimestamp, newest.size) is not None:
        return None
    return newest


def every_timestamp(session: Session) -> Sequence[tuple[int, bytes]]:
    """Answer size and response of every time stamp, by size."""
    query = select(JournalTimestamp.size, JournalTimestamp.response).order_by(JournalTimestamp.size)
    return [(size, response) for size, response in session.execute(query)]
