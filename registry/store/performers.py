"""Performers, who acts for them, and their keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from registry.domain.accounts import RepresentativeKind
from registry.domain.performers import IdentityAssurance
from registry.store.accounts import Account
from registry.store.base import Base
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class Performer(Base):
    """A person whose voice and face are protected."""

    __tablename__ = "performers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    identity_assurance: Mapped[IdentityAssurance] = mapped_column(text_enum(IdentityAssurance))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), unique=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])

    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("version >= 1", name="version_positive"),
    )


class Representative(Base):
    """An account that acts for a performer, within a scope and a term."""

    __tablename__ = "representatives"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[RepresentativeKind] = mapped_column(text_enum(RepresentativeKind))
    scopes: Mapped[list[str]] = mapped_column(Json)
    evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_after_creation"),)


class PerformerKey(Base):
    """The key that seals a performer's voiceprints, wrapped by a master key.

    Deleting the row is what erasure is: without it no copy of the ciphertexts, in any backup, can be opened.
    """

    __tablename__ = "performer_keys"

    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), primary_key=True)
    modality: Mapped[str] = mapped_column(String(10), primary_key=True)
    master_key_id: Mapped[str] = mapped_column(String(40))
    wrapped_key: Mapped[bytes] = mapped_column(Bytes)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KeyDestruction(Base):
    """The proof that a key was destroyed: what is left of a template after withdrawal."""

    __tablename__ = "key_destructions"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    modality: Mapped[str] = mapped_column(String(10))
    destroyed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voiceprints: Mapped[int]
    commitment: Mapped[str] = mapped_column(Sha256)
    salt: Mapped[bytes] = mapped_column(Bytes)

    __table_args__ = (UniqueConstraint("commitment"), CheckConstraint("voiceprints >= 0", name="voiceprints_counted"))


def page_of_performers(
    session: Session, *, among: Collection[str] | None, after: str | None, limit: int
) -> Sequence[Performer]:
    """Answer up to ``limit`` performers after an id, oldest first; only those in ``among`` when it is given."""
    query = select(Performer).order_by(Performer.id).limit(limit)
    if among is not None:
        query = query.where(Performer.id.in_(among))
    if after is not None:
        query = query.where(Performer.id > after)
    return session.scalars(query).all()


def performer_of_account(session: Session, account_id: str) -> Performer | None:
    """Find the performer that an account is."""
    return session.scalars(select(Performer).where(Performer.account_id == account_id)).one_or_none()


def mandates_of(session: Session, account_id: str, now: datetime) -> Sequence[Representative]:
    """Answer the mandates that an account holds at ``now``."""
    query = select(Representative).where(
        Representative.account_id == account_id,
        Representative.dismissed_at.is_(None),
        Representative.expires_at > now,
    )
    return session.scalars(query).all()


def representatives_of(session: Session, performer_id: str) -> Sequence[Representative]:
    """Answer everybody who ever acted for a performer, oldest first."""
    query = select(Representative).where(Representative.performer_id == performer_id).order_by(Representative.id)
    return session.scalars(query).all()
