"""Licences."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import licences as rules
from registry.domain.licences import Exclusivity, LicenceState, PayBasis, PayTerms
from registry.domain.uses import Medium, UsePurpose
from registry.store.base import Base
from registry.store.types import Id, Json, UtcDateTime, text_enum


class Licence(Base):
    """An agreement of a performer and a studio."""

    __tablename__ = "licences"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    state: Mapped[LicenceState] = mapped_column(text_enum(LicenceState))
    title: Mapped[str] = mapped_column(String(200))
    intended_use: Mapped[str] = mapped_column(Text)
    purposes: Mapped[list[str]] = mapped_column(Json)
    media: Mapped[list[str]] = mapped_column(Json)
    territories: Mapped[list[str]] = mapped_column(Json)
    languages: Mapped[list[str]] = mapped_column(Json)
    projects: Mapped[list[str] | None] = mapped_column(Json)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    exclusivity: Mapped[Exclusivity] = mapped_column(text_enum(Exclusivity))
    pay_basis: Mapped[PayBasis] = mapped_column(text_enum(PayBasis))
    pay_amount_minor: Mapped[int]
    pay_currency: Mapped[str | None] = mapped_column(String(3))
    pay_due_within_days: Mapped[int]
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    performer_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    performer_signed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    studio_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    studio_signed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_by: Mapped[str | None] = mapped_column(String(20))
    suspension_reason: Mapped[str | None] = mapped_column(String(500))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("ends_on >= starts_on", name="term_in_order"),
        CheckConstraint("pay_amount_minor >= 0", name="pay_not_negative"),
        CheckConstraint("(pay_basis = 'none') = (pay_currency IS NULL)", name="pay_has_a_currency"),
        CheckConstraint(
            "activated_at IS NULL OR (performer_signed_at IS NOT NULL AND studio_signed_at IS NOT NULL)",
            name="active_once_both_signed",
        ),
        CheckConstraint(
            "state NOT IN ('active', 'suspended', 'expired') OR activated_at IS NOT NULL", name="in_force_once_active"
        ),
        CheckConstraint("(state = 'suspended') = (suspended_at IS NOT NULL)", name="suspended_has_a_moment"),
        Index(None, "studio_id", "performer_id"),
    )

    def terms(self) -> rules.LicenceTerms:
        """Answer the terms as the rules take them."""
        return rules.LicenceTerms(
            purposes=frozenset(UsePurpose(p) for p in self.purposes),
            media=frozenset(Medium(m) for m in self.media),
            territories=frozenset(self.territories),
            languages=frozenset(self.languages),
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            exclusivity=self.exclusivity,
            pay=PayTerms(self.pay_basis, self.pay_amount_minor, self.pay_currency, self.pay_due_within_days),
            projects=None if self.projects is None else frozenset(self.projects),
        )

    def value(self) -> rules.Licence:
        """Answer the licence as the rules take it."""
        return rules.Licence(
            id=self.id,
            performer_id=self.performer_id,
            studio_id=self.studio_id,
            terms=self.terms(),
            state=self.state,
            activated_at=self.activated_at,
            ended_at=self.ended_at,
            paid_at=self.paid_at,
            suspension_reason=self.suspension_reason,
        )


def licences_between(session: Session, studio_id: str, performer_ids: Collection[str]) -> Sequence[Licence]:
    """Answer every licence of a studio with some performers, in any state, oldest first."""
    query = select(Licence).where(Licence.studio_id == studio_id, Licence.performer_id.in_(performer_ids))
    return session.scalars(query.order_by(Licence.id)).all()


def licences_of_performer(session: Session, performer_id: str) -> Sequence[Licence]:
    """Answer every licence of a performer, in any state, oldest first."""
    return session.scalars(select(Licence).where(Licence.performer_id == performer_id).order_by(Licence.id)).all()


def page_of_licences(
    session: Session,
    *,
    studio_id: str | None,
    performer_ids: Collection[str] | None,
    state: LicenceState | None,
    after: str | None,
    limit: int,
) -> Sequence[Licence]:
    """Answer up to ``limit`` licences after an id, oldest first, within what is given."""
    query = select(Licence).order_by(Licence.id).limit(limit)
    if studio_id is not None:
        query = query.where(Licence.studio_id == studio_id)
    if performer_ids is not None:
        query = query.where(Licence.performer_id.in_(performer_ids))
    if state is not None:
        query = query.where(Licence.state == state)
    if after is not None:
        query = query.where(Licence.id > after)
    return session.scalars(query).all()
