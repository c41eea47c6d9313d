"""Drawings of a report, as SVG written out by hand: black on white, told apart by dashes and words and never by colour.

Each is a whole document that needs nothing from anywhere, and each stands beside a table that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 18, 44, 50
_RIGHT_OF_WORDS: Final = 110
_ROW: Final = 16
"""Height of a row of words above the drawing."""
_FONT: Final = "Pretendard, 'Noto Sans KR', 'Noto Sans', 'DejaVu Sans', sans-serif"
_DASHES: Final = ("", "7 4", "2 3", "10 3 2 3")
_MOST_NOTE: Final = 40
_MOST_TITLE: Final = 90


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its title, its ends, and the values that are written beside it."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def share(self, value: float) -> float:
        """Answer where a value lies, from 0 at the low end to 1 at the high one; what is beyond lies at the end."""
        inside = min(max(value, self.low), self.high)
        return (inside - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points, told from others by how it is dashed.

    Attributes:
        points: of it; several pieces where it is interrupted.
        label: in the legend.
        pattern: which dashes, from 0 for a whole line.
    """

    points: Sequence[Sequence[tuple[float, float]]]
    label: str
    pattern: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A value on the horizontal axis that is marked from top to bottom, with a word at its head."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing.

    Attributes:
        title: above it.
        x, y: its axes.
        curves: lines.
        bars: low and high end on the horizontal axis, and the height; grey.
        marks: values of this case.
        levels: values on the vertical axis that are drawn across, with what they are.
    """

    title: str
    x: Axis
    y: Axis
    curves: Sequence[Curve] = ()
    bars: Sequence[tuple[float, float, float]] = ()
    marks: Sequence[Mark] = ()
    levels: Sequence[tuple[float, str]] = ()

    def svg(self) -> str:
        """Draw it."""
        opened = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" '
            f'height="{self.height}" role="img" aria-label={quoteattr(self.title)} font-family={quoteattr(_FONT)} '
            'font-size="12" fill="#111">'
        )
        parts = [
            opened,
            f'<rect width="{WIDTH}" height="{self.height}" fill="#fff"/>',
            *self._grid(),
            *(self._bar(*bar) for bar in self.bars),
            *(self._level(*level) for level in self.levels),
            *(piece for curve in self.curves for piece in self._curve(curve)),
            *self._marks(),
            *self._legend(),
            "</svg>",
        ]
        return "".join(parts)

    @property
    def height(self) -> int:
        """Height of the whole: words of marks stand above what is drawn, a row for each."""
        return HEIGHT + _ROW * len(self.marks)

    @property
    def right(self) -> int:
        """Right end of what is drawn; words of levels stand beyond."""
        return self._inside[1]

    @property
    def top(self) -> int:
        """Upper end of what is drawn; words of marks stand above."""
        return self._inside[2]

    @property
    def _inside(self) -> tuple[int, int, int, int]:
        """The left, right, upper and lower end of what is drawn; words of marks and levels stand outside."""
        right = WIDTH - (_RIGHT_OF_WORDS if self.marks or self.levels else _RIGHT)
        return _LEFT, right, _TOP + _ROW * len(self.marks), self.height - _BOTTOM

    def _at_x(self, value: float) -> float:
        left, right, _top, _bottom = self._inside
        return left + self.x.share(value) * (right - left)

    def _at_y(self, value: float) -> float:
        _left, _right, top, bottom = self._inside
        return bottom - self.y.share(value) * (bottom - top)

    def _grid(self) -> Iterable[str]:
        left, right, top, bottom = self._inside
        yield _line((left, bottom), (right, bottom))
        yield _line((left, top), (left, bottom))
        for value, label in self.x.ticks:
            x = self._at_x(value)
            yield _line((x, bottom), (x, bottom + 5))
            yield _text(x, bottom + 18, label, "middle")
        for value, label in self.y.ticks:
            y = self._at_y(value)
            yield _line((left - 5, y), (right, y), colour="#ddd")
            yield _text(left - 8, y + 4, label, "end")
        yield _text((left + right) / 2, self.height - 12, self.x.title, "middle", longest=_MOST_TITLE)
        yield _text(left, 14, self.y.title, "start", longest=_MOST_TITLE)

    def _bar(self, low: float, high: float, height: float) -> str:
        left, right, top = self._at_x(low), self._at_x(high), self._at_y(height)
        tall = self._at_y(self.y.low) - top
        return (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 0.5):.1f}" height="{tall:.1f}" '
            'fill="#bbb" stroke="#fff" stroke-width="0.5"/>'
        )

    def _level(self, value: float, label: str) -> str:
        y = self._at_y(value)
        left, right, _top, _bottom = self._inside
        line = _line((left, y), (right, y), colour="#666", dashes="1 3")
        return line + _text(right + 6, y + 4, label, "start", colour="#444")

    def _curve(self, curve: Curve) -> Iterable[str]:
        dashes = _DASHES[curve.pattern % len(_DASHES)]
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        for piece in curve.points:
            points = " ".join(f"{self._at_x(x):.1f},{self._at_y(y):.1f}" for x, y in piece)
            yield f'<polyline points="{points}" fill="none" stroke="#111" stroke-width="2"{dashed}/>'

    def _marks(self) -> Iterable[str]:
        """Draw marks, the word of each to the right of its head, in a row of its own above what is drawn.

        The leftmost has the uppermost row, and each line begins at its own: so no line runs through a word.
        """
        bottom = self._inside[3]
        for number, mark in enumerate(sorted(self.marks, key=lambda each: each.x)):
            x, top = self._at_x(mark.x), _TOP - 4 + _ROW * number
            yield _line((x, top), (x, bottom), width=2.5)
            yield f'<path d="M{x - 5:.1f},{top} l10,0 l-5,8 z" fill="#111"/>'
            yield _text(x + 9, top + 9, mark.label, "start", weight=700)

    def _legend(self) -> Iterable[str]:
        x = _LEFT + 8.0
        for curve in (each for each in self.curves if each.label):
            dashes = _DASHES[curve.pattern % len(_DASHES)]
            yield _line((x, 28), (x + 34, 28), width=2, dashes=dashes)
            yield _text(x + 40, 32, curve.label, "start")
            x += 60 + 11.0 * len(curve.label[:_MOST_NOTE]) * _wide(curve.label)


def _wide(text: str) -> float:
    """Answer how wide the letters of a text are, beside Hangul's."""
    return 1.0 if any(ord(each) > 0x1100 for each in text) else 0.6  # noqa: PLR2004  (from there on they are square)


def _line(
    start: tuple[float, float], end: tuple[float, float], *, colour: str = "#111", width: float = 1, dashes: str = ""
) -> str:
    (x1, y1), (x2, y2) = start, end
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def _text(
    x: float, y: float, text: str, anchor: str, *, colour: str = "#111", weight: int = 400, longest: int = _MOST_NOTE
) -> str:
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">'
        f"{escape(shown)}</text>"
    )
