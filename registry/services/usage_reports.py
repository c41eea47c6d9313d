"""Usage reports: what a studio says it used on days that are over, and what that adds to what checks have counted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.usage import Period, Usage, added_by_report, sums_of
from registry.domain.usage_report_document import ReportedItem
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnknownLicenceError,
    UsageOverlapsError,
)
from registry.services.context import Context
from registry.services.ledger import licence_to_post, reach
from registry.services.unit import Unit, unit_of_work
from registry.services.usage import Source, count, void
from registry.store import usage
from registry.store.accounts import Organisation
from registry.store.licences import Licence
from registry.store.usage import UsageReport, UsageReportItem
from registry.vault.signing import canonical

MOST_ITEMS = 1000


def report_usage(
    ctx: Context,
    principal: Principal,
    *,
    studio_id: str | None,
    period: Period,
    items: Sequence[ReportedItem],
    note: str | None = None,
    amends_id: str | None = None,
) -> UsageReport:
    """Record what a studio says it used, and post what checks have not counted. Said again, it is the same report.

    1. What is said is looked at: days that are over, licences of the studio that were in force on them.
    2. The performers are locked, in the order of their ids. From here on: a report that says the same stands already,
       or no standing report speaks of these days.
    3. An amendment takes back what the earlier report has counted.
    4. Report, items, lines and entries are written, and committed at once.

    Args:
        ctx: what verbs work with.
        principal: of the studio, or an operator who records what a studio said.
        studio_id: whose use it is; None for the caller's own.
        period: the days that it is about.
        items: 1 to `MOST_ITEMS`.
        note: in words, or None.
        amends_id: the report whose place it takes, or None.

    Raises:
        ForbiddenError: the caller may not report.
        NotFoundError: no such studio, or no such report to amend.
        InvalidInputError: the days are not over, or not those of the report to amend; there are no items or too many;
            or a licence's term had no day in it.
        UnknownLicenceError: a licence is not the studio's, or was never in force.
        UsageOverlapsError: another report speaks of one of these days under one of these licences.
        ConflictError: the report to amend was amended already.
    """
    principal.require(Scope.LEDGER_WRITE)
    _require_sayable(period, items, ctx)
    with unit_of_work(ctx) as unit:
        studio = _reporting_studio(unit.session, principal, studio_id)
        amended = _amended(unit.session, studio, period, amends_id)
        licences = _lock(unit, _licences(unit.session, studio, period, items), amended)
        digest = _digest(period, items, note)
        known = usage.standing_report(unit.session, studio.id, digest)
        if known is not None:
            _ = known.items
            return known
        _require_no_overlap(unit.session, {item.licence_id for item in items}, period, amended)
        report = _new_report(unit, principal, studio, period=period, items=items, note=note, digest=digest)
        if amended is not None:
            _supersede(unit, amended, report, licences)
        unit.session.add(report)
        unit.session.flush()
        for licence in licences.values():
            bring_up(unit, licence, report, principal.account_id)
        _record_reported(unit, report, principal)
        unit.commit()
    return report


def _require_sayable(period: Period, items: Sequence[ReportedItem], ctx: Context) -> None:
    today = ctx.clock().date()
    if not period.is_over(today):
        raise InvalidInputError(
            f"usage is reported once its days are over: {period.ends_on} is not before {today}",
            ends_on=period.ends_on.isoformat(),
            today=today.isoformat(),
        )
    if not 1 <= len(items) <= MOST_ITEMS:
        raise InvalidInputError(f"a report has 1 to {MOST_ITEMS} items, not {len(items)}", items=len(items))


def _reporting_studio(session: Session, principal: Principal, studio_id: str | None) -> Organisation:
    wanted = studio_id or principal.organisation_id or ""
    studio = session.get(Organisation, wanted)
    if studio is None or studio.kind is not OrganisationKind.STUDIO or not principal.may_see_organisation(wanted):
        raise NotFoundError("there is no such studio")
    return studio


def _digest(period: Period, items: Sequence[ReportedItem], note: str | None) -> str:
    """Answer the SHA-256 of what a report says, whatever the order in which it is said."""
    said = sorted(
        [
            item.licence_id,
            item.used.kind.unit.value,
            item.used.kind.medium.value,
            item.used.kind.mode.value,
            item.project or "",
            str(item.used.thousandths),
        ]
        for item in items
    )
    body = {
        "starts_on": period.starts_on.isoformat(),
        "ends_on": period.ends_on.isoformat(),
        "items": said,
        "note": note,
    }
    return hashlib.sha256(canonical(body)).hexdigest()


def _licences(
    session: Session, studio: Organisation, period: Period, items: Sequence[ReportedItem]
) -> Sequence[Licence]:
    found = []
    for licence_id in {item.licence_id for item in items}:
        licence = session.get(Licence, licence_id)
        if licence is None or licence.studio_id != studio.id or licence.activated_at is None:
            raise UnknownLicenceError(f"there is no licence {licence_id} of this studio", licence_id=licence_id)
        _require_term_in(licence, period)
        found.append(licence)
    return found


def _lock(unit: Unit, licences: Sequence[Licence], amended: UsageReport | None) -> Mapping[str, Licence]:
    """Answer every licence that entries will be written for, by id, locked in the order of their performers' ids.

    Raises:
        ConflictError: the report to amend was amended while this waited.
    """
    touched = {licence.id: licence for licence in licences}
    for line in usage.lines_of_report(unit.session, amended.id) if amended else ():
        touched.setdefault(line.licence_id, unit.session.get_one(Licence, line.licence_id))
    ordered = sorted(touched.values(), key=lambda licence: (licence.performer_id, licence.id))
    locked = {licence.id: licence_to_post(unit, licence.id) for licence in ordered}
    if amended is not None:
        unit.session.refresh(amended, with_for_update=True)
        _require_standing(amended)
    return locked


def _require_term_in(licence: Licence, period: Period) -> None:
    term = Period(licence.starts_on, licence.ends_on)
    if not term.overlaps(period):
        raise InvalidInputError(
            f"the licence ran from {term.starts_on} to {term.ends_on}, on none of the days reported",
            licence_id=licence.id,
            starts_on=term.starts_on.isoformat(),
            ends_on=term.ends_on.isoformat(),
        )


def _amended(session: Session, studio: Organisation, period: Period, amends_id: str | None) -> UsageReport | None:
    if amends_id is None:
        return None
    report = session.get(UsageReport, amends_id)
    if report is None or report.studio_id != studio.id:
        raise NotFoundError("there is no such usage report")
    _require_standing(report)
    if report.period() != period:
        raise InvalidInputError(
            f"an amendment is about the same days, {report.starts_on} to {report.ends_on}",
            starts_on=report.starts_on.isoformat(),
            ends_on=report.ends_on.isoformat(),
        )
    return report


def _require_standing(report: UsageReport) -> None:
    if report.superseded_at is not None:
        raise ConflictError("the report was amended already: amend the one that stands", state="superseded")


def _require_no_overlap(
    session: Session, licences: Collection[str], period: Period, amended: UsageReport | None
) -> None:
    for other in usage.reports_on_days(session, licences, period):
        if other is not amended:
            raise UsageOverlapsError(
                f"the report {other.id} speaks of {other.starts_on} to {other.ends_on} already: amend it",
                report_id=other.id,
                starts_on=other.starts_on.isoformat(),
                ends_on=other.ends_on.isoformat(),
            )


def _new_report(
    unit: Unit,
    principal: Principal,
    studio: Organisation,
    *,
    period: Period,
    items: Sequence[ReportedItem],
    note: str | None,
    digest: str,
) -> UsageReport:
    return UsageReport(
        id=unit.new_id(IdPrefix.USAGE_REPORT),
        studio_id=studio.id,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        digest=digest,
        note=note,
        amends_id=None,
        superseded_at=None,
        reported_by=principal.account_id,
        reported_at=unit.now,
        items=[
            UsageReportItem(
                number=number,
                licence_id=item.licence_id,
                unit=item.used.kind.unit,
                medium=item.used.kind.medium,
                use_mode=item.used.kind.mode,
                thousandths=item.used.thousandths,
                project=item.project,
            )
            for number, item in enumerate(items, start=1)
        ],
    )


def _supersede(unit: Unit, amended: UsageReport, by: UsageReport, licences: Mapping[str, Licence]) -> None:
    """Take back all that a report has counted, under whichever licence."""
    amended.superseded_at = unit.now
    by.amends_id = amended.id
    for line in usage.lines_of_report(unit.session, amended.id):
        if line.voided_at is None:
            reason = f"usage report amended by {by.id}"
            void(unit, licences[line.licence_id], line, reason=reason, actor_id=by.reported_by)
    unit.session.flush()
    unit.record(EventType.USAGE_AMENDED, amended.id, by.reported_by, studio_id=by.studio_id, amended_by=by.id)


def bring_up(unit: Unit, licence: Licence, report: UsageReport, actor_id: str) -> None:
    """Count what a report still adds for one licence, kind by kind; the caller holds the lock on its performer.

    Once a measure on its days was taken back, the report makes up for it. What was counted too much is taken back by an
    amendment of the report, never here.
    """
    said = sums_of(item.usage() for item in report.items if item.licence_id == licence.id)
    measured, counted = sums_of([]), sums_of([])
    for line in usage.counted_on(unit.session, licence.id, report.period()):
        measured[line.usage().kind] += line.measured or 0
        counted[line.usage().kind] += line.thousandths
    for kind in [*said, *(kind for kind in measured if kind not in said)]:
        adds = added_by_report(said[kind], measured=measured[kind], counted=counted[kind])
        if adds > 0:
            source = Source(f"{report.id}:{unit.new_id(IdPrefix.USAGE_LINE)}", report.period(), report_id=report.id)
            count(unit, licence, Usage(kind, adds), source, actor_id)


def _record_reported(unit: Unit, report: UsageReport, principal: Principal) -> None:
    unit.record(
        EventType.USAGE_REPORTED,
        report.id,
        principal.account_id,
        studio_id=report.studio_id,
        starts_on=report.starts_on.isoformat(),
        ends_on=report.ends_on.isoformat(),
        items=len(report.items),
        digest=report.digest,
        amends_id=report.amends_id,
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def get_report(ctx: Context, principal: Principal, report_id: str) -> UsageReport:
    """Answer one report of the caller's own studio, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    studio_id, performer_ids = reach(principal)
    with ctx.database.read() as session:
        report = session.get(UsageReport, report_id)
        if report is None or performer_ids is not None or studio_id not in {None, report.studio_id}:
            raise NotFoundError("there is no such usage report")
        _ = report.items
        return report


def list_reports(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[UsageReport]:
    """Answer a page of the reports of the caller's own studio, or of all to an operator, oldest first.

    A report speaks of several performers; each of them reads their own lines in their statement.
    """
    studio_id, performer_ids = reach(principal)
    if performer_ids is not None:
        return []
    with ctx.database.read() as session:
        page = usage.page_of_reports(session, studio_id=studio_id, after=after, limit=limit)
        for report in page:
            _ = report.items
        return page
