"""Answers given under an Idempotency-Key, kept so that a retry gets the same one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, cast, delete, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import Json, Sha256, UtcDateTime


class IdempotentAnswer(Base):
    """One request made under a key; the answer is empty while the first one is still being worked on."""

    __tablename__ = "idempotent_answers"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(Sha256)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[dict[str, object] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def forget_expired(session: Session, now: datetime) -> None:
    """Delete the answers whose time is over."""
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.expires_at <= now))


def forget_about(session: Session, record_ids: Collection[str]) -> None:
    """Delete the answers that are about any of some records: whatever was said of them is not said again."""
    said = cast(IdempotentAnswer.body, Text)
    session.execute(delete(IdempotentAnswer).where(or_(*(said.contains(each, autoescape=True) for each in record_ids))))
