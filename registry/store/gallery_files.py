"""Gallery files that were issued, and who is in each: by an id that is of one file alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    and_,
    delete,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from registry.domain import gallery_files as rules
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.explanations.topics import Topic
from registry.domain.gallery_files import FileState, SearchPurpose
from registry.store.base import Base
from registry.store.consents import Consent, Explanation
from registry.store.parts import in_parts
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class GalleryFile(Base):
    """One gallery file. Of the file itself nothing is kept but its digest, unless it is on offer.

    Attributes:
        offered_bytes: size of the copy that its organisation may fetch; None where none is kept, or none any more.
        fetched_at: when they first did.
    """

    __tablename__ = "gallery_files"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    purpose: Mapped[SearchPurpose] = mapped_column(text_enum(SearchPurpose))
    state: Mapped[FileState] = mapped_column(text_enum(FileState))
    key_thumbprint: Mapped[str] = mapped_column(String(43), index=True)
    told: Mapped[list[str]] = mapped_column(Json)
    spaces: Mapped[list[str]] = mapped_column(Json)
    calibration: Mapped[str] = mapped_column(String(80))
    performers: Mapped[int]
    sealed_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    status_interval_s: Mapped[int]
    issued_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_bytes: Mapped[int | None] = mapped_column(BigInteger)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("performers >= 1", name="somebody_is_in_it"),
        CheckConstraint("status_interval_s > 0", name="status_interval_positive"),
        CheckConstraint("expires_at > issued_at", name="ends_after_issue"),
        Index(None, "organisation_id", "id"),
    )


class GalleryEntry(Base):
    """One performer in one file. The id is drawn for this file alone, and says nothing to whoever has another."""

    __tablename__ = "gallery_entries"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("gallery_files.id"), index=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"))

    __table_args__ = (Index("uq_gallery_entries_once_in_a_file", "file_id", "performer_id", unique=True),)

    def value(self) -> rules.Entry:
        """Answer the entry as the rules take it."""
        return rules.Entry(self.id, self.performer_id, self.consent_id)


def add_entries(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write who is in a file, in the caller's transaction."""
    for some in in_parts(rows):
        session.execute(insert(GalleryEntry), list(some))


def files_named(session: Session, file_ids: Collection[str], organisation_id: str | None) -> Sequence[GalleryFile]:
    """Answer those of some ids that there are, of one organisation where it is given, oldest first."""
    query = select(GalleryFile).where(GalleryFile.id.in_(file_ids)).order_by(GalleryFile.id)
    if organisation_id is not None:
        query = query.where(GalleryFile.organisation_id == organisation_id)
    return session.scalars(query).all()


def page_of_files(
    session: Session, *, organisation_id: str | None, after: str | None, limit: int
) -> Sequence[GalleryFile]:
    """Answer files after an id, newest first, of one organisation where it is given."""
    query = select(GalleryFile).order_by(GalleryFile.id.desc()).limit(limit)
    if organisation_id is not None:
        query = query.where(GalleryFile.organisation_id == organisation_id)
    if after is not None:
        query = query.where(GalleryFile.id < after)
    return session.scalars(query).all()


def dropped_from(session: Session, file_ids: Collection[str], now: datetime) -> Mapping[str, int]:
    """Answer how many in each of some files may not be searched any more; a file without any is left out.

    It is what `registry.domain.gallery_files.stands` decides, of a million entries without reading them: an entry
    counts as long as its consent is a yes in force, and is what the performer said last about monitoring their voice.
    """
    given, other = aliased(Consent), aliased(Consent)
    in_force = and_(
        given.decision == ConsentDecision.GIVEN,
        given.state == ConsentState.ACTIVE,
        or_(given.expires_at.is_(None), given.expires_at > now),
    )
    said_later = exists().where(
        other.performer_id == GalleryEntry.performer_id,
        other.purpose == ConsentPurpose.MONITORING,
        other.modality == Modality.VOICE,
        other.signed_at.is_not(None),
        tuple_(func.coalesce(other.withdrawn_at, other.signed_at), other.signed_at, other.id)
        > tuple_(given.signed_at, given.signed_at, given.id),
    )
    query = (
        select(GalleryEntry.file_id, func.count().label("dropped"))
        .join(given, given.id == GalleryEntry.consent_id)
        .where(GalleryEntry.file_id.in_(file_ids), or_(not_(in_force), said_later))
        .group_by(GalleryEntry.file_id)
    )
    return {row.file_id: row.dropped for row in session.execute(query)}


def lock_file(session: Session, file_id: str) -> None:
    """Keep everybody else from changing a file until the transaction ends."""
    session.execute(select(GalleryFile.id).where(GalleryFile.id == file_id).with_for_update())


def offers_with(session: Session, performer_id: str) -> Sequence[GalleryFile]:
    """Answer the files on offer that have a performer, locked, oldest first."""
    inside = select(GalleryEntry.file_id).where(GalleryEntry.performer_id == performer_id)
    query = select(GalleryFile).where(GalleryFile.offered_bytes.is_not(None), GalleryFile.id.in_(inside))
    return session.scalars(query.order_by(GalleryFile.id).with_for_update()).all()


def offers_past(session: Session, now: datetime) -> Sequence[GalleryFile]:
    """Answer the files on offer whose term is over, locked, oldest first."""
    query = select(GalleryFile).where(GalleryFile.offered_bytes.is_not(None), GalleryFile.expires_at <= now)
    return session.scalars(query.order_by(GalleryFile.id).with_for_update(skip_locked=True)).all()


def entries_of(session: Session, file_id: str) -> Sequence[rules.Entry]:
    """Answer who is in a file, by opaque id."""
    query = select(GalleryEntry).where(GalleryEntry.file_id == file_id).order_by(GalleryEntry.id)
    return [entry.value() for entry in session.scalars(query)]


def entries_about(session: Session, performer_id: str) -> Sequence[GalleryEntry]:
    """Answer every entry of a performer, oldest file first."""
    query = select(GalleryEntry).where(GalleryEntry.performer_id == performer_id).order_by(GalleryEntry.file_id)
    return session.scalars(query).all()


def files_with(session: Session, performer_id: str, since: datetime) -> Sequence[GalleryFile]:
    """Answer the files that have a performer, were issued until ``since``, and had not ended then, oldest first."""
    query = (
        select(GalleryFile)
        .join(GalleryEntry, GalleryEntry.file_id == GalleryFile.id)
        .where(
            GalleryEntry.performer_id == performer_id,
            GalleryFile.state != FileState.VOID,
            GalleryFile.issued_at <= since,
            GalleryFile.expires_at > since,
        )
    )
    return session.scalars(query.order_by(GalleryFile.id)).all()


def organisations_with_key(session: Session, thumbprint: str) -> set[str]:
    """Answer to whom files were issued for a key."""
    query = select(GalleryFile.organisation_id).where(GalleryFile.key_thumbprint == thumbprint).distinct()
    return set(session.scalars(query))


def files_in_preparation(session: Session) -> Sequence[GalleryFile]:
    """Answer the files that were not said to be in place yet, locked, oldest first."""
    query = select(GalleryFile).where(GalleryFile.state == FileState.PREPARED).order_by(GalleryFile.id)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def erase_entries(session: Session, file_id: str) -> int:
    """Delete who is in a file and answer how many they were."""
    count = session.scalar(select(func.count()).where(GalleryEntry.file_id == file_id)) or 0
    session.execute(delete(GalleryEntry).where(GalleryEntry.file_id == file_id))
    return count


Explained = Sequence[tuple[Topic | None, str | None]]
"""Topic and text of each explanation that a consent rests on."""


def explained_for(session: Session, consent_ids: Collection[str]) -> Mapping[str, Explained]:
    """Answer what some consents rest on, by their ids."""
    rests: dict[str, Sequence[str]] = {}
    for some in in_parts(sorted(consent_ids)):
        query = select(Consent.id, Consent.explanation_ids).where(Consent.id.in_(some))
        rests |= {row.id: row.explanation_ids for row in session.execute(query)}
    told: dict[str, tuple[Topic | None, str | None]] = {}
    for some in in_parts(sorted({each for ids in rests.values() for each in ids})):
        texts = select(Explanation.id, Explanation.topic, Explanation.text_id).where(Explanation.id.in_(some))
        told |= {explanation_id: (topic, text_id) for explanation_id, topic, text_id in session.execute(texts)}
    return {consent_id: [told[each] for each in ids if each in told] for consent_id, ids in rests.items()}
