"""The nearest strangers of a performer are who comes nearest, of the same sex, and only matches with them count."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.strangers import impostors, nearest, sexes_of
from registry.engine.evaluation import Labels, SearchKind, SearchResult

SEXES = {0: "F", 1: "M"}


def search(person: str, sex: str, scores: tuple[float, float], *called: int, **other: object) -> SearchResult:
    return SearchResult(
        kind=SearchKind(other.get("kind", "non_mated")),
        person=person,
        system="",
        speech_s=5.0,
        log10_lr=np.array(scores),
        own=other.get("own"),  # type: ignore[arg-type]
        called=frozenset(called),
        labels=Labels(sex=sex),
    )


def of_whom(trials: list) -> list[tuple[str, int]]:
    return [(trial.search.person, trial.performer) for trial in trials]


def test_strangers_of_another_sex_or_of_none_known_are_left_out() -> None:
    results = [search("man", "M", (3.0, -2.0)), search("unknown", "", (3.0, 3.0)), search("woman", "F", (-3.0, 3.0))]
    assert of_whom(nearest(results, SEXES, 5)) == [("woman", 0), ("man", 1)]


def test_enrolled_people_who_were_left_out_are_no_strangers() -> None:
    assert nearest([search("enrolled", "F", (3.0, 0.0), kind="left_out")], SEXES, 1) == []


def test_who_is_nearest_is_decided_by_the_mean_over_their_recordings() -> None:
    steady = [search("steady", "F", (0.0, 0.0)), search("steady", "F", (0.2, 0.0))]
    once = [search("once", "F", (2.0, 0.0)), search("once", "F", (-4.0, 0.0))]
    assert of_whom(nearest([*once, *steady], {0: "F"}, 1)) == [("steady", 0)] * 2
    assert {person for person, _ in of_whom(nearest([*once, *steady], {0: "F"}, 2))} == {"steady", "once"}


def test_a_doubtful_pair_makes_no_trial() -> None:
    results = [search("twin", "F", (float("nan"), 0.0)), search("other", "F", (-2.0, 0.0))]
    assert of_whom(nearest(results, {0: "F"}, 1)) == [("other", 0)]


def test_a_match_counts_only_with_the_performer_whom_it_is_near_to() -> None:
    results = [
        search("near", "F", (1.0, 0.0), 1),
        search("decoy", "F", (0.0, 0.0), 0, kind="decoy", own=0),
        search("own", "F", (5.0, 0.0), 0, kind="mated", own=0),
    ]
    found = impostors(results, {0: "F"}, np.random.default_rng(1))
    assert (found["nearest_1"]["called"], found["nearest_1"]["recordings"]) == (0, 1)
    together = found["decoys_and_nearest_1"]
    assert (together["called"], together["recordings"], together["value"]) == (1, 2, pytest.approx(0.5))


def test_without_strangers_there_is_no_figure() -> None:
    found = impostors([search("own", "F", (5.0, 0.0), kind="mated", own=0)], {0: "F"}, np.random.default_rng(1))
    assert found["nearest_5"]["recordings"] == 0
    assert found["nearest_5"]["value"] is None


def test_the_sex_of_a_performer_is_that_of_their_recordings_before_that_of_imitations() -> None:
    results = [
        search("a", "M", (0.0, 0.0), kind="mated", own=0),
        search("a", "F", (0.0, 0.0), kind="clone", own=0),
        search("b", "F", (0.0, 0.0), kind="clone", own=1),
        search("stranger", "M", (0.0, 0.0)),
    ]
    assert sexes_of(results) == {0: "M", 1: "F"}
