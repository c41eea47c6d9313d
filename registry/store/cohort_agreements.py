"""Who agreed to be one of many that a disputed voice is compared with, and how they describe themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.cohorts import Criteria, Description
from registry.domain.consents import SignedAs
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class CohortAgreement(Base):
    """One agreement: after which text, with which answers, and until when. How they describe themselves goes with it.

    A performer has at most one that has not ended: whoever writes one holds the lock of the performer.
    """

    __tablename__ = "cohort_agreements"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    text_id: Mapped[str] = mapped_column(String(120))
    text_sha256: Mapped[str] = mapped_column(Sha256)
    answers: Mapped[list[int]] = mapped_column(Json)
    description: Mapped[dict[str, str | None] | None] = mapped_column(Json)
    signed_as: Mapped[SignedAs] = mapped_column(text_enum(SignedAs))
    signature_evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    agreed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    agreed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR description IS NULL", name="described_while_it_lasts"),
        Index(None, "performer_id", "id"),
    )

    def in_force_at(self, now: datetime) -> bool:
        """Whether it has not ended, and its time is not over."""
        return self.ended_at is None and (self.expires_at is None or now < self.expires_at)


def agreements_of(session: Session, performer_id: str) -> Sequence[CohortAgreement]:
    """Answer every agreement of a performer, the ended ones too, oldest first."""
    query = select(CohortAgreement).where(CohortAgreement.performer_id == performer_id)
    return session.scalars(query.order_by(CohortAgreement.id)).all()


def not_ended(session: Session, performer_id: str) -> CohortAgreement | None:
    """Answer the agreement of a performer that has not ended, or None."""
    query = select(CohortAgreement).where(
        CohortAgreement.performer_id == performer_id, CohortAgreement.ended_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def selected(session: Session, criteria: Criteria, now: datetime) -> set[str]:
    """Answer the performers whose agreement is in force and who describe themselves as the criteria ask."""
    query = select(CohortAgreement.performer_id, CohortAgreement.description).where(
        CohortAgreement.ended_at.is_(None),
        or_(CohortAgreement.expires_at.is_(None), CohortAgreement.expires_at > now),
    )
    return {
        performer_id
        for performer_id, description in session.execute(query)
        if criteria.selects(Description.of_json(description or {}))
    }


def still_agreeing(session: Session, performer_ids: Collection[str], now: datetime) -> set[str]:
    """Answer those of some performers whose agreement is in force."""
    found: set[str] = set()
    for part in in_parts(sorted(performer_ids)):
        query = select(CohortAgreement).where(CohortAgreement.performer_id.in_(part))
        found |= {each.performer_id for each in session.scalars(query) if each.in_force_at(now)}
    return found
