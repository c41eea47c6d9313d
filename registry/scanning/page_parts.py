"""Parts of a page that is safe whatever files are called: text, tables and timelines, without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_MOST_CHARACTERS: Final = 300
_TRACK: Final = 1000  # units across a timeline
_THINNEST: Final = 3

STYLE: Final = """
:root { color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0; --one: #0a58b5; --two: #b5410a; --tint: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161c; --ink: #e8edf2; --soft: #9aa5b1; --grid: #343d48; --one: #6cb6ff; --two: #ff9a57;
  --tint: #1b2129; } }
body { margin: 0 auto; max-width: 1080px; padding: 24px 20px 60px; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, "Noto Sans", "Noto Sans CJK KR", sans-serif; }
:lang(ko) { word-break: keep-all; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 19px; margin: 40px 0 8px; }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; word-break: normal; }
p { margin: 6px 0; max-width: 80ch; }
.soft { color: var(--soft); }
.notice { border-left: 4px solid var(--two); background: var(--tint); padding: 8px 14px; margin: 16px 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; margin: 12px 0; }
.figures div { background: var(--tint); border-radius: 8px; padding: 10px 12px; display: flex;
  flex-direction: column-reverse; justify-content: flex-end; }
.figures dt { color: var(--soft); font-size: 13px; }
.figures dd { margin: 0; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; }
.figures .loud dd { color: var(--two); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 5px 16px 5px 0; border-bottom: 1px solid var(--grid); }
th { font-weight: 600; font-size: 13px; color: var(--soft); }
.facts th { color: var(--ink); font-size: 14px; font-weight: 400; max-width: 34ch; }
.hash, .name { overflow-wrap: anywhere; word-break: normal; }
.hash { font: 12px/1.5 ui-monospace, monospace; }
.finding { border-top: 1px solid var(--grid); padding: 14px 0; }
.finding p, .finding ul { margin: 4px 0; }
.finding ul { padding-left: 20px; font-size: 14px; }
.track { display: block; width: 100%; height: 16px; margin: 8px 0; border-radius: 3px; }
.track .all { fill: var(--grid); } .track .some { fill: var(--one); } .track .much { fill: var(--two); }
.wide table:not(.facts) td { white-space: nowrap; }
.wide td .name, .wide td .lines, .wide td .words { white-space: normal; }
.code { font-size: 12px; color: var(--soft); }
td > .name:first-child { display: inline-block; min-width: 7em; }
td .lines { min-width: 15em; }
.lines { margin: 0; padding-left: 18px; }
pre { background: var(--tint); padding: 10px 14px; border-radius: 8px; overflow-x: auto; font-size: 13px; }
@media print { .finding, tr { break-inside: avoid; } }
"""

_STYLE_SHA256: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_SHA256}'; base-uri 'none'; form-action 'none'"
"""What a browser lets a page do: be shown, with its own style. It fetches nothing and runs nothing."""


def visible(text: str) -> str:
    """Answer text in which nothing is invisible, and nothing turns the direction of writing: such marks are named."""
    return "".join(character if character.isprintable() else _code_of(character) for character in text)


def _code_of(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"  # noqa: PLR2004


def told(text: str) -> str:
    """Answer text of one line as HTML: nothing in it is markup."""
    return escape(visible(text))


def named(text: str) -> str:
    """Answer text of somebody else's choosing as HTML, apart from the direction of the words around it.

    A very long one is cut, and ends in an ellipsis.
    """
    cut = text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
    return f'<bdi class="name">{told(cut)}</bdi>'


def page(language: str, title: str, sections: Iterable[str]) -> str:
    """Answer a whole page that fetches nothing and runs nothing.

    Args:
        language: of the page.
        title: as text.
        sections: as HTML.
    """
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="robots" content="noindex">',
            f"<title>{told(title)}</title><style>{STYLE}</style></head>",
            "<body><main>",
            *sections,
            "</main></body></html>",
            "",
        ]
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Answer a table; headings are text, cells are HTML."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Answer a table of one fact a line; names are text, values are HTML."""
    body = "\n".join(f'<tr><th scope="row">{escape(name)}</th><td>{value}</td></tr>' for name, value in rows)
    return f'<div class="wide"><table class="facts"><tbody>{body}</tbody></table></div>'


def section(title: str, *parts: str) -> str:
    """Answer a section; the title is text, the parts are HTML."""
    return "\n".join([f"<section><h2>{escape(title)}</h2>", *(part for part in parts if part), "</section>"])


def paragraph(text: str, style: str = "") -> str:
    """Answer a paragraph of our own words, in which ``code`` may stand between backticks."""
    pieces = [escape(piece) for piece in text.split("`")]
    marked = "".join(f"<code>{piece}</code>" if odd % 2 else piece for odd, piece in enumerate(pieces))
    return f'<p class="{style}">{marked}</p>' if style else f"<p>{marked}</p>"


def timeline(duration_s: float, segments: Sequence[tuple[float, float, bool]], label: str) -> str:
    """Answer a drawing of where in a recording somebody is heard.

    Args:
        duration_s: of the recording.
        segments: start, end, and whether the evidence there is strong.
        label: the same in words, as text.
    """
    scale = _TRACK / max(duration_s, max((end for _, end, _ in segments), default=0.0), 1e-9)
    bars = [_bar(start * scale, end * scale, "much" if strong else "some") for start, end, strong in segments]
    return (
        f'<svg class="track" viewBox="0 0 {_TRACK} 16" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><rect class="all" x="0" y="6" width="{_TRACK}" height="4"/>{"".join(bars)}</svg>'
    )


def _bar(start: float, end: float, style: str) -> str:
    width = max(end - start, _THINNEST)
    return f'<rect class="{style}" x="{min(start, _TRACK - width):.1f}" y="0" width="{width:.1f}" height="16"/>'
