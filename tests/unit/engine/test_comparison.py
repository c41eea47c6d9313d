"""A new calibration that is not better on the people held out is said not to be, with the reason."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
import pytest

from registry.engine.calibration import Calibration, Tail, load_calibration
from registry.engine.evaluation import SearchKind, SearchResult
from registry.engine.training.comparison import Advice, Change, advise, compare

PEOPLE = 12
TARGET = 0.01


class Scoring(Protocol):
    """Makes a log10 LR of one trial from another."""

    def __call__(self, value: float, *, target: bool) -> float: ...


def searched(score: Scoring) -> list[SearchResult]:
    """Twelve enrolled people, each searched for twice, the second time left out; forty strangers.

    As they are, the ratios are calibrated: in natural units two normal distributions of variance 9, 9 apart.
    """
    random = np.random.default_rng(7)
    results = []
    for number in range(PEOPLE + 40):
        mated = number < PEOPLE
        person = f"{'p' if mated else 's'}{number}"
        scores = np.array([score(value, target=False) for value in random.normal(-1.95, 1.3, PEOPLE)])
        own = score(float(random.normal(1.95, 1.3)), target=True)
        if mated:
            left_out = scores.copy()
            left_out[number] = np.nan
            results.append(result(SearchKind.LEFT_OUT, person, None, left_out))
            scores[number] = own
            results.append(result(SearchKind.MATED, person, number, scores))
        else:
            results.append(result(SearchKind.NON_MATED, person, None, scores))
    return results


def result(kind: SearchKind, person: str, own: int | None, scores: np.ndarray) -> SearchResult:
    called = frozenset(np.flatnonzero(scores >= 2.0).tolist())
    return SearchResult(kind, person, "", 5.0, scores, own, called)


def times(factor: float, more: float = 0.0) -> Scoring:
    def score(value: float, *, target: bool) -> float:  # noqa: ARG001  (a Scoring)
        return factor * value + more

    return score


def certain(value: float, *, target: bool) -> float:  # noqa: ARG001  (a Scoring)
    """Knows everybody."""
    return 3.0 if target else -3.0


def shunning(value: float, *, target: bool) -> float:
    """Calls everybody somebody else."""
    return -3.0 if target else value


def calibration(**changes: object) -> Calibration:
    return dataclasses.replace(load_calibration(), **({"upper": 3.0, "tail": Tail(-1.0, 0.3, 3.0)} | changes))


def advice(before: Scoring, after: Scoring, **changes: object) -> tuple[Advice, set[str]]:
    found = advise(compare(searched(before), searched(after)), calibration(**changes), TARGET)
    return found, {reason.code for reason in found.reasons}


def test_the_same_calibration_again_is_not_better() -> None:
    found, codes = advice(times(1), times(1))
    assert not found.activate
    assert codes == {"cllr_higher"}


def test_one_that_overstates_everything_is_worse_though_it_ranks_the_same() -> None:
    found, codes = advice(times(1), times(4))
    assert not found.activate
    assert "cllr_higher" in codes


def test_one_that_takes_back_an_overstatement_is_better() -> None:
    found, codes = advice(times(1, 2.5), times(1))
    assert found.activate
    assert codes == {"better"}


def test_one_that_matches_strangers_is_not_activated_however_cheap_its_evidence() -> None:
    found, codes = advice(times(0), times(1, 0.9))
    assert not found.activate
    assert codes == {"strangers_matched"}


def test_one_that_misses_more_people_is_not_activated() -> None:
    found, codes = advice(times(1), shunning)
    assert not found.activate
    assert "fnir_higher" in codes


def test_one_that_matches_fewer_people_is_not_activated() -> None:
    """Before, everybody enrolled is matched, and no stranger."""
    found, codes = advice(certain, shunning)
    assert not found.activate
    assert "fewer_matched" in codes


@pytest.mark.parametrize(("after", "advised"), [(0.96, True), (0.94, False), (0.81, False)])
def test_a_loss_of_matches_counts_though_so_few_people_cannot_show_it(after: float, *, advised: bool) -> None:
    changes = [
        dataclasses.replace(change, before=1.0, after=after, difference=after - 1.0, ci95=(-0.466, 0.0))
        if change.figure == "enrolled_matched"
        else dataclasses.replace(change, before=0.0, after=0.0, difference=0.0, ci95=(0.0, 0.0))
        if change.figure == "strangers_matched"
        else change
        for change in compare(searched(times(1, 2.5)), searched(times(1)))
    ]
    found = advise(changes, calibration(), TARGET)
    assert found.activate is advised
    assert ("fewer_matched" in {reason.code for reason in found.reasons}) is not advised


def test_fewer_matches_are_no_fault_where_the_active_one_matched_strangers_at_will() -> None:
    changes = {change.figure: change for change in compare(searched(times(1, 2.5)), searched(times(1)))}
    assert changes["enrolled_matched"].clearly_lower
    assert (changes["strangers_matched"].before or 0) > TARGET


def test_a_threshold_beyond_what_so_few_people_support_is_said() -> None:
    found, codes = advice(times(1, 2.5), times(1), upper=1.0)
    assert not found.activate
    assert codes == {"beyond_validation"}


def test_before_and_after_are_drawn_on_the_same_people() -> None:
    """A shift of everything changes no rank: on each draw of people the difference of FNIR is exactly nothing."""
    changes = {change.figure: change for change in compare(searched(times(1)), searched(times(1, 1)))}
    assert changes["fnir_at_fpir_5_percent"].ci95 == (0.0, 0.0)
    assert changes["cllr_min"].difference == pytest.approx(0.0, abs=1e-9)
    assert changes["cllr"].difference != 0


def test_a_rate_that_too_few_searches_resolve_decides_nothing() -> None:
    changes = {change.figure: change for change in compare(searched(times(1)), searched(times(1)))}
    assert not changes["fnir_at_fpir_1_percent"].resolved
    assert changes["fnir_at_fpir_5_percent"].resolved
    unresolved = Change("fnir_at_fpir_1_percent", 0.0, 0.5, 0.5, (0.4, 0.6), resolved=False)
    assert not unresolved.clearly_higher
