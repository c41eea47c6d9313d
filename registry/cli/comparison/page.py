"""The page of a comparison: the conclusion first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import typer

from registry.cli.comparison.drawings import drawings
from registry.cli.comparison.tables import sheets
from registry.cli.comparison.words import Words
from registry.cli.evaluation.page import STYLE, table
from registry.cli.evaluation.words import Language
from registry.cli.output import print_table
from registry.domain.comparison import Comparison, Marks
from registry.interchange.comparisons import comparison_of

_OWN_STYLE = """
:lang(ko) { word-break: keep-all; }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 600px)); }
h1, p, li { overflow-wrap: anywhere; }
@media (max-width: 520px) { .charts { overflow-x: auto; } .charts svg { min-width: 460px; } }
"""

Document = Mapping[str, Any]


def print_page(document: Document, language: Language = Language.EN) -> None:
    """Print what was concluded, why, what would change it, and every number."""
    comparison, words = comparison_of(document), Words(language)
    typer.echo(f"\n{_headline(document, words)}\n")
    for title, lines in _paragraphs(document, words):
        typer.echo(title)
        for line in lines:
            typer.echo(f"  – {line}")
    typer.echo(f"{words.detail(document['reading']['not_said'])}\n")
    for sheet in sheets(comparison, document, words):
        print_table(sheet.headings, sheet.rows)
    for note in _notes(comparison, words):
        typer.echo(words.gettext("note: {note}", note=note))
    typer.echo(_measure(comparison.marks, words))


def html_page(document: Document, sha256: str, language: Language = Language.EN) -> str:
    """Answer the same as one HTML page that needs nothing from anywhere else, with drawings.

    Args:
        document: what was measured, and what it concludes; see `registry.interchange.comparisons`.
        sha256: of the file that it stands in.
        language: of the page; what files are called stays as it is.
    """
    comparison, words = comparison_of(document), Words(language)
    title = words.gettext("Comparison: {conclusion}", conclusion=document["reading"]["conclusion"])
    parts = [
        "<!doctype html>",
        f'<html lang="{language}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}{_OWN_STYLE}</style></head><body><main>",
        f"<h1>{escape(_headline(document, words))}</h1>",
        f'<p class="soft">{escape(words.detail(document["reading"]["not_said"]))}</p>',
    ]
    for heading, lines in _paragraphs(document, words):
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        parts.append(f"<section><h2>{escape(heading)}</h2><ul>{items}</ul></section>")
    drawn = "".join(drawings(comparison, document.get("validation_curves"), words))
    parts += [f'<div class="charts">{drawn}</div>'] if drawn else []
    parts += [table(sheet) for sheet in sheets(comparison, document, words)]
    parts += [f"<p>{escape(note)}</p>" for note in _notes(comparison, words)]
    made = words.gettext("Made from a document of SHA-256 {sha256}.", sha256=sha256)
    parts.append(f'<p class="soft">{escape(_measure(comparison.marks, words))} {escape(made)}</p>')
    return "\n".join([*parts, "</main></body></html>", ""])


def _headline(document: Document, words: Words) -> str:
    reading = document["reading"]
    code, label = reading["conclusion"], words.detail(reading["conclusion"])
    return f"{code if label == code else f'{label} ({code})'}: {words.detail(reading['reasons'][0]['detail'])}"


def _paragraphs(document: Document, words: Words) -> Iterator[tuple[str, list[str]]]:
    reading = document["reading"]
    yield words.gettext("Why"), [words.detail(reason["detail"]) for reason in reading["reasons"]]
    yield (
        words.gettext("What would change it, or make it firmer"),
        [words.detail(reason["detail"]) for reason in reading["would_change"]],
    )


def _notes(comparison: Comparison, words: Words) -> Iterator[str]:
    if comparison.said_to_hold:
        kinds = ", ".join(words.detail(kind) for kind in comparison.said_to_hold)
        yield words.gettext("numbers without a warrant: nobody validated {kinds}", kinds=kinds)
    for material in comparison.materials.values():
        yield from (words.detail(note.detail) for note in (*material.left_out, *material.notes))
    for cohort in comparison.cohorts:
        if cohort.set_aside:
            yield words.gettext(
                "{cohort}: no rivals, for they may be a party: {members}",
                cohort=words.detail(cohort.name),
                members=", ".join(cohort.set_aside),
            )


def _measure(marks: Marks, words: Words) -> str:
    return words.gettext(
        "Supported from {supported}, which {rate} % of strangers reach; opposed from {opposed}; validation supports "
        "{lower} to {upper}.",
        supported=f"{marks.supported:.2f}",
        rate=f"{100 * marks.stranger_rate:g}",
        opposed=f"{marks.opposed:.2f}",
        lower=f"{marks.lower:.2f}",
        upper=f"{marks.upper:.2f}",
    )
