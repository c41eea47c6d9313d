"""Signed checkpoints of the journal, and what witnesses said of them. The database refuses to change either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.errors import DuplicateError
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Id, Sha256, UtcDateTime


class JournalCheckpoint(Base):
    """The journal at one size, as it was signed: there is one for a size, or none."""

    __tablename__ = "journal_checkpoints"

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    root_sha256: Mapped[str] = mapped_column(Sha256)
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("size >= 0", name="size_not_negative"),)


class JournalCosignature(Base):
    """What a witness has said of a checkpoint; the first that came of each."""

    __tablename__ = "journal_cosignatures"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    size: Mapped[int] = mapped_column(ForeignKey("journal_checkpoints.size"))
    witness: Mapped[str] = mapped_column(String(300))
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("size", "witness"),)


def last_checkpoint(session: Session) -> JournalCheckpoint | None:
    """Answer the checkpoint of the largest size."""
    return session.scalars(select(JournalCheckpoint).order_by(JournalCheckpoint.size.desc()).limit(1)).first()


def checkpoint_at(session: Session, size: int) -> JournalCheckpoint | None:
    """Answer the checkpoint of a size."""
    return session.get(JournalCheckpoint, size)


def page_of_checkpoints(session: Session, *, after: int, limit: int) -> Sequence[JournalCheckpoint]:
    """Answer checkpoints by size, behind a size."""
    query = select(JournalCheckpoint).where(JournalCheckpoint.size > after)
    return session.scalars(query.order_by(JournalCheckpoint.size).limit(limit)).all()


def keep_checkpoint(session: Session, size: int, root_sha256: str, note: str, signed_at: datetime) -> None:
    """Keep a checkpoint, unless there is one of its size: who was first has signed the same tree."""
    values = {"size": size, "root_sha256": root_sha256, "note": note, "signed_at": signed_at}
    upsert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    session.execute(upsert(JournalCheckpoint).values(values).on_conflict_do_nothing(index_elements=["size"]))


def keep_cosignatures(session: Session, cosignatures: Sequence[JournalCosignature]) -> None:
    """Keep what witnesses have said.

    Raises:
        DuplicateError: somebody has kept one of them since.
    """
    session.add_all(cosignatures)
    try:
        session.flush()
    except IntegrityError as error:
        raise DuplicateError("one of these cosignatures was kept meanwhile") from error


def cosignatures_of(session: Session, sizes: Sequence[int]) -> dict[int, list[JournalCosignature]]:
    """Answer the cosignatures of checkpoints by size, in the order of their witnesses' names."""
    found: dict[int, list[JournalCosignature]] = {}
    for part in in_parts(sizes):
        query = select(JournalCosignature).where(JournalCosignature.size.in_(part))
        for each in session.scalars(query.order_by(JournalCosignature.size, JournalCosignature.witness)):
            found.setdefault(each.size, []).append(each)
    return found
