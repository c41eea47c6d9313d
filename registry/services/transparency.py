"""Figures for the public: how disputes went, and how often the engine is wrong. Anybody may read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from registry.domain.cases import CaseSide, CaseStep
from registry.domain.conclusions import Conclusion
from registry.domain.events import EventType
from registry.domain.notices import NoticeStep
from registry.domain.transparency import (
    Counted,
    Decided,
    Decision,
    Measure,
    Quarter,
    counted,
    decided,
    quarters_over,
)
from registry.engine.error_rates import ErrorRates, shipped_error_rates
from registry.services.context import Context
from registry.store import engine_settings, transparency
from registry.store.transparency import Opening, StepTaken

_DAY_S = 24 * 3600

_BY_EVENT: Mapping[str, Measure] = MappingProxyType(
    {
        EventType.CASE_PAUSED.value: Measure.PAUSES,
        EventType.CONSENT_WITHDRAWN.value: Measure.CONSENTS_WITHDRAWN,
        EventType.PERFORMER_FORGOTTEN.value: Measure.PEOPLE_FORGOTTEN,
    }
)
_BY_STEP: Mapping[CaseStep, Measure] = MappingProxyType(
    {
        CaseStep.DO_NOT_TAKE_UP: Measure.CLAIMS_REFUSED,
        CaseStep.WITHDRAW: Measure.CLAIMS_WITHDRAWN,
        CaseStep.SETTLE: Measure.CASES_SETTLED,
        CaseStep.REOPEN: Measure.CASES_REOPENED,
    }
)
_BY_NOTICE: Mapping[NoticeStep, Measure] = MappingProxyType(
    {
        NoticeStep.SERVE: Measure.NOTICES_SERVED,
        NoticeStep.COUNTER: Measure.NOTICES_COUNTERED,
        NoticeStep.PUT_BACK: Measure.NOTICES_PUT_BACK,
        NoticeStep.UPHOLD: Measure.NOTICES_UPHELD,
        NoticeStep.WITHDRAW: Measure.NOTICES_WITHDRAWN,
    }
)
_MISUSE: Mapping[CaseSide, Measure] = MappingProxyType(
    {CaseSide.COMPLAINANT: Measure.MISUSE_BY_CLAIMANTS, CaseSide.RESPONDENT: Measure.MISUSE_BY_RESPONDENTS}
)
_BY_SIDE: Mapping[CaseSide, Measure] = MappingProxyType(
    {CaseSide.COMPLAINANT: Measure.CLAIMS_BY_PERFORMERS, CaseSide.REGISTRY: Measure.CASES_FROM_FINDINGS}
)


@dataclass(frozen=True, slots=True)
class Transparency:
    """What is published.

    Attributes:
        quarters: that are over, from the one in which the registry began.
        next_at: when the next one is over, and these figures change.
        counts: by measure.
        decisions: by conclusion.
        error_rates: of the calibration in force; None where that is not the one that they were measured with.
    """

    quarters: Sequence[Quarter]
    next_at: datetime
    counts: Mapping[Measure, Sequence[Counted]]
    decisions: Sequence[Decided]
    error_rates: ErrorRates | None


def published_figures(ctx: Context) -> Transparency:
    """Count what there is to publish, by quarters that are over. The number of questions to the database is constant.

    Raises:
        DatabaseNotReadyError: the database does not answer.
    """
    now = ctx.clock()
    with ctx.database.read() as session:
        quarters = quarters_over(transparency.first_moment(session) or now, now)
        openings = transparency.openings_of_cases(session)
        steps = transparency.steps_of_cases(session, [*_BY_STEP, CaseStep.PROPOSE, CaseStep.DECIDE])
        moments = _moments(session, openings, steps)
        _, settings = engine_settings.in_force(session)
    measured = shipped_error_rates() if settings.calibration_sha256 is None else None
    return Transparency(
        quarters=quarters,
        next_at=Quarter.of(now).next.begins_at,
        counts={measure: counted(moments[measure], quarters) for measure in Measure},
        decisions=decided(_decisions(openings, steps), quarters),
        error_rates=measured,
    )


def _moments(
    session: Session, openings: Iterable[Opening], steps: Iterable[StepTaken]
) -> Mapping[Measure, list[datetime]]:
    """Answer when what is counted happened, by measure."""
    found: defaultdict[Measure, list[datetime]] = defaultdict(list)
    for kind, at in transparency.moments_of(session, _BY_EVENT):
        found[_BY_EVENT[kind]].append(at)
    for noticed, at in transparency.steps_of_notices(session, _BY_NOTICE):
        found[_BY_NOTICE[noticed]].append(at)
    for strike in transparency.strikes_for_misuse(session):
        found[_MISUSE[strike.side]].append(strike.at)
        found[Measure.MISUSE_LIFTED] += [] if strike.lifted_at is None else [strike.lifted_at]
    for opening in openings:
        found[_BY_SIDE[opening.side]].append(opening.at)
    for taken in steps:
        if taken.step in _BY_STEP:
            found[_BY_STEP[taken.step]].append(taken.at)
    return found


def _decisions(openings: Iterable[Opening], steps: Iterable[StepTaken]) -> Iterator[Decision]:
    """Answer every decision, with the conclusion that was proposed last, and the time since it was opened, or again."""
    since = {opening.case_id: opening.at for opening in openings}
    stands: dict[str, Conclusion] = {}
    for taken in steps:
        if taken.conclusion is not None:
            stands[taken.case_id] = taken.conclusion
        elif taken.step is CaseStep.REOPEN:
            since[taken.case_id] = taken.at
        elif taken.step is CaseStep.DECIDE:
            took = taken.at - since[taken.case_id]
            yield Decision(taken.at, stands[taken.case_id], max(0.0, took.total_seconds() / _DAY_S))
