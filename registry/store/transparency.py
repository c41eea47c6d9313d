"""What figures for the public are counted from: moments and kinds, and nobody's name or id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.domain.cases import CaseSide, CaseStep
from registry.domain.conclusions import Conclusion
from registry.domain.misuse import ContestAnswer
from registry.domain.notices import NoticeStep
from registry.store.cases import Case, CaseProposal, CaseStepTaken
from registry.store.journal import JournalEntry
from registry.store.misuse import MisuseStrike
from registry.store.notices import NoticeStepTaken


def first_moment(session: Session) -> datetime | None:
    """Answer when the registry's journal began; None where nothing has happened yet."""
    return session.scalar(select(func.min(JournalEntry.at)))


def moments_of(session: Session, types: Collection[str]) -> Sequence[tuple[str, datetime]]:
    """Answer when events of some types happened, by the journal."""
    query = select(JournalEntry.type, JournalEntry.at).where(JournalEntry.type.in_(sorted(types)))
    return [(kind, at) for kind, at in session.execute(query)]


class Opening(NamedTuple):
    """A case, for whom it was opened, and when."""

    case_id: str
    side: CaseSide
    at: datetime


def openings_of_cases(session: Session) -> Sequence[Opening]:
    """Answer for whom every case was opened, and when."""
    return [Opening(*row) for row in session.execute(select(Case.id, Case.opened_for, Case.opened_at))]


def steps_of_notices(session: Session, steps: Collection[NoticeStep]) -> Sequence[tuple[NoticeStep, datetime]]:
    """Answer when notices took steps of some kinds."""
    query = select(NoticeStepTaken.step, NoticeStepTaken.taken_at).where(NoticeStepTaken.step.in_(sorted(steps)))
    return [(NoticeStep(step), at) for step, at in session.execute(query)]


class Strike(NamedTuple):
    """A strike for misuse: of which side, when it was written down, and when it was lifted, if it was."""

    side: CaseSide
    at: datetime
    lifted_at: datetime | None


def strikes_for_misuse(session: Session) -> Sequence[Strike]:
    """Answer every strike that was ever written down."""
    query = select(MisuseStrike.side, MisuseStrike.recorded_at, MisuseStrike.answer, MisuseStrike.answered_at)
    return [
        Strike(side, at, answered_at if answer is ContestAnswer.LIFTED else None)
        for side, at, answer, answered_at in session.execute(query)
    ]


class StepTaken(NamedTuple):
    """A step of a case, and what was proposed by it, where it is a proposal."""

    case_id: str
    step: CaseStep
    at: datetime
    conclusion: Conclusion | None


def steps_of_cases(session: Session, steps: Collection[CaseStep]) -> Sequence[StepTaken]:
    """Answer the steps of some kinds that cases took, each case's in their order."""
    query = (
        select(CaseStepTaken.case_id, CaseStepTaken.step, CaseStepTaken.taken_at, CaseProposal.conclusion)
        .outerjoin(CaseProposal, CaseStepTaken.proposal_id == CaseProposal.id)
        .where(CaseStepTaken.step.in_(sorted(steps)))
        .order_by(CaseStepTaken.case_id, CaseStepTaken.number)
    )
    return [StepTaken(case_id, CaseStep(step), at, said) for case_id, step, at, said in session.execute(query)]
