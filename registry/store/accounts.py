"""Organisations, accounts and API tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from registry.domain.accounts import OrganisationKind, Role
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class Organisation(Base):
    """A studio, an auditor or the operator."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[OrganisationKind] = mapped_column(text_enum(OrganisationKind))
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)


class Account(Base):
    """Somebody, or something, that acts."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")

    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint(
            "(role IN ('performer', 'representative')) = (organisation_id IS NULL)", name="organisation_fits_role"
        ),
        CheckConstraint("version >= 1", name="version_positive"),
    )


class Token(Base):
    """An API token. Only a hash of it is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    secret_sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="joined")

    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        CheckConstraint("length(secret_sha256) = 64", name="secret_is_a_digest"),
    )


def organisation_names(session: Session, organisation_ids: Collection[str]) -> Mapping[str, str]:
    """Answer the names of organisations by id."""
    wanted = sorted(set(organisation_ids))
    return {
        row.id: row.name
        for part in in_parts(wanted)
        for row in session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(part)))
    }


def organisation_named(session: Session, name: str) -> Organisation | None:
    """Find an organisation by its exact name."""
    return session.scalars(select(Organisation).where(Organisation.name == name)).one_or_none()


def organisations_of_kind(session: Session, kind: OrganisationKind) -> Sequence[Organisation]:
    """Answer every organisation of a kind, oldest first."""
    return session.scalars(select(Organisation).where(Organisation.kind == kind).order_by(Organisation.id)).all()


def page_of_accounts(
    session: Session, *, organisation_id: str | None, after: str | None, limit: int
) -> Sequence[Account]:
    """Answer up to ``limit`` accounts after an id, oldest first; of one organisation when it is given."""
    query = select(Account).order_by(Account.id).limit(limit)
    if organisation_id is not None:
        query = query.where(Account.organisation_id == organisation_id)
    if after is not None:
        query = query.where(Account.id > after)
    return session.scalars(query).all()


def operators_in_service(session: Session) -> Sequence[Account]:
    """Answer every account of an operator that is not disabled, oldest first."""
    query = select(Account).where(Account.role == Role.OPERATOR, Account.disabled_at.is_(None)).order_by(Account.id)
    return session.scalars(query).all()


def tokens_of(session: Session, account_id: str, *, after: str | None, limit: int) -> Sequence[Token]:
    """Answer up to ``limit`` tokens of an account after an id, oldest first."""
    query = select(Token).where(Token.account_id == account_id).order_by(Token.id).limit(limit)
    if after is not None:
        query = query.where(Token.id > after)
    return session.scalars(query).all()


def lock_token(session: Session, token: Token) -> None:
    """Lock a token until the transaction ends, and read when it ends anew."""
    session.execute(select(Token.id).where(Token.id == token.id).with_for_update())
    session.refresh(token, ["expires_at", "revoked_at"])
