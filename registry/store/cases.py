"""Cases, what the sides file in them, who has read it, what is proposed, and what is paused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    func,
    not_,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, undefer
from sqlalchemy.sql.base import ExecutableOption

from registry.domain.cases import PARTIES, CaseEnding, CaseSide, CaseState, PaperKind
from registry.domain.conclusions import Conclusion
from registry.store.attestations import SourceAttestation
from registry.store.base import Base
from registry.store.licences import Licence
from registry.store.parts import in_parts
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class Case(Base):
    """A dispute about whose voice a product has: between a performer and an organisation."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    product: Mapped[str] = mapped_column(String(200))
    claim: Mapped[str] = mapped_column(Text)
    finding_ids: Mapped[list[str]] = mapped_column(Json)
    attestation_id: Mapped[str | None] = mapped_column(ForeignKey("source_attestations.id"))
    state: Mapped[CaseState] = mapped_column(text_enum(CaseState))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending: Mapped[CaseEnding | None] = mapped_column(text_enum(CaseEnding))
    opened_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    opened_for: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    source: Mapped[SourceAttestation | None] = relationship(lazy="selectin")

    __table_args__ = (
        CheckConstraint("(state = 'closed') = (ending IS NOT NULL)", name="closed_in_some_way"),
        CheckConstraint("(state = 'closed') = (due_at IS NULL)", name="open_has_a_clock"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "performer_id", "id"),
        Index(None, "studio_id", "id"),
        Index(None, "state", "due_at"),
    )


class CaseStepTaken(Base):
    """One step of a case: who took it, and why. Written once and never changed."""

    __tablename__ = "case_steps"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(40))
    state: Mapped[CaseState] = mapped_column(text_enum(CaseState))
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    reason: Mapped[str] = mapped_column(Text)
    paper_id: Mapped[str | None] = mapped_column(ForeignKey("case_papers.id"))
    proposal_id: Mapped[str | None] = mapped_column(ForeignKey("case_proposals.id"))
    taken_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("number >= 1", name="number_from_one"),)


class CasePaper(Base):
    """A statement or a document. Both sides see that it is there from the moment it is filed.

    What a document holds lies sealed under a key of its own; a statement is its ``text``.
    """

    __tablename__ = "case_papers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[PaperKind] = mapped_column(text_enum(PaperKind))
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    title: Mapped[str] = mapped_column(String(200))
    dated_on: Mapped[date | None]
    text: Mapped[str | None] = mapped_column(Text, deferred=True)
    sha256: Mapped[str] = mapped_column(Sha256)
    size_bytes: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(Bytes, deferred=True)
    content_key: Mapped[bytes | None] = mapped_column(Bytes)
    content_master_key_id: Mapped[str | None] = mapped_column(String(40))
    after_step: Mapped[int]
    filed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("case_id", "side", "sha256"),
        CheckConstraint("(kind = 'statement') = (text IS NOT NULL)", name="statement_is_text"),
        CheckConstraint("text IS NULL OR content IS NULL", name="text_or_content"),
        CheckConstraint("(content IS NULL) = (content_key IS NULL)", name="content_has_a_key"),
        CheckConstraint("(content IS NULL) = (content_master_key_id IS NULL)", name="content_key_is_wrapped"),
        CheckConstraint("size_bytes >= 0", name="size_not_negative"),
        CheckConstraint("after_step >= 0", name="after_step_not_negative"),
        Index(None, "case_id", "id"),
    )


class CaseReading(Base):
    """The disclosure log: one account has read one paper, first at this moment."""

    __tablename__ = "case_readings"

    paper_id: Mapped[str] = mapped_column(ForeignKey("case_papers.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseProposal(Base):
    """What the registry proposes to conclude. Written once; a later one takes its place."""

    __tablename__ = "case_proposals"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    conclusion: Mapped[Conclusion] = mapped_column(text_enum(Conclusion))
    grounds: Mapped[str] = mapped_column(Text)
    would_change: Mapped[str] = mapped_column(Text)
    dissent: Mapped[str | None] = mapped_column(Text)
    analysis_id: Mapped[str | None] = mapped_column(Id)
    analysis_sha256: Mapped[str | None] = mapped_column(Sha256)
    rests_on: Mapped[str | None] = mapped_column(String(40))
    proposed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "case_id", "id"),)


class CasePause(Base):
    """A licence that rests while a case lasts, without admission of anything, until it is reviewed."""

    __tablename__ = "case_pauses"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"))
    hold_id: Mapped[str] = mapped_column(ForeignKey("licence_holds.id"))
    review_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="ended_by_somebody"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_for_a_reason"),
        Index(None, "case_id", "id"),
    )


Part = TypeVar("Part", CaseStepTaken, CasePaper, CaseProposal, CasePause)


def page_of_cases(
    session: Session,
    *,
    performer_ids: Collection[str] | None,
    studio_id: str | None,
    state: CaseState | None,
    waiting: tuple[CaseSide, datetime] | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Case]:
    """Answer up to ``limit`` cases before an id, newest first: of one's own, on either side; None for everybody's.

    ``waiting`` leaves those that wait for a side at a moment.
    """
    query = select(Case).order_by(Case.id.desc()).limit(limit)
    if performer_ids is not None or studio_id is not None:
        own = Case.performer_id.in_(performer_ids or ())
        query = query.where(own if studio_id is None else or_(own, Case.studio_id == studio_id))
    if state is not None:
        query = query.where(Case.state == state)
    if waiting is not None:
        query = query.where(_waits_for(*waiting))
    if after is not None:
        query = query.where(Case.id < after)
    return session.scalars(query).all()


def _waits_for(side: CaseSide, now: datetime) -> ColumnElement[bool]:
    """Say in SQL what `registry.domain.cases.waits_for` says."""
    both_are_asked = Case.state.in_((CaseState.EVIDENCE, CaseState.PROPOSED))
    if side is not CaseSide.REGISTRY:
        return and_(both_are_asked, not_(_heard(side)))
    over = Case.due_at <= now
    first, second = (_heard(each) for each in sorted(PARTIES))
    return or_(
        Case.state.in_((CaseState.OPEN, CaseState.ANALYSIS)),
        and_(both_are_asked, or_(over, and_(first, second))),
        and_(Case.state.in_((CaseState.DECIDED, CaseState.CLOSED)), or_(over, first, second)),
    )


def _heard(side: CaseSide) -> ColumnElement[bool]:
    """Whether a side has filed something since the last step of a case."""
    taken = select(func.count()).select_from(CaseStepTaken).where(CaseStepTaken.case_id == Case.id).scalar_subquery()
    filed = (CasePaper.case_id == Case.id, CasePaper.side == side, CasePaper.after_step == taken)
    return select(CasePaper.id).where(*filed).exists()


def case_about(session: Session, performer_id: str, studio_id: str, product: str) -> Case | None:
    """Answer the case of two about a product that is not closed, or None."""
    query = select(Case).where(
        Case.performer_id == performer_id,
        Case.studio_id == studio_id,
        Case.product == product,
        Case.state != CaseState.CLOSED,
    )
    return session.scalars(query.limit(1)).first()


def papers_of(session: Session, case_id: str) -> Sequence[CasePaper]:
    """Answer every paper of a case, oldest first, without what is in it."""
    return session.scalars(select(CasePaper).where(CasePaper.case_id == case_id).order_by(CasePaper.id)).all()


def statements_of(session: Session, case_id: str) -> Sequence[CasePaper]:
    """Answer every statement of a case, oldest first, with its text."""
    query = select(CasePaper).where(CasePaper.case_id == case_id, CasePaper.kind == PaperKind.STATEMENT)
    query = query.options(undefer(CasePaper.text)).execution_options(populate_existing=True)
    return session.scalars(query.order_by(CasePaper.id)).all()


def all_of_cases(
    session: Session, table: type[Part], case_ids: Collection[str], *options: ExecutableOption
) -> Sequence[Part]:
    """Answer every row of a table that belongs to some cases, case by case, in the order in which they were made."""
    found: list[Part] = []
    for part in in_parts(sorted(case_ids)):
        query = select(table).where(table.case_id.in_(part)).options(*options)
        found += session.scalars(query.order_by(table.case_id, *table.__table__.primary_key)).all()
    return found


def cases_of_performer(session: Session, performer_id: str) -> Sequence[Case]:
    """Answer every case about a performer, oldest first."""
    return session.scalars(select(Case).where(Case.performer_id == performer_id).order_by(Case.id)).all()


def lock_cases_of(session: Session, performer_id: str) -> None:
    """Lock every case about a performer until the transaction ends, oldest first; none changes meanwhile."""
    query = select(Case).where(Case.performer_id == performer_id).order_by(Case.id).with_for_update(of=Case)
    session.scalars(query.execution_options(populate_existing=True)).all()


def steps_of(session: Session, case_id: str) -> Sequence[CaseStepTaken]:
    """Answer every step that a case took, in order."""
    query = select(CaseStepTaken).where(CaseStepTaken.case_id == case_id).order_by(CaseStepTaken.number)
    return session.scalars(query).all()


def steps_taken(session: Session, case_id: str) -> int:
    """Answer how many steps a case has taken."""
    return session.scalar(select(func.count()).select_from(CaseStepTaken).where(CaseStepTaken.case_id == case_id)) or 0


def sides_heard_after(session: Session, case_id: str, step: int) -> set[CaseSide]:
    """Answer the sides that have filed something after so many steps, and before the next."""
    query = select(CasePaper.side).where(CasePaper.case_id == case_id, CasePaper.after_step == step).distinct()
    return set(session.scalars(query))


def readings_of(session: Session, case_id: str) -> Sequence[CaseReading]:
    """Answer who has read what of a case, in the order in which they did."""
    query = select(CaseReading).where(CaseReading.case_id == case_id)
    return session.scalars(query.order_by(CaseReading.read_at, CaseReading.paper_id, CaseReading.account_id)).all()


def proposals_of(session: Session, case_id: str) -> Sequence[CaseProposal]:
    """Answer what was proposed in a case, oldest first; the last is what stands."""
    return session.scalars(select(CaseProposal).where(CaseProposal.case_id == case_id).order_by(CaseProposal.id)).all()


def performers_in(session: Session, case_id: str) -> set[str]:
    """Answer whose records a case may change: its performer, the source that is named, and whose licences rest for it.

    Of no such case nobody's.
    """
    own = select(Case.performer_id).where(Case.id == case_id)
    named = (
        select(SourceAttestation.performer_id)
        .join(Case, Case.attestation_id == SourceAttestation.id)
        .where(Case.id == case_id)
    )
    resting = (
        select(Licence.performer_id)
        .join(CasePause, CasePause.licence_id == Licence.id)
        .where(CasePause.case_id == case_id, CasePause.ended_at.is_(None))
    )
    return set(session.scalars(union(own, named, resting)))


def pauses_of(session: Session, case_id: str) -> Sequence[CasePause]:
    """Answer the pauses of a case, oldest first."""
    return session.scalars(select(CasePause).where(CasePause.case_id == case_id).order_by(CasePause.id)).all()
