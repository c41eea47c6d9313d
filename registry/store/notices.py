"""Notices, the steps that each took, and who is a public figure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.cases import CaseSide
from registry.domain.notice_document import Material
from registry.domain.notices import NoticeState
from registry.domain.reviews import Considered, Exclusion
from registry.store.base import Base
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class Notice(Base):
    """What a claimant asks of whoever shows a recording. Its bytes are written down once it is complete."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    pack_id: Mapped[str] = mapped_column(String(50))
    pack_edition: Mapped[int]
    pack_sha256: Mapped[str] = mapped_column(Sha256)
    language: Mapped[str] = mapped_column(String(5))
    state: Mapped[NoticeState] = mapped_column(text_enum(NoticeState))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    elements: Mapped[dict[str, str]] = mapped_column(Json)
    affirmed: Mapped[list[str]] = mapped_column(Json)
    materials: Mapped[list[dict[str, str | None]]] = mapped_column(Json)
    considered: Mapped[list[dict[str, object]]] = mapped_column(Json)
    proposal_id: Mapped[str | None] = mapped_column(ForeignKey("case_proposals.id"))
    document: Mapped[str | None] = mapped_column(Text, deferred=True)
    document_sha256: Mapped[str | None] = mapped_column(Sha256)
    page: Mapped[str | None] = mapped_column(Text, deferred=True)
    page_sha256: Mapped[str | None] = mapped_column(Sha256)
    drafted_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    drafted_for: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    served_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    put_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    court_action_on: Mapped[date | None]
    ground: Mapped[str | None] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("state IN ('drafted', 'withdrawn') OR document IS NOT NULL", name="whole_before_it_is_read"),
        CheckConstraint("(document IS NULL) = (document_sha256 IS NULL)", name="document_has_a_digest"),
        CheckConstraint("(page IS NULL) = (page_sha256 IS NULL)", name="page_has_a_digest"),
        CheckConstraint("state NOT IN ('served', 'countered') OR served_at IS NOT NULL", name="served_at_a_moment"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "case_id", "id"),
        Index(None, "performer_id", "id"),
        Index(None, "studio_id", "id"),
    )

    def about(self) -> tuple[Material, ...]:
        """Answer what the notice is about, as the rules take it."""
        return tuple(Material(str(each["what"]), str(each["location"]), each["sha256"]) for each in self.materials)

    def exclusions(self) -> tuple[Considered, ...]:
        """Answer which exclusions were considered, as the rules take it."""
        return tuple(
            Considered(Exclusion(str(each["exclusion"])), bool(each["applies"]), str(each["reason"]))
            for each in self.considered
        )


class NoticeStepTaken(Base):
    """One step of a notice: who took it, why, and what they said of it. Written once and never changed."""

    __tablename__ = "notice_steps"

    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(40))
    state: Mapped[NoticeState] = mapped_column(text_enum(NoticeState))
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    reason: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, object]] = mapped_column(Json)
    taken_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("number >= 1", name="number_from_one"),)


class PublicFigure(Base):
    """That somebody has said whether a performer is a public figure, and why. The last one stands."""

    __tablename__ = "public_figures"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    is_public_figure: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    said_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "performer_id", "id"),)


def page_of_notices(
    session: Session,
    *,
    performer_ids: Collection[str] | None,
    studio_id: str | None,
    state: NoticeState | None,
    after: str | None,
    limit: int,
) -> Sequence[Notice]:
    """Answer up to ``limit`` notices before an id, newest first: of one's own, on either side; None for everybody's."""
    query = select(Notice).order_by(Notice.id.desc()).limit(limit)
    if performer_ids is not None or studio_id is not None:
        own = Notice.performer_id.in_(performer_ids or ())
        query = query.where(own if studio_id is None else or_(own, Notice.studio_id == studio_id))
    if state is not None:
        query = query.where(Notice.state == state)
    if after is not None:
        query = query.where(Notice.id < after)
    return session.scalars(query).all()


def notices_named(session: Session, ids: Collection[str]) -> Sequence[Notice]:
    """Answer the notices with some ids, oldest first."""
    return session.scalars(select(Notice).where(Notice.id.in_(ids)).order_by(Notice.id)).all()


def notices_of_case(session: Session, case_id: str) -> Sequence[Notice]:
    """Answer the notices of a case, oldest first."""
    return session.scalars(select(Notice).where(Notice.case_id == case_id).order_by(Notice.id)).all()


def notices_of_performer(session: Session, performer_id: str) -> Sequence[Notice]:
    """Answer every notice of a performer, oldest first."""
    return session.scalars(select(Notice).where(Notice.performer_id == performer_id).order_by(Notice.id)).all()


def lock_notices_of(session: Session, performer_id: str) -> Sequence[Notice]:
    """Answer every notice of a performer as it is now, oldest first, locked until the transaction ends."""
    query = select(Notice).where(Notice.performer_id == performer_id).order_by(Notice.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).all()


def notice_steps_of(session: Session, notice_id: str) -> Sequence[NoticeStepTaken]:
    """Answer every step that a notice took, in order."""
    query = select(NoticeStepTaken).where(NoticeStepTaken.notice_id == notice_id)
    return session.scalars(query.order_by(NoticeStepTaken.number)).all()


def steps_about(session: Session, performer_id: str) -> Sequence[NoticeStepTaken]:
    """Answer the steps of every notice of a performer, notice by notice, in order."""
    query = select(NoticeStepTaken).join(Notice, NoticeStepTaken.notice_id == Notice.id)
    query = query.where(Notice.performer_id == performer_id)
    return session.scalars(query.order_by(NoticeStepTaken.notice_id, NoticeStepTaken.number)).all()


def notice_steps_taken(session: Session, notice_id: str) -> int:
    """Answer how many steps a notice has taken."""
    query = select(func.count()).select_from(NoticeStepTaken).where(NoticeStepTaken.notice_id == notice_id)
    return session.scalar(query) or 0


def public_figures_of(session: Session, performer_id: str) -> Sequence[PublicFigure]:
    """Answer what was said of whether a performer is a public figure, oldest first."""
    query = select(PublicFigure).where(PublicFigure.performer_id == performer_id).order_by(PublicFigure.id)
    return session.scalars(query).all()


def public_figure_of(session: Session, performer_id: str) -> PublicFigure | None:
    """Answer what stands of whether a performer is a public figure, or None where nobody has said."""
    query = select(PublicFigure).where(PublicFigure.performer_id == performer_id)
    return session.scalars(query.order_by(PublicFigure.id.desc()).limit(1)).first()
