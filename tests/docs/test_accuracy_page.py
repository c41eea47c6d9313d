"""The page on accuracy quotes the measured tables, and they were measured with the calibration that ships."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pages import ROOT, between

from benchmarks.tables import FIGURES, PAGE, filled, markdown, tables_in
from registry.engine.calibration import CALIBRATION_SHA256
from registry.engine.encoders import campplus, ge2e
from registry.engine.segmentation import WEIGHTS_SHA256 as SEGMENTATION_SHA256

TEXT = PAGE.read_text(encoding="utf-8")
FILES = sorted(FIGURES.glob("*.json"))


def test_every_table_of_the_page_is_a_measured_one() -> None:
    tables = tables_in(FIGURES)
    quoted = re.findall(r"<!-- ([\w-]+):begin -->", TEXT)
    assert len(quoted) >= 10
    for name in quoted:
        assert between(TEXT, name) == markdown(tables[name]), name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_figures_were_measured_with_the_calibration_that_ships(file: Path) -> None:
    assert json.loads(file.read_text(encoding="utf-8"))["calibration_sha256"] == CALIBRATION_SHA256


def test_the_page_names_what_ships() -> None:
    named = set(re.findall(r"\b[0-9a-f]{64}\b", TEXT))
    assert named == {CALIBRATION_SHA256, ge2e.WEIGHTS_SHA256, campplus.WEIGHTS_SHA256, SEGMENTATION_SHA256}


def test_every_drawing_is_there_and_shown() -> None:
    shown = set(re.findall(r"\]\(accuracy/([\w-]+\.svg)\)", TEXT))
    assert shown == {file.name for file in FIGURES.glob("*.svg")}


def test_filling_puts_a_table_between_its_marks_and_leaves_the_rest() -> None:
    page = "before\n<!-- one:begin -->\nold\n<!-- one:end -->\nafter\n<!-- two:begin -->\n<!-- two:end -->\n"
    table = {"headings": ["a", "b|c"], "rows": [["1", r"\2"]], "note": "so many"}
    once = filled(page, {"one": table, "unknown": table})
    assert between(once, "one") == "| a | b\\|c |\n| --- | --- |\n| 1 | \\2 |\n\nso many\n"
    assert between(once, "two") == ""
    assert filled(once, {"one": table}) == once


def test_nobody_is_named() -> None:
    quoted = "".join(file.read_text(encoding="utf-8") for file in FILES)
    assert not re.search(r"libri_\d|emotts_|tedxkr_|performer_|hyke_", quoted + TEXT)
    assert ROOT.joinpath("docs", "accuracy.md") == PAGE
