"""Sentences of a comparison in Korean: every sentence that a reading can have is known, and keeps its figures."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_comparison import comparisons

from registry.catalogues import problems_of
from registry.domain.comparison import Comparison, Rank, verbal
from registry.domain.conclusions import Conclusion, read
from registry.engine.calibration import load_calibration
from registry.engine.validity import CONDITIONS, ValidatedRanges, never_validated
from registry.errors import InvalidInputError
from registry.interchange.comparison_words import LOCALE, is_known, said
from registry.interchange.comparisons import NOT_SAID
from registry.media.quality import SignalQuality

NUMBER = re.compile(r"\d[\d.]*\d|\d")


def figures(text: str) -> list[str]:
    return sorted(NUMBER.findall(text.replace("log10", "")))


def test_every_form_is_translated_and_none_is_left_over() -> None:
    assert problems_of(LOCALE, "ko", [LOCALE.parent]) == []


def test_what_is_not_known_stays_as_it_is() -> None:
    for text in ("hello", "", "a: b", "x" * 5000):
        assert said(text, "ko") == text
    with pytest.raises(InvalidInputError):
        said("stated", "fr")


@given(comparisons(), st.sampled_from(["ko"]))
def test_every_sentence_of_a_reading_is_known_and_keeps_its_figures(comparison: Comparison, language: str) -> None:
    reading = read(comparison)
    for reason in (*reading.reasons, *reading.would_change):
        assert is_known(reason.detail), reason.detail
        assert said(reason.detail, "en") == reason.detail
        assert figures(said(reason.detail, language)) == figures(reason.detail)
        assert re.search("[가-힣]", said(reason.detail, language))


def test_a_recording_outside_validation_is_told_with_all_of_its_conditions() -> None:
    ranges = ValidatedRanges.of_card(load_calibration().card)
    worst = SignalQuality(-50.0, 0.5, 0.0, 1000.0, 0.1, 1.0)
    reason = ranges.outside(worst, 0.5)
    assert reason
    named = f"a: strange; name.wav: {reason.detail}"
    told = said(named, "ko")
    assert told.startswith("a: strange; name.wav: 엔진이")
    assert figures(told) == figures(named)
    left = re.sub(r"\b(dB|Hz|s|name|wav|a|strange)\b", "", told)
    assert not re.search(r"[a-z]{3,}", left), told
    assert len(CONDITIONS) == reason.detail.count("(validated: ")


@pytest.mark.parametrize("conclusion", Conclusion)
def test_conclusions_and_what_was_never_validated_have_names(conclusion: Conclusion) -> None:
    assert re.fullmatch(r"[가-힣 ]+", said(conclusion.value, "ko"))
    assert all(re.search("[가-힣]", said(kind, "ko")) for kind in never_validated(load_calibration().card))


def test_ranks_limits_and_what_is_not_said_are_known() -> None:
    sentence = Rank(600, 12, (6.9, 20.8), {}).sentence()
    for text in (sentence, NOT_SAID, "reference", "alternative 2", "3.49 or more", "-1.61 or less"):
        assert re.search("[가-힣]", said(text, "ko"))


@pytest.mark.parametrize(
    ("log10_lr", "english", "korean"),
    [
        (0.3, "no support for either", "어느 쪽도 뒷받침하지 않음"),
        (3.49, "strong support for the same voice", "같은 목소리라는 강한 뒷받침"),
        (-1.61, "moderate support for another voice", "다른 목소리라는 중간 정도의 뒷받침"),
    ],
)
def test_the_scale_says_the_same_in_both_languages(log10_lr: float, english: str, korean: str) -> None:
    assert (verbal(log10_lr), verbal(log10_lr, "ko")) == (english, korean)
