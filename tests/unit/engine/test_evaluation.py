from __future__ import annotations

import json

import numpy as np
import pytest

from registry.engine.evaluation import SearchKind, SearchResult, evaluate, people_drawn

PERFORMERS = 6


def searched(
    kind: SearchKind, person: str, own: int | None, scores: list[float], *, speech_s: float = 5.0, system: str = ""
) -> SearchResult:
    called = frozenset(column for column, score in enumerate(scores) if score >= 2)
    return SearchResult(kind, person, system, speech_s, np.array(scores, dtype=np.float64), own, called)


def some_results() -> list[SearchResult]:
    """Four true performers, one of them missed; ten strangers, one of whom comes close."""
    low = [-2.0, -1.5, -1.2, -1.1, -1.6, -1.9]
    results = []
    for number, own_lr in enumerate((3.0, 2.5, 2.2, -1.0)):
        scores = [*low]
        scores[number] = own_lr
        results.append(searched(SearchKind.MATED, f"p{number}", number, scores, speech_s=1.0 + 4 * number))
    for number in range(10):
        scores = [*low]
        scores[number % PERFORMERS] = 1.0 if number == 3 else -0.5 - number / 100
        results.append(searched(SearchKind.NON_MATED, f"s{number}", None, scores))
    clone = [*low]
    clone[0] = 2.1
    results.append(searched(SearchKind.CLONE, "p0", 0, clone, system="tts"))
    results.append(searched(SearchKind.CLONE, "p1", 1, low, system="vc"))
    results.append(searched(SearchKind.DECOY, "p2", 2, low))
    return results


def report() -> dict[str, object]:
    return evaluate(some_results(), np.random.default_rng(0))


def test_an_evaluation_without_strangers_is_refused() -> None:
    with pytest.raises(ValueError, match="non-mated"):
        evaluate([found for found in some_results() if found.kind is SearchKind.MATED], np.random.default_rng(0))


def test_misses_are_counted_at_the_threshold_of_the_strangers() -> None:
    rows = {row["fpir"]: row for row in report()["fnir"]}
    assert rows[0.01]["threshold_log10_lr"] == 1.0
    assert rows[0.01]["misses"] == 1
    assert rows[0.01]["value"] == 0.25
    assert not rows[0.01]["resolvable"]


def test_intervals_hold_the_value_and_are_over_people() -> None:
    for row in report()["fnir"]:
        assert row["ci95"][0] <= row["value"] <= row["ci95"][1]


def test_buckets_hold_every_recording_once() -> None:
    buckets = report()["by_speech"]
    assert sum(bucket["mated"] for bucket in buckets) == 4
    assert sum(bucket["non_mated"] for bucket in buckets) == 10
    assert [bucket["mated"] for bucket in buckets] == [1, 1, 1, 1]


def test_clones_are_reported_by_system_and_decoys_apart() -> None:
    found = report()
    shares = {name: row["rates"][1]["share"] for name, row in found["clones"]["systems"].items()}
    assert shares == {"tts": 1.0, "vc": 0.0}
    assert found["clones"]["all"]["rates"][1]["reached"] == 1
    assert found["decoys"]["all"]["rates"][1]["reached"] == 0


def test_the_engines_own_decisions_are_counted() -> None:
    decisions = report()["operating_point"]
    assert decisions["mated"]["own_matched"] == 3
    assert decisions["non_mated"]["others_matched"] == 0
    assert decisions["clone"]["own_matched"] == 1


def test_ranks_are_told() -> None:
    results = some_results()
    beaten = [*results[0].log10_lr]
    beaten[5] = 9.0
    results[0] = searched(SearchKind.MATED, "p0", 0, beaten)
    assert evaluate(results, np.random.default_rng(0))["rank1"]["value"] == 0.75


def test_the_report_is_json_and_the_same_every_time() -> None:
    assert json.dumps(report(), allow_nan=False) == json.dumps(report(), allow_nan=False)


def test_a_person_is_drawn_with_all_their_recordings() -> None:
    results = [searched(SearchKind.MATED, person, 0, [0.0]) for person in ("a", "a", "b", "c", "c", "c")]
    for seed in range(20):
        drawn = people_drawn(results, np.random.default_rng(seed))
        assert drawn[0] == drawn[1]
        assert drawn[3] == drawn[4] == drawn[5]
        assert drawn[0] + drawn[2] + drawn[3] == 3
