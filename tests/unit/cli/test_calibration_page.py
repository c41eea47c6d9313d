"""The page of a new calibration: what is advised is the first thing that it says, in both languages."""

from __future__ import annotations

import string
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from html_reader import Reader

from registry.cli.calibration.page import compared, page
from registry.cli.calibration.words import CALIBRATION_WORDS
from registry.cli.evaluation.words import Language
from registry.engine.calibration import load_calibration
from registry.engine.evaluation import SearchKind, SearchResult, evaluate
from registry.engine.training.comparison import advise, compare

PERFORMERS = 8


def searched(overstated: float) -> list[SearchResult]:
    """Ratios that are calibrated when they are not overstated: two normal distributions, two deviations apart."""
    random = np.random.default_rng(0)
    results = []
    for number in range(60):
        mated = number < PERFORMERS
        scores = overstated * random.normal(-1, 1, PERFORMERS)
        if mated:
            scores[number] = overstated * random.normal(1, 1)
        kind = SearchKind.MATED if mated else SearchKind.NON_MATED
        called = frozenset(np.flatnonzero(scores > 2).tolist())
        results.append(SearchResult(kind, f"p{number}", "", 5.0, scores, number if mated else None, called))
    return results


def reported(before: float, after: float) -> dict[str, Any]:
    old, new = searched(before), searched(after)
    changes = compare(old, new)
    advice = advise(changes, load_calibration(), 0.01)

    def evaluated(results: list[SearchResult], calibration: str) -> dict[str, Any]:
        return {
            "engine": {"version": "1", "calibration": calibration, "device": "cpu"},
            "gallery": {"performers": PERFORMERS},
            "target_fpir": 0.01,
            **evaluate(results, np.random.default_rng(0)),
        }

    return {
        "advice": {"activate": advice.activate, "reasons": [asdict(reason) for reason in advice.reasons]},
        "changes": [asdict(change) for change in changes],
        "card": {"people": {"cohort": 100, "calibration": 50, "held_out": 60}},
        "before": evaluated(old, "aaaaaaaaaaaa"),
        "after": evaluated(new, "bbbbbbbbbbbb"),
    }


def read(report: dict[str, Any], language: Language) -> Reader:
    reader = Reader()
    reader.feed(page(report, language))
    return reader


@pytest.mark.parametrize("language", Language)
def test_one_that_is_worse_is_said_to_be_before_anything_else(language: Language) -> None:
    words, reader = CALIBRATION_WORDS[language], read(reported(1.0, 3.0), language)
    assert words["do_not"] in reader.text
    assert words["activate"] not in reader.text
    assert reader.text.index(words["do_not"]) < reader.text.index(words["compared"])
    assert words["reason_cllr_higher"].split("{")[0] in reader.text


@pytest.mark.parametrize("language", Language)
def test_one_that_is_better_is_said_to_be(language: Language) -> None:
    words, reader = CALIBRATION_WORDS[language], read(reported(3.0, 1.0), language)
    assert words["activate"] in reader.text
    assert words["do_not"] not in reader.text


@pytest.mark.parametrize("language", Language)
def test_the_page_is_well_formed_and_holds_both_sets_of_plots_itself(language: Language) -> None:
    reader = read(reported(1.0, 1.0), language)
    assert reader.open == []
    assert len(reader.references) == reader.tags.count("img") == 2 * 4
    assert all(reference.startswith("data:image/svg+xml;base64,") for reference in reader.references)
    assert len(set(reader.references)) == 4
    assert not {"script", "link", "iframe"} & set(reader.tags)
    assert "aaaaaaaaaaaa" in reader.text
    assert "bbbbbbbbbbbb" in reader.text


def test_every_figure_has_a_row_and_unresolved_rates_are_said_to_be() -> None:
    sheet = compared(reported(1.0, 2.0), CALIBRATION_WORDS[Language.EN])
    names = [row[0] for row in sheet.rows]
    assert names[:2] == ["FNIR at FPIR 1 % (too few searches to resolve)", "FNIR at FPIR 5 %"]
    assert {"Cllr", "Cllr min", "Cllr over its minimum", "enrolled speakers matched"} <= set(names)


def test_both_languages_say_everything_with_the_same_figures() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, korean = CALIBRATION_WORDS[Language.EN], CALIBRATION_WORDS[Language.KO]
    assert set(english) == set(korean)
    assert all(fields(english[name]) == fields(korean[name]) for name in english)
