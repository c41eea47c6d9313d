"""Scans, and those of their rows that have findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from registry.domain.gallery_files import SearchPurpose
from registry.domain.scans import ENDED, ScanOrigin, ScanState
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.store.base import Base
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum

LONGEST_TEXT = 1000
"""Characters of a name, a declared use, a project or a claimed licence."""


class Scan(Base):
    """A batch of recordings that was searched: reported by an organisation, or done by the registry's workers.

    Of the recordings there are counts, and those rows that somebody was found in. A report is kept as it was signed,
    unless it speaks of somebody who must not be spoken of.

    Attributes:
        request: what workers were asked for; None for a scan that is reported.
        report_sha256: of the canonical JSON of what the report signs.
        report: compact JWS.
        summary: the report's own counts over all rows, without those by performer.
        engine: what made the evidence.
        flagged: rows with a match that nothing covers, by the registry's policy.
        unresolved: times that a row names somebody of whom nothing may be said.
        rows_received_at: when all rows of a scan that is reported were there; None of any other.
    """

    __tablename__ = "scans"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    submitted_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    origin: Mapped[ScanOrigin] = mapped_column(text_enum(ScanOrigin))
    state: Mapped[ScanState] = mapped_column(text_enum(ScanState))
    kind: Mapped[SearchPurpose] = mapped_column(text_enum(SearchPurpose))
    request: Mapped[dict[str, Any] | None] = mapped_column(Json)
    gallery_file_id: Mapped[str | None] = mapped_column(ForeignKey("gallery_files.id"), index=True)
    report_sha256: Mapped[str | None] = mapped_column(Sha256)
    signed_by: Mapped[str | None] = mapped_column(String(43))
    report: Mapped[str | None] = mapped_column(Text, deferred=True)
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    engine: Mapped[dict[str, Any] | None] = mapped_column(Json)
    manifest_sha256: Mapped[str | None] = mapped_column(Sha256)
    results_sha256: Mapped[str | None] = mapped_column(Sha256)
    rows: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    audio_s: Mapped[float] = mapped_column(default=0.0)
    flagged: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    findings: Mapped[int] = mapped_column(default=0)
    unresolved: Mapped[int] = mapped_column(default=0)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows_received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def has_rows(self) -> bool:
        """Whether the registry has a row for every input: workers made them, or they were sent after the report."""
        return self.state is ScanState.DONE and (self.origin is ScanOrigin.SERVER or self.rows_received_at is not None)

    __table_args__ = (
        UniqueConstraint("organisation_id", "report_sha256"),
        CheckConstraint("(state IN ('queued', 'running')) = (finished_at IS NULL)", name="finished_unless_open"),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="failed_has_a_problem"),
        CheckConstraint("(origin = 'server') = (request IS NOT NULL)", name="server_was_asked"),
        CheckConstraint("(origin = 'reported') = (gallery_file_id IS NOT NULL)", name="reported_with_a_file"),
        CheckConstraint(
            "origin = 'server' OR (state = 'done' AND report_sha256 IS NOT NULL AND signed_by IS NOT NULL)",
            name="reported_is_done",
        ),
        CheckConstraint("rows_done >= 0 AND rows_done <= rows", name="rows_counted"),
        CheckConstraint(
            "audio_s >= 0 AND flagged >= 0 AND failed >= 0 AND findings >= 0 AND unresolved >= 0",
            name="counts_not_negative",
        ),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "organisation_id", "id"),
    )


class ScanRow(Base):
    """One recording of a scan that has findings."""

    __tablename__ = "scan_rows"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    scan_id: Mapped[str] = mapped_column(ForeignKey("scans.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    content_sha256: Mapped[str] = mapped_column(Sha256)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_s: Mapped[float]
    speech_s: Mapped[float]
    outcome: Mapped[EvidenceOutcome] = mapped_column(text_enum(EvidenceOutcome))
    verdict: Mapped[Verdict] = mapped_column(text_enum(Verdict))
    declared_use: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    project: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    licence: Mapped[str] = mapped_column(String(LONGEST_TEXT))

    scan: Mapped[Scan] = relationship()

    __table_args__ = (
        UniqueConstraint("scan_id", "number"),
        CheckConstraint("number >= 0", name="number_from_zero"),
        CheckConstraint("size_bytes >= 0 AND duration_s >= 0 AND speech_s >= 0", name="measures_not_negative"),
    )


def scan_with_report(session: Session, organisation_id: str, report_sha256: str) -> Scan | None:
    """Find the scan of an organisation that was filed by a report which signs exactly this."""
    query = select(Scan).where(Scan.organisation_id == organisation_id, Scan.report_sha256 == report_sha256)
    return session.scalars(query).one_or_none()


def page_of_scans(session: Session, *, organisation_id: str | None, after: str | None, limit: int) -> Sequence[Scan]:
    """Answer up to ``limit`` scans before an id, newest first; of one organisation when given."""
    query = select(Scan).order_by(Scan.id.desc()).limit(limit)
    if organisation_id is not None:
        query = query.where(Scan.organisation_id == organisation_id)
    if after is not None:
        query = query.where(Scan.id < after)
    return session.scalars(query).all()


def count_open(session: Session, organisation_id: str) -> int:
    """Answer how many scans of an organisation wait or run."""
    query = select(func.count()).where(Scan.organisation_id == organisation_id, Scan.state.not_in(ENDED))
    return session.scalar(query) or 0


def known_scans(session: Session, scan_ids: Sequence[str]) -> set[str]:
    """Answer which of some ids are scans that are on record."""
    return set(session.scalars(select(Scan.id).where(Scan.id.in_(scan_ids))))
