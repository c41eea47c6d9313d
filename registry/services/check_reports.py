"""Reports about checks: a recording, its declared use, the evidence, and what policy says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.errors import NotFoundError
from registry.reports.consistency import newest_moment
from registry.reports.envelope import SignedReport
from registry.reports.model import (
    FORMAT,
    NOT_SAID,
    VERSION,
    CheckPart,
    CheckReport,
    LicencePart,
    PersonPart,
    UsePart,
    document_of,
)
from registry.services.context import Context
from registry.services.issued_reports import signed_report, write_issue
from registry.services.report_parts import (
    day,
    finding_part,
    moment,
    moment_or_none,
    reasons,
    registry_part,
    reviews_by_finding,
)
from registry.services.unit import unit_of_work
from registry.store import attestations
from registry.store.accounts import Organisation
from registry.store.checks import Check, Finding
from registry.store.licences import Licence
from registry.store.performers import Performer

_AS_OF_NOTHING = "1970-01-01T00:00:00.000000Z"


def issue_check_report(ctx: Context, principal: Principal, check_id: str) -> SignedReport:
    """Answer the report about a check of one's own organisation, or any to an operator. That it was read is on record.

    Raises:
        NotFoundError: no such check that the caller may know of.
        JournalDamagedError: as `registry.services.issued_reports.signed_report`.
    """
    principal.require(Scope.CHECKS_READ)
    with unit_of_work(ctx) as unit:
        check = unit.session.get(Check, check_id)
        if check is None or not principal.may_see_organisation(check.organisation_id):
            raise NotFoundError("there is no such check")
        report = check_report(ctx, unit.session, check)
        issued, is_new = write_issue(unit, principal, report, check, None)
        issued_id = issued.id
        if is_new:
            unit.commit()
    return signed_report(ctx, report, issued_id)


def check_report(ctx: Context, session: Session, check: Check) -> CheckReport:
    """Build the report about a check from what is on record: the same records make the same report."""
    findings = check.findings
    decided = reviews_by_finding(session, [finding.id for finding in findings])
    people = _shown(session, {finding.performer_id for finding in findings})
    report = CheckReport(
        format=FORMAT,
        version=VERSION,
        kind="check",
        as_of=_AS_OF_NOTHING,
        registry=registry_part(ctx, session),
        not_said=NOT_SAID,
        check=_check(session, check),
        findings=tuple(finding_part(each, people[each.performer_id], decided.get(each.id, ())) for each in findings),
        licences=tuple(_licences(session, findings)),
    )
    return report.model_copy(update={"as_of": newest_moment(document_of(report))})


def _shown(session: Session, performer_ids: Collection[str]) -> Mapping[str, PersonPart]:
    """Answer how performers are shown, to whomever: a source under seal as its attestation, anybody else by name."""
    sealed = attestations.sealed_sources(session, performer_ids)
    named = session.scalars(select(Performer).where(Performer.id.in_(performer_ids)))
    return {
        each.id: PersonPart(id=sealed.get(each.id, each.id), name=None if each.id in sealed else each.name)
        for each in named
    }


def _check(session: Session, check: Check) -> CheckPart:
    organisation = session.get_one(Organisation, check.organisation_id)
    use = check.use()
    return CheckPart(
        id=check.id,
        organisation=PersonPart(id=organisation.id, name=organisation.name),
        state=check.state,
        filename=check.filename,
        content_sha256=check.content_sha256,
        size_bytes=check.size_bytes,
        duration_s=check.duration_s,
        speech_s=check.speech_s,
        use=UsePart(
            kind=use.kind.value,
            purpose=use.purpose.value,
            project=use.project,
            medium=use.medium.value,
            territory=use.territory,
            language=use.language,
            fixed_on=day(use.fixed_on),
            claimed_licence_ids=use.claimed_licence_ids,
        ),
        verdict=check.verdict,
        outcome=check.outcome,
        reasons=reasons(check.reasons),
        problem=check.problem,
        engine=check.engine,
        submitted_at=moment(check.created_at),
        finished_at=moment_or_none(check.finished_at),
    )


def _licences(session: Session, findings: Sequence[Finding]) -> Sequence[LicencePart]:
    wanted = sorted({finding.licence_id for finding in findings if finding.licence_id is not None})
    held = session.scalars(select(Licence).where(Licence.id.in_(wanted)).order_by(Licence.id)) if wanted else ()
    return [
        LicencePart(
            id=licence.id,
            title=licence.title,
            state=licence.state.value,
            number=licence.number,
            terms_sha256=next((each.terms_sha256 for each in licence.versions if each.number == licence.number), None),
            starts_on=licence.starts_on.isoformat(),
            ends_on=licence.ends_on.isoformat(),
        )
        for licence in held
    ]
