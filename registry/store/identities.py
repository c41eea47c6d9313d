"""Identities at a provider, each connected to one account. Who it is there is kept as a keyed digest only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import Id, Sha256, UtcDateTime


class Identity(Base):
    """That somebody at a provider is somebody here."""

    __tablename__ = "identities"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject_digest: Mapped[str] = mapped_column(Sha256, unique=True)
    connected_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    connected_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("length(subject_digest) = 64", name="subject_is_a_digest"),)


def identity_with(session: Session, subject_digest: str) -> Identity | None:
    """Find the identity with a digest."""
    return session.scalars(select(Identity).where(Identity.subject_digest == subject_digest)).one_or_none()


def lock_identity(session: Session, identity_id: str) -> Identity | None:
    """Find an identity, and keep others from signing in by it until this transaction ends."""
    return session.get(Identity, identity_id, with_for_update=True)


def identities_of(session: Session, account_id: str, *, after: str | None, limit: int) -> Sequence[Identity]:
    """Answer up to ``limit`` identities of an account after an id, oldest first."""
    query = select(Identity).where(Identity.account_id == account_id).order_by(Identity.id).limit(limit)
    if after is not None:
        query = query.where(Identity.id > after)
    return session.scalars(query).all()
