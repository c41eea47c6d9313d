"""What is due to be done with a key of the house: after a year in use, and once its successor has been for an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from registry.domain.house_keys import FIRST_SEED, RETIRES_AFTER, ROTATES_AFTER, KeyState, KeyStep, step_due

NOW = datetime(2026, 11, 26, tzinfo=UTC)
A_DAY_AGO = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "step"),
    [(ROTATES_AFTER, KeyStep.ROTATE), (ROTATES_AFTER - timedelta(seconds=1), None), (timedelta(), None)],
)
def test_a_key_is_to_be_rotated_after_a_year_in_use_and_not_before(age: timedelta, step: KeyStep | None) -> None:
    assert step_due("wrapping-1", KeyState.IN_USE, NOW - age, NOW - age, NOW) is step


@pytest.mark.parametrize(
    ("ago", "step"), [(RETIRES_AFTER, KeyStep.RETIRE), (RETIRES_AFTER - timedelta(seconds=1), None)]
)
def test_an_old_key_is_to_be_retired_an_hour_after_its_successor_came(ago: timedelta, step: KeyStep | None) -> None:
    assert step_due("wrapping-1", KeyState.OLD, A_DAY_AGO, NOW - ago, NOW) is step


def test_a_key_that_nothing_has_followed_or_that_is_newer_than_the_one_in_use_stays() -> None:
    assert step_due("wrapping-2", KeyState.OLD, A_DAY_AGO, None, NOW) is None
    assert step_due("wrapping-2", KeyState.OLD, A_DAY_AGO, A_DAY_AGO - timedelta(days=1), NOW) is None


@pytest.mark.parametrize("state", [KeyState.RETIRED, KeyState.STAGED, KeyState.MISSING])
def test_of_a_key_that_is_neither_in_use_nor_old_nothing_is_due(state: KeyState) -> None:
    assert step_due("wrapping-1", state, NOW - 9 * ROTATES_AFTER, A_DAY_AGO, NOW) is None


def test_the_first_seed_is_never_to_be_retired() -> None:
    assert step_due(FIRST_SEED, KeyState.OLD, NOW - 9 * ROTATES_AFTER, A_DAY_AGO, NOW) is None
