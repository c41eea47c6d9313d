"""Usage: what studios report, and the lines in which use is counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from registry.domain.usage import LARGEST_THOUSANDTHS, Period, Usage, UsageKind
from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.store.base import Base
from registry.store.checks import Check, Finding
from registry.store.ledger import FRACTION, Currency
from registry.store.parts import in_parts
from registry.store.types import Id, Sha256, UtcDateTime, text_enum


class UsageReport(Base):
    """What a studio says it used on some days. An amendment takes its place; it is never changed."""

    __tablename__ = "usage_reports"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    digest: Mapped[str] = mapped_column(Sha256)
    note: Mapped[str | None] = mapped_column(String(500))
    amends_id: Mapped[str | None] = mapped_column(ForeignKey("usage_reports.id"), unique=True)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)

    items: Mapped[list[UsageReportItem]] = relationship(order_by="UsageReportItem.number")

    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period_in_order"),
        Index(None, "studio_id", "id"),
        Index(
            "uq_usage_reports_one_standing",
            "studio_id",
            "digest",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    def period(self) -> Period:
        """Answer the days that it is about."""
        return Period(self.starts_on, self.ends_on)


class UsageReportItem(Base):
    """One statement of a report: so much of one kind, under one licence."""

    __tablename__ = "usage_report_items"

    report_id: Mapped[str] = mapped_column(ForeignKey("usage_reports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"), index=True)
    unit: Mapped[UsageUnit] = mapped_column(text_enum(UsageUnit))
    medium: Mapped[Medium] = mapped_column(text_enum(Medium))
    use_mode: Mapped[UseMode] = mapped_column(text_enum(UseMode))
    thousandths: Mapped[int] = mapped_column(BigInteger)
    project: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        CheckConstraint(f"thousandths BETWEEN 0 AND {LARGEST_THOUSANDTHS}", name="quantity_in_range"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )

    def usage(self) -> Usage:
        """Answer the item as the rules take it."""
        return Usage(UsageKind(self.unit, self.medium, self.use_mode), self.thousandths)


class UsageLine(Base):
    """Use as it was counted: from a finding that measured it, or from a report. An amendment makes a report's void.

    ``thousandths`` is what it counts, ``measured`` what was heard: less may count, where a report has covered it.
    """

    __tablename__ = "usage_lines"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"))
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    unit: Mapped[UsageUnit] = mapped_column(text_enum(UsageUnit))
    medium: Mapped[Medium] = mapped_column(text_enum(Medium))
    use_mode: Mapped[UseMode] = mapped_column(text_enum(UseMode))
    thousandths: Mapped[int] = mapped_column(BigInteger)
    measured: Mapped[int | None] = mapped_column(BigInteger)
    used_from: Mapped[date]
    used_to: Mapped[date]
    finding_id: Mapped[str | None] = mapped_column(ForeignKey("findings.id"))
    report_id: Mapped[str | None] = mapped_column(ForeignKey("usage_reports.id"))
    exact_minor: Mapped[str | None] = mapped_column(String(FRACTION))
    currency: Mapped[str | None] = mapped_column(Currency)
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(f"thousandths BETWEEN 0 AND {LARGEST_THOUSANDTHS}", name="quantity_in_range"),
        CheckConstraint("(finding_id IS NULL) <> (report_id IS NULL)", name="from_one_source"),
        CheckConstraint("(finding_id IS NULL) = (measured IS NULL)", name="measured_by_a_finding"),
        CheckConstraint("measured IS NULL OR thousandths <= measured", name="counts_no_more_than_measured"),
        CheckConstraint("(exact_minor IS NULL) = (currency IS NULL)", name="price_has_a_currency"),
        CheckConstraint("entry_id IS NULL OR exact_minor IS NOT NULL", name="posted_when_priced"),
        CheckConstraint("used_to >= used_from", name="days_in_order"),
        Index(None, "licence_id", "unit"),
    )

    def usage(self) -> Usage:
        """Answer the line as the rules take it."""
        return Usage(UsageKind(self.unit, self.medium, self.use_mode), self.thousandths)


def standing_report(session: Session, studio_id: str, digest: str) -> UsageReport | None:
    """Find the report of a studio that says exactly this and stands."""
    query = select(UsageReport).where(
        UsageReport.studio_id == studio_id, UsageReport.digest == digest, UsageReport.superseded_at.is_(None)
    )
    return session.scalars(query).one_or_none()


def reports_on_days(session: Session, licence_ids: Collection[str], days: Period) -> Sequence[UsageReport]:
    """Answer the standing reports that speak of a licence on any of some days, oldest first."""
    query = (
        select(UsageReport)
        .where(
            UsageReport.superseded_at.is_(None),
            UsageReport.starts_on <= days.ends_on,
            UsageReport.ends_on >= days.starts_on,
            UsageReport.items.any(UsageReportItem.licence_id.in_(licence_ids)),
        )
        .order_by(UsageReport.id)
    )
    return session.scalars(query).all()


def page_of_reports(session: Session, *, studio_id: str | None, after: str | None, limit: int) -> Sequence[UsageReport]:
    """Answer up to ``limit`` reports after an id with their items, oldest first; of one studio when it is given."""
    query = select(UsageReport).options(selectinload(UsageReport.items)).order_by(UsageReport.id).limit(limit)
    if studio_id is not None:
        query = query.where(UsageReport.studio_id == studio_id)
    if after is not None:
        query = query.where(UsageReport.id > after)
    return session.scalars(query).all()


def line_with_key(session: Session, key: str) -> UsageLine | None:
    """Find the line that was counted under a key."""
    return session.scalars(select(UsageLine).where(UsageLine.key == key)).one_or_none()


def counted_on(session: Session, licence_id: str, days: Period) -> Sequence[UsageLine]:
    """Answer what counts under a licence within some days, oldest first; what was made void does not."""
    query = select(UsageLine).where(
        UsageLine.licence_id == licence_id,
        UsageLine.voided_at.is_(None),
        UsageLine.used_from >= days.starts_on,
        UsageLine.used_to <= days.ends_on,
    )
    return session.scalars(query.order_by(UsageLine.id)).all()


def lines_of_report(session: Session, report_id: str) -> Sequence[UsageLine]:
    """Answer what a report has counted, oldest first."""
    return session.scalars(select(UsageLine).where(UsageLine.report_id == report_id).order_by(UsageLine.id)).all()


def lines_of_performer(session: Session, performer_id: str) -> Sequence[UsageLine]:
    """Answer all use of a performer's voice that was counted, oldest first."""
    return session.scalars(select(UsageLine).where(UsageLine.performer_id == performer_id).order_by(UsageLine.id)).all()


def lines_of_entries(session: Session, entry_ids: Collection[str]) -> dict[str, UsageLine]:
    """Answer the lines that some entries post, by the entry's id."""
    found = session.scalars(select(UsageLine).where(UsageLine.entry_id.in_(entry_ids)))
    return {str(line.entry_id): line for line in found}


def counted_recordings(session: Session, organisation_id: str, sha256s: Sequence[str]) -> set[str]:
    """Answer of which of some recordings an organisation's checks have counted use."""
    found: set[str] = set()
    for part in in_parts(sha256s):
        query = (
            select(Check.content_sha256)
            .join(Finding, Finding.check_id == Check.id)
            .join(UsageLine, UsageLine.finding_id == Finding.id)
            .where(Check.organisation_id == organisation_id, Check.content_sha256.in_(part))
        )
        found |= set(session.scalars(query))
    return found


def used_thousandths(
    session: Session, licence_ids: Collection[str], *, apart_from: str | None = None, until: datetime | None = None
) -> dict[str, dict[UsageUnit, int]]:
    """Answer how much was used under each licence, by unit, in thousandths; what was made void does not count.

    Args:
        session: to read in.
        licence_ids: of which.
        apart_from: SHA-256 of a recording whose own use is left out.
        until: a moment; what was written after it is left out. None leaves nothing out.
    """
    stands: ColumnElement[bool] = UsageLine.voided_at.is_(None)
    if until is not None:
        stands = and_(UsageLine.recorded_at <= until, or_(stands, UsageLine.voided_at > until))
    query = select(UsageLine.licence_id, UsageLine.unit, func.sum(UsageLine.thousandths)).where(
        UsageLine.licence_id.in_(licence_ids), stands
    )
    if apart_from is not None:
        query = query.where(~UsageLine.key.contains(f":{apart_from}:"))
    query = query.group_by(UsageLine.licence_id, UsageLine.unit)
    used: dict[str, dict[UsageUnit, int]] = {}
    for licence_id, unit, thousandths in session.execute(query):
        used.setdefault(licence_id, {})[unit] = int(thousandths)
    return used
