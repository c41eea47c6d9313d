"""Numbers are varied one at a time, what ships is among their values, and nothing of it outlives its measurement."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmarks.choices import BOOTSTRAP_SEED, Choice, Louder, choices, level_id, losses, one_level
from registry.engine import cohort
from registry.engine.evaluation import Labels, SearchKind, SearchResult
from registry.engine.evaluation.measures import Measures
from registry.engine.evaluation.searches import Searches
from registry.engine.training import fit
from registry.engine.windows import LEVEL_DBFS


def test_what_ships_is_one_of_the_values_of_every_number() -> None:
    listed = list(choices())
    ships = Counter(name for name, _, choice in listed if choice == Choice())
    assert ships == Counter({name for name, _, _ in listed})


def test_every_other_choice_differs_in_one_number() -> None:
    numbers = ("level_dbfs", "voices_beside", "ridge", "campplus_share")
    for _, value, choice in choices():
        differing = [name for name in numbers if getattr(choice, name) != getattr(Choice(), name)]
        assert len(differing) == (choice != Choice()), value


def test_a_choice_is_in_force_for_as_long_as_it_is_measured() -> None:
    before = cohort.VOICES_BESIDE, fit.RIDGE, dict(fit.ENGINE_SHARES)
    with Choice(voices_beside=0, ridge=1.0, campplus_share=2.0).in_force():
        assert (cohort.VOICES_BESIDE, fit.RIDGE, fit.ENGINE_SHARES["campplus"]) == (0, 1.0, 2.0)
        assert cohort.middle(np.array([2.0, 0.0]), 2).tolist() == [1.0, 0.0]
    assert (cohort.VOICES_BESIDE, fit.RIDGE, dict(fit.ENGINE_SHARES)) == before


class Hears:
    """Answers the loudness of windows."""

    id = "hears"

    def encode(self, windows: np.ndarray) -> np.ndarray:
        return 20 * np.log10(np.sqrt(np.mean(np.square(windows), axis=1)))


def test_a_window_is_heard_at_the_level_that_is_tried() -> None:
    window = np.full((1, 100), 10 ** (LEVEL_DBFS / 20), dtype=np.float32)
    assert Louder(Hears(), -29.0).encode(window) == pytest.approx(-29.0, abs=1e-4)  # type: ignore[arg-type]


def test_vectors_of_one_level_go_by_the_engines_own_names() -> None:
    vectors = {"ge2e": np.zeros(1), "campplus": np.ones(1), level_id(-23.0): np.full(1, 23.0)}
    assert {name: float(found[0]) for name, found in one_level(vectors, -23.0).items()} == {
        "ge2e": 23.0,
        "campplus": 1.0,
    }


def result(kind: str, person: str, own: float | None, other: float) -> SearchResult:
    scores = np.array([np.nan if own is None else own, other])
    return SearchResult(
        SearchKind(kind), person, "", 5.0, scores, None if own is None else 0, frozenset(), Labels(sex="")
    )


def test_the_loss_is_the_mean_of_missed_and_not_found() -> None:
    strangers = [result("non_mated", f"stranger {number}", None, number / 100) for number in range(100)]
    mated = [result("mated", "a", strength, -5.0) for strength in (2.0, 2.0, 0.96, -1.0)]
    clones = [result("clone", "a", strength, -5.0) for strength in (2.0, -1.0)]
    measures = Measures.of(Searches.of([*strangers, *mated, *clones]), np.random.default_rng(BOOTSTRAP_SEED))
    at_one, at_five = (measures.thresholds[rate][0] for rate in (0.01, 0.05))
    assert at_five < 0.96 < at_one
    assert losses(measures)[0] == pytest.approx(np.mean([2 / 4, 1 / 2, 1 / 4, 1 / 2]))
