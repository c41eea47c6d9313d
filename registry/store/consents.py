"""Explanations and the consents that rest on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import consents as rules
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.store.base import Base
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class Explanation(Base):
    """What a performer was told, and what they answered. Written once, never changed."""

    __tablename__ = "explanations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    purpose: Mapped[ConsentPurpose] = mapped_column(text_enum(ConsentPurpose))
    modality: Mapped[Modality] = mapped_column(text_enum(Modality))
    language: Mapped[str] = mapped_column(String(35))
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(Sha256)
    explained_by: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(40))
    duration_s: Mapped[float]
    answers: Mapped[list[dict[str, object]]] = mapped_column(Json)
    copy_delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("duration_s >= 0", name="duration_not_negative"),
        CheckConstraint("length(text_sha256) = 64", name="text_has_a_digest"),
    )

    def value(self) -> rules.Explanation:
        """Answer the explanation as the rules take it."""
        return rules.Explanation(
            id=self.id,
            purpose=self.purpose,
            modality=self.modality,
            language=self.language,
            text_sha256=self.text_sha256,
            explained_by=self.explained_by,
            channel=self.channel,
            duration_s=self.duration_s,
            answers=tuple(
                rules.Answer(str(a["question"]), str(a["answer"]), bool(a["understood"])) for a in self.answers
            ),
            copy_delivered_at=self.copy_delivered_at,
        )


class Consent(Base):
    """One decision of a performer, and what became of it."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    explanation_id: Mapped[str] = mapped_column(ForeignKey("explanations.id"))
    purpose: Mapped[ConsentPurpose] = mapped_column(text_enum(ConsentPurpose))
    modality: Mapped[Modality] = mapped_column(text_enum(Modality))
    decision: Mapped[ConsentDecision] = mapped_column(text_enum(ConsentDecision))
    state: Mapped[ConsentState] = mapped_column(text_enum(ConsentState))
    signed_by: Mapped[str] = mapped_column(String(200))
    signature_method: Mapped[str] = mapped_column(String(40))
    signature_evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    superseded_by: Mapped[str | None] = mapped_column(ForeignKey("consents.id"))
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("(state = 'draft') = (signed_at IS NULL)", name="signed_unless_draft"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_a_moment"),
        Index(
            "uq_consents_one_active",
            "performer_id",
            "purpose",
            "modality",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    def value(self) -> rules.Consent:
        """Answer the consent as the rules take it."""
        return rules.Consent(
            id=self.id,
            performer_id=self.performer_id,
            purpose=self.purpose,
            modality=self.modality,
            decision=self.decision,
            state=self.state,
            signed_at=self.signed_at,
            expires_at=self.expires_at,
            withdrawn_at=self.withdrawn_at,
        )


def explanations_of(session: Session, performer_id: str) -> Sequence[Explanation]:
    """Answer every explanation given to a performer, oldest first."""
    query = select(Explanation).where(Explanation.performer_id == performer_id).order_by(Explanation.id)
    return session.scalars(query).all()


def consents_of(session: Session, performer_ids: Collection[str]) -> Sequence[Consent]:
    """Answer every consent of some performers, oldest first."""
    return session.scalars(select(Consent).where(Consent.performer_id.in_(performer_ids)).order_by(Consent.id)).all()


def active_consent(session: Session, performer_id: str, purpose: ConsentPurpose, modality: Modality) -> Consent | None:
    """Answer the one consent marked active for a purpose and modality: a yes or a no, perhaps past its term."""
    query = select(Consent).where(
        Consent.performer_id == performer_id,
        Consent.purpose == purpose,
        Consent.modality == modality,
        Consent.state == ConsentState.ACTIVE,
    )
    return session.scalars(query).one_or_none()
