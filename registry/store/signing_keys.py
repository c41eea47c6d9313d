"""Keys that accounts sign with: an account's own public key, or one that the registry keeps for it, sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.signatures import Custody
from registry.store.base import Base
from registry.store.types import Bytes, Id, UtcDateTime, text_enum

_IN_USE = text("retired_at IS NULL")


class SigningKey(Base):
    """One key of one account. It is never changed, and never deleted: what it has signed must stay verifiable."""

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    custody: Mapped[Custody] = mapped_column(text_enum(Custody))
    public_key: Mapped[bytes] = mapped_column(Bytes)
    wrapped_key: Mapped[bytes | None] = mapped_column(Bytes)
    master_key_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("length(public_key) = 32", name="public_key_of_ed25519"),
        CheckConstraint("(wrapped_key IS NULL) = (master_key_id IS NULL)", name="wrapped_by_a_master_key"),
        CheckConstraint("(custody = 'registry') = (wrapped_key IS NOT NULL)", name="kept_by_whom_it_says"),
        Index(
            "uq_signing_keys_one_in_use",
            "account_id",
            unique=True,
            sqlite_where=_IN_USE,
            postgresql_where=_IN_USE,
        ),
    )


def key_in_use(session: Session, account_id: str) -> SigningKey | None:
    """Answer the key that an account signs with at this time, or None."""
    query = select(SigningKey).where(SigningKey.account_id == account_id, SigningKey.retired_at.is_(None))
    return session.scalars(query).one_or_none()


def keys_of(session: Session, account_ids: Collection[str]) -> Sequence[SigningKey]:
    """Answer every key that some accounts have ever had, oldest first."""
    query = select(SigningKey).where(SigningKey.account_id.in_(account_ids)).order_by(SigningKey.id)
    return session.scalars(query).all()
