from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from registry.engine.evaluation import (
    DoubtfulPair,
    Group,
    Labels,
    SearchKind,
    SearchResult,
    Split,
    doubtful_with,
    evaluate,
    split_of,
)

PERFORMERS = 6
LOW = (-2.0, -1.5, -1.2, -1.1, -1.6, -1.9)


def searched(
    kind: SearchKind,
    person: str,
    own: int | None,
    scores: Sequence[float],
    *,
    speech_s: float = 5.0,
    system: str = "",
    labels: Labels | None = None,
) -> SearchResult:
    called = frozenset(column for column, score in enumerate(scores) if score >= 2)
    lr = np.array(scores, dtype=np.float64)
    return SearchResult(kind, person, system, speech_s, lr, own, called, labels or Labels())


def raised(column: int, score: float, *, left_out: int | None = None) -> list[float]:
    """Low scores with everybody but one; with NaN for somebody who was left out."""
    scores = [*LOW]
    scores[column] = score
    if left_out is not None:
        scores[left_out] = float("nan")
    return scores


def some_results() -> list[SearchResult]:
    """Four true performers, one of them missed; the same left out; ten strangers, one of whom comes close."""
    results = []
    for number, own_lr in enumerate((3.0, 2.5, 2.2, -1.0)):
        labels = Labels(corpus="read" if number < 2 else "acted", sex="F", band="wide")
        length = 1.0 + 4 * number
        own, others = raised(number, own_lr), raised(5, -0.9, left_out=number)
        results += [
            searched(SearchKind.MATED, f"p{number}", number, own, speech_s=length, labels=labels),
            searched(SearchKind.LEFT_OUT, f"p{number}", None, others, speech_s=length, labels=labels),
        ]
    for number in range(10):
        scores = raised(number % PERFORMERS, 1.0 if number == 3 else -0.5 - number / 100)
        results.append(searched(SearchKind.NON_MATED, f"s{number}", None, scores, labels=Labels(corpus="read")))
    results += [
        searched(SearchKind.CLONE, "p0", 0, raised(0, 2.1), system="tts"),
        searched(SearchKind.CLONE, "p1", 1, LOW, system="vc"),
        searched(SearchKind.DECOY, "p2", 2, LOW),
    ]
    return results


def report(results: Sequence[SearchResult] | None = None, groups: Sequence[Group] = ()) -> dict:
    return evaluate(results or some_results(), np.random.default_rng(0), groups)


def without(kind: SearchKind) -> list[SearchResult]:
    return [found for found in some_results() if found.kind is not kind]


def test_an_evaluation_without_mates_or_without_anybody_else_is_refused() -> None:
    with pytest.raises(ValueError, match="non-mated"):
        report([found for found in some_results() if found.kind is SearchKind.MATED])
    with pytest.raises(ValueError, match="non-mated"):
        report(without(SearchKind.MATED))


def test_misses_are_counted_at_the_threshold_of_strangers_and_left_out_searches() -> None:
    rows = {row["fpir"]: row for row in report()["fnir"]}
    assert rows[0.01]["threshold_log10_lr"] == 1.0
    assert (rows[0.01]["misses"], rows[0.01]["mated"], rows[0.01]["value"]) == (1, 4, 0.25)
    assert not rows[0.01]["resolvable"]


def test_a_left_out_search_sets_thresholds_and_is_counted_apart() -> None:
    results = [*some_results(), searched(SearchKind.LEFT_OUT, "p0", None, raised(4, 2.8, left_out=0))]
    row = report(results)["fnir"][1]
    assert row["threshold_log10_lr"] == 2.8
    assert row["misses"] == 3
    rows = report([*results, *(searched(SearchKind.NON_MATED, f"far{n}", None, LOW) for n in range(15))])["fnir"]
    assert rows[2]["false_alarms"] == {
        "non_mated": {"searches": 25, "alarms": 0, "people": 0},
        "left_out": {"searches": 5, "alarms": 1, "people": 1},
    }


def test_strangers_are_not_needed_when_enrolled_speakers_are_left_out() -> None:
    found = report(without(SearchKind.NON_MATED))
    assert found["fnir"][1]["threshold_log10_lr"] == -0.9
    assert found["counts"]["non_mated"] == {"searches": 0, "people": 0}


def test_verification_compares_with_the_true_speaker_left_out() -> None:
    found = report()
    assert found["trials"] == {"target": 4, "non_target": 4 * (PERFORMERS - 1) + 10 * PERFORMERS}
    assert found["cllr_gap"] == pytest.approx(found["cllr"] - found["cllr_min"], abs=2e-5)


def test_every_figure_of_separated_scores_is_perfect() -> None:
    results = [
        searched(SearchKind.MATED, f"p{number}", number, raised(number, 20.0)) for number in range(PERFORMERS)
    ] + [searched(SearchKind.NON_MATED, f"s{number}", None, [-20.0] * PERFORMERS) for number in range(20)]
    found = report(results)
    assert [row["value"] for row in found["fnir"]] == [0, 0, 0]
    assert found["rank1"]["value"] == 1
    assert (found["eer"], found["min_dcf"], found["cllr_min"]) == (0, 0, 0)
    assert found["cllr"] < 1e-5


def test_verification_figures_of_four_scores_are_those_of_counting() -> None:
    """Targets 1 and -1, non-targets 0 and -2: one of two is on the wrong side wherever misses meet false alarms."""
    results = [
        searched(SearchKind.MATED, "a", 0, [1.0]),
        searched(SearchKind.MATED, "b", 0, [-1.0]),
        searched(SearchKind.NON_MATED, "c", None, [0.0]),
        searched(SearchKind.NON_MATED, "d", None, [-2.0]),
    ]
    found = report(results)
    assert found["eer"] == 0.5
    assert found["min_dcf"] == pytest.approx(0.5)
    bits = [np.log2(1 + 10.0**score) for score in (-1.0, 1.0, 0.0, -2.0)]
    assert found["cllr"] == pytest.approx(np.mean(bits), abs=1e-5)
    assert found["cllr_min"] == pytest.approx(0.5)


def test_doubtful_scores_count_nowhere() -> None:
    doubtful = searched(SearchKind.NON_MATED, "s3", None, [-2.0, -1.5, -1.2, float("nan"), -1.6, -1.9])
    results = [doubtful if found.person == "s3" else found for found in some_results()]
    found = report(results)
    assert found["fnir"][1]["threshold_log10_lr"] == -0.5
    assert found["trials"]["non_target"] == report()["trials"]["non_target"] - 1


def test_a_doubtful_rival_does_not_spoil_a_rank() -> None:
    beaten = raised(5, 9.0)
    results = [found for found in some_results() if found.person != "p0"]
    assert report([*results, searched(SearchKind.MATED, "p0", 0, beaten)])["rank1"]["value"] == 0.75
    beaten[0], beaten[5] = 3.0, float("nan")
    assert report([*results, searched(SearchKind.MATED, "p0", 0, beaten)])["rank1"]["value"] == 1


def test_a_label_is_never_doubtful_with_itself() -> None:
    pairs = [DoubtfulPair("room_*", "room_*"), DoubtfulPair("a", "b")]
    assert doubtful_with("room_1", ["room_1", "room_2", "a", "b"], pairs) == {"room_2"}
    assert doubtful_with("b", ["a", "b", "room_1"], pairs) == {"a"}
    assert doubtful_with("a", ["a", "b"], pairs) == {"b"}


def test_intervals_hold_the_value_and_bracket_it() -> None:
    found = report()
    for row in [*found["fnir"], found["rank1"]]:
        assert row["ci95"][0] <= row["value"] <= row["ci95"][1]
    for name, (low, high) in found["intervals"].items():
        assert low <= found[name] <= high or name in {"cllr_min", "cllr_gap"}  # a minimum is biased on a sample


def test_intervals_are_over_people_and_not_recordings() -> None:
    """One of ten people is missed in all of a hundred recordings, and the others never."""
    results = [
        searched(SearchKind.MATED, f"p{person}", 0, [-3.0 if person == 0 else 3.0])
        for person in range(10)
        for _ in range(100)
    ] + [searched(SearchKind.NON_MATED, f"s{number}", None, [0.0]) for number in range(10)]
    row = report(results)["fnir"][1]
    assert row["value"] == 0.1
    assert row["ci95"][0] == 0
    assert row["ci95"][1] == pytest.approx(0.3, abs=0.1)


def test_nobody_missed_is_no_certainty() -> None:
    """Three people without a miss: at the upper end of the interval that happens once in forty times."""
    results = [searched(SearchKind.MATED, f"p{n}", 0, [1.0]) for n in range(3)] * 5
    row = report([*results, searched(SearchKind.NON_MATED, "s", None, [0.0])])["fnir"][1]
    assert row["value"] == 0
    assert row["ci95"] == [0.0, pytest.approx(1 - 0.025 ** (1 / 3), abs=1e-5)]
    nobody = report([*results, searched(SearchKind.NON_MATED, "s", None, [2.0])])["fnir"][1]
    assert nobody["ci95"] == [pytest.approx(0.025 ** (1 / 3), abs=1e-5), 1.0]


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random, covered = np.random.default_rng(7), 0
    for _ in range(40):
        results = [
            searched(SearchKind.MATED, f"p{person}", 0, [1.0 if missed < 0.7 else -1.0])
            for person, missed in enumerate(random.uniform(size=60))
        ]
        found = report([*results, searched(SearchKind.NON_MATED, "s", None, [0.0])])["fnir"][1]
        covered += found["ci95"][0] <= 0.3 <= found["ci95"][1]
    assert covered >= 34


def test_groups_add_up_to_the_whole() -> None:
    found = report()
    for groups in (found["by_speech"], *found["by"].values()):
        for kind, count in found["counts"].items():
            assert sum(group[kind] for group in groups) == count["searches"]
        for number, row in enumerate(found["fnir"]):
            assert sum(group["rates"][number]["misses"] for group in groups) == row["misses"]
            for kind, name in (("non_mated", "false_alarms"), ("left_out", "false_alarms_left_out")):
                total = sum(group["rates"][number][name] for group in groups)
                assert total == row["false_alarms"][kind]["alarms"]
    assert set(found["by"]) == {"corpus", "sex", "band"}
    assert [group["name"] for group in found["by"]["corpus"]] == ["acted", "read", ""]


def test_a_group_has_its_own_misses_at_the_thresholds_of_all() -> None:
    groups = {group["name"]: group for group in report()["by"]["corpus"]}
    assert groups["read"]["rates"][1]["fnir"] == 0
    assert groups["acted"]["rates"][1]["fnir"] == 0.5
    assert groups["acted"]["rates"][1]["ci95"] == [0.0, 1.0]


def test_a_group_has_an_equal_error_rate_where_it_has_both_sorts_of_searches() -> None:
    groups = {group["name"]: group for group in report()["by"]["corpus"]}
    assert groups["read"]["eer"]["value"] == 0
    assert groups[""]["eer"] == {"value": None, "ci95": None}


def test_named_groups_ask_for_labels_lengths_and_systems() -> None:
    long_acted = Group("long and acted", {"corpus": ("act*",), "band": ("wide",)}, (10.0, float("inf")))
    generated = Group("generated", {"system": ("tts", "other")})
    nobody = Group("nobody", {"language": ("xx",)})
    found = {group["name"]: group for group in report(groups=[long_acted, generated, nobody])["groups"]}
    assert (found["long and acted"]["mated"], found["long and acted"]["non_mated"]) == (1, 0)
    assert found["long and acted"]["rates"][1]["misses"] == 1
    assert (found["generated"]["clone"], found["generated"]["mated"]) == (1, 0)
    assert found["generated"]["rates"][1]["imitations"]["share"] == 1
    assert found["nobody"]["rates"][1]["fnir"] is None


def test_a_label_that_looks_like_a_pattern_is_taken_as_it_is() -> None:
    odd = [searched(SearchKind.NON_MATED, f"odd {name}", None, LOW, labels=Labels(corpus=name)) for name in "*["]
    groups = {group["name"]: group["non_mated"] for group in report([*some_results(), *odd])["by"]["corpus"]}
    assert groups == {"*": 1, "[": 1, "acted": 0, "read": 10, "": 0}


def test_clones_are_reported_by_system_and_decoys_apart() -> None:
    found = report()
    shares = {name: row["rates"][1]["share"] for name, row in found["clones"]["systems"].items()}
    assert shares == {"tts": 1.0, "vc": 0.0}
    assert found["clones"]["all"]["rates"][1]["reached"] == 1
    assert found["clones"]["all"]["called"]["own_matched"] == 1
    assert found["decoys"]["all"]["rates"][1]["reached"] == 0


def test_the_engines_own_decisions_are_counted() -> None:
    decisions = report()["operating_point"]
    assert decisions["mated"]["own_matched"] == 3
    assert decisions["non_mated"]["others_matched"] == 0
    assert decisions["clone"]["own_matched"] == 1
    accusing = [*some_results(), searched(SearchKind.LEFT_OUT, "p0", None, raised(2, 2.5, left_out=0))]
    decisions = report(accusing)["operating_point"]
    assert (decisions["left_out"]["others_matched"], decisions["non_mated"]["others_matched"]) == (1, 0)
    assert decisions["without_mate"]["others_matched_share"] == pytest.approx(1 / 15, abs=1e-5)


def test_false_alarms_are_told_by_person_without_their_label() -> None:
    results = some_results()
    results += [searched(SearchKind.NON_MATED, "s3", None, raised(1, score)) for score in (0.8, 0.7, 0.6)]
    results += [searched(SearchKind.NON_MATED, f"far{number}", None, LOW) for number in range(40)]
    found = report(results)["false_alarms"]
    first = found["by_stranger"][0]
    assert (first["searches"], [rate["alarms"] for rate in first["rates"]]) == (4, [0, 0, 2])
    assert len({row["stranger"] for row in found["by_stranger"]}) == len(found["by_stranger"])
    assert "s3" not in json.dumps(found)
    assert [row["corpus"] for row in found["by_corpus"]] == ["", "acted", "read"]
    assert sum(row["searches"] for row in found["by_corpus"]) == 4 + 10 + 3 + 40


def test_the_same_person_has_the_same_pseudonym_every_time() -> None:
    names = [row["stranger"] for row in report()["false_alarms"]["by_stranger"]]
    assert names == [row["stranger"] for row in report(some_results()[::-1])["false_alarms"]["by_stranger"]]


def test_curves_start_and_end_where_rates_do() -> None:
    curves = report()["curves"]
    assert curves["det"][0] == [1.0, 0.0]
    assert curves["det"][-1] == [0.0, 1.0]
    shares = [share for _, share in curves["tippett"]["target"]]
    assert shares[0] == 1
    assert shares == sorted(shares, reverse=True)
    assert [row[1] for row in curves["open_set"]] == sorted((row[1] for row in curves["open_set"]), reverse=True)


def test_reliability_of_true_likelihood_ratios_lies_on_the_diagonal() -> None:
    """Natural log LRs that are normal with means ± v/2 and variance v are what they say."""
    random, variance = np.random.default_rng(5), 4.0
    target = random.normal(variance / 2, variance**0.5, 4000) / np.log(10)
    other = random.normal(-variance / 2, variance**0.5, 4000) / np.log(10)
    results = [searched(SearchKind.MATED, f"p{n % 100}", 0, [score]) for n, score in enumerate(target)]
    results += [searched(SearchKind.NON_MATED, f"s{n % 100}", None, [score]) for n, score in enumerate(other)]
    rows = [row for row in report(results)["curves"]["reliability"] if min(row["target"], row["non_target"]) > 50]
    assert len(rows) >= 4
    assert all(row["observed"] == pytest.approx(row["stated"], abs=0.12) for row in rows)


def test_the_report_is_json_and_the_same_every_time() -> None:
    assert json.dumps(report(), allow_nan=False) == json.dumps(report(), allow_nan=False)


def test_the_split_of_people_follows_its_rule() -> None:
    labels = [f"person {number}" for number in range(400)]
    development = [label for label in labels if Split.DEVELOPMENT.has(label)]
    reporting = [label for label in labels if Split.REPORTING.has(label)]
    assert sorted(development + reporting) == sorted(labels)
    assert 150 < len(development) < 250
    assert all(Split.ALL.has(label) for label in labels)
    assert [split_of("a"), split_of("b")] == [Split.DEVELOPMENT, Split.REPORTING]
