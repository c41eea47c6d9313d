"""The page, the plots and the tables of an evaluation, in both languages."""

from __future__ import annotations

import string
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from html_reader import Reader

from registry.cli.evaluation.charts import charts
from registry.cli.evaluation.page import page
from registry.cli.evaluation.plots import Axis, Chart, Line, Mark, probit
from registry.cli.evaluation.tables import sheets
from registry.cli.evaluation.words import WORDS, Language
from registry.engine.evaluation import Group, Labels, SearchKind, SearchResult, evaluate

NASTY = '<script src="//x">&"\''


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    random = np.random.default_rng(0)

    def searched(kind: SearchKind, person: str, own: int | None, system: str = "") -> SearchResult:
        scores = random.normal(-2, 1, 8)
        if own is not None:
            scores[own] = random.normal(2, 1)
        labels = Labels(corpus=NASTY, band="narrow" if own == 1 else "wide")
        return SearchResult(kind, person, system, random.uniform(1, 15), scores, own, frozenset(), labels)

    results = [searched(SearchKind.MATED, f"p{n % 8}", n % 8) for n in range(40)]
    results += [searched(SearchKind.NON_MATED, f"s{n}", None) for n in range(60)]
    results += [searched(SearchKind.CLONE, f"p{n}", n, "copier") for n in range(8)]
    figures = evaluate(results, random, [Group("first group", {"band": ("narrow",)})])
    return {
        "engine": {"version": "1", "calibration": "abc"},
        "gallery": {"performers": 8},
        "target_fpir": 0.01,
        "split": {"name": "reporting"},
        **figures,
    }


@pytest.mark.parametrize("language", Language)
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(report: dict, language: Language) -> None:
    written = page(report, language)
    reader = Reader()
    reader.feed(written)
    assert reader.open == []
    assert reader.references == []
    assert not {"script", "link", "iframe", "img"} & set(reader.tags)
    assert "url(" not in written
    assert "@import" not in written
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.tags.count("svg") == 4
    assert f'lang="{language}"' in written


@pytest.mark.parametrize("language", Language)
def test_the_page_says_what_was_measured(report: dict, language: Language) -> None:
    reader = Reader()
    reader.feed(page(report, language))
    for text in ("copier", "first group", NASTY, WORDS[language]["split_reporting"], WORDS[language]["cllr_gap"]):
        assert text in reader.text
    misses = report["fnir"][1]
    words = WORDS[language]["of"].format(share="", part=misses["misses"], whole=misses["mated"]).strip()
    assert words in reader.text


def test_both_languages_say_everything_with_the_same_figures() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, korean = WORDS[Language.EN], WORDS[Language.KO]
    assert set(english) == set(korean)
    assert all(fields(english[name]) == fields(korean[name]) or name == "seconds_more" for name in english)


def test_tables_have_a_cell_for_each_heading_and_no_empty_table_is_shown(report: dict) -> None:
    found = sheets(report, WORDS[Language.EN])
    assert all(sheet.rows for sheet in found)
    assert all(len(row) == len(sheet.headings) for sheet in found for row in sheet.rows)
    titles = [sheet.title for sheet in found]
    assert "By corpus" in titles
    assert "By sex" not in titles


@pytest.mark.parametrize("language", Language)
def test_plots_stand_alone_as_svg(report: dict, language: Language) -> None:
    drawn = charts(report, WORDS[language])
    assert set(drawn) == {"det", "open-set", "tippett", "reliability"}
    for drawing in drawn.values():
        root = ET.fromstring(drawing)  # noqa: S314  (written here)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme: dark" in drawing


def test_an_axis_puts_its_ends_at_its_ends_and_keeps_the_rest_between() -> None:
    axis = Axis("share", 0.001, 0.5, [], probit)
    assert [axis.share(value) for value in (0.001, 0.5)] == [0, 1]
    assert axis.share(0) == 0
    assert axis.share(0.9) == 1
    assert 0 < axis.share(0.01) < axis.share(0.1) < 1


def test_two_normal_distributions_make_a_straight_line_on_probit_axes() -> None:
    axis = Axis("share", 0.001, 0.5, [], probit)
    rates = [(0.02275, 0.15866), (0.06681, 0.06681), (0.15866, 0.02275)]  # two deviations apart
    across, up = zip(*((axis.share(one), axis.share(two)) for one, two in rates), strict=True)
    assert (up[0] - up[1]) / (across[1] - across[0]) == pytest.approx(
        (up[1] - up[2]) / (across[2] - across[1]), rel=0.01
    )


def test_a_line_without_points_is_not_drawn() -> None:
    axis = Axis("x", 0, 1, [])
    assert 'd="M"' not in Chart("c", "t", "d", axis, axis, [Line([], "one", "line")]).svg()


def test_a_chart_draws_points_where_they_are() -> None:
    across = Axis("x", 0, 10, [(0, "0"), (10, "10")])
    up = Axis("y", 0, 1, [(0, "0"), (1, "1")])
    drawn = Chart("c", "t", "d", across, up, [Line([(0, 0), (10, 1)], "one", "line"), Mark(5, 0.5, "two")]).svg()
    root = ET.fromstring(drawn)  # noqa: S314  (written here)
    frame = root.find(".//{*}rect[@class='frame']")
    circle = root.find(".//{*}circle")
    assert frame is not None
    assert circle is not None
    left, top, width, height = (float(frame.attrib[name]) for name in ("x", "y", "width", "height"))
    assert (float(circle.attrib["cx"]), float(circle.attrib["cy"])) == (left + width / 2, top + height / 2)
    assert f"M{left:.1f} {top + height:.1f}L{left + width:.1f} {top:.1f}" in drawn
