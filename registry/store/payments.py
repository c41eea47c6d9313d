"""Payments, as studios report them and performers confirm them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.ledger import LARGEST_AMOUNT
from registry.domain.payments import PaymentState
from registry.store.base import Base
from registry.store.ledger import Currency
from registry.store.types import Id, Sha256, UtcDateTime, text_enum


class Payment(Base):
    """A payment that a studio says it has made, and what the performer's side says of it."""

    __tablename__ = "payments"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"), index=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    paid_on: Mapped[date]
    reference: Mapped[str | None] = mapped_column(String(200))
    evidence_sha256: Mapped[str | None] = mapped_column(Sha256)
    state: Mapped[PaymentState] = mapped_column(text_enum(PaymentState))
    reported_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(500))
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint(f"amount_minor BETWEEN 1 AND {LARGEST_AMOUNT}", name="amount_in_range"),
        CheckConstraint("(state = 'reported') = (decided_at IS NULL)", name="decided_unless_reported"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by_somebody"),
        CheckConstraint("(state = 'confirmed') = (entry_id IS NOT NULL)", name="confirmed_is_posted"),
        CheckConstraint("version >= 1", name="version_positive"),
    )


def page_of_payments(
    session: Session,
    *,
    studio_id: str | None,
    performer_ids: Collection[str] | None,
    state: PaymentState | None,
    after: str | None,
    limit: int,
) -> Sequence[Payment]:
    """Answer up to ``limit`` payments after an id, oldest first, within what is given."""
    query = select(Payment).order_by(Payment.id).limit(limit)
    if studio_id is not None:
        query = query.where(Payment.studio_id == studio_id)
    if performer_ids is not None:
        query = query.where(Payment.performer_id.in_(performer_ids))
    if state is not None:
        query = query.where(Payment.state == state)
    if after is not None:
        query = query.where(Payment.id > after)
    return session.scalars(query).all()


def payments_of_performer(session: Session, performer_id: str) -> Sequence[Payment]:
    """Answer every payment to a performer, oldest first."""
    return session.scalars(select(Payment).where(Payment.performer_id == performer_id).order_by(Payment.id)).all()


def waiting_payments(session: Session, licence_id: str) -> Sequence[Payment]:
    """Answer the payments under a licence that nobody has decided on, oldest first."""
    query = select(Payment).where(Payment.licence_id == licence_id, Payment.state == PaymentState.REPORTED)
    return session.scalars(query.order_by(Payment.id)).all()
