"""A comparison as people read it: nothing in a name is markup, and what is drawn is what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry.cli.comparison_page import html_page, print_page, sheets
from registry.domain.comparison import (
    REFERENCE,
    Alikeness,
    Comparison,
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

MARKS = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.61, upper=3.49)
HOSTILE = "<script>alert(1)</script>.wav"


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
        (UnderCohort("stated", near, far, alike, ("kin",)), UnderCohort(REFERENCE, near, far, alike)),
        (RecordingScore(HOSTILE, 4.0, strength(3.49), strength(-1.61), turns),),
    )


def test_a_name_is_no_markup(comparison: Comparison) -> None:
    page = html_page(comparison, read(comparison), "0" * 64)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_begins_with_the_conclusion_and_says_what_it_is_not(comparison: Comparison) -> None:
    page = html_page(comparison, read(comparison), "ab" * 32)
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
    page = html_page(comparison, read(comparison), "0" * 64)
    assert page.count('class="line one"') == 3  # two turns, and the legend
    assert page.count('class="line two dashed"') == 3


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
    page = html_page(alone, read(alone), "0" * 64)
    assert "Q – S" not in page
    assert 'class="line two dashed"' not in page


def test_numbers_without_a_warrant_are_called_so(comparison: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    sung = replace(comparison, said_to_hold=("singing",))
    print_page(sung, read(sung))
    said = capsys.readouterr().out
    assert said.startswith("\ninconclusive: ")
    assert "numbers without a warrant: nobody validated singing" in said


def test_where_nothing_was_usable_there_is_nothing_but_that(comparison: Comparison) -> None:
    nothing = replace(
        comparison, materials={**comparison.materials, Role.SOURCE: Material(0, 0.0)}, cohorts=(), recordings=()
    )
    assert [sheet.title for sheet in sheets(nothing)] == ["The voices"]
    assert "<h1>inconclusive: no recording of the source voice" in html_page(nothing, read(nothing), "0" * 64)
