"""Drawings of a report: words stand outside what is drawn, and no line runs through one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.reports.drawings import WIDTH, Axis, Curve, Drawing, Mark

X = Axis("log10 LR", -2.0, 4.0, [(0.0, "0")])
Y = Axis("share", 0.0, 1.0, [(0.0, "0"), (1.0, "1")])
TEXT = re.compile(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)</text>')
LINE = re.compile(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"[^>]*stroke-width="2.5"')
LETTER = 12.0  # the widest that a letter is


def drawn(marks: list[float], levels: list[float]) -> Drawing:
    return Drawing(
        "Title",
        X,
        Y,
        curves=[Curve([[(-2.0, 1.0), (4.0, 0.9)]], "same speaker"), Curve([[(-2.0, 0.1), (4.0, 0.0)]], "others", 1)],
        marks=[Mark(value, f"S{number}, 이 사건") for number, value in enumerate(marks)],
        levels=[(value, f"level {number}") for number, value in enumerate(levels)],
    )


def words(svg: str, label: str) -> tuple[float, float]:
    found = [(float(x), float(y)) for x, y, anchor, text in TEXT.findall(svg) if text == label and anchor == "start"]
    (only,) = found
    return only


VALUES = st.lists(st.floats(-3.0, 5.0), min_size=1, max_size=3)


@given(VALUES)
def test_no_line_of_a_mark_runs_through_a_word(marks: list[float]) -> None:
    drawing = drawn(marks, [])
    svg = drawing.svg()
    lines = [tuple(map(float, each)) for each in LINE.findall(svg)]
    assert len(lines) == len(marks)
    for number in range(len(marks)):
        label = f"S{number}, 이 사건"
        x, y = words(svg, label)
        assert x + LETTER * len(label) <= WIDTH
        assert y < drawing.top
        for line_x, from_y, _, to_y in lines:
            crosses = x <= line_x <= x + LETTER * len(label) and from_y < y and to_y > y - LETTER
            assert not crosses


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.4, 0.6), (0.0, 0.6)])
def test_words_of_levels_stand_beside_what_is_drawn(low: float, high: float) -> None:
    drawing = drawn([], [low, high])
    for number in range(2):
        x, _ = words(drawing.svg(), f"level {number}")
        assert drawing.right < x <= WIDTH - LETTER * len("opposed")
