"""Spoken consent statements: what was to be read, and what became of the one recording that answered it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.scores import EvidenceOutcome
from registry.domain.spoken_statements import DIGITS, Challenge, DigitsOutcome, SpokenStatementState
from registry.store.base import Base
from registry.store.checks import Check
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class SpokenStatement(Base):
    """One statement: a challenge, and the recording that answered it. The database refuses to change one that is kept.

    The recording itself is not here: its hash is. The upload is spooled under the id of its work, sealed under
    ``spool_key``, until a worker has listened to it, and then deleted.
    """

    __tablename__ = "spoken_statements"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consents.id"))
    attempt: Mapped[int]
    state: Mapped[SpokenStatementState] = mapped_column(text_enum(SpokenStatementState))
    language: Mapped[str] = mapped_column(String(35))
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(Sha256)
    scope_sha256: Mapped[str] = mapped_column(Sha256)
    number: Mapped[str] = mapped_column(String(DIGITS))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content_sha256: Mapped[str | None] = mapped_column(Sha256, index=True)
    recording: Mapped[dict[str, object] | None] = mapped_column(Json)
    outcome: Mapped[EvidenceOutcome | None] = mapped_column(text_enum(EvidenceOutcome))
    log10_lr: Mapped[float | None]
    number_log10_lr: Mapped[float | None]
    digits: Mapped[DigitsOutcome | None] = mapped_column(text_enum(DigitsOutcome))
    engine: Mapped[dict[str, object] | None] = mapped_column(Json)
    reasons: Mapped[list[dict[str, object]]] = mapped_column(Json)
    spool_key: Mapped[bytes | None] = mapped_column(Bytes)
    spool_master_key_id: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("consent_id", "attempt"),
        CheckConstraint("attempt >= 1", name="attempt_positive"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint(f"length(number) = {DIGITS}", name="number_has_its_digits"),
        CheckConstraint("expires_at > issued_at", name="lives_for_a_while"),
        CheckConstraint("(state IN ('open', 'queued')) = (finished_at IS NULL)", name="finished_when_over"),
        CheckConstraint("(state = 'queued') = (spool_key IS NOT NULL)", name="spool_key_only_while_queued"),
        CheckConstraint("state <> 'open' OR content_sha256 IS NULL", name="open_without_a_recording"),
        CheckConstraint(
            "state NOT IN ('accepted', 'unverified') OR (content_sha256 IS NOT NULL AND received_at < expires_at"
            " AND outcome = 'match' AND log10_lr IS NOT NULL)",
            name="kept_in_the_enrolled_voice",
        ),
        CheckConstraint("state <> 'accepted' OR digits = 'verified'", name="accepted_with_the_number"),
        CheckConstraint("state <> 'unverified' OR digits = 'not_verified'", name="unverified_without_it"),
        Index(
            "uq_spoken_statements_one_open",
            "consent_id",
            unique=True,
            sqlite_where=sql("state = 'open'"),
            postgresql_where=sql("state = 'open'"),
        ),
        Index(
            "uq_spoken_statements_one_accepted",
            "consent_id",
            unique=True,
            sqlite_where=sql("state = 'accepted'"),
            postgresql_where=sql("state = 'accepted'"),
        ),
        Index(
            "uq_spoken_statements_one_use_of_a_recording",
            "content_sha256",
            unique=True,
            sqlite_where=sql("state IN ('queued', 'accepted', 'unverified')"),
            postgresql_where=sql("state IN ('queued', 'accepted', 'unverified')"),
        ),
    )

    def challenge(self) -> Challenge:
        """Answer what a recording has to answer."""
        return Challenge(self.number, self.language, self.issued_at, self.expires_at)

    def state_at(self, now: datetime) -> SpokenStatementState:
        """The state at ``now``: one that nobody spoke in time is expired, whether or not that was written down."""
        if self.state is SpokenStatementState.OPEN and now >= self.expires_at:
            return SpokenStatementState.EXPIRED
        return self.state


def statements_of(session: Session, consent_id: str) -> Sequence[SpokenStatement]:
    """Answer every statement about a consent, the first attempt first."""
    query = select(SpokenStatement).where(SpokenStatement.consent_id == consent_id).order_by(SpokenStatement.attempt)
    return session.scalars(query).all()


def statement_in_state(session: Session, consent_id: str, state: SpokenStatementState) -> SpokenStatement | None:
    """Answer the statement about a consent that is in a state in which there is one at most."""
    query = select(SpokenStatement).where(SpokenStatement.consent_id == consent_id, SpokenStatement.state == state)
    return session.scalars(query).one_or_none()


def attempts(session: Session, consent_id: str) -> int:
    """Answer how many statements were begun about a consent."""
    query = select(func.max(SpokenStatement.attempt)).where(SpokenStatement.consent_id == consent_id)
    return session.scalar(query) or 0


def begun_since(session: Session, performer_id: str, since: datetime) -> Sequence[datetime]:
    """Answer when each statement of a performer was begun that was begun at a moment or after it, the first first."""
    query = (
        select(SpokenStatement.issued_at)
        .where(SpokenStatement.performer_id == performer_id, SpokenStatement.issued_at >= since)
        .order_by(SpokenStatement.issued_at)
    )
    return session.scalars(query).all()


def unfinished_of(
    session: Session, performer_id: str, about: tuple[ConsentPurpose, Modality] | None
) -> Sequence[SpokenStatement]:
    """Answer the statements of a performer that are open or queued, about consents to one thing, or about any."""
    query = select(SpokenStatement).where(
        SpokenStatement.performer_id == performer_id,
        SpokenStatement.state.in_([SpokenStatementState.OPEN, SpokenStatementState.QUEUED]),
    )
    if about is not None:
        purpose, modality = about
        query = query.join(Consent, SpokenStatement.consent_id == Consent.id).where(
            Consent.purpose == purpose, Consent.modality == modality
        )
    return session.scalars(query.order_by(SpokenStatement.id)).all()


def unspoken_since(session: Session, before: datetime) -> Sequence[SpokenStatement]:
    """Answer the statements that are still open though their number was to be spoken before a moment."""
    query = select(SpokenStatement).where(
        SpokenStatement.state == SpokenStatementState.OPEN, SpokenStatement.expires_at < before
    )
    return session.scalars(query.order_by(SpokenStatement.id).with_for_update(skip_locked=True)).all()


def every_statement_of(session: Session, performer_id: str) -> Sequence[SpokenStatement]:
    """Answer every statement of a performer, about whatever consent, the first first."""
    query = select(SpokenStatement).where(SpokenStatement.performer_id == performer_id).order_by(SpokenStatement.id)
    return session.scalars(query).all()


def seen_in(session: Session, performer_id: str, content_sha256: str) -> str | None:
    """Answer with what a recording was sent before, or None: by anybody, but only this performer's own is named."""
    spoken_by = session.scalars(
        select(SpokenStatement.performer_id).where(SpokenStatement.content_sha256 == content_sha256)
    ).all()
    if performer_id in spoken_by:
        return "a spoken statement"
    enrolled = session.scalars(select(Enrolment.recordings).where(Enrolment.performer_id == performer_id))
    if any(each.get("content_sha256") == content_sha256 for recordings in enrolled for each in recordings):
        return "an enrolment"
    checked = session.scalar(select(Check.id).where(Check.content_sha256 == content_sha256).limit(1))
    return "something else" if spoken_by or checked is not None else None
