"""Every word of the terms is explained in both languages, with something that one would hear."""

from __future__ import annotations

import re

import pytest

from registry.domain.licence_text.writing import LANGUAGES
from registry.domain.rules.categories import VOCABULARIES, categories_of, shipped_categories
from registry.domain.rules.shipped import CATEGORIES, read_file
from registry.domain.uses import Medium
from registry.errors import RulePackError

SHIPPED = read_file(CATEGORIES)


def test_every_word_of_every_vocabulary_is_explained_once() -> None:
    expected = [(term, word.value) for term, vocabulary in VOCABULARIES.items() for word in vocabulary]
    assert [(each.term, each.word) for each in shipped_categories()] == expected


def test_every_explanation_is_there_in_korean_and_in_english() -> None:
    for each in shipped_categories():
        for text in (each.name, each.meaning, each.example):
            assert not re.search(r"[가-힣]", text.en)
            assert re.search(r"[가-힣]", text.ko), each


def test_no_two_words_of_one_term_have_the_same_name() -> None:
    for term in VOCABULARIES:
        for language in ("en", "ko"):
            names = [each.name.in_language(language) for each in shipped_categories() if each.term == term]
            assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("written", "instead", "where"),
    [
        ("[purposes.training]", "[purposes.trainings]", "#/purposes"),
        ("[media.film]", "[medium.film]", "#"),
        ('name = { en = "Training", ko = "학습" }', 'name = { en = "Training" }', "#/purposes/training/name"),
        ('type = "use_categories"', 'type = "rule_pack"', "#/type"),
        ("[purposes.training]", "[purposes.training", ""),
    ],
)
def test_a_word_that_is_missing_misspelt_or_untold_is_refused(written: str, instead: str, where: str) -> None:
    assert written in SHIPPED
    with pytest.raises(RulePackError) as caught:
        categories_of(SHIPPED.replace(written, instead, 1), name="x.toml")
    assert caught.value.figures["where"] == f"x.toml{where}"


def test_a_medium_is_called_what_the_text_of_a_licence_calls_it() -> None:
    for each in shipped_categories():
        if each.term == "media":
            for language, words in LANGUAGES.items():
                phrase = words.media[Medium(each.word)]
                assert each.name.in_language(language).casefold() in phrase.casefold()


def test_what_is_told_to_whoever_acts_for_a_performer_speaks_of_somebody_else() -> None:
    for each in shipped_categories():
        if each.term == "purposes":
            for text in (each.meaning_of_them, each.example_of_them):
                assert not re.search(r"\byou(rs?)?\b", text.en, re.IGNORECASE)
                assert "당신" not in text.ko
