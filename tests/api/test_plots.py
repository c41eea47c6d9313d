"""Plots and turns of a recording: what cannot be drawn is refused, and all that is drawn stands in a table too."""

from __future__ import annotations

import json
import math
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from api.pages import rendering
from api.pages.language import words_of
from api.pages.plots import MOST_ROWS, Mark, Plot, Series, Turn, clock, lanes_of
from api.state import ApiSettings, ApiState, attach
from registry.clock import utc_now
from registry.domain.sign_in import SignInRules

PLAIN: dict[str, Any] = {
    "title": "Voices",
    "x_label": "score",
    "y_label": "voices",
    "kind": "lines",
    "x": [0.0, 1.0],
    "series": [Series("ours", [1.0, None])],
}


@pytest.mark.parametrize(
    "changed",
    [
        {"series": []},
        {"series": [Series(str(n), [1.0, 2.0]) for n in range(5)]},
        {"series": [Series("short", [1.0])]},
        {"x": [1.0, 1.0]},
        {"x": [1.0, 0.0]},
        {"x": [0.0, math.inf]},
        {"series": [Series("odd", [1.0, math.nan])]},
        {"marks": [Mark("nowhere", math.nan)]},
        {"table": [["0", "1", "2"]]},
    ],
    ids=["no series", "too many", "too short", "twice", "descending", "infinite", "no number", "no place", "wide row"],
)
def test_what_cannot_be_drawn_is_no_plot(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (each says another thing)
        Plot(**(PLAIN | changed))


@given(st.integers(1, 500))
def test_a_table_is_never_long_and_says_of_how_many_rows_it_shows_one(count: int) -> None:
    x = [float(each) for each in range(count)]
    plot = Plot(**(PLAIN | {"x": x, "series": [Series("ours", x)]}))
    assert len(plot.rows) <= MOST_ROWS
    assert [row[0] for row in plot.rows] == x[:: plot.every]
    assert plot.every == 1 or count > MOST_ROWS


@pytest.mark.parametrize(("start", "end"), [(-0.1, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_a_turn_lies_within_its_recording(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="within its recording"):
        Turn(start, end, "Speaker 1")


def test_each_speaker_has_a_lane_in_the_order_in_which_they_are_heard() -> None:
    turns = [Turn(0, 1, "B"), Turn(1, 2, "A"), Turn(2, 3, "B")]
    assert lanes_of(turns) == {"B": 0, "A": 1}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "0:00.0"), (7.44, "0:07.4"), (59.96, "1:00.0"), (750.0, "12:30.0"), (3723.5, "1:02:03.5")],
)
def test_a_place_in_a_recording_is_written_as_players_do(seconds: float, said: str) -> None:
    assert clock(seconds) == said


# --- as they stand on a page -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts() -> Flask:
    """An application that renders parts of pages, and serves nothing."""
    app = Flask(__name__, static_folder=None)
    attach(app, ApiState(SimpleNamespace(sign_in=SignInRules(), clock=utc_now), ApiSettings()))  # type: ignore[arg-type]  # all it asks
    rendering.install(app)
    return app


def shown(parts: Flask, macro: str, address: str = "/", **given: object) -> str:
    text = f'{{% import "pages/parts.html" as parts with context %}}{{{{ {macro} }}}}'
    with parts.test_request_context(address):
        g.words = words_of("en")
        return render_template_string(text, **given)


def test_a_plot_is_a_table_where_no_script_runs_and_no_name_leaves_its_place(parts: Flask) -> None:
    nasty = "<b>'\"&"
    plot = Plot(**(PLAIN | {"series": [Series(nasty, [0.25, None])], "marks": [Mark(nasty, 0.5)], "title": nasty}))
    page = shown(parts, "parts.plot(plot)", plot=plot)
    assert nasty not in page
    assert "<details open>" in page
    assert "<td>0.25</td>" in page
    assert "<td>–</td>" in page
    (drawn,) = [line.partition("data-plot='")[2].partition("'")[0] for line in page.splitlines() if "data-plot" in line]
    assert json.loads(unescape(drawn))["series"] == [{"name": nasty, "values": [0.25, None]}]


def test_a_list_of_turns_stands_where_no_script_runs(parts: Flask) -> None:
    page = shown(parts, 'parts.waveform(turns, "dialogue")', turns=[Turn(1.25, 62.0, "Speaker <1>", "nobody")])
    assert "0:01.2–1:02.0" in page
    assert "Speaker &lt;1&gt;" in page
    assert "<1>" not in page


def test_what_is_older_keeps_the_filters_and_forgets_what_was_just_done(parts: Flask) -> None:
    page = shown(parts, 'parts.older("abc")', "/checks?state=done&lang=ko&done=sent&state=refused")
    assert 'href="?state=done&amp;state=refused&amp;cursor=abc"' in page
    assert shown(parts, "parts.older(None)", "/checks?state=done").strip() == ""
    assert 'href="?state=done"' in shown(parts, "parts.older(None)", "/checks?state=done&cursor=abc")


def test_what_was_done_is_said_only_in_words_that_the_page_has(parts: Flask) -> None:
    said = {"sent": "Sent."}
    assert "Sent." in shown(parts, "parts.done_now(said)", "/checks?done=sent", said=said)
    assert shown(parts, "parts.done_now(said)", "/checks?done=<b>", said=said).strip() == ""
