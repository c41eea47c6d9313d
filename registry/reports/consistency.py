"""Whether a report agrees with itself: what follows from other parts of it is worked out again, and compared.

A signature says who wrote a report, not that it adds up. Everything here follows from the report alone: digests from
texts, states from steps, a conclusion from its numbers by the reading table, a verdict from the findings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from registry.domain.cases import MOVES, CaseState, PaperKind
from registry.domain.checks import CheckState
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import gravest
from registry.errors import InvalidInputError
from registry.interchange.comparisons import read_again
from registry.reports.model import (
    AnalysisPart,
    CaseReport,
    CheckReport,
    FindingPart,
    PaperPart,
    Report,
    document_of,
)
from registry.vault.signing import canonical

Contradiction = tuple[str, str]
"""Where, as a JSON pointer, and what, in a sentence."""


def contradictions(report: Report) -> Iterator[Contradiction]:
    """Answer everything in a report that contradicts another part of it; nothing in one that adds up."""
    yield from _moments(report)
    for number, finding in enumerate(report.findings):
        yield from _finding(finding, f"#/findings/{number}")
    if isinstance(report, CheckReport):
        yield from _check(report)
    else:
        yield from _case(report)


# --- every report ----------------------------------------------------------------------------------------------------


def _moments(report: Report) -> Iterator[Contradiction]:
    newest = newest_moment(document_of(report))
    if report.as_of != newest:
        yield "#/as_of", f"it is as of {report.as_of}, and the newest record in it is of {newest}"


_OF_RECORDS = frozenset(
    {
        *("opened_at", "state_since", "at", "filed_at", "placed_at", "ended_at", "asked_at", "made_at", "served_at"),
        *("submitted_at", "finished_at", "recorded_at", "complainant", "respondent"),
    }
)
"""Members that say when something was put on record; others say when something is due."""


def newest_moment(document: Any) -> str:
    """Answer the moment of the newest record in a report: what it is as of."""
    return max(_recorded(document), default="")


def _recorded(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, held in value.items():
            if isinstance(held, str) and name in _OF_RECORDS and _is_moment(held):
                yield held
            elif name != "comparison":
                yield from _recorded(held)
    elif isinstance(value, list):
        for each in value:
            yield from _recorded(each)


def _is_moment(text: str) -> bool:
    return text.endswith("Z") and text[:4].isdigit()


def _finding(finding: FindingPart, at: str) -> Iterator[Contradiction]:
    if not finding.reasons:
        yield f"{at}/reasons", "a verdict has no reason"
    least = next((each.figures.get("threshold_log10_lr") for each in finding.evidence_reasons if each.figures), None)
    is_below = isinstance(least, int | float) and finding.log10_lr < least
    if finding.outcome is EvidenceOutcome.MATCH and is_below:
        yield f"{at}/log10_lr", f"it is a match, and {finding.log10_lr} does not reach the {least} that a match needs"
    ends = [(segment.start_s, segment.end_s) for segment in finding.segments]
    if any(not 0 <= start < end for start, end in ends):
        yield f"{at}/segments", "a stretch ends before it begins"


# --- checks ----------------------------------------------------------------------------------------------------------


def _check(report: CheckReport) -> Iterator[Contradiction]:
    check = report.check
    if (check.state is CheckState.DONE) is not (check.verdict is not None):
        yield "#/check/verdict", "a check has a verdict if and only if it is done"
    if report.findings and check.verdict is not None:
        worst = gravest(finding.verdict for finding in report.findings)
        if worst is not check.verdict:
            yield "#/check/verdict", f"it is {check.verdict}, and the gravest of the findings is {worst}"
    if check.speech_s is not None and check.speech_s > check.duration_s:
        yield "#/check/speech_s", "there is more speech than recording"
    known = {licence.id for licence in report.licences}
    for number, finding in enumerate(report.findings):
        if finding.check_id != check.id:
            yield f"#/findings/{number}/check_id", "the finding is of another check"
        if finding.recording_sha256 != check.content_sha256:
            yield f"#/findings/{number}/recording_sha256", "the finding is of another recording"
        if finding.licence_id is not None and finding.licence_id not in known:
            yield f"#/findings/{number}/licence_id", "the licence that the verdict rests on is not in the report"


# --- cases -----------------------------------------------------------------------------------------------------------


def _case(report: CaseReport) -> Iterator[Contradiction]:
    yield from _course(report)
    yield from _references(report)
    for number, paper in enumerate(report.papers):
        yield from _paper(paper, f"#/papers/{number}")
    for number, analysis in enumerate(report.analyses):
        yield from _analysis(analysis, f"#/analyses/{number}")


def _course(report: CaseReport) -> Iterator[Contradiction]:
    """Walk the steps once more by the rules; where they lead has to be where the case stands."""
    state, since, ending = CaseState.OPEN, report.case.opened_at, None
    for number, step in enumerate(report.course):
        at = f"#/course/{number}"
        move = MOVES.get((state, step.step))
        if step.number != number + 1:
            yield f"{at}/number", f"step {number + 1} has the number {step.number}"
        if move is None or move.to is not step.state:
            yield f"{at}/step", f"the step {step.step} does not lead from {state} to {step.state}"
        elif move.by is not step.side:
            yield f"{at}/side", f"the step {step.step} is not the {step.side}'s to take"
        state, since, ending = step.state, step.at, move.ending if move else None
    stands = (state, since, ending)
    if stands != (report.case.state, report.case.state_since, report.case.ending):
        yield "#/case/state", f"the steps lead to {state} since {since}, and the case is {report.case.state}"


def _references(report: CaseReport) -> Iterator[Contradiction]:
    papers, proposals = {each.id for each in report.papers}, {each.id for each in report.proposals}
    for number, step in enumerate(report.course):
        if step.paper_id is not None and step.paper_id not in papers:
            yield f"#/course/{number}/paper_id", "there is no such paper in the report"
        if step.proposal_id is not None and step.proposal_id not in proposals:
            yield f"#/course/{number}/proposal_id", "there is no such proposal in the report"


def _paper(paper: PaperPart, at: str) -> Iterator[Contradiction]:
    if (paper.kind is PaperKind.STATEMENT) is not (paper.text is not None):
        yield f"{at}/text", "a statement has a text, and nothing else has"
    if paper.text is None:
        return
    said = paper.text.encode()
    if (hashlib.sha256(said).hexdigest(), len(said)) != (paper.sha256, paper.size_bytes):
        yield f"{at}/sha256", "the digest or the size is not that of the text"


def _analysis(analysis: AnalysisPart, at: str) -> Iterator[Contradiction]:
    if analysis.comparison is None:
        return
    try:
        found = hashlib.sha256(canonical(analysis.comparison) + b"\n").hexdigest()
        reading, follows = read_again(analysis.comparison)
    except InvalidInputError as error:
        yield f"{at}/comparison", error.detail
        return
    if found != analysis.comparison_sha256:
        yield f"{at}/comparison_sha256", "the digest is not that of the comparison"
    if not follows:
        yield f"{at}/comparison/reading", "the conclusion does not follow from the numbers by the reading table"
    if analysis.conclusion is not reading.conclusion:
        yield f"{at}/conclusion", f"it says {analysis.conclusion}, and the numbers give {reading.conclusion}"
