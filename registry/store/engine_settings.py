"""Which operating point and calibration are in force, and which were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Integer, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.engine_settings import SHIPPED, EngineSettings
from registry.store.base import Base
from registry.store.types import Id, Sha256, UtcDateTime


class EngineSettingsInForce(Base):
    """Settings that two operators have put in force. The last one is; without any, the shipped ones are."""

    __tablename__ = "engine_settings"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    target_fpir: Mapped[float] = mapped_column(Float)
    calibration_sha256: Mapped[str | None] = mapped_column(Sha256)
    proposal_id: Mapped[str] = mapped_column(Id, ForeignKey("proposals.id"), unique=True)
    in_force_from: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("number >= 1", name="numbered_from_one"),
        CheckConstraint("target_fpir > 0 AND target_fpir < 0.5", name="rate_of_an_operating_point"),
    )

    def value(self) -> EngineSettings:
        """Answer the settings as the rules take them."""
        return EngineSettings(self.target_fpir, self.calibration_sha256)


def in_force(session: Session) -> tuple[int, EngineSettings]:
    """Answer the number of the settings in force, 0 for the shipped ones, and the settings."""
    query = select(EngineSettingsInForce).order_by(EngineSettingsInForce.number.desc()).limit(1)
    last = session.scalars(query).one_or_none()
    return (0, SHIPPED) if last is None else (last.number, last.value())
