"""The report of a new calibration as one page that needs nothing from anywhere else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from registry.cli.calibration.words import CALIBRATION_WORDS
from registry.cli.evaluation.charts import charts, percent
from registry.cli.evaluation.page import STYLE, table
from registry.cli.evaluation.tables import Sheet, sheets
from registry.cli.evaluation.words import WORDS, Language, Words

_COSTS = frozenset({"cllr", "cllr_min", "cllr_gap"})
_PAIR = """
.advice { font-size: 17px; font-weight: 600; padding: 10px 14px; border-left: 4px solid var(--one); max-width: none; }
.advice.against { border-color: var(--two); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; margin-top: 16px; }
.pair img { width: 100%; height: auto; border: 1px solid var(--grid); border-radius: 8px; }
.pair figcaption { color: var(--soft); font-size: 13px; }
figure { margin: 0; }
@media (max-width: 760px) { .pair { grid-template-columns: 1fr; } }
"""

Report = Mapping[str, Any]


def page(report: Report, language: Language) -> str:
    """Answer the page in a language.

    Args:
        report: what `likeness calibrate` writes as JSON.
        language: of all words.
    """
    words = CALIBRATION_WORDS[language]
    advice = report["advice"]
    style = "advice" if advice["activate"] else "advice against"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(words['title'])}</title><style>{STYLE}{_PAIR}</style></head>",
            "<body><main>",
            f"<h1>{escape(words['title'])}</h1>",
            f'<p class="{style}">{escape(words["activate" if advice["activate"] else "do_not"])}</p>',
            f"<ul>{''.join(f'<li>{escape(_reason(reason, words))}</li>' for reason in advice['reasons'])}</ul>",
            *(f'<p class="soft">{escape(sentence)}</p>' for sentence in _made(report, words)),
            table(compared(report, words)),
            *_pairs(report, words, WORDS[language]),
            f"<h2>{escape(words['details'])}</h2>",
            *(table(sheet) for sheet in sheets(report["after"], WORDS[language])),
            "</main></body></html>",
            "",
        ]
    )


def compared(report: Report, words: Words) -> Sheet:
    """Answer the table of what changed."""
    rows = [_row(change, words) for change in report["changes"]]
    return Sheet(words["compared"], (words["figure"], words["before"], words["after"], words["difference"]), rows)


def _row(change: Report, words: Words) -> tuple[str, str, str, str]:
    name = words[change["figure"]]
    name = name if change["resolved"] else words["unresolved"].format(name=name)
    cost = change["figure"] in _COSTS
    return (
        name,
        _value(change["before"], cost=cost),
        _value(change["after"], cost=cost),
        _apart(change["ci95"], cost=cost),
    )


def _value(value: float | None, *, cost: bool) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if cost else percent(value)


def _apart(ci95: tuple[float, float] | None, *, cost: bool) -> str:
    if ci95 is None:
        return "–"
    low, high = ci95
    return f"{low:+.3f} … {high:+.3f}" if cost else f"{100 * low:+.1f} … {100 * high:+.1f} %"


def _reason(reason: Report, words: Words) -> str:
    return words[f"reason_{reason['code']}"].format(shown=reason["shown"])


def _made(report: Report, words: Words) -> Iterator[str]:
    counts, after = report["after"]["counts"], report["after"]
    people = report["card"]["people"]
    yield words["fitted"].format(
        calibration=people["calibration"],
        held_out=people["held_out"],
        enrolled=after["gallery"]["performers"],
        mated=counts["mated"]["searches"],
        strangers=counts["non_mated"]["people"],
        alone=counts["non_mated"]["searches"],
    )
    yield words["which"].format(
        before=report["before"]["engine"]["calibration"],
        after=after["engine"]["calibration"],
        target=percent(after["target_fpir"]),
    )


def _pairs(report: Report, words: Words, chart_words: Words) -> Iterator[str]:
    """Yield each plot of before beside that of after, as pictures, so that their ids do not meet."""
    drawn = {when: charts(report[when], chart_words) for when in ("before", "after")}
    for name in drawn["after"]:
        figures = "".join(
            f'<figure><img alt="{escape(name)}, {escape(words[when])}" src="{_picture(drawn[when][name])}">'
            f"<figcaption>{escape(words[when])}</figcaption></figure>"
            for when in drawn
        )
        yield f'<div class="pair">{figures}</div>'


def _picture(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
