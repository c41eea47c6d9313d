"""Checks and their findings."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from registry.domain.approaches import Priority
from registry.domain.checks import CheckState
from registry.domain.scans import FindingBasis
from registry.domain.scores import EvidenceOutcome
from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose
from registry.domain.verdicts import Verdict
from registry.store.base import Base
from registry.store.scans import ScanRow
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class Check(Base):
    """A recording and its declared use, submitted by an organisation.

    The recording itself is not here: its hash is. The upload is spooled, sealed under ``spool_key``, until the check
    has been done, and then deleted.
    """

    __tablename__ = "checks"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    submitted_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[CheckState] = mapped_column(text_enum(CheckState))
    filename: Mapped[str] = mapped_column(String(255))
    content_sha256: Mapped[str] = mapped_column(Sha256)
    size_bytes: Mapped[int]
    duration_s: Mapped[float]
    kind: Mapped[UseKind] = mapped_column(text_enum(UseKind))
    purpose: Mapped[UsePurpose] = mapped_column(text_enum(UsePurpose))
    project: Mapped[str] = mapped_column(String(200))
    medium: Mapped[Medium] = mapped_column(text_enum(Medium))
    territory: Mapped[str] = mapped_column(String(5))
    language: Mapped[str | None] = mapped_column(String(35))
    fixed_on: Mapped[date | None]
    claimed_licence_ids: Mapped[list[str]] = mapped_column(Json)
    declared_source_id: Mapped[str | None] = mapped_column(ForeignKey("performers.id"))
    use_mode: Mapped[UseMode | None] = mapped_column(text_enum(UseMode))
    quantities: Mapped[list[dict[str, object]]] = mapped_column(Json)
    copy_sha256: Mapped[str | None] = mapped_column(Sha256)
    ai_disclosed: Mapped[bool | None]
    declared_attestation_id: Mapped[str | None] = mapped_column(ForeignKey("source_attestations.id"))
    verdict: Mapped[Verdict | None] = mapped_column(text_enum(Verdict))
    outcome: Mapped[EvidenceOutcome | None] = mapped_column(text_enum(EvidenceOutcome))
    speech_s: Mapped[float | None]
    reasons: Mapped[list[dict[str, object]] | None] = mapped_column(Json)
    engine: Mapped[dict[str, object] | None] = mapped_column(Json)
    problem: Mapped[dict[str, object] | None] = mapped_column(Json)
    stay_down: Mapped[list[dict[str, object]] | None] = mapped_column(Json)
    spool_key: Mapped[bytes | None] = mapped_column(Bytes)
    spool_master_key_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    findings: Mapped[list[Finding]] = relationship(order_by="Finding.rank", back_populates="check")

    __table_args__ = (
        CheckConstraint("duration_s > 0", name="duration_positive"),
        CheckConstraint("(state = 'queued') = (finished_at IS NULL)", name="finished_unless_queued"),
        CheckConstraint("(state = 'done') = (verdict IS NOT NULL)", name="done_has_a_verdict"),
        CheckConstraint("state = 'queued' OR spool_key IS NULL", name="spool_key_only_while_queued"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "organisation_id", "id"),
        Index(None, "state", "finished_at"),
    )

    def use(self) -> DeclaredUse:
        """Answer the declared use as the rules take it."""
        return DeclaredUse(
            kind=self.kind,
            purpose=self.purpose,
            project=self.project,
            medium=self.medium,
            territory=self.territory,
            language=self.language,
            fixed_on=self.fixed_on,
            claimed_licence_ids=tuple(self.claimed_licence_ids),
            declared_source_id=self.declared_attestation_id or self.declared_source_id,
            use_mode=self.use_mode,
            quantities=self._quantities(),
            copy_sha256=self.copy_sha256,
            ai_disclosed=self.ai_disclosed,
        )

    def _quantities(self) -> tuple[Quantity, ...]:
        """Answer how much was declared; where no seconds were, the recording says how many it has, rounded up."""
        declared = [Quantity.of_json(each) for each in self.quantities]
        if all(quantity.unit is not UsageUnit.SECOND for quantity in declared):
            declared.append(Quantity(UsageUnit.SECOND, math.ceil(self.duration_s)))
        return tuple(declared)


_TO_REVIEW = text("reviewed_at IS NULL")


class Finding(Base):
    """One performer in one recording, of a check or of a scan: evidence, and what policy says of it."""

    __tablename__ = "findings"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    check_id: Mapped[str | None] = mapped_column(ForeignKey("checks.id"))
    scan_row_id: Mapped[str | None] = mapped_column(ForeignKey("scan_rows.id"))
    basis: Mapped[FindingBasis] = mapped_column(
        text_enum(FindingBasis), default=FindingBasis.HEARD, server_default=FindingBasis.HEARD.value
    )
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    rank: Mapped[int]
    outcome: Mapped[EvidenceOutcome] = mapped_column(text_enum(EvidenceOutcome))
    log10_lr: Mapped[float]
    engines: Mapped[dict[str, float]] = mapped_column(Json)
    cohort_percentile: Mapped[float]
    segments: Mapped[list[dict[str, float]]] = mapped_column(Json)
    evidence_reasons: Mapped[list[dict[str, object]]] = mapped_column(Json)
    verdict: Mapped[Verdict] = mapped_column(text_enum(Verdict))
    reasons: Mapped[list[dict[str, object]]] = mapped_column(Json)
    licence_id: Mapped[str | None] = mapped_column(ForeignKey("licences.id"))
    priority: Mapped[Priority] = mapped_column(
        text_enum(Priority), default=Priority.NORMAL, server_default=Priority.NORMAL.value
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    check: Mapped[Check | None] = relationship(back_populates="findings")
    scan_row: Mapped[ScanRow | None] = relationship()

    __table_args__ = (
        UniqueConstraint("check_id", "performer_id"),
        UniqueConstraint("check_id", "rank"),
        UniqueConstraint("scan_row_id", "performer_id"),
        UniqueConstraint("scan_row_id", "rank"),
        CheckConstraint("(check_id IS NULL) <> (scan_row_id IS NULL)", name="of_one_recording"),
        CheckConstraint("basis = 'heard' OR scan_row_id IS NOT NULL", name="reported_by_a_scan"),
        CheckConstraint("cohort_percentile >= 0 AND cohort_percentile <= 100", name="percentile_in_range"),
        CheckConstraint("rank >= 1", name="rank_from_one"),
        Index(None, "performer_id", "id"),
        Index(None, "organisation_id", "id"),
        Index(
            "ix_findings_to_decide", "verdict", "priority", "id", sqlite_where=_TO_REVIEW, postgresql_where=_TO_REVIEW
        ),
    )

    @property
    def scan_id(self) -> str | None:
        """Id of the scan that it is of, or None; the row of the scan is read for it."""
        return None if self.scan_row_id is None or self.scan_row is None else self.scan_row.scan_id


def is_queued(session: Session, check_id: str) -> bool:
    """Whether a check is there and waits for its verdict."""
    return session.scalar(_STATE, {"check_id": check_id}) is CheckState.QUEUED


_STATE = select(Check.state).where(Check.id == bindparam("check_id"))
"""Made once: it is asked again and again while somebody waits."""


def page_of_checks(
    session: Session,
    *,
    organisation_id: str | None,
    state: CheckState | None = None,
    verdict: Verdict | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Check]:
    """Answer up to ``limit`` checks before an id with their findings, newest first, within what is given."""
    query = select(Check).options(selectinload(Check.findings)).order_by(Check.id.desc()).limit(limit)
    if organisation_id is not None:
        query = query.where(Check.organisation_id == organisation_id)
    if state is not None:
        query = query.where(Check.state == state)
    if verdict is not None:
        query = query.where(Check.verdict == verdict)
    if after is not None:
        query = query.where(Check.id < after)
    return session.scalars(query).all()


def page_of_findings(
    session: Session,
    *,
    organisation_id: str | None,
    performer_ids: Collection[str] | None,
    verdict: Verdict | None,
    priority: Priority | None = None,
    scan_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Finding]:
    """Answer up to ``limit`` findings before an id, each with its recording, newest first, within what is given."""
    query = select(Finding).options(joinedload(Finding.check), joinedload(Finding.scan_row))
    query = query.order_by(Finding.id.desc()).limit(limit)
    if organisation_id is not None:
        query = query.where(Finding.organisation_id == organisation_id)
    if performer_ids is not None:
        query = query.where(Finding.performer_id.in_(performer_ids))
    if verdict is not None:
        query = query.where(Finding.verdict == verdict)
    if priority is not None:
        query = query.where(Finding.priority == priority)
    if scan_id is not None:
        query = query.where(Finding.scan_row.has(ScanRow.scan_id == scan_id))
    if after is not None:
        query = query.where(Finding.id < after)
    return session.scalars(query).all()


def numbers_of_performer(session: Session, scan_id: str, performer_id: str) -> Sequence[int]:
    """Answer the numbers of the rows of a scan in which a performer was found, in their order."""
    query = (
        select(ScanRow.number)
        .join(Finding, Finding.scan_row_id == ScanRow.id)
        .where(Finding.performer_id == performer_id, ScanRow.scan_id == scan_id)
        .order_by(ScanRow.number)
    )
    return session.scalars(query).all()
