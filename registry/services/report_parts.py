"""From records to the parts of a report. Moments are written with their microseconds, so that they sort as text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from registry.domain.reviews import Exclusion
from registry.journal.leaf import rfc3339
from registry.reports.model import (
    ConsideredPart,
    FindingPart,
    PersonPart,
    ReasonPart,
    RegistryPart,
    ReviewPart,
    SegmentPart,
)
from registry.services.context import Context
from registry.services.journal_names import origin_in
from registry.store.accounts import Account
from registry.store.checks import Finding
from registry.store.parts import in_parts
from registry.store.reviews import Review
from registry.vault.signing import registry_id


def moment(of: datetime) -> str:
    """Answer a moment as a report has it."""
    return rfc3339(of)


def moment_or_none(of: datetime | None) -> str | None:
    """Answer a moment as a report has it; None where there is none."""
    return None if of is None else rfc3339(of)


def day(of: date | None) -> str | None:
    """Answer a day as a report has it; None where there is none."""
    return None if of is None else of.isoformat()


def registry_part(ctx: Context, session: Session) -> RegistryPart:
    """Say whose report it is."""
    return RegistryPart(
        id=registry_id(ctx.keys),
        journal=origin_in(ctx, session),
        name=ctx.controller.name,
        contact=ctx.controller.contact,
    )


def accounts_named(session: Session, account_ids: Collection[str]) -> Mapping[str, PersonPart]:
    """Answer some accounts with their names, by id."""
    found: dict[str, PersonPart] = {}
    for part in in_parts(sorted(set(account_ids))):
        rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(part)))
        found |= {account_id: PersonPart(id=account_id, name=name) for account_id, name in rows}
    return found


def reasons(stored: Iterable[Mapping[str, Any]] | None) -> tuple[ReasonPart, ...]:
    """Answer reasons as they were stored."""
    return tuple(
        ReasonPart(code=each["code"], detail=each["detail"], figures=dict(each.get("figures") or {}))
        for each in stored or ()
    )


def finding_part(finding: Finding, performer: PersonPart, reviews: Sequence[Review] = ()) -> FindingPart:
    """Answer one performer in one recording, with what people decided about it."""
    recording = finding.check or finding.scan_row
    if recording is None:
        raise AssertionError("a finding is of a check or of a scan: the database sees to it")
    return FindingPart(
        id=finding.id,
        check_id=finding.check_id,
        recording_sha256=recording.content_sha256,
        performer=performer,
        outcome=finding.outcome,
        log10_lr=finding.log10_lr,
        engines={name: float(value) for name, value in finding.engines.items()},
        cohort_percentile=finding.cohort_percentile,
        segments=tuple(
            SegmentPart(start_s=each["start_s"], end_s=each["end_s"], log10_lr=each["log10_lr"])
            for each in finding.segments
        ),
        evidence_reasons=reasons(finding.evidence_reasons),
        verdict=finding.verdict,
        reasons=reasons(finding.reasons),
        licence_id=finding.licence_id,
        at=moment(finding.created_at),
        reviews=tuple(_review(each) for each in reviews),
    )


def _review(review: Review) -> ReviewPart:
    return ReviewPart(
        action=review.action,
        reason=review.reason,
        considered=tuple(_considered(each) for each in review.considered),
        licence_id=review.licence_id,
        at=moment(review.decided_at),
    )


def _considered(stored: Mapping[str, Any]) -> ConsideredPart:
    return ConsideredPart(
        exclusion=Exclusion(stored["exclusion"]), applies=bool(stored["applies"]), reason=str(stored["reason"])
    )


def findings_named(session: Session, finding_ids: Collection[str]) -> Sequence[Finding]:
    """Answer some findings, each with its recording, oldest first."""
    found: list[Finding] = []
    for part in in_parts(sorted(set(finding_ids))):
        query = select(Finding).options(joinedload(Finding.check), joinedload(Finding.scan_row))
        found += session.scalars(query.where(Finding.id.in_(part)))
    return sorted(found, key=lambda each: each.id)


def reviews_by_finding(session: Session, finding_ids: Collection[str]) -> Mapping[str, Sequence[Review]]:
    """Answer what was decided about some findings, oldest first, by the finding."""
    found: dict[str, list[Review]] = {}
    for part in in_parts(sorted(set(finding_ids))):
        for each in session.scalars(select(Review).where(Review.finding_id.in_(part)).order_by(Review.id)):
            found.setdefault(each.finding_id, []).append(each)
    return found
