"""What is computed once for all draws must be what counting each draw by itself would give."""

from __future__ import annotations

import numpy as np
import pytest

from registry.engine.evaluation.openset import OpenSet
from registry.engine.evaluation.resampling import Resamples
from registry.engine.evaluation.searches import Searches, SearchKind, SearchResult
from registry.engine.evaluation.verification import LN10, Verification
from registry.engine.metrics import Trials, cllr, cllr_min, equal_error_rate, min_dcf, threshold_at

DRAWS = 12


def some_searches(*, coarse: bool) -> Searches:
    """Twenty enrolled people and thirty strangers with one to three recordings each; coarse scores have many ties."""
    random = np.random.default_rng(11)
    results = []
    for number in range(50):
        for _ in range(random.integers(1, 4)):
            scores = random.normal(-1.0, 1.0, 20)
            if number < 20:
                scores[number] += 2.5
            scores = np.round(scores, 1) if coarse else scores
            mated = number < 20
            kind = SearchKind.MATED if mated else SearchKind.NON_MATED
            results.append(SearchResult(kind, f"p{number}", "", 5.0, scores, number if mated else None, frozenset()))
            if mated:
                left = scores - 0.25
                left[number] = np.nan
                results.append(SearchResult(SearchKind.LEFT_OUT, f"p{number}", "", 5.0, left, None, frozenset()))
    return Searches.of(results)


@pytest.fixture(params=[False, True], ids=["distinct", "tied"])
def searches(request: pytest.FixtureRequest) -> Searches:
    return some_searches(coarse=request.param)


@pytest.fixture
def resamples(searches: Searches) -> Resamples:
    return Resamples.draw(searches.all, np.random.default_rng(3), DRAWS)


def test_the_first_row_counts_everybody_once_and_the_others_as_many_people(resamples: Resamples) -> None:
    assert resamples.weights.shape == (1 + DRAWS, 50)
    assert (resamples.weights[0] == 1).all()
    assert (resamples.weights[:, :20].sum(axis=1) == 20).all()
    assert (resamples.weights[:, 20:].sum(axis=1) == 30).all()


def test_a_person_is_drawn_with_all_their_recordings(searches: Searches, resamples: Resamples) -> None:
    weights = resamples.of(searches.all)
    for person in ("p3", "p40"):
        columns = [number for number, search in enumerate(searches.all) if search.person == person]
        assert (weights[:, columns] == weights[:, columns[:1]]).all()


@pytest.mark.parametrize("fpir", [0.0, 0.01, 0.05, 0.2, 1.0])
def test_thresholds_and_misses_of_a_draw_are_those_of_repeating_searches(
    searches: Searches, resamples: Resamples, fpir: float
) -> None:
    open_set = OpenSet.of(searches, resamples)
    times, own_times = resamples.of(searches.without_mate), resamples.of(searches.mated)
    best = np.array([search.best for search in searches.without_mate])
    own = np.array([search.own_lr for search in searches.mated])
    for draw in range(1 + DRAWS):
        threshold = threshold_at(np.repeat(best, times[draw].astype(int)), fpir)
        assert open_set.thresholds(fpir)[draw] == threshold
        assert open_set.fnir(fpir)[draw] == pytest.approx(np.average(own <= threshold, weights=own_times[draw]))


def test_verification_of_a_draw_is_that_of_all_trials_with_weights(searches: Searches, resamples: Resamples) -> None:
    figures = Verification.of(searches.mated, searches.without_mate, resamples).figures()
    scores = np.stack([search.log10_lr for search in searches.without_mate])
    there = ~np.isnan(scores)
    target = np.array([search.own_lr for search in searches.mated])
    times, own_times = resamples.of(searches.without_mate), resamples.of(searches.mated)
    for draw in range(1 + DRAWS):
        other_weights = np.broadcast_to(times[draw][:, None], scores.shape)[there]
        trials = Trials(
            LN10 * np.concatenate([target, scores[there]]),
            np.arange(target.size + there.sum()) < target.size,
            np.concatenate([own_times[draw], other_weights]),
        )
        for name, figure in (("eer", equal_error_rate), ("min_dcf", min_dcf), ("cllr", cllr), ("cllr_min", cllr_min)):
            assert figures[name][draw] == pytest.approx(figure(trials), abs=1e-9), name
