"""The page on figures for the public tells of every measure, and of the rules as they are."""

from __future__ import annotations

import re

from pages import ROOT

from registry.domain.conclusions import Conclusion
from registry.domain.transparency import GROUPINGS, LEAST, MEANING

PAGE = (ROOT / "docs" / "transparency.md").read_text(encoding="utf-8")


def test_every_measure_is_told_in_the_words_of_the_answer() -> None:
    table = PAGE.split("<!-- measures:begin -->", 1)[1].split("<!-- measures:end -->", 1)[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE))
    assert rows == {measure.value: words for measure, words in MEANING.items()}


def test_the_rules_are_those_of_the_code() -> None:
    assert LEAST == 5
    assert "at least five events, or none" in PAGE
    assert all(f"`{conclusion.value}`" in PAGE for conclusion in Conclusion)
    assert [len(grouping) for grouping in GROUPINGS] == [len(Conclusion), 3, 2, 1]
