"""Enrolments, sealed voiceprints, and the sequence by which workers follow the gallery."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, cast, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import consents as rules
from registry.domain.checks import EnrolmentState
from registry.domain.consents import Modality
from registry.store.base import Base
from registry.store.consents import Consent
from registry.store.performers import PerformerKey
from registry.store.types import Bytes, Id, Json, UtcDateTime, text_enum


class GalleryChangeKind(StrEnum):
    """What happened to a performer's voiceprints."""

    ADDED = "added"
    REMOVED = "removed"


class Enrolment(Base):
    """A set of recordings offered for a performer, and what became of it."""

    __tablename__ = "enrolments"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"))
    modality: Mapped[Modality] = mapped_column(text_enum(Modality))
    state: Mapped[EnrolmentState] = mapped_column(text_enum(EnrolmentState))
    recordings: Mapped[list[dict[str, object]]] = mapped_column(Json)
    quality: Mapped[dict[str, object] | None] = mapped_column(Json)
    problem: Mapped[dict[str, object] | None] = mapped_column(Json)
    spool_key: Mapped[bytes | None] = mapped_column(Bytes)
    spool_master_key_id: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("(state = 'queued') = (finished_at IS NULL)", name="finished_unless_queued"),
        CheckConstraint("state = 'queued' OR spool_key IS NULL", name="spool_key_only_while_queued"),
        Index(None, "state", "finished_at"),
    )


class SealedVoiceprint(Base):
    """One prototype: rotated, sealed under the performer's key, and bound to its row and its space."""

    __tablename__ = "voiceprints"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolments.id"), index=True)
    encoder: Mapped[str] = mapped_column(String(40))
    weights_sha256: Mapped[str] = mapped_column(String(64))
    preprocessing: Mapped[str] = mapped_column(String(80))
    dimension: Mapped[int]
    epoch: Mapped[int]
    label: Mapped[str] = mapped_column(String(200))
    speech_s: Mapped[float]
    sealed: Mapped[bytes] = mapped_column(Bytes)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("dimension > 0", name="dimension_positive"),
        CheckConstraint("speech_s > 0", name="speech_positive"),
    )


class GalleryChange(Base):
    """One step of the gallery. Workers apply the steps in order, each before its next check."""

    __tablename__ = "gallery_changes"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    kind: Mapped[GalleryChangeKind] = mapped_column(text_enum(GalleryChangeKind))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = ({"sqlite_autoincrement": True},)


def enrolments_of(session: Session, performer_id: str) -> Sequence[Enrolment]:
    """Answer every enrolment of a performer, oldest first."""
    query = select(Enrolment).where(Enrolment.performer_id == performer_id).order_by(Enrolment.id)
    return session.scalars(query).all()


def voiceprints_of(session: Session, performer_id: str) -> Sequence[SealedVoiceprint]:
    """Answer every sealed voiceprint of a performer, oldest first."""
    query = select(SealedVoiceprint).where(SealedVoiceprint.performer_id == performer_id).order_by(SealedVoiceprint.id)
    return session.scalars(query).all()


StoredVoiceprint = tuple[str, str, str, str, str, int, int, bytes]
"""Of a sealed voiceprint what opening it takes, without the object around it, as there are millions: whose it is, id,
encoder, SHA-256 of the weights, preprocessing, dimension, epoch, and what was sealed."""

_STORED = ("performer_id", "id", "encoder", "weights_sha256", "preprocessing", "dimension", "epoch")


def stored_voiceprints(session: Session, performer_ids: Collection[str]) -> Iterable[StoredVoiceprint]:
    """Answer the sealed voiceprints of some performers, performer by performer, each one's oldest first."""
    column = SealedVoiceprint.__table__.c
    sealed = cast(column.sealed, Bytes)  # SQLite would hold a text as well, and that must break its own seal only
    query = select(*(column[name] for name in _STORED), sealed).where(column.performer_id.in_(performer_ids))
    rows: Iterable[Any] = session.execute(query.order_by(column.performer_id, column.id))
    return rows


def monitoring_decisions(session: Session, performer_ids: Collection[str]) -> Mapping[str, Sequence[rules.Consent]]:
    """Answer what some performers have signed about monitoring their voice, by performer, in no order.

    It is what being in the gallery rests on, for thousands at a time: of each decision only what the rules ask for.
    """
    query = select(
        Consent.performer_id,
        Consent.id,
        Consent.decision,
        Consent.state,
        Consent.signed_at,
        Consent.expires_at,
        Consent.withdrawn_at,
    ).where(
        Consent.performer_id.in_(performer_ids),
        Consent.purpose == rules.ConsentPurpose.MONITORING,
        Consent.modality == Modality.VOICE,
    )
    signed: dict[str, list[rules.Consent]] = {}
    for performer_id, consent_id, decision, state, signed_at, expires_at, withdrawn_at in session.execute(query):
        signed.setdefault(performer_id, []).append(
            rules.Consent(
                id=consent_id,
                performer_id=performer_id,
                purpose=rules.ConsentPurpose.MONITORING,
                modality=Modality.VOICE,
                decision=decision,
                state=state,
                signed_at=signed_at,
                expires_at=expires_at,
                withdrawn_at=withdrawn_at,
            )
        )
    return signed


def without_key(session: Session) -> Sequence[str]:
    """Answer the performers who have voiceprints and no key that opens them, sorted."""
    has_key = (
        select(PerformerKey.performer_id).where(PerformerKey.performer_id == SealedVoiceprint.performer_id).exists()
    )
    query = select(SealedVoiceprint.performer_id).where(~has_key).distinct().order_by(SealedVoiceprint.performer_id)
    return session.scalars(query).all()


def erase_voiceprints(session: Session, performer_id: str) -> int:
    """Delete a performer's voiceprint rows and answer how many there were."""
    return len(
        session.scalars(
            delete(SealedVoiceprint).where(SealedVoiceprint.performer_id == performer_id).returning(SealedVoiceprint.id)
        ).all()
    )


def record_change(session: Session, performer_id: str, kind: GalleryChangeKind, at: datetime) -> int:
    """Write one step of the gallery in the caller's transaction and answer its sequence number."""
    change = GalleryChange(performer_id=performer_id, kind=kind, at=at)
    session.add(change)
    session.flush()
    return change.seq


def gallery_seq(session: Session) -> int:
    """Answer the sequence number of the last step, 0 before the first."""
    return session.scalar(select(func.max(GalleryChange.seq))) or 0


def changes_after(session: Session, seq: int) -> Sequence[GalleryChange]:
    """Answer the steps after a sequence number, in order."""
    return session.scalars(select(GalleryChange).where(GalleryChange.seq > seq).order_by(GalleryChange.seq)).all()
