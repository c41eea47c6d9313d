"""What studios attest of the sources of their voices. Who asked to see a sealed one is among the proposals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime


class SourceAttestation(Base):
    """One attestation. Written once, never changed.

    ``performer_id`` is the source, also when it is sealed: then the performer record has no name, and this column is
    what ties a voiceprint to the attestation. Who the person is, is in ``identity`` alone.
    """

    __tablename__ = "source_attestations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    product: Mapped[str] = mapped_column(String(200))
    made_on: Mapped[date]
    recordings: Mapped[list[dict[str, str]]] = mapped_column(Json)
    casting_sha256: Mapped[list[str]] = mapped_column(Json)
    direction_sha256: Mapped[str | None] = mapped_column(Sha256)
    mentions: Mapped[list[str] | None] = mapped_column(Json)
    sealed: Mapped[bool]
    identity: Mapped[bytes | None] = mapped_column(Bytes)
    identity_key: Mapped[bytes | None] = mapped_column(Bytes)
    identity_master_key_id: Mapped[str | None] = mapped_column(String(40))
    content_sha256: Mapped[str] = mapped_column(Sha256)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("sealed = (identity IS NOT NULL)", name="sealed_has_an_identity"),
        CheckConstraint("(identity IS NULL) = (identity_key IS NULL)", name="identity_has_a_key"),
        CheckConstraint("(identity IS NULL) = (identity_master_key_id IS NULL)", name="identity_key_is_wrapped"),
        Index(None, "studio_id", "id"),
    )


def page_of_attestations(
    session: Session, *, studio_id: str | None, after: str | None, limit: int
) -> Sequence[SourceAttestation]:
    """Answer up to ``limit`` attestations after an id, oldest first; of one studio when it is given."""
    query = select(SourceAttestation).order_by(SourceAttestation.id).limit(limit)
    if studio_id is not None:
        query = query.where(SourceAttestation.studio_id == studio_id)
    if after is not None:
        query = query.where(SourceAttestation.id > after)
    return session.scalars(query).all()


def sealed_sources(session: Session, performer_ids: Collection[str]) -> Mapping[str, str]:
    """Answer, of some performers, those who are sealed sources, with the id of the attestation that sealed each."""
    query = select(SourceAttestation.performer_id, SourceAttestation.id).where(
        SourceAttestation.sealed, SourceAttestation.performer_id.in_(performer_ids)
    )
    return {row.performer_id: row.id for row in session.execute(query)}
