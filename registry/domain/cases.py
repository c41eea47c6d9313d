"""Cases: a dispute about whose voice a product has, in steps that are the same for both sides.

One side is a performer, who says that it is their voice. The other is the organisation whose product it is. The
registry is on neither: it asks both, shows each what the other has filed, says what the evidence supports, and decides
nothing about rights.

States::

    open ──taken up──▶ evidence ──▶ analysis ──▶ proposed ──▶ decided ──▶ closed
      │                   ▲ ▲          │            │            │           │
      │                   │ └─more─────┴────────────┘            │           │
      │                   └──────────new evidence────────────────┴───────────┘
      └──not taken up──▶ closed             (withdrawn by who opened it, or settled, from any state before decided)

Whoever was served with a notice that rests on the case opens it again by a counter-statement
(`registry.domain.notices`).

Each state has its time, from `registry.domain.rules.deadlines`. Nothing happens by itself when a time is over: then
whoever waited for the other side may go on without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from registry.errors import ConflictError, ForbiddenError


class CaseSide(StrEnum):
    """For whom somebody speaks in a case."""

    COMPLAINANT = "complainant"
    RESPONDENT = "respondent"
    REGISTRY = "registry"


PARTIES = frozenset({CaseSide.COMPLAINANT, CaseSide.RESPONDENT})


class CaseState(StrEnum):
    """Where a case is in its life."""

    OPEN = "open"
    EVIDENCE = "evidence"
    ANALYSIS = "analysis"
    PROPOSED = "proposed"
    DECIDED = "decided"
    CLOSED = "closed"


class CaseEnding(StrEnum):
    """How a case came to be closed. The list only grows."""

    NOT_TAKEN_UP = "not_taken_up"
    WITHDRAWN = "withdrawn"
    SETTLED = "settled"
    DECIDED = "decided"


class PaperKind(StrEnum):
    """What a side files. The list only grows."""

    STATEMENT = "statement"
    CASTING_CALL = "casting_call"
    CONTRACT = "contract"
    CONSENT_RECORD = "consent_record"
    DIRECTION_NOTES = "direction_notes"
    CORRESPONDENCE = "correspondence"
    PUBLIC_STATEMENT = "public_statement"
    RECORDING = "recording"
    TECHNICAL = "technical"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Move:
    """One step that a case can take.

    Attributes:
        to: the state that it leads to.
        by: who takes it.
        ending: how the case is closed by it, or None.
        waits: whether it waits until both sides have spoken in the state before, or its time is over.
        needs: what has to be there: ``proposal``, ``new_paper``, ``counter_statement``, or nothing.
    """

    to: CaseState
    by: CaseSide
    ending: CaseEnding | None = None
    waits: bool = False
    needs: str = ""


class CaseStep(StrEnum):
    """What can be done to a case."""

    TAKE_UP = "take_up"
    DO_NOT_TAKE_UP = "do_not_take_up"
    ANALYSE = "analyse"
    ASK_FOR_MORE = "ask_for_more"
    PROPOSE = "propose"
    DECIDE = "decide"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    SETTLE = "settle"
    COUNTER = "counter"


_S, _REGISTRY = CaseState, CaseSide.REGISTRY
_BEFORE_DECIDED = (_S.OPEN, _S.EVIDENCE, _S.ANALYSIS, _S.PROPOSED)

MOVES: Mapping[tuple[CaseState, CaseStep], Move] = MappingProxyType(
    {
        (_S.OPEN, CaseStep.TAKE_UP): Move(_S.EVIDENCE, _REGISTRY),
        (_S.OPEN, CaseStep.DO_NOT_TAKE_UP): Move(_S.CLOSED, _REGISTRY, CaseEnding.NOT_TAKEN_UP),
        (_S.EVIDENCE, CaseStep.ANALYSE): Move(_S.ANALYSIS, _REGISTRY, waits=True),
        (_S.ANALYSIS, CaseStep.ASK_FOR_MORE): Move(_S.EVIDENCE, _REGISTRY),
        (_S.ANALYSIS, CaseStep.PROPOSE): Move(_S.PROPOSED, _REGISTRY, needs="proposal"),
        (_S.PROPOSED, CaseStep.ASK_FOR_MORE): Move(_S.EVIDENCE, _REGISTRY),
        (_S.PROPOSED, CaseStep.DECIDE): Move(_S.DECIDED, _REGISTRY, waits=True),
        (_S.DECIDED, CaseStep.CLOSE): Move(_S.CLOSED, _REGISTRY, CaseEnding.DECIDED, waits=True),
        (_S.DECIDED, CaseStep.REOPEN): Move(_S.EVIDENCE, _REGISTRY, needs="new_paper"),
        (_S.CLOSED, CaseStep.REOPEN): Move(_S.EVIDENCE, _REGISTRY, needs="new_paper"),
        (_S.PROPOSED, CaseStep.COUNTER): Move(_S.EVIDENCE, CaseSide.RESPONDENT, needs="counter_statement"),
        (_S.DECIDED, CaseStep.COUNTER): Move(_S.EVIDENCE, CaseSide.RESPONDENT, needs="counter_statement"),
        (_S.CLOSED, CaseStep.COUNTER): Move(_S.EVIDENCE, CaseSide.RESPONDENT, needs="counter_statement"),
    }
    | {
        (state, CaseStep.WITHDRAW): Move(_S.CLOSED, CaseSide.COMPLAINANT, CaseEnding.WITHDRAWN)
        for state in _BEFORE_DECIDED
    }
    | {(state, CaseStep.SETTLE): Move(_S.CLOSED, _REGISTRY, CaseEnding.SETTLED) for state in _BEFORE_DECIDED}
)
"""Every step that there is. What is not here is refused."""

TAKEN_BY: Mapping[CaseStep, CaseSide] = MappingProxyType({step: move.by for (_, step), move in MOVES.items()})
"""Whose each step is, from whatever state."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands, as its rules need it.

    Attributes:
        state: that it is in.
        due_at: when the time of that state is over.
        spoken: sides that have filed something since it came into it.
    """

    state: CaseState
    due_at: datetime | None
    spoken: Collection[CaseSide] = ()


def waits_for(standing: Standing, now: datetime) -> frozenset[CaseSide]:
    """Answer who is to go on with a case: sides that were not heard yet, and the registry once it may.

    Whoever was not heard in time may still file something; then the case waits for both, them and the registry. A case
    that is decided or closed waits for the registry alone: to close it, or to look at what was filed since.

    Args:
        standing: of the case.
        now: the moment.
    """
    silent, heard = PARTIES - set(standing.spoken), PARTIES & set(standing.spoken)
    over = standing.due_at is not None and now >= standing.due_at
    registry = frozenset({CaseSide.REGISTRY})
    if standing.state in {CaseState.OPEN, CaseState.ANALYSIS}:
        return registry
    if standing.state in {CaseState.EVIDENCE, CaseState.PROPOSED}:
        return frozenset(silent) | (registry if over or not silent else frozenset())
    return registry if over or heard else frozenset()


def require_step(
    standing: Standing, step: CaseStep, side: CaseSide, *, now: datetime, has: Collection[str] = ()
) -> Move:
    """Answer the move that a step is, once it may be taken.

    Args:
        standing: of the case.
        step: that is wanted.
        side: who wants it.
        now: the moment.
        has: what comes with it, such as ``proposal``.

    Raises:
        ConflictError: not a step from this state, too early, or without what it needs; figures ``state``, and which.
        ForbiddenError: it is not this side's to take.
    """
    state, taken_by = standing.state.value, TAKEN_BY[step]
    if taken_by is not side:
        raise ForbiddenError(
            f"the step {step.value} is taken by the {taken_by.value}", step=step.value, by=taken_by.value
        )
    move = MOVES.get((standing.state, step))
    if move is None:
        raise ConflictError(f"a case that is {state} cannot take the step {step.value}", state=state, step=step.value)
    silent = sorted(side.value for side in PARTIES - set(standing.spoken))
    if move.waits and silent and (standing.due_at is None or now < standing.due_at):
        until = standing.due_at.isoformat() if standing.due_at else None
        raise ConflictError(
            f"{' and '.join(silent)} may still answer, until {until}", state=state, waits_for=silent[0], due_at=until
        )
    if move.needs and move.needs not in has:
        raise ConflictError(
            f"the step {step.value} needs {_NEEDED[move.needs]}", state=state, step=step.value, needs=move.needs
        )
    return move


_NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "proposal": "a proposal: make one, and the case is proposed by it",
        "new_paper": "a paper that a side has filed since it was decided or closed: name it",
        "counter_statement": "a served notice: whoever was served counters that, and by it the case is opened again",
    }
)
