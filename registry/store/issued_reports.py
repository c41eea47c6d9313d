"""Which reports were handed out: to whom, when, and the digest by which one is known again. The report is not kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.cases import CaseSide
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Id, Sha256, UtcDateTime, text_enum


class IssuedReport(Base):
    """That one account read one report, first at this moment. The same report again is no second row."""

    __tablename__ = "issued_reports"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    check_id: Mapped[str | None] = mapped_column(ForeignKey("checks.id"))
    sha256: Mapped[str] = mapped_column(Sha256)
    side: Mapped[CaseSide | None] = mapped_column(text_enum(CaseSide))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("case_id", "account_id", "sha256"),
        UniqueConstraint("check_id", "account_id", "sha256"),
        CheckConstraint("(case_id IS NULL) <> (check_id IS NULL)", name="of_one_thing"),
        CheckConstraint("(case_id IS NULL) = (side IS NULL)", name="a_case_has_sides"),
    )


def issued_to(session: Session, account_id: str, subject_id: str, sha256: str) -> IssuedReport | None:
    """Answer that an account was given this very report about a case or a check, if it was."""
    own = (IssuedReport.case_id == subject_id) | (IssuedReport.check_id == subject_id)
    query = select(IssuedReport).where(IssuedReport.account_id == account_id, IssuedReport.sha256 == sha256, own)
    return session.scalars(query).first()


def reports_about_cases(session: Session, case_ids: Collection[str]) -> Sequence[IssuedReport]:
    """Answer every report that was issued about some cases, oldest first."""
    return _about(session, IssuedReport.case_id, case_ids)


def reports_about_checks(session: Session, check_ids: Collection[str]) -> Sequence[IssuedReport]:
    """Answer every report that was issued about some checks, oldest first."""
    return _about(session, IssuedReport.check_id, check_ids)


def _about(session: Session, column: Mapped[str | None], ids: Collection[str]) -> Sequence[IssuedReport]:
    found: list[IssuedReport] = []
    for part in in_parts(sorted(ids)):
        found += session.scalars(select(IssuedReport).where(column.in_(part)))
    return sorted(found, key=lambda each: each.id)
