"""Performers, who acts for them, and their keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, cast, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from registry.domain.accounts import RepresentativeKind
from registry.domain.consents import Modality
from registry.domain.performers import IdentityAssurance
from registry.store.accounts import Account
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class Performer(Base):
    """A person whose voice and face are protected.

    Of the birth date a keyed digest is kept, and beside it, for a minor only, the day of age.
    """

    __tablename__ = "performers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    identity_assurance: Mapped[IdentityAssurance] = mapped_column(text_enum(IdentityAssurance))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), unique=True)
    birth_date_commitment: Mapped[str | None] = mapped_column(Sha256)
    birth_evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    adult_on: Mapped[date | None]
    died_on: Mapped[date | None]
    death_evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    namesake_evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])

    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("adult_on IS NULL OR birth_date_commitment IS NOT NULL", name="age_with_its_birth_date"),
        CheckConstraint("(died_on IS NULL) = (death_evidence_sha256 IS NULL)", name="death_with_its_evidence"),
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

    Deleting the row is what erasure is: without it the ciphertexts cannot be opened. A backup from before has the row,
    and opens them only together with the keyring (``docs/decisions/0004``).
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


class Tombstone(Base):
    """The note that somebody asked to be forgotten: what they had been told, and when."""

    __tablename__ = "tombstones"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    text_id: Mapped[str] = mapped_column(String(120))
    text_sha256: Mapped[str] = mapped_column(Sha256)
    names: Mapped[int]
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("names >= 1", name="at_least_one_name"),)


class RefusedName(Base):
    """A name under which nobody is registered or enrolled, as a keyed digest that cannot be read."""

    __tablename__ = "refused_names"

    tombstone_id: Mapped[str] = mapped_column(ForeignKey("tombstones.id"), primary_key=True)
    name_digest: Mapped[str] = mapped_column(Sha256, primary_key=True, index=True)


def is_refused(session: Session, name_digest: str) -> bool:
    """Whether somebody of this name has asked to be forgotten, and has not taken it back."""
    query = (
        select(RefusedName.name_digest)
        .join(Tombstone)
        .where(RefusedName.name_digest == name_digest, Tombstone.lifted_at.is_(None))
    )
    return session.scalars(query.limit(1)).first() is not None


def tombstone_of(session: Session, performer_id: str) -> Tombstone | None:
    """Find the note that a performer asked to be forgotten, unless it was lifted."""
    query = select(Tombstone).where(Tombstone.performer_id == performer_id, Tombstone.lifted_at.is_(None))
    return session.scalars(query).one_or_none()


def tombstones_of(session: Session, performer_id: str) -> Sequence[Tombstone]:
    """Answer every note that a performer asked to be forgotten, the lifted ones too, oldest first."""
    query = select(Tombstone).where(Tombstone.performer_id == performer_id).order_by(Tombstone.id)
    return session.scalars(query).all()


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


def lock_performers(session: Session, performer_ids: Sequence[str]) -> None:
    """Lock some performers until the transaction ends, in the order of their ids: no two wait for each other."""
    for part in in_parts(sorted(performer_ids)):
        query = select(Performer.id).where(Performer.id.in_(part)).order_by(Performer.id).with_for_update()
        session.scalars(query).all()


def mandates_of(session: Session, account_id: str, now: datetime) -> Sequence[Representative]:
    """Answer the mandates that an account holds at ``now``."""
    query = select(Representative).where(
        Representative.account_id == account_id,
        Representative.dismissed_at.is_(None),
        Representative.expires_at > now,
    )
    return session.scalars(query).all()


def mandates_for(
    session: Session, performer_id: str, kind: RepresentativeKind, now: datetime
) -> Sequence[Representative]:
    """Answer the mandates of a kind that are held for a performer at ``now``."""
    query = select(Representative).where(
        Representative.performer_id == performer_id,
        Representative.kind == kind,
        Representative.dismissed_at.is_(None),
        Representative.expires_at > now,
    )
    return session.scalars(query).all()


def representatives_of(session: Session, performer_id: str) -> Sequence[Representative]:
    """Answer everybody who ever acted for a performer, oldest first."""
    query = select(Representative).where(Representative.performer_id == performer_id).order_by(Representative.id)
    return session.scalars(query).all()


def keys_of(session: Session, performer_ids: Collection[str], modality: Modality) -> Mapping[str, tuple[str, bytes]]:
    """Answer the keys of some performers for a modality, by performer: the id of the wrapping key, and what it wrapped.

    Who has no key, or no more, is not in it.
    """
    query = select(PerformerKey.performer_id, PerformerKey.master_key_id, cast(PerformerKey.wrapped_key, Bytes)).where(
        PerformerKey.performer_id.in_(performer_ids), PerformerKey.modality == modality.value
    )
    return {performer_id: (master_key_id, wrapped) for performer_id, master_key_id, wrapped in session.execute(query)}


def put_keys_back(session: Session, keys: Sequence[PerformerKey]) -> None:
    """Write keys as a backup had them, in the caller's transaction."""
    session.add_all(keys)
    session.flush()


def count_key_holders(session: Session, modality: Modality) -> int:
    """Answer how many performers have a key for a modality."""
    query = select(func.count()).where(PerformerKey.modality == modality.value)
    return session.scalar(query) or 0


def key_holders(session: Session, modality: Modality) -> Sequence[str]:
    """Answer the ids of every performer who has a key for a modality, sorted."""
    query = select(PerformerKey.performer_id).where(PerformerKey.modality == modality.value)
    return session.scalars(query.order_by(PerformerKey.performer_id)).all()
