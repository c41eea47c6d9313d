"""Sessions of people who signed in. Only a hash of each is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from registry.domain.sign_in import SignInMethod
from registry.store.accounts import Account
from registry.store.base import Base
from registry.store.types import Id, Sha256, UtcDateTime, text_enum


class SignInSession(Base):
    """That somebody is signed in, in one browser.

    ``opened_by_sha256`` is the digest of the link, or of the state of the flow, that it was opened by: each opens one.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    secret_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    method: Mapped[SignInMethod] = mapped_column(text_enum(SignInMethod))
    identity_id: Mapped[str | None] = mapped_column(ForeignKey("identities.id"), index=True)
    opened_by_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        CheckConstraint("length(secret_sha256) = 64", name="secret_is_a_digest"),
    )


def opened_by(session: Session, opened_by_sha256: str) -> SignInSession | None:
    """Find the session that something has opened already."""
    return session.scalars(
        select(SignInSession).where(SignInSession.opened_by_sha256 == opened_by_sha256)
    ).one_or_none()


def sessions_of(session: Session, account_id: str, *, after: str | None, limit: int) -> Sequence[SignInSession]:
    """Answer up to ``limit`` sessions of an account after an id, oldest first."""
    query = select(SignInSession).where(SignInSession.account_id == account_id).order_by(SignInSession.id).limit(limit)
    if after is not None:
        query = query.where(SignInSession.id > after)
    return session.scalars(query).all()


def end_sessions_of(session: Session, account_id: str, now: datetime) -> int:
    """End every session of an account that has not ended, and answer how many there were."""
    going_on = (SignInSession.account_id == account_id, SignInSession.ended_at.is_(None))
    return _end(session, *going_on, now=now)


def end_sessions_by(session: Session, identity_id: str, now: datetime) -> int:
    """End every session that was opened by an identity, take the identity off all of them; answer how many ended."""
    by_it = SignInSession.identity_id == identity_id
    ended = _end(session, by_it, SignInSession.ended_at.is_(None), now=now)
    session.execute(update(SignInSession).where(by_it).values(identity_id=None))
    return ended


def _end(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    ids = session.scalars(select(SignInSession.id).where(*which, SignInSession.expires_at > now)).all()
    session.execute(update(SignInSession).where(*which).values(ended_at=now))
    return len(ids)


def forget_sessions(session: Session, before: datetime) -> None:
    """Delete the sessions whose time was over before a moment."""
    session.execute(delete(SignInSession).where(SignInSession.expires_at < before))
