"""The three kinds of searches that may set a threshold hold whom they say they hold."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy import in_use, rates, strangers_alone
from registry.engine.evaluation import SearchKind, SearchResult


def searched(kind: SearchKind, person: str, own: int | None, scores: list[float]) -> SearchResult:
    return SearchResult(kind, person, "", 5.0, np.array(scores), own, frozenset())


NAN = float("nan")
MATED = searched(SearchKind.MATED, "p0", 0, [3.0, 1.0, -1.0])
LEFT_OUT = searched(SearchKind.LEFT_OUT, "p0", None, [NAN, 2.0, -0.5])
STRANGER = searched(SearchKind.NON_MATED, "s", None, [0.5, 0.0, -2.0])
DOUBTFUL = searched(SearchKind.MATED, "p1", 1, [NAN, 2.0, NAN])


def test_strangers_alone_leave_no_search_with_a_speaker_left_out() -> None:
    assert [one.kind for one in strangers_alone([MATED, LEFT_OUT, STRANGER])] == [
        SearchKind.MATED,
        SearchKind.NON_MATED,
    ]


def test_in_use_the_speaker_stays_a_rival_and_never_alarms() -> None:
    (other,) = [one for one in in_use([MATED, LEFT_OUT, STRANGER]) if one.kind is SearchKind.LEFT_OUT]
    assert np.isnan(other.log10_lr[0])
    assert other.best == 1.0
    assert MATED.own_lr == 3.0


def test_a_search_in_which_nobody_else_counts_sets_no_threshold() -> None:
    assert not [one for one in in_use([DOUBTFUL, STRANGER]) if one.kind is SearchKind.LEFT_OUT]


def test_rates_that_are_not_resolved_are_marked() -> None:
    rows = rates({"all": [MATED, LEFT_OUT, STRANGER]})["rows"]
    assert len(rows) == 9
    assert all(row[2].endswith("*") for row in rows)
    assert rows[0][0] == "strangers + speakers left out (2)"
    assert rows[-1][0] == "strangers alone (1)"
