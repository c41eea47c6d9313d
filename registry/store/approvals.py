"""Approvals of exact copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import approvals as rules
from registry.domain.approvals import ApprovalState, Beyond
from registry.domain.uses import UsePurpose
from registry.domain.uses_document import use_of_json
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class Approval(Base):
    """A studio's question about one exact copy, and the performer's answer to it."""

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"))
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    use: Mapped[dict[str, object]] = mapped_column(Json)
    purpose: Mapped[UsePurpose] = mapped_column(text_enum(UsePurpose))
    beyond: Mapped[list[str]] = mapped_column(Json)
    copy_sha256: Mapped[str] = mapped_column(Sha256)
    copy_text: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(String(500))
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    floor_minor: Mapped[int] = mapped_column(BigInteger)
    floor_currency: Mapped[str | None] = mapped_column(String(3))
    state: Mapped[ApprovalState] = mapped_column(text_enum(ApprovalState))
    requested_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refusal_reason: Mapped[str | None] = mapped_column(String(500))
    clearance_id: Mapped[str | None] = mapped_column(ForeignKey("clearances.id"), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("fee_minor >= 0 AND floor_minor >= 0", name="fee_not_negative"),
        CheckConstraint("fee_minor >= floor_minor", name="fee_reaches_the_floor"),
        CheckConstraint("expires_at > requested_at", name="expires_after_request"),
        CheckConstraint("(state = 'used') = (clearance_id IS NOT NULL)", name="used_by_a_clearance"),
        CheckConstraint("(state = 'refused') = (refusal_reason IS NOT NULL)", name="refused_has_a_reason"),
        CheckConstraint(
            "state NOT IN ('approved', 'refused', 'used') OR answered_at IS NOT NULL", name="answered_has_a_moment"
        ),
        Index(None, "licence_id"),
        Index(None, "studio_id", "copy_sha256"),
        Index(None, "performer_id", "id"),
    )

    def value(self) -> rules.Approval:
        """Answer the approval as the rules take it."""
        return rules.Approval(
            id=self.id,
            licence_id=self.licence_id,
            use=use_of_json(self.use),
            beyond=frozenset(Beyond(each) for each in self.beyond),
            state=self.state,
            expires_at=self.expires_at,
        )


def performers_owed_for(session: Session, studio_id: str, copies: Collection[str]) -> Sequence[str]:
    """Answer the performers who are owed a fee when an approval of some copies is used up."""
    found: set[str] = set()
    for some in in_parts(sorted(copies)):
        query = select(Approval.performer_id).where(Approval.studio_id == studio_id, Approval.copy_sha256.in_(some))
        found.update(session.scalars(query.where(Approval.fee_minor > 0).distinct()))
    return sorted(found)


def lock_copies(session: Session, studio_id: str, copies: Collection[str]) -> Sequence[Approval]:
    """Answer every approval that a studio has asked for of some copies, each locked until the transaction ends.

    Two transactions that want the same approval come one after the other, and the second finds it used. Locks are
    taken in the order of ids, so that no two wait for each other.
    """
    found: list[str] = []
    for some in in_parts(sorted(copies)):
        named = select(Approval.id).where(Approval.studio_id == studio_id, Approval.copy_sha256.in_(some))
        found.extend(session.scalars(named))
    locked: list[Approval] = []
    for some in in_parts(sorted(found)):
        query = select(Approval).where(Approval.id.in_(some)).order_by(Approval.id)
        locked.extend(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    return locked


def approvals_under(session: Session, licence_ids: Collection[str]) -> Sequence[Approval]:
    """Answer every approval that was asked for under some licences, in any state."""
    return session.scalars(select(Approval).where(Approval.licence_id.in_(licence_ids))).all()


def approvals_used_by(session: Session, clearance_ids: Collection[str]) -> Sequence[Approval]:
    """Answer the approvals that some clearances have used up."""
    found: list[Approval] = []
    for some in in_parts(list(clearance_ids)):
        found.extend(session.scalars(select(Approval).where(Approval.clearance_id.in_(some))))
    return found


def page_of_approvals(
    session: Session,
    *,
    studio_id: str | None,
    performer_ids: Collection[str] | None,
    state: ApprovalState | None,
    after: str | None,
    limit: int,
) -> Sequence[Approval]:
    """Answer up to ``limit`` approvals before an id, newest first, within what is given."""
    query = select(Approval).order_by(Approval.id.desc()).limit(limit)
    if studio_id is not None:
        query = query.where(Approval.studio_id == studio_id)
    if performer_ids is not None:
        query = query.where(Approval.performer_id.in_(performer_ids))
    if state is not None:
        query = query.where(Approval.state == state)
    if after is not None:
        query = query.where(Approval.id < after)
    return session.scalars(query).all()
