"""What persons say of a sample: rates together, agreement of each two, and when neither is said."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.scan_samples import (
    FEWEST_IN_COMMON,
    Mark,
    NoKappa,
    agreements,
    cohens_kappa,
    heard_of,
    together,
)

A, D, U = Mark.AGREE, Mark.DISAGREE, Mark.UNSURE
MARKS = st.sampled_from(Mark)


def test_kappa_is_what_its_formula_gives_for_a_table_that_can_be_worked_out_by_hand() -> None:
    """Of 50: 20 both right, 15 both wrong, 5 and 10 apart: 0.7 observed, 0.5 by chance."""
    pairs = [(A, A)] * 20 + [(A, D)] * 5 + [(D, A)] * 10 + [(D, D)] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)


@given(st.lists(st.tuples(MARKS, MARKS), min_size=1, max_size=60))
def test_kappa_is_what_another_implementation_says(pairs: list[tuple[Mark, Mark]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    kappa = cohens_kappa(pairs)
    mine, theirs = zip(*pairs, strict=True)
    if kappa is None:
        assert len({*mine, *theirs}) == 1
    else:
        assert kappa == pytest.approx(metrics.cohen_kappa_score(mine, theirs), abs=1e-9)
        assert kappa <= 1


def test_kappa_is_not_said_of_few_rows_nor_where_there_is_nothing_to_tell() -> None:
    some = {number: random.Random(number).choice([A, D]) for number in range(FEWEST_IN_COMMON)}  # noqa: S311
    few = dict(list(some.items())[:-1])
    (pair,) = agreements({"acc_1": few, "acc_2": few})
    assert (pair.rows, pair.raw, pair.kappa, pair.no_kappa) == (FEWEST_IN_COMMON - 1, 1.0, None, NoKappa.TOO_FEW)
    (pair,) = agreements({"acc_1": some, "acc_2": some})
    assert (pair.kappa, pair.no_kappa) == (1.0, None)
    same = dict.fromkeys(some, A)
    (pair,) = agreements({"acc_1": same, "acc_2": same})
    assert (pair.raw, pair.kappa, pair.no_kappa) == (1.0, None, NoKappa.ALL_THE_SAME)
    (pair,) = agreements({"acc_1": {1: A}, "acc_2": {2: A}})
    assert (pair.rows, pair.raw, pair.no_kappa) == (0, None, NoKappa.TOO_FEW)
    assert len(agreements({"a": {}, "b": {}, "c": {}})) == 3


def test_who_cannot_tell_takes_nothing_from_who_can_and_a_dispute_counts_for_neither() -> None:
    assert together([{1: A, 2: A, 3: U}, {1: U, 2: D, 3: U, 4: D}]) == {1: A, 2: U, 3: U, 4: D}


def test_rates_are_of_what_was_told_and_every_kind_that_was_drawn_is_there() -> None:
    outcomes = dict.fromkeys(range(20), "match") | {20: "no_match"}
    marks = dict.fromkeys(range(19), A) | {19: D}
    match, nothing = heard_of(outcomes, marks)
    assert (match.drawn, match.agree, match.disagree, match.wrong, match.right) == (20, 19, 1, 0.05, 0.95)
    assert (match.low, match.high) == pytest.approx((1 - (match.right_high or 0), 1 - (match.right_low or 0)))
    assert (nothing.outcome, nothing.drawn, nothing.wrong, nothing.right) == ("no_match", 1, None, None)
