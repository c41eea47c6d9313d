"""Small charts as SVG, written out by hand: axes, lines, bands and marks. They follow the reader's light or dark theme.

A chart is a whole SVG document that needs nothing from anywhere else, so that it can stand in a page as it is, or in a
file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT = 600, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 20, 74, 58
_INNER_WIDTH, _INNER_HEIGHT = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
_LEGEND_STEP = 24

THEME = """
--paper: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0; --one: #0a58b5; --two: #b5410a;
"""
DARK_THEME = """
--paper: #12161c; --ink: #e8edf2; --soft: #9aa5b1; --grid: #343d48; --one: #6cb6ff; --two: #ff9a57;
"""
_STYLE = f"""
.chart {{ {THEME.strip()} font: 13px system-ui, "Noto Sans", "Noto Sans CJK KR", sans-serif; }}
@media (prefers-color-scheme: dark) {{ .chart {{ {DARK_THEME.strip()} }} }}
.chart .paper {{ fill: var(--paper); }}
.chart text {{ fill: var(--ink); }}
.chart .title {{ font-size: 16px; font-weight: 600; }}
.chart .tick {{ fill: var(--soft); font-size: 12px; }}
.chart .grid {{ stroke: var(--grid); stroke-width: 1; }}
.chart .frame {{ fill: none; stroke: var(--soft); stroke-width: 1; }}
.chart .line {{ fill: none; stroke-width: 2.2; stroke-linejoin: round; }}
.chart .help {{ fill: none; stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 4; }}
.chart .dashed {{ stroke-dasharray: 8 4; }}
.chart .one {{ stroke: var(--one); }} .chart .two {{ stroke: var(--two); }}
.chart .band {{ stroke: none; opacity: 0.18; }}
.chart .band.one {{ fill: var(--one); }} .chart .band.two {{ fill: var(--two); }}
.chart .mark {{ stroke-width: 2; fill: var(--paper); }}
.chart .error {{ fill: none; stroke-width: 1.4; }}
.chart .note {{ font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }}
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        title: beside it.
        low, high: its ends; what lies beyond is drawn at the end.
        ticks: values with their labels.
        transform: from values to even distances; strictly rising.
    """

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    transform: Callable[[float], float] = float

    def share(self, value: float) -> float:
        """Answer where a value lies, from 0 at the low end to 1 at the high one."""
        low, high = self.transform(self.low), self.transform(self.high)
        return (self.transform(min(max(value, self.low), self.high)) - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points.

    Attributes:
        points: of the line.
        colour: ``one`` or ``two``; ``help`` is a faint one that is not in the legend.
        label: in the legend.
        dashed: so that lines differ without colour too.
    """

    points: Sequence[tuple[float, float]]
    colour: str
    label: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """An area between two lines over the same values.

    Attributes:
        points: value, lower and upper end.
        colour: ``one`` or ``two``.
        label: in the legend.
    """

    points: Sequence[tuple[float, float, float]]
    colour: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One point.

    Attributes:
        x, y: where.
        colour: ``one`` or ``two``.
        note: written beside it.
        error: lower and upper end of its interval.
    """

    x: float
    y: float
    colour: str
    note: str = ""
    error: tuple[float, float] | None = None


Layer = Line | Band | Mark


def probit(share: float) -> float:
    """Answer the standard normal quantile: on such axes two normal distributions make a straight DET curve."""
    return NormalDist().inv_cdf(share)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    Attributes:
        name: unique in a page; letters, digits and hyphens.
        title: above it.
        description: the same in a sentence, for those who do not see it.
        x, y: the horizontal and the vertical axis.
        layers: what is drawn, lowest first.
    """

    name: str
    title: str
    description: str
    x: Axis
    y: Axis
    layers: Sequence[Layer]

    def svg(self) -> str:
        """Draw it."""
        ids = f"{self.name}-title {self.name}-text"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
            f"aria-labelledby={quoteattr(ids)}>",
            f"<title id={quoteattr(self.name + '-title')}>{escape(self.title)}</title>",
            f"<desc id={quoteattr(self.name + '-text')}>{escape(self.description)}</desc>",
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
            _text(_LEFT, 26, self.title, "title"),
            *_legend(self.layers),
            *_axes(self.x, self.y),
            *(_drawn(layer, self.x, self.y) for layer in self.layers),
            "</svg>",
        ]
        return "\n".join(parts)


def _text(x: float, y: float, words: str, style: str, anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _axes(x: Axis, y: Axis) -> list[str]:
    right, bottom = _LEFT + _INNER_WIDTH, _TOP + _INNER_HEIGHT
    parts = []
    for value, label in x.ticks:
        at = _across(x, value)
        parts.append(f'<path class="grid" d="M{at:.1f} {_TOP}V{bottom}"/>')
        parts.append(_text(at, bottom + 18, label, "tick", "middle"))
    for value, label in y.ticks:
        at = _up(y, value)
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>')
        parts.append(_text(_LEFT - 8, at + 4, label, "tick", "end"))
    parts.append(f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_INNER_WIDTH}" height="{_INNER_HEIGHT}"/>')
    parts.append(_text(_LEFT + _INNER_WIDTH / 2, HEIGHT - 14, x.title, "axis", "middle"))
    middle = _TOP + _INNER_HEIGHT / 2
    parts.append(
        f'<text class="axis" transform="translate(18 {middle:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.title)}</text>"
    )
    return parts


def _legend(layers: Sequence[Layer]) -> list[str]:
    parts, at = [], float(_LEFT)
    for layer in layers:
        if isinstance(layer, Mark) or not layer.label:
            continue
        if isinstance(layer, Line):
            parts.append(f'<path class="{_line_style(layer)}" d="M{at:.1f} 50h26"/>')
        else:
            parts.append(f'<rect class="band {layer.colour}" x="{at:.1f}" y="43" width="26" height="14"/>')
        parts.append(_text(at + 32, 54, layer.label, "legend"))
        at += 32 + _width(layer.label) + _LEGEND_STEP
    return parts


def _width(words: str) -> float:
    """Answer about how wide text is drawn; Hangul and the like are as wide as high."""
    return sum(13.0 if east_asian_width(character) == "W" else 6.8 for character in words)


def _drawn(layer: Layer, x: Axis, y: Axis) -> str:
    if isinstance(layer, Line | Band) and not layer.points:
        return ""
    if isinstance(layer, Line):
        return f'<path class="{_line_style(layer)}" d="{_path(layer.points, x, y)}"/>'
    if isinstance(layer, Band):
        lower = [(value, low) for value, low, _ in layer.points]
        upper = [(value, high) for value, _, high in reversed(layer.points)]
        return f'<path class="band {layer.colour}" d="{_path([*lower, *upper], x, y)}Z"/>'
    return _marked(layer, x, y)


def _marked(mark: Mark, x: Axis, y: Axis) -> str:
    across, up = _across(x, mark.x), _up(y, mark.y)
    parts = []
    if mark.error:
        low, high = (_up(y, end) for end in mark.error)
        parts.append(
            f'<path class="error {mark.colour}" d="M{across:.1f} {low:.1f}V{high:.1f}'
            f'M{across - 4:.1f} {low:.1f}h8M{across - 4:.1f} {high:.1f}h8"/>'
        )
    parts.append(f'<circle class="mark {mark.colour}" cx="{across:.1f}" cy="{up:.1f}" r="4"/>')
    if mark.note:
        parts.append(_text(across + 9, up - 8, mark.note, "note"))
    return "".join(parts)


def _line_style(line: Line) -> str:
    if line.colour == "help":
        return "help"
    return f"line {line.colour}{' dashed' if line.dashed else ''}"


def _path(points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> str:
    return "M" + "L".join(f"{_across(x, one):.1f} {_up(y, two):.1f}" for one, two in points)


def _across(axis: Axis, value: float) -> float:
    return _LEFT + _INNER_WIDTH * axis.share(value)


def _up(axis: Axis, value: float) -> float:
    return _TOP + _INNER_HEIGHT * (1 - axis.share(value))
