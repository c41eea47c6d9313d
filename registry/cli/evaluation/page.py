"""A report of an evaluation as one page that needs nothing from anywhere else: no script, no font, no picture."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from registry.cli.evaluation.charts import charts
from registry.cli.evaluation.plots import DARK_THEME, THEME
from registry.cli.evaluation.tables import Sheet, sheets
from registry.cli.evaluation.words import WORDS, Language, Words

STYLE = f"""
:root {{ color-scheme: light dark; {THEME.strip()} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK_THEME.strip()} }} }}
body {{ margin: 0 auto; max-width: 1240px; padding: 24px 20px 60px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK KR", sans-serif; }}
h1 {{ font-size: 26px; line-height: 1.25; margin: 0 0 8px; }}
h2 {{ font-size: 18px; margin: 36px 0 8px; }}
p {{ margin: 4px 0; max-width: 80ch; }}
.soft {{ color: var(--soft); }}
.charts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 20px;
  margin-top: 24px; }}
.charts svg {{ width: 100%; height: auto; border: 1px solid var(--grid); border-radius: 8px; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; vertical-align: bottom; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--grid); }}
th {{ font-weight: 600; font-size: 13px; color: var(--soft); max-width: 14em; }}
td {{ white-space: nowrap; }}
"""


def page(report: Mapping[str, Any], language: Language) -> str:
    """Answer the page in a language.

    Args:
        report: what `likeness evaluate` writes as JSON.
        language: of all words but the labels, which are the caller's.
    """
    words = WORDS[language]
    drawn = "\n".join(charts(report, words).values())
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(words['title'])}</title><style>{STYLE}</style></head>",
            "<body><main>",
            f"<h1>{escape(words['title'])}</h1>",
            f'<p class="soft">{escape(_made_with(report, words))}</p>',
            f'<p class="soft">{escape(words["explained"])}</p>',
            f'<div class="charts">{drawn}</div>',
            *(table(sheet) for sheet in sheets(report, words)),
            "</main></body></html>",
            "",
        ]
    )


def _made_with(report: Mapping[str, Any], words: Words) -> str:
    return words["made_with"].format(
        version=report["engine"]["version"],
        calibration=report["engine"]["calibration"],
        performers=report["gallery"]["performers"],
        split=words[f"split_{report['split']['name']}"],
    )


def table(sheet: Sheet) -> str:
    """Answer a section with one table."""
    headings = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in sheet.headings)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in sheet.rows)
    note = f'<p class="soft">{escape(sheet.note)}</p>' if sheet.note else ""
    return (
        f'<section><h2>{escape(sheet.title)}</h2><div class="wide"><table><thead><tr>{headings}</tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></div>{note}</section>"
    )
