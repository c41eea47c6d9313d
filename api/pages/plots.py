"""What pages draw: plots and the turns of a recording, as values that refuse what cannot be drawn.

A plot is drawn where scripts run, and stands as a table everywhere: nothing is told by a picture alone. A recording is
drawn and played in the browser alone, from a file that its reader chooses, or from an address of this registry.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from flask import g

Kind = Literal["lines", "bars", "points"]
Cell = str | float | None

MOST_SERIES: Final = 4
"""How many lines can be told apart by colour, dash and shape together."""

MOST_ROWS: Final = 40
"""Rows of a table that nobody has summarised; of more, evenly spaced ones are shown, and the page says so."""

_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one set of bars or points.

    Attributes:
        name: in the reader's language.
        values: one for each x; None where there is none.
    """

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something lies on the x axis, such as this recording among others.

    Attributes:
        name: in the reader's language.
        at: in units of x.
    """

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot, with the table that stands beside it.

    Attributes:
        title: what it shows; the caption of figure and table.
        x_label, y_label: with their units, in the reader's language.
        kind: ``lines``; ``bars`` from zero, one at each x; ``points`` that nothing joins.
        x: ascending.
        series: at most `MOST_SERIES`, each as long as x.
        marks: upright lines, named beside the plot.
        x_decimals, y_decimals: with which figures are written.
        table: rows of the table where those of the plot would say too much: x first, then one cell for each series;
            a cell that is no number is shown as it stands. None: the rows of the plot, thinned to `MOST_ROWS`.

    Raises:
        ValueError: x does not ascend, a number is not finite, lengths differ, or there are too many series or none.
    """

    title: str
    x_label: str
    y_label: str
    kind: Kind
    x: Sequence[float]
    series: Sequence[Series]
    marks: Sequence[Mark] = ()
    x_decimals: int = 1
    y_decimals: int = 2
    table: Sequence[Sequence[Cell]] | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.series) <= MOST_SERIES:
            raise ValueError(f"a plot has one to {MOST_SERIES} series, not {len(self.series)}")
        if any(len(each.values) != len(self.x) for each in self.series):
            raise ValueError("each series of a plot has one value for each x")
        if any(after <= before for before, after in pairwise(self.x)):
            raise ValueError("the x of a plot ascend, and none comes twice")
        if not all(map(math.isfinite, [*self.x, *(mark.at for mark in self.marks), *self._values()])):
            raise ValueError("every number of a plot is finite; where there is none, say None")
        if any(len(row) != len(self.series) + 1 for row in self.table or ()):
            raise ValueError("a row of a table has x and one cell for each series")

    def _values(self) -> list[float]:
        return [value for each in self.series for value in each.values if value is not None]

    @property
    def every(self) -> int:
        """Of how many rows of the plot the table shows one; 1 where it shows all, or where it is summarised."""
        return 1 if self.table is not None else max(1, math.ceil(len(self.x) / MOST_ROWS))

    @property
    def rows(self) -> list[list[Cell]]:
        """The rows of the table."""
        if self.table is not None:
            return [list(row) for row in self.table]
        columns = zip(self.x, *(each.values for each in self.series), strict=True)
        return [list(row) for number, row in enumerate(columns) if number % self.every == 0]

    @property
    def drawn(self) -> dict[str, Any]:
        """What the script draws from: ``static/plots.js`` reads it out of the figure."""
        return {
            "kind": self.kind,
            "x": [float(each) for each in self.x],
            "xLabel": self.x_label,
            "yLabel": self.y_label,
            "xDecimals": self.x_decimals,
            "yDecimals": self.y_decimals,
            "series": [{"name": each.name, "values": list(each.values)} for each in self.series],
            "marks": [{"name": mark.name, "at": mark.at} for mark in self.marks],
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of a recording in which one person speaks.

    Attributes:
        start_s, end_s: seconds from its beginning.
        label: who, in a word or two: turns of one label are drawn in one lane.
        words: what is to be said of it, in the reader's language; may be empty.

    Raises:
        ValueError: it ends before it begins, or begins before the recording does.
    """

    start_s: float
    end_s: float
    label: str
    words: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.start_s <= self.end_s < math.inf:
            raise ValueError(f"a turn lies within its recording, and not from {self.start_s} to {self.end_s} s")


def lanes_of(turns: Sequence[Turn]) -> dict[str, int]:
    """Answer the lane of each label, from 0, in the order in which they are first heard."""
    return {label: lane for lane, label in enumerate(dict.fromkeys(turn.label for turn in turns))}


def clock(seconds: float) -> str:
    """Write a place in a recording as players do: ``0:07.4``, ``12:30.0``, ``1:02:03.5``."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    shown = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{shown}" if hours else f"{minutes}:{shown}"


def style_nonce() -> str:
    """Answer what lets one style into this page that its script brings along: the waveform's, in its own shadow.

    A page that has asked for it says so in its policy; no other page does.
    """
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(_NONCE_BYTES)
    return str(g.style_nonce)
