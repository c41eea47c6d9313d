"""Answers given under an Idempotency-Key, kept so that a retry gets the same one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text, cast, delete, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import Json, Sha256, UtcDateTime

KEPT_FOR = timedelta(hours=24)
"""How long an answer, or the note that there should have been one, is kept."""

_RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Deed:
    """What is being done under a key.

    Attributes:
        account_id: whose key it is.
        key: as sent.
        began_at: since when; by this it is told from a later request that was given the key after it.
    """

    account_id: str
    key: str
    began_at: datetime


class IdempotentAnswer(Base):
    """One request made under a key.

    While ``status`` is empty there is no answer; then ``body`` is empty, too, until something of the request is
    committed, and from then on says in ``records`` of what.
    """

    __tablename__ = "idempotent_answers"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(Sha256)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[dict[str, object] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def noted(row: IdempotentAnswer) -> Sequence[str]:
    """Answer the ids of what was committed of a request that has no answer."""
    found = (row.body or {}).get(_RECORDS, [])
    return [str(each) for each in found] if isinstance(found, list) else []


def note_deed(session: Session, deed: Deed, record_ids: Collection[str], now: datetime) -> bool:
    """Note in the transaction of a deed itself what it has done; from its commit on it is never done again.

    Returns:
        False when the key is not this deed's any more: then it must not be committed.
    """
    row = session.get(IdempotentAnswer, (deed.account_id, deed.key), with_for_update=True)
    if row is None or row.created_at != deed.began_at:
        return False
    row.body = {_RECORDS: list(dict.fromkeys([*noted(row), *record_ids]))}
    row.expires_at = now + KEPT_FOR
    return True


def forget_expired(session: Session, now: datetime) -> None:
    """Delete the answers whose time is over."""
    session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.expires_at <= now))


def forget_about(session: Session, record_ids: Collection[str]) -> None:
    """Delete the answers that are about any of some records: whatever was said of them is not said again."""
    said = cast(IdempotentAnswer.body, Text)
    session.execute(delete(IdempotentAnswer).where(or_(*(said.contains(each, autoescape=True) for each in record_ids))))
