"""Whatever a rule may ask is called something in both languages, so that a finding says in words what is missing."""

from __future__ import annotations

from registry.domain.fact_words import FACT_WORDS, fact_in_words
from registry.domain.rules.catalogue import FACTS


def test_every_fact_has_words_of_its_own() -> None:
    assert set(FACT_WORDS) == set(FACTS)
    for language in ("en", "ko"):
        said = [fact_in_words(name, language) for name in FACTS]
        assert len(set(said)) == len(said)
        assert not set(said) & set(FACTS), "none is told by its name"


def test_a_fact_without_words_is_told_by_its_name() -> None:
    assert fact_in_words("circumstances.new", "ko") == "circumstances.new"
