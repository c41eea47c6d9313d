"""The course of a case: every step is somebody's, and nobody is gone past who may still speak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from registry.domain.cases import (
    MOVES,
    PARTIES,
    TAKEN_BY,
    CaseEnding,
    CaseSide,
    CaseState,
    CaseStep,
    Standing,
    require_step,
)
from registry.domain.rules.deadlines import Deadline, deadline, shipped_deadlines
from registry.errors import ConflictError, ForbiddenError, NotFoundError

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EVERYTHING = ("proposal", "new_paper", "counter_statement")
PAST_DUE = NOW - timedelta(seconds=1)


def standing(state: CaseState, *spoken: CaseSide, due_at: datetime | None = PAST_DUE) -> Standing:
    return Standing(state, due_at, spoken)


@pytest.mark.parametrize(("state", "step", "side"), list(product(CaseState, CaseStep, CaseSide)))
def test_what_is_not_in_the_table_is_refused(state: CaseState, step: CaseStep, side: CaseSide) -> None:
    move = MOVES.get((state, step))
    if move is not None and move.by is side:
        assert require_step(standing(state), step, side, now=NOW, has=EVERYTHING) is move
        return
    with pytest.raises(ConflictError if TAKEN_BY[step] is side else ForbiddenError):
        require_step(standing(state), step, side, now=NOW, has=EVERYTHING)


def test_every_step_is_one_side_s_from_whatever_state() -> None:
    assert {step: {move.by for (_, each), move in MOVES.items() if each is step} for step in CaseStep} == {
        step: {side} for step, side in TAKEN_BY.items()
    }
    assert set(TAKEN_BY) == set(CaseStep)


@pytest.mark.parametrize(("state", "step"), [key for key, move in MOVES.items() if move.waits])
@pytest.mark.parametrize("silent", sorted(PARTIES))
def test_a_side_that_is_silent_is_waited_for_until_its_time_is_over(
    state: CaseState, step: CaseStep, silent: CaseSide
) -> None:
    spoken = [side for side in PARTIES if side is not silent]
    due = NOW + timedelta(seconds=1)
    with pytest.raises(ConflictError) as refused:
        require_step(standing(state, *spoken, due_at=due), step, CaseSide.REGISTRY, now=NOW)
    assert refused.value.figures["waits_for"] == silent.value
    assert require_step(standing(state, *spoken, due_at=due), step, CaseSide.REGISTRY, now=due)
    assert require_step(standing(state, *PARTIES, due_at=due), step, CaseSide.REGISTRY, now=NOW)


def test_that_the_registry_has_filed_something_replaces_no_side() -> None:
    due = NOW + timedelta(days=1)
    heard = standing(CaseState.EVIDENCE, CaseSide.REGISTRY, CaseSide.RESPONDENT, due_at=due)
    with pytest.raises(ConflictError):
        require_step(heard, CaseStep.ANALYSE, CaseSide.REGISTRY, now=NOW)


@pytest.mark.parametrize(("state", "step"), [key for key, move in MOVES.items() if move.needs])
def test_what_a_step_needs_has_to_be_there(state: CaseState, step: CaseStep) -> None:
    with pytest.raises(ConflictError) as refused:
        require_step(standing(state), step, MOVES[state, step].by, now=NOW)
    assert refused.value.figures["needs"] == MOVES[state, step].needs


def test_a_case_ends_in_one_way_whenever_it_is_closed_and_is_never_stuck() -> None:
    for (_, step), move in MOVES.items():
        assert (move.to is CaseState.CLOSED) == (move.ending is not None), step
    assert {move.ending for move in MOVES.values()} - {None} == set(CaseEnding)
    assert {state for state, _ in MOVES} == set(CaseState)


# --- deadlines -------------------------------------------------------------------------------------------------------


def test_every_state_that_is_open_has_its_time_in_both_languages() -> None:
    wanted = {f"case.{state.value}" for state in CaseState if state is not CaseState.CLOSED} | {"case.pause"}
    assert {each.id for each in shipped_deadlines()} >= wanted
    assert all(set(each.meaning) == {"en", "ko"} and all(each.meaning.values()) for each in shipped_deadlines())


def test_the_deadline_of_the_day_counts_and_none_before_there_was_one() -> None:
    known = [
        Deadline("case.open", days, datetime.fromisoformat(day).date(), "practice", {})
        for days, day in ((5, "2026-01-01"), (3, "2026-03-02"), (1, "2026-03-03"))
    ]
    assert deadline("case.open", NOW, known).after(NOW) == NOW + timedelta(days=3)
    assert deadline("case.open", NOW - timedelta(days=1), known).days == 5
    with pytest.raises(NotFoundError):
        deadline("case.open", datetime(2025, 12, 31, tzinfo=UTC), known)
