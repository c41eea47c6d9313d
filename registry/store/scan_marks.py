"""Samples of scans that persons mark, and their marks: a mark is never changed, a later one takes its place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.scan_samples import Mark, SampledBy
from registry.store.base import Base
from registry.store.types import Id, Json, UtcDateTime, text_enum


class ScanSample(Base):
    """Rows that were drawn from a scan, once somebody has marked one of them.

    Attributes:
        size, seed, by: of the draw, which makes the same rows again.
        strata: each as a list: its name, how many rows it has, how many of them were drawn.
        drawn: each row as a list: its number, its stratum, what was found in it. Nobody is named.
        turns: how often it was marked.
    """

    __tablename__ = "scan_samples"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    scan_id: Mapped[str] = mapped_column(ForeignKey("scans.id"))
    size: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[SampledBy] = mapped_column(text_enum(SampledBy))
    strata: Mapped[list[Any]] = mapped_column(Json)
    drawn: Mapped[list[Any]] = mapped_column(Json)
    turns: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("scan_id", "size", "seed", "by"),
        CheckConstraint("size >= 1 AND seed >= 0 AND turns >= 0", name="sample_in_range"),
    )


class ScanMark(Base):
    """What somebody said of a row of a sample, in one of its turns; of the same person and row the last turn counts."""

    __tablename__ = "scan_marks"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    sample_id: Mapped[str] = mapped_column(ForeignKey("scan_samples.id"))
    turn: Mapped[int]
    number: Mapped[int]
    mark: Mapped[Mark] = mapped_column(text_enum(Mark))
    marked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("sample_id", "turn", "number"),
        CheckConstraint("turn >= 1 AND number >= 0", name="mark_in_range"),
        Index(None, "marked_by"),
    )


def find_sample(
    session: Session, scan_id: str, *, size: int, seed: int, by: SampledBy, lock: bool = False
) -> ScanSample | None:
    """Find the sample of a scan that was drawn so, once somebody has marked it; locked for who adds to it."""
    query = select(ScanSample).where(
        ScanSample.scan_id == scan_id, ScanSample.size == size, ScanSample.seed == seed, ScanSample.by == by
    )
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def marks_of(session: Session, sample_id: str) -> Sequence[ScanMark]:
    """Answer every mark of a sample, in the order in which they were made."""
    query = select(ScanMark).where(ScanMark.sample_id == sample_id).order_by(ScanMark.turn, ScanMark.number)
    return session.scalars(query).all()


def page_of_samples(session: Session, scan_id: str, *, after: str | None, limit: int) -> Sequence[ScanSample]:
    """Answer up to ``limit`` samples of a scan before an id, newest first."""
    query = select(ScanSample).where(ScanSample.scan_id == scan_id).order_by(ScanSample.id.desc()).limit(limit)
    return session.scalars(query if after is None else query.where(ScanSample.id < after)).all()


def samples_of_scans(session: Session, scan_ids: Collection[str]) -> Sequence[ScanSample]:
    """Answer the samples of some scans."""
    return session.scalars(select(ScanSample).where(ScanSample.scan_id.in_(scan_ids)).order_by(ScanSample.id)).all()


def marks_of_samples(session: Session, sample_ids: Collection[str]) -> Sequence[ScanMark]:
    """Answer the marks of some samples."""
    return session.scalars(select(ScanMark).where(ScanMark.sample_id.in_(sample_ids)).order_by(ScanMark.id)).all()
