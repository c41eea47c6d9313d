"""How a cohort is distributed: counts in wide bins, of enough people, and of exactly those who are ranked."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.comparison import (
    BIN,
    LEAST_SHOWN,
    SCALE,
    STRENGTH_WORDS,
    Distribution,
    Likeness,
    Marks,
    Rank,
    Strength,
    UnderCohort,
    distributed,
    verbal,
)
from registry.domain.scores import Log10LR

MARKS = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.613, upper=3.488)


@pytest.mark.parametrize("count", range(LEAST_SHOWN))
def test_too_few_members_are_not_shown(count: int) -> None:
    assert distributed([1.0] * count, MARKS) is None


@pytest.mark.parametrize(
    ("edges", "counts"),
    [((0.0, 1.0), (5, 5)), ((1.0, 0.0), (10,)), ((0.0, 0.0), (10,)), ((0.0, 1.0, 2.0), (11, -1)), ((0.0, 1.0), (9,))],
)
def test_what_is_no_distribution_is_refused(edges: tuple[float, ...], counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="distribution"):
        Distribution(edges, counts)


@given(st.lists(st.floats(-40, 40), min_size=LEAST_SHOWN, max_size=60))
def test_everybody_is_counted_once_in_a_bin_that_is_wide(strengths: list[float]) -> None:
    found = distributed(strengths, MARKS)
    assert found
    assert found.voices == len(strengths)
    assert {round(high - low, 9) for low, high in pairwise(found.edges)} == {BIN}
    assert (found.edges[0], found.edges[-1]) == (-2.0, 3.5)
    for low, high, count in zip(found.edges, found.edges[1:], found.counts, strict=False):
        assert count == sum(low <= MARKS.capped(strength) < high for strength in strengths)


def test_a_distribution_of_others_than_those_who_are_ranked_is_refused() -> None:
    strength = Strength(Log10LR(1.0), {"one": Log10LR(1.0)})
    shown = distributed([0.0] * 12, MARKS)
    UnderCohort("stated", Likeness(strength, Rank(12, 0, (0.0, 2.9), {})), None, None, (), shown)
    for rank in (None, Rank(13, 0, (0.0, 2.9), {})):
        with pytest.raises(ValueError, match="not of 12"):
            UnderCohort("stated", Likeness(strength, rank), None, None, (), shown)


def test_there_is_one_scale_with_words_in_every_language() -> None:
    names = [name for _, name in SCALE]
    assert {language: list(words) for language, words in STRENGTH_WORDS.items()} == {"en": names, "ko": names}
    with pytest.raises(KeyError):
        verbal(1.0, "fr")


@given(st.floats(-10, 10))
def test_capped_figures_make_capped_words(log10_lr: float) -> None:
    assert "very strong" not in verbal(MARKS.capped(log10_lr))
    assert "매우" not in verbal(MARKS.capped(log10_lr), "ko")
