"""Explanations, the consents that rest on them, and the operator's own texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import consents as rules
from registry.domain.choices import LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.explanations import course
from registry.domain.explanations.course import Attempt, Channel, CopyMethod
from registry.domain.explanations.texts import ExplanationText, Question
from registry.domain.explanations.topics import Topic
from registry.store.base import Base
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum

TEXT_ID_LENGTH = 120


class OwnText(Base):
    """An explanation text that an operator has registered. Written once, never changed: new words are a new version."""

    __tablename__ = "explanation_texts"

    id: Mapped[str] = mapped_column(String(TEXT_ID_LENGTH), primary_key=True)
    topic: Mapped[Topic] = mapped_column(text_enum(Topic))
    language: Mapped[str] = mapped_column(String(35))
    version: Mapped[str] = mapped_column(String(40))
    modalities: Mapped[list[str]] = mapped_column(Json)
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(Sha256)
    questions: Mapped[list[dict[str, object]]] = mapped_column(Json)
    questions_sha256: Mapped[str] = mapped_column(Sha256)
    registered_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("length(text_sha256) = 64", name="text_has_a_digest"),)

    def value(self) -> ExplanationText:
        """Answer the text as the rules take it."""
        return ExplanationText(
            topic=self.topic,
            language=self.language,
            version=self.version,
            modalities=frozenset(Modality(each) for each in self.modalities),
            text=self.text,
            questions=tuple(Question.of_json(each) for each in self.questions),
        )


class Explanation(Base):
    """What a performer was told, and how far that has come. Never changed once it is complete.

    The words and the questions are kept in the row, so that it stands by itself whatever becomes of the text's source.
    Rows from before there were registered texts have no topic and no text id, and carry no new consent.
    """

    __tablename__ = "explanations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    purpose: Mapped[ConsentPurpose | None] = mapped_column(text_enum(ConsentPurpose))
    topic: Mapped[Topic | None] = mapped_column(text_enum(Topic))
    modality: Mapped[Modality] = mapped_column(text_enum(Modality))
    language: Mapped[str] = mapped_column(String(35))
    text_id: Mapped[str | None] = mapped_column(String(TEXT_ID_LENGTH))
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(Sha256)
    questions: Mapped[list[dict[str, object]]] = mapped_column(Json)
    explained_by: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(40))
    duration_s: Mapped[float]
    answers: Mapped[list[dict[str, object]]] = mapped_column(Json)
    sitting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    copy_delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    copy_method: Mapped[CopyMethod | None] = mapped_column(text_enum(CopyMethod))
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("duration_s >= 0", name="duration_not_negative"),
        CheckConstraint("length(text_sha256) = 64", name="text_has_a_digest"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("(topic IS NULL) = (text_id IS NULL)", name="topic_with_its_text"),
        CheckConstraint(
            "completed_at IS NULL OR text_id IS NULL"
            " OR (read_at IS NOT NULL AND copy_delivered_at IS NOT NULL AND duration_s > 0)",
            name="complete_once_whole",
        ),
    )

    def value(self) -> course.Explanation:
        """Answer the explanation as the rules take it."""
        return course.Explanation(
            id=self.id,
            topic=self.topic,
            modality=self.modality,
            text_id=self.text_id,
            questions=tuple(Question.of_json(each) for each in self.questions),
            duration_s=self.duration_s,
            attempts=tuple(Attempt.of_json(each) for each in self.answers),
            read_at=self.read_at,
            copy_delivered_at=self.copy_delivered_at,
            completed_at=self.completed_at,
            read_alone_by=self.recorded_by if self.channel == Channel.SELF_SERVICE else None,
        )


class Consent(Base):
    """One decision of a performer, and what became of it."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    purpose: Mapped[ConsentPurpose] = mapped_column(text_enum(ConsentPurpose))
    modality: Mapped[Modality] = mapped_column(text_enum(Modality))
    decision: Mapped[ConsentDecision] = mapped_column(text_enum(ConsentDecision))
    state: Mapped[ConsentState] = mapped_column(text_enum(ConsentState))
    explanation_ids: Mapped[list[str]] = mapped_column(Json)
    choices: Mapped[dict[str, str] | None] = mapped_column(Json)
    signed_by: Mapped[str] = mapped_column(String(200))
    signed_as: Mapped[SignedAs] = mapped_column(text_enum(SignedAs))
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
        CheckConstraint(
            "(choices IS NOT NULL) = (purpose = 'licensing' AND decision = 'given')", name="choices_of_a_licensing_yes"
        ),
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
            choices=LicensingChoices.of_json(self.choices),
        )


def own_texts(session: Session) -> Sequence[OwnText]:
    """Answer every text that operators have registered, by id."""
    return session.scalars(select(OwnText).order_by(OwnText.id)).all()


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
