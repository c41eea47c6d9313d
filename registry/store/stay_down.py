"""Stay-down: hashes of the recordings that served notices are about. No relation to anybody's voice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.stay_down import EntryEnding
from registry.store.base import Base
from registry.store.types import Bytes, Id, Sha256, UtcDateTime, text_enum


class StayDownEntry(Base):
    """One recording that a served notice is about: its digest, and the fingerprint of its sound where there is one.

    ``fingerprint`` is erased when the entry ends.
    """

    __tablename__ = "stay_down_entries"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    content_sha256: Mapped[str] = mapped_column(Sha256, index=True)
    fingerprint: Mapped[bytes | None] = mapped_column(Bytes, deferred=True)
    algorithm: Mapped[str | None] = mapped_column(String(40))
    listed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    listed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending: Mapped[EntryEnding | None] = mapped_column(text_enum(EntryEnding))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("(fingerprint IS NULL) = (algorithm IS NULL)", name="fingerprint_has_an_algorithm"),
        CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="ended_in_some_way"),
        CheckConstraint("ended_at IS NULL OR fingerprint IS NULL", name="ended_without_a_fingerprint"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "notice_id", "id"),
    )


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(StayDownEntry.ended_at.is_(None), StayDownEntry.ends_at > now)


def entries_of_notice(session: Session, notice_id: str) -> Sequence[StayDownEntry]:
    """Answer every entry of a notice, oldest first."""
    query = select(StayDownEntry).where(StayDownEntry.notice_id == notice_id).order_by(StayDownEntry.id)
    return session.scalars(query).all()


def entries_of_case(session: Session, case_id: str) -> Sequence[StayDownEntry]:
    """Answer the entries of a case that have not ended, oldest first; locked where the transaction writes."""
    query = select(StayDownEntry).where(StayDownEntry.case_id == case_id, StayDownEntry.ended_at.is_(None))
    return session.scalars(query.order_by(StayDownEntry.id)).all()


def entries_of_file(session: Session, content_sha256: str, now: datetime) -> Sequence[StayDownEntry]:
    """Answer the entries in force of a very file, oldest first."""
    query = select(StayDownEntry).where(StayDownEntry.content_sha256 == content_sha256, _in_force(now))
    return session.scalars(query.order_by(StayDownEntry.id)).all()


def fingerprints_in_force(session: Session, algorithm: str, now: datetime) -> Sequence[tuple[str, str, str, bytes]]:
    """Answer id, notice, digest and fingerprint of each entry in force that has one by an algorithm, oldest first."""
    columns = (StayDownEntry.id, StayDownEntry.notice_id, StayDownEntry.content_sha256, StayDownEntry.fingerprint)
    query = select(*columns).where(StayDownEntry.algorithm == algorithm, _in_force(now)).order_by(StayDownEntry.id)
    return [(entry, notice, digest, kept or b"") for entry, notice, digest, kept in session.execute(query)]
