"""The keys of the house, as the registry was told of them. None of them is here: only what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.house_keys import Purpose
from registry.store.base import Base
from registry.store.types import Sha256, UtcDateTime, text_enum


class HouseKey(Base):
    """One key. Two hosts that each made a key of the same name would be found out by the check value."""

    __tablename__ = "house_keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(text_enum(Purpose))
    check_value: Mapped[str] = mapped_column(Sha256)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("retired_at >= registered_at", name="retired_after_it_was_registered"),)


def registered_keys(session: Session) -> Sequence[HouseKey]:
    """Answer every key that the registry was told of."""
    return session.scalars(select(HouseKey).order_by(HouseKey.registered_at, HouseKey.id)).all()
