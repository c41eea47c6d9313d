"""A comparison as people read it: nothing in a name is markup, and what is drawn is what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from registry.catalogues import problems_of
from registry.cli.comparison.page import html_page, print_page
from registry.cli.comparison.tables import sheets
from registry.cli.comparison.words import LOCALE, Words
from registry.cli.evaluation.words import Language
from registry.domain.comparison import (
    REFERENCE,
    Alikeness,
    Comparison,
    Distribution,
    Likeness,
    Marks,
    Material,
    Rank,
    RecordingScore,
    Role,
    Strength,
    TurnScore,
    UnderCohort,
)
from registry.domain.conclusions import read
from registry.domain.scores import Log10LR, Span
from registry.engine.validation_curves import shipped_curves
from registry.interchange.comparisons import comparison_json

MARKS = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.61, upper=3.49)
HOSTILE = "<script>alert(1)</script>.wav"
EDGES = tuple(-2.0 + 0.5 * step for step in range(12))
COUNTS = (560, 20, 8, 4, 3, 2, 1, 1, 1, 0, 0)
SOUNDING: dict[str, Any] = {
    "recordings": 2,
    "f0_hz": {"quartiles": [158.6, 163.4, 168.0], "count": 1006, "why": None},
    "vocal_tract_cm": {"quartiles": None, "count": 0, "why": "narrow_band"},
}


def written(comparison: Comparison) -> dict[str, Any]:
    """The document of a comparison, as far as pages are made of it."""
    return {
        **comparison_json(comparison, read(comparison)),
        "stated_conditions": {"questioned": {"language": "Korean"}},
        "validation_curves": shipped_curves(),
        "acoustics": {"voices": {"questioned": SOUNDING}},
    }


def strength(log10_lr: float) -> Strength:
    return Strength(Log10LR(log10_lr), {"ge2e": Log10LR(log10_lr), "campplus": Log10LR(log10_lr)})


@pytest.fixture
def comparison() -> Comparison:
    near = Likeness(strength(3.49), Rank(600, 12, (6.9, 20.8), {"ge2e": 9, "campplus": 14}))
    far = Likeness(strength(-1.61), Rank(600, 300, (276.0, 324.0), {}))
    alike = Alikeness(strength(-1.2), strength(-1.5))
    turns = tuple(
        TurnScore(Span(start, start + 2.0), Log10LR(lr), Log10LR(-1.0)) for start, lr in ((0.0, 1.5), (5.0, 2.5))
    )
    return Comparison(
        MARKS,
        dict.fromkeys(Role, Material(3, 90.0, consistency=Log10LR(3.0), sealed=False)),
        (
            UnderCohort("stated", near, far, alike, ("kin",), Distribution(EDGES, COUNTS)),
            UnderCohort(REFERENCE, near, far, alike),
        ),
        (RecordingScore(HOSTILE, 4.0, strength(3.49), strength(-1.61), turns),),
    )


def test_a_name_is_no_markup(comparison: Comparison) -> None:
    page = html_page(written(comparison), "0" * 64)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_begins_with_the_conclusion_and_says_what_it_is_not(comparison: Comparison) -> None:
    page = html_page(written(comparison), "ab" * 32)
    assert "<h1>supports_p: " in page
    for said in (
        "no proof of identity",
        "What would change it",
        "3.49 or more",
        "12 of 600 (7 to 21)",
        "ab" * 32,
        "kin",
    ):
        assert said in page


def test_every_turn_is_drawn_by_itself_with_both_parties(comparison: Comparison) -> None:
    page = html_page(written(comparison), "0" * 64)
    turns = page.split('id="turns-1-title"')[1].split("</svg>")[0]
    assert turns.count('class="line one"') == 3  # two turns, and the legend
    assert turns.count('class="line two dashed"') == 3


def test_without_a_source_there_is_no_line_for_one(comparison: Comparison) -> None:
    alone = replace(
        comparison,
        materials={role: comparison.materials[role] for role in (Role.QUESTIONED, Role.PERFORMER)},
        cohorts=tuple(replace(cohort, source=None, alike=None) for cohort in comparison.cohorts),
        recordings=tuple(
            replace(one, source=None, turns=tuple(replace(turn, source=None) for turn in one.turns))
            for one in comparison.recordings
        ),
    )
    page = html_page(written(alone), "0" * 64)
    assert "Q – S" not in page
    assert 'class="line two dashed"' not in page.split('id="turns-1-title"')[1]
    assert page.count(">S</text>") == 0


def test_numbers_without_a_warrant_are_called_so(comparison: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    sung = replace(comparison, said_to_hold=("singing",))
    print_page(written(sung))
    said = capsys.readouterr().out
    assert said.startswith("\ninconclusive: ")
    assert "numbers without a warrant: nobody validated singing" in said


def test_where_nothing_was_usable_there_is_nothing_but_that(comparison: Comparison) -> None:
    nothing = replace(
        comparison, materials={**comparison.materials, Role.SOURCE: Material(0, 0.0)}, cohorts=(), recordings=()
    )
    shown = sheets(nothing, comparison_json(nothing, read(nothing)), Words(Language.EN))
    assert [sheet.title for sheet in shown] == ["The voices", "How well the conditions match"]
    assert "<h1>inconclusive: no recording of the source voice" in html_page(written(nothing), "0" * 64)


def test_where_the_cohort_stands_is_drawn_and_told_without_a_name(comparison: Comparison) -> None:
    page = html_page(written(comparison), "0" * 64)
    drawn = page.split('id="cohort-1-title"')[1].split("</svg>")[0]
    assert drawn.count('class="band one"') == sum(count > 0 for count in COUNTS)
    assert [f">{name}</text>" in drawn for name in ("P", "S")] == [True, True]
    (sheet,) = [one for one in sheets(comparison, {}, Words(Language.EN)) if one.title.startswith("How near")]
    assert [int(row[1]) for row in sheet.rows] == list(COUNTS)
    assert [row[2] for row in sheet.rows] == ["S", *[""] * 9, "P"]


def test_this_case_stands_in_the_curves_of_validation(comparison: Comparison) -> None:
    page = html_page(written(comparison), "0" * 64)
    assert 'id="tippett-title"' in page
    document = written(comparison)
    (sheet,) = [one for one in sheets(comparison, document, Words(Language.EN)) if one.title.startswith("How often")]
    same, different = (dict(map(tuple, shipped_curves()[name])) for name in ("same_speaker", "different_speakers"))
    assert sheet.rows[0][2:] == (f"{100 * same[3.488]:.4g} %", f"{100 * different[3.488]:.4g} %")
    supported = sheet.rows[2]
    assert supported[:2] == ("supported", "1.98")
    assert supported[2:] == (f"{100 * same[1.9]:.4g} %", f"{100 * different[1.9]:.4g} %")


def test_a_file_from_before_there_were_drawings_is_shown_as_well(comparison: Comparison) -> None:
    old = comparison_json(comparison, read(comparison))
    del old["cohorts"][0]["distribution"]
    page = html_page(old, "0" * 64)
    assert "supports_p" in page
    assert 'id="cohort-1-title"' not in page
    assert 'id="tippett-title"' not in page


def test_what_is_not_known_is_said_to_be_not_known(comparison: Comparison) -> None:
    page = html_page(written(comparison), "0" * 64)
    assert "<td>Korean</td><td>not known</td><td>not known</td>" in page
    assert "the band is cut off" in page
    assert "158.6 · 163.4 · 168 (1006)" in page


def test_every_word_of_the_page_is_translated_and_none_is_left_over() -> None:
    assert problems_of(LOCALE, "ko", [LOCALE.parent]) == []


def test_the_page_in_korean_says_the_same_figures(comparison: Comparison) -> None:
    english, korean = (html_page(written(comparison), "0" * 64, language) for language in (Language.EN, Language.KO))
    assert '<html lang="ko">' in korean
    assert "실연자를 뒷받침함 (supports_p)" in korean
    for phrase in ("Why", "The voices", "moderate support", "or more", "closer than", "no proof of identity"):
        assert phrase in english
        assert phrase not in korean
    assert english.count("<tr>") == korean.count("<tr>")
    assert english.count("<svg") == korean.count("<svg") == 3
