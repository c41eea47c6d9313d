"""One-time sign-in links. Only a hash of each is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import Id, Sha256, UtcDateTime


class SignInLink(Base):
    """A link that lets somebody in once."""

    __tablename__ = "sign_in_links"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    secret_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    issued_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        CheckConstraint("length(secret_sha256) = 64", name="secret_is_a_digest"),
        CheckConstraint("used_at IS NULL OR voided_at IS NULL", name="used_or_voided"),
    )


def lock_link(session: Session, link_id: str) -> SignInLink | None:
    """Find a link, and keep others from using it until this transaction ends."""
    return session.scalars(select(SignInLink).where(SignInLink.id == link_id).with_for_update()).one_or_none()


def void_links_of(session: Session, account_id: str, now: datetime) -> None:
    """Make every link of an account void that was not used yet."""
    unused = (SignInLink.account_id == account_id, SignInLink.used_at.is_(None), SignInLink.voided_at.is_(None))
    session.execute(update(SignInLink).where(*unused).values(voided_at=now))


def forget_links(session: Session, before: datetime) -> None:
    """Delete the links whose time was over before a moment."""
    session.execute(delete(SignInLink).where(SignInLink.expires_at < before))
