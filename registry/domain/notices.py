"""Notices: what a claimant asks of whoever shows a recording, in steps of which none can be left out.

States::

    drafted ──complete──▶ complete ──review──▶ reviewed ──serve──▶ served ──counter──▶ countered ──put back──▶ put_back
       ▲                     │                    │                  │  ◀────uphold──────┘
       └─────sent back───────┴────────────────────┘                  └──put back, as a mistake──▶ put_back
    (withdrawn by whoever's it is, from any state before put back)

The registry sends nobody anything: that a notice was served is what a person says who served it. And it says of
nothing that it infringes: a notice says who claims what, and what the evidence of the case supports.

Before anything leaves, somebody other than the drafter has read the very bytes and said why they may go. Where the
claimant is a public figure, or nobody has said that they are not, two have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from registry.domain.cases import CaseEnding, CaseSide, CaseState
from registry.domain.conclusions import Conclusion
from registry.errors import ConflictError, ForbiddenError, SecondPersonNeededError


class NoticeState(StrEnum):
    """Where a notice is in its life."""

    DRAFTED = "drafted"
    COMPLETE = "complete"
    REVIEWED = "reviewed"
    SERVED = "served"
    COUNTERED = "countered"
    PUT_BACK = "put_back"
    WITHDRAWN = "withdrawn"


class NoticeStep(StrEnum):
    """What can be done to a notice."""

    CHANGE = "change"
    COMPLETE = "complete"
    SEND_BACK = "send_back"
    REVIEW = "review"
    SERVE = "serve"
    COUNTER = "counter"
    COURT_ACTION = "court_action"
    UPHOLD = "uphold"
    PUT_BACK = "put_back"
    WITHDRAW = "withdraw"


class ServedBy(StrEnum):
    """By which way a notice was served, as whoever served it says. The list only grows."""

    EMAIL = "email"
    WEB_FORM = "web_form"
    POST = "post"
    COURIER = "courier"
    IN_PERSON = "in_person"
    DESIGNATED_AGENT = "designated_agent"


class SendBackGround(StrEnum):
    """Why a reviewer does not let a notice go. The list only grows."""

    UNSUPPORTED = "unsupported"  # the evidence does not bear what it says
    UNCLEAR = "unclear"  # who reads it would not know what is asked, or where
    MISREPRESENTATION = "misrepresentation"  # it says what whoever wrote it knew to be otherwise


class WithdrawalGround(StrEnum):
    """Why a claimant takes a notice back. The list only grows."""

    MISTAKEN = "mistaken"
    SETTLED = "settled"
    COMPLIED = "complied"
    OTHER = "other"


class PutBackGround(StrEnum):
    """Why what was taken down may be shown again. The list only grows."""

    MISTAKE = "mistake"  # the registry agrees that the notice should not have gone
    TERM_OVER = "term_over"  # the counter-statement stands, and no action was filed in time


@dataclass(frozen=True, slots=True)
class NoticeMove:
    """One step that a notice can take.

    Attributes:
        to: the state that it leads to.
        by: sides that may take it.
    """

    to: NoticeState
    by: frozenset[CaseSide]


_S = NoticeState
_CLAIM = frozenset({CaseSide.COMPLAINANT, CaseSide.REGISTRY})
_REGISTRY = frozenset({CaseSide.REGISTRY})
_RESPONDENT = frozenset({CaseSide.RESPONDENT})

NOTICE_MOVES: Mapping[tuple[NoticeState, NoticeStep], NoticeMove] = MappingProxyType(
    {
        (_S.DRAFTED, NoticeStep.CHANGE): NoticeMove(_S.DRAFTED, _CLAIM),
        (_S.DRAFTED, NoticeStep.COMPLETE): NoticeMove(_S.COMPLETE, _CLAIM),
        (_S.COMPLETE, NoticeStep.SEND_BACK): NoticeMove(_S.DRAFTED, _REGISTRY),
        (_S.COMPLETE, NoticeStep.REVIEW): NoticeMove(_S.REVIEWED, _REGISTRY),
        (_S.REVIEWED, NoticeStep.SEND_BACK): NoticeMove(_S.DRAFTED, _REGISTRY),
        (_S.REVIEWED, NoticeStep.SERVE): NoticeMove(_S.SERVED, _CLAIM),
        (_S.SERVED, NoticeStep.COUNTER): NoticeMove(_S.COUNTERED, _RESPONDENT),
        (_S.SERVED, NoticeStep.PUT_BACK): NoticeMove(_S.PUT_BACK, _REGISTRY),
        (_S.COUNTERED, NoticeStep.COURT_ACTION): NoticeMove(_S.COUNTERED, _CLAIM),
        (_S.COUNTERED, NoticeStep.UPHOLD): NoticeMove(_S.SERVED, _REGISTRY),
        (_S.COUNTERED, NoticeStep.PUT_BACK): NoticeMove(_S.PUT_BACK, _REGISTRY),
    }
    | {
        (state, NoticeStep.WITHDRAW): NoticeMove(_S.WITHDRAWN, _CLAIM)
        for state in (_S.DRAFTED, _S.COMPLETE, _S.REVIEWED, _S.SERVED, _S.COUNTERED)
    }
)
"""Every step that there is. What is not here is refused."""

_NOTICE_SIDES: Mapping[NoticeStep, frozenset[CaseSide]] = MappingProxyType(
    {step: move.by for (_, step), move in NOTICE_MOVES.items()}
)
"""Whose each step is, from whatever state."""

BEFORE_SERVICE = frozenset({NoticeState.DRAFTED, NoticeState.COMPLETE, NoticeState.REVIEWED})
IN_FORCE = frozenset({NoticeState.SERVED, NoticeState.COUNTERED})
"""States of a notice that somebody was served with, and that nobody has taken back."""


def require_notice_step(state: NoticeState, step: NoticeStep, side: CaseSide) -> NoticeMove:
    """Answer the move that a step is, once it may be taken from here by this side.

    Raises:
        ForbiddenError: it is not this side's to take; figures ``step`` and ``by``.
        ConflictError: it is not a step from this state; figures ``state``, ``step`` and ``from``.
    """
    by = _NOTICE_SIDES[step]
    if side not in by:
        sides = " or the ".join(sorted(each.value for each in by))
        raise ForbiddenError(f"the step {step.value} is taken by the {sides}", step=step.value, by=sides)
    move = NOTICE_MOVES.get((state, step))
    if move is None:
        leads = sorted(start.value for start, each in NOTICE_MOVES if each is step)
        raise ConflictError(
            f"a notice that is {state.value} cannot take the step {step.value}: that is taken from {', '.join(leads)}",
            state=state.value,
            step=step.value,
            takes_from=leads,
        )
    return move


# --- what a notice rests on ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """How the case stands that a notice rests on.

    Attributes:
        state: of the case.
        ending: how it was closed, or None.
        conclusion: what was last proposed, or None.
    """

    state: CaseState
    ending: CaseEnding | None
    conclusion: Conclusion | None


def require_supported(case: CaseStanding) -> None:
    """Refuse a notice that the case does not bear: it is asked when it is complete, reviewed, and served.

    Raises:
        ConflictError: nothing is concluded, or it was concluded otherwise; figures ``case_state``, ``conclusion``.
    """
    concluded = case.state in {CaseState.PROPOSED, CaseState.DECIDED} or case.ending is CaseEnding.DECIDED
    conclusion = None if case.conclusion is None else case.conclusion.value
    if not concluded or case.conclusion is None:
        raise ConflictError(
            f"the case is {case.state.value} and nothing is concluded in it: a notice rests on a conclusion that is "
            "proposed or decided",
            case_state=case.state.value,
            conclusion=conclusion,
        )
    if case.conclusion is not Conclusion.SUPPORTS_P:
        raise ConflictError(
            f"the case concludes {conclusion}: a notice rests on {Conclusion.SUPPORTS_P.value} and on nothing less",
            case_state=case.state.value,
            conclusion=conclusion,
        )


# --- who reads it before it goes -------------------------------------------------------------------------------------


class ReviewersNeeded(StrEnum):
    """Why two have to read a notice before it goes. The list only grows."""

    PUBLIC_FIGURE = "public_figure"
    NOT_KNOWN_TO_BE_NONE = "not_known_to_be_none"  # nobody has said whether they are a public figure
    LIMITED = "limited"  # a person has decided so, because of what came of earlier notices


def why_two_reviewers(*, public_figure: bool | None, limited: bool) -> ReviewersNeeded | None:
    """Answer why it takes two, or None where one is enough.

    Args:
        public_figure: whether the claimant is one, as somebody has said; None where nobody has.
        limited: whether it was decided that this claimant's notices take two.
    """
    if public_figure is None:
        return ReviewersNeeded.NOT_KNOWN_TO_BE_NONE
    if public_figure:
        return ReviewersNeeded.PUBLIC_FIGURE
    return ReviewersNeeded.LIMITED if limited else None


def require_other_than(account_id: str, took_part: Mapping[str, str]) -> None:
    """Refuse a reviewer who has had part in what is reviewed.

    Args:
        account_id: of the reviewer.
        took_part: accounts, and what each has done, in words such as ``has drafted it``.

    Raises:
        SecondPersonNeededError: figure ``first``.
    """
    if account_id in took_part:
        raise SecondPersonNeededError(
            f"whoever {took_part[account_id]} does not review it: another operator must", first=account_id
        )


# --- putting back ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Countered:
    """How a notice stands that may be put back.

    Attributes:
        state: of it.
        put_back_at: from when its pack's term is over; None where nobody has countered, or the pack has no such term.
        court_action_filed: whether the claimant has said that an action was filed.
    """

    state: NoticeState
    put_back_at: datetime | None
    court_action_filed: bool


def require_put_back(notice: Countered, ground: PutBackGround, now: datetime) -> None:
    """Refuse to put back what is not due. A mistake is put back at any time.

    Raises:
        ConflictError: not countered, no such term, too early, or an action was filed; figures say which.
    """
    if ground is PutBackGround.MISTAKE:
        return
    state = notice.state.value
    if notice.state is not NoticeState.COUNTERED:
        raise ConflictError(f"a notice that is {state} has no term that could be over", state=state)
    if notice.put_back_at is None:
        raise ConflictError("the pack of this notice has no term after which anything is put back", state=state)
    if notice.court_action_filed:
        raise ConflictError("the claimant has filed an action: what becomes of it is for the court", state=state)
    if now < notice.put_back_at:
        until = notice.put_back_at.isoformat()
        raise ConflictError(f"the claimant may file an action until {until}", state=state, due_at=until)
