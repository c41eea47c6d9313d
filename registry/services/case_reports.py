"""Reports about cases: everything on record about one, the same for both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide, CaseStep, PaperKind
from registry.reports.consistency import newest_moment
from registry.reports.envelope import SignedReport
from registry.reports.model import (
    FORMAT,
    NOT_SAID,
    VERSION,
    CasePart,
    CaseReport,
    FindingPart,
    PaperPart,
    PausePart,
    PersonPart,
    ProposalPart,
    SourcePart,
    StepPart,
    document_of,
)
from registry.services import report_annexes
from registry.services.case_access import visible_case
from registry.services.case_papers import disclose_statements
from registry.services.context import Context
from registry.services.issued_reports import signed_report, write_issue
from registry.services.report_parts import (
    accounts_named,
    day,
    finding_part,
    findings_named,
    moment,
    moment_or_none,
    registry_part,
    reviews_by_finding,
)
from registry.services.unit import unit_of_work
from registry.store import case_analyses, cases
from registry.store.accounts import Organisation
from registry.store.case_analyses import CaseRecording
from registry.store.cases import Case, CasePaper, CasePause, CaseProposal, CaseReading, CaseStepTaken
from registry.store.performers import Performer

_AS_OF_NOTHING = "1970-01-01T00:00:00.000000Z"


def issue_case_report(ctx: Context, principal: Principal, case_id: str) -> SignedReport:
    """Answer the report about a case to its two sides, and to operators. What is read for the first time is on record.

    A report holds what both sides have stated, so whoever reads it has read the statements: the log of the case says so
    before it is answered.

    Raises:
        NotFoundError: no such case that the caller may know of.
        JournalDamagedError: as `registry.services.issued_reports.signed_report`.
    """
    principal.require(Scope.CASES_READ)
    with unit_of_work(ctx) as unit:
        case, side = visible_case(unit.session, principal, case_id)
        disclosed = [
            disclose_statements(unit, case, side, principal),
            report_annexes.disclose_analyses(unit, case, side, principal),
        ]
        report = case_report(ctx, unit.session, case)
        issued, is_new = write_issue(unit, principal, report, case, side)
        issued_id = issued.id
        if any(disclosed) or is_new:
            unit.commit()
    return signed_report(ctx, report, issued_id)


def case_report(ctx: Context, session: Session, case: Case) -> CaseReport:
    """Build the report about a case from what is on record: the same records make the same report."""
    papers = cases.all_of_cases(session, CasePaper, [case.id], undefer(CasePaper.text))
    steps, proposals = cases.steps_of(session, case.id), cases.proposals_of(session, case.id)
    by_registry = {each.taken_by for each in steps if each.side is CaseSide.REGISTRY}
    people = accounts_named(session, {*by_registry, *(each.proposed_by for each in proposals)})
    complainant = PersonPart(id=case.performer_id, name=session.get_one(Performer, case.performer_id).name)
    report = CaseReport(
        format=FORMAT,
        version=VERSION,
        kind="case",
        as_of=_AS_OF_NOTHING,
        registry=registry_part(ctx, session),
        not_said=NOT_SAID,
        case=_case(session, case, complainant),
        course=tuple(_step(each, people) for each in steps),
        papers=tuple(
            _papers(papers, case_analyses.recordings_of(session, case.id), cases.readings_of(session, case.id))
        ),
        pauses=tuple(_pause(each) for each in cases.pauses_of(session, case.id)),
        notices=report_annexes.notices_in(session, case.id),
        findings=tuple(_findings(session, case, complainant)),
        analyses=report_annexes.analyses_in(session, case.id),
        proposals=tuple(_proposal(each, people) for each in proposals),
    )
    return report.model_copy(update={"as_of": newest_moment(document_of(report))})


def _case(session: Session, case: Case, complainant: PersonPart) -> CasePart:
    studio = session.get_one(Organisation, case.studio_id)
    return CasePart(
        id=case.id,
        product=case.product,
        claim=case.claim,
        state=case.state,
        state_since=moment(case.state_since),
        due_at=moment_or_none(case.due_at),
        ending=case.ending,
        opened_for=case.opened_for,
        opened_at=moment(case.opened_at),
        complainant=complainant,
        respondent=PersonPart(id=studio.id, name=studio.name),
        source=_source(case),
    )


def _source(case: Case) -> SourcePart | None:
    attested = case.source
    if attested is None:
        return None
    return SourcePart(
        attestation_id=attested.id,
        sealed=attested.sealed,
        made_on=attested.made_on.isoformat(),
        recorded_at=moment(attested.recorded_at),
        content_sha256=attested.content_sha256,
    )


def _step(step: CaseStepTaken, people: Mapping[str, PersonPart]) -> StepPart:
    """Answer a step: one of the registry by a name, one of a side by that side and an id.

    Both sides read the same report, so nobody who acts for one is named to the other.
    """
    return StepPart(
        number=step.number,
        step=CaseStep(step.step),
        state=step.state,
        side=step.side,
        by=people.get(step.taken_by) or PersonPart(id=step.taken_by, name=None),
        at=moment(step.taken_at),
        reason=step.reason,
        paper_id=step.paper_id,
        proposal_id=step.proposal_id,
    )


def _papers(
    papers: Sequence[CasePaper], marks: Mapping[str, CaseRecording], readings: Sequence[CaseReading]
) -> Sequence[PaperPart]:
    """Answer the papers, each with whose voice it is a recording of, and when somebody of each side first read it."""
    first: dict[tuple[str, CaseSide], str] = {}
    for reading in readings:  # in the order in which they happened
        first.setdefault((reading.paper_id, reading.side), moment(reading.read_at))
    return [
        _paper(paper, marks.get(paper.id), {side.value: first.get((paper.id, side)) for side in CaseSide})
        for paper in papers
    ]


def _paper(paper: CasePaper, mark: CaseRecording | None, first_read: dict[str, str | None]) -> PaperPart:
    under_seal = mark is not None and mark.under_seal
    return PaperPart(
        id=paper.id,
        kind=paper.kind,
        side=paper.side,
        title=paper.title,
        dated_on=day(paper.dated_on),
        sha256=paper.sha256,
        size_bytes=paper.size_bytes,
        held=paper.content_key is not None or under_seal or paper.kind is PaperKind.STATEMENT,
        filed_at=moment(paper.filed_at),
        text=paper.text,
        voice=None if mark is None else mark.voice,
        under_seal=under_seal,
        first_read=first_read,
    )


def _pause(pause: CasePause) -> PausePart:
    return PausePart(
        id=pause.id,
        licence_id=pause.licence_id,
        reason=pause.reason,
        placed_at=moment(pause.placed_at),
        review_at=moment(pause.review_at),
        ended_at=moment_or_none(pause.ended_at),
        end_reason=pause.end_reason,
    )


def _proposal(proposal: CaseProposal, people: Mapping[str, PersonPart]) -> ProposalPart:
    return ProposalPart(
        id=proposal.id,
        conclusion=proposal.conclusion,
        grounds=proposal.grounds,
        would_change=proposal.would_change,
        dissent=proposal.dissent,
        analysis_id=proposal.analysis_id,
        analysis_sha256=proposal.analysis_sha256,
        rests_on=proposal.rests_on,
        by=people[proposal.proposed_by],
        at=moment(proposal.proposed_at),
    )


def _findings(session: Session, case: Case, performer: PersonPart) -> Sequence[FindingPart]:
    found = findings_named(session, case.finding_ids)
    decided = reviews_by_finding(session, case.finding_ids)
    return [finding_part(each, performer, decided.get(each.id, ())) for each in found]
