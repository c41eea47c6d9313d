"""Strikes, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.strikes import StrikeScope, covering
from registry.domain.terms import LicenceTerms
from registry.store.base import Base
from registry.store.licences import LicenceHold
from registry.store.types import Id, UtcDateTime, text_enum

_ON = text("lifted_at IS NULL")


class Strike(Base):
    """A strike that an operator has declared: every licence it covers rests until it is lifted."""

    __tablename__ = "strikes"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    scope: Mapped[StrikeScope] = mapped_column(text_enum(StrikeScope))
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(500))
    declared_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted_by_somebody"),
        Index("uq_strikes_one_on", "scope", "name_key", unique=True, sqlite_where=_ON, postgresql_where=_ON),
    )

    def covers(self, terms: LicenceTerms) -> bool:
        """Whether the strike covers a licence with these terms."""
        return (self.scope, self.name_key) in covering(terms)


def open_holds_of(session: Session, strike_id: str) -> Sequence[LicenceHold]:
    """Answer what a strike still keeps suspended, oldest first."""
    query = select(LicenceHold).where(LicenceHold.strike_id == strike_id, LicenceHold.lifted_at.is_(None))
    return session.scalars(query.order_by(LicenceHold.id)).all()


def strikes_on(session: Session) -> Sequence[Strike]:
    """Answer every strike that is on, oldest first."""
    return session.scalars(select(Strike).where(Strike.lifted_at.is_(None)).order_by(Strike.id)).all()


def page_of_strikes(session: Session, *, on: bool | None, after: str | None, limit: int) -> Sequence[Strike]:
    """Answer up to ``limit`` strikes after an id, oldest first; only those that are on, or over, when that is asked."""
    query = select(Strike).order_by(Strike.id).limit(limit)
    if on is not None:
        query = query.where(Strike.lifted_at.is_(None) if on else Strike.lifted_at.is_not(None))
    if after is not None:
        query = query.where(Strike.id > after)
    return session.scalars(query).all()
