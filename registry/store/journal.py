"""The journal's rows: leaves that are kept for good, and their openings, which can be erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime


class JournalEntry(Base):
    """One leaf. Its bytes commit to the details without holding them."""

    __tablename__ = "journal_entries"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    type: Mapped[str] = mapped_column(String(60), index=True)
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    leaf: Mapped[bytes] = mapped_column(Bytes)
    leaf_sha256: Mapped[str] = mapped_column(Sha256)

    __table_args__ = ({"sqlite_autoincrement": True},)


class JournalOpening(Base):
    """What opens one leaf's commitment: salt and details."""

    __tablename__ = "journal_openings"

    seq: Mapped[int] = mapped_column(ForeignKey("journal_entries.seq"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(Bytes)
    details: Mapped[dict[str, object]] = mapped_column(Json)


def append(
    session: Session,
    *,
    event_type: str,
    subject_id: str,
    at: datetime,
    leaf: bytes,
    leaf_sha256: str,
    salt: bytes,
    details: dict[str, object],
) -> int:
    """Write one leaf and its opening in the caller's transaction, and answer the leaf's sequence number."""
    entry = JournalEntry(type=event_type, subject_id=subject_id, at=at, leaf=leaf, leaf_sha256=leaf_sha256)
    session.add(entry)
    session.flush()
    session.add(JournalOpening(seq=entry.seq, salt=salt, details=details))
    return entry.seq
