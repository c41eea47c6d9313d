"""The report of a scan calls what stands in a calibration's card as the registry's own page does."""

from __future__ import annotations

import pytest
from scanned import card

from api.pages.language import words_of
from api.pages.operator.engine import FIGURES, NOT_VALIDATED
from registry.scanning.card_words import figure_called, measured, not_validated_called, people_called
from registry.scanning.words import Language


@pytest.mark.parametrize("language", list(Language))
def test_the_report_and_the_page_say_the_same_of_the_card_that_ships(language: Language) -> None:
    said, shipped = words_of(language.value).gettext, card()
    assert {name: figure_called(name, language) for name in shipped["validated"]} == {
        name: said(FIGURES[name][0]) for name in shipped["validated"]
    }
    for name in NOT_VALIDATED:
        assert not_validated_called([name], language) == said(NOT_VALIDATED[name])


def test_a_figure_has_its_unit_and_a_share_is_told_in_percent() -> None:
    assert measured("speech_s", 1.0, Language.KO) == "1초"
    assert measured("bandwidth_hz", 3150.0, Language.EN) == "3,150 Hz"
    assert measured("decay_db_per_s", 95.0, Language.KO) == "초당 95 dB"
    assert measured("clipped_share", 0.042, Language.EN) == "4.2 %"


def test_what_has_no_word_is_called_as_the_card_has_it() -> None:
    assert figure_called("colour", Language.KO) == "colour"
    assert measured("colour", 2.5, Language.KO) == "2.5"
    assert not_validated_called(["singing", "yodelling"], Language.KO) == "노래, yodelling"
    assert people_called({"cohort": 58, "others": 2}, Language.KO) == "비교군 58, others 2"
