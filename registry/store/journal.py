"""The journal's rows: leaves that are kept for good, and their openings, which can be erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.parts import in_parts
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


@dataclass(frozen=True, slots=True)
class OpenedLeaf:
    """One leaf, with what opens it; salt and details are None once that was erased."""

    seq: int
    type: str
    subject_id: str
    at: datetime
    leaf: str
    leaf_sha256: str
    salt: bytes | None
    details: dict[str, object] | None


def opened_leaves(session: Session, subject_ids: Sequence[str]) -> list[OpenedLeaf]:
    """Answer every leaf about some records, in the order in which they were written."""
    found = []
    for part in in_parts(subject_ids):
        query = (
            select(JournalEntry, JournalOpening)
            .outerjoin(JournalOpening, JournalOpening.seq == JournalEntry.seq)
            .where(JournalEntry.subject_id.in_(part))
        )
        found += [
            OpenedLeaf(
                seq=entry.seq,
                type=entry.type,
                subject_id=entry.subject_id,
                at=entry.at,
                leaf=entry.leaf.decode(),
                leaf_sha256=entry.leaf_sha256,
                salt=None if opening is None else opening.salt,
                details=None if opening is None else opening.details,
            )
            for entry, opening in session.execute(query)
        ]
    return sorted(found, key=lambda each: each.seq)
