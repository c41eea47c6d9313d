"""A comparison as people read it, on the terminal or as HTML: the conclusion first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import typer

from registry.cli.evaluation.page import STYLE, table
from registry.cli.evaluation.plots import Axis, Chart, Line
from registry.cli.evaluation.tables import Sheet
from registry.cli.output import print_table
from registry.domain.comparison import (
    Comparison,
    Likeness,
    Marks,
    RecordingScore,
    Role,
    Strength,
    UnderCohort,
    verbal,
)
from registry.domain.conclusions import Reading
from registry.domain.scores import Span
from registry.interchange.comparisons import NOT_SAID

_MOST_TURNS = 12
_MOST_CHARTS = 6
_PARTIES = {Role.QUESTIONED: "questioned (Q)", Role.PERFORMER: "performer (P)", Role.SOURCE: "declared source (S)"}
_NARROW = "grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 600px))"
_CONDITIONS = {"snr_db": "over noise, dB", "bandwidth_hz": "band, Hz", "voiced_share": "voiced"}
_WHY = "Why"
_CHANGES = "What would change it, or make it firmer"

Row = tuple[str, ...]


def print_page(comparison: Comparison, reading: Reading) -> None:
    """Print what was concluded, why, what would change it, and every number."""
    typer.echo(f"\n{_headline(reading)}\n")
    for title, lines in _paragraphs(reading):
        typer.echo(title)
        for line in lines:
            typer.echo(f"  – {line}")
    typer.echo(f"{NOT_SAID}\n")
    for sheet in sheets(comparison):
        print_table(sheet.headings, sheet.rows)
    for note in _notes(comparison):
        typer.echo(f"note: {note}")
    typer.echo(_measure(comparison.marks))


def html_page(comparison: Comparison, reading: Reading, sha256: str) -> str:
    """Answer the same as one HTML page that needs nothing from anywhere else, with a drawing of the turns.

    Args:
        comparison: what was measured.
        reading: what it concludes.
        sha256: of the document that it was written from.
    """
    title = f"Comparison: {reading.conclusion.value}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{escape(_headline(reading))}</h1>",
        f'<p class="soft">{escape(NOT_SAID)}</p>',
    ]
    for heading, lines in _paragraphs(reading):
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        parts.append(f"<section><h2>{escape(heading)}</h2><ul>{items}</ul></section>")
    parts += [table(sheet) for sheet in sheets(comparison)]
    drawn = "".join(_charts(comparison))
    parts += [f'<div class="charts" style="{_NARROW}">{drawn}</div>'] if drawn else []
    parts += [f"<p>{escape(note)}</p>" for note in _notes(comparison)]
    parts.append(f'<p class="soft">{escape(_measure(comparison.marks))} Made from a document of SHA-256 {sha256}.</p>')
    return "\n".join([*parts, "</main></body></html>", ""])


def sheets(comparison: Comparison) -> list[Sheet]:
    """Answer every number as tables."""
    found = [
        Sheet(
            "The voices",
            (*("voice", "recordings", "speech s", "left out", "weakest with its own others"), *_CONDITIONS.values()),
            list(_materials(comparison)),
        )
    ]
    if comparison.cohorts:
        found.append(
            Sheet(
                "How strongly two voices are one",
                ("cohort", "pair", "log10 LR", "in words", "by engine", "at least as close (95 %)"),
                [row for cohort in comparison.cohorts for row in _pairs(cohort, comparison.marks)],
            )
        )
        found.append(
            Sheet(
                "Each questioned recording by itself",
                ("recording", "from s", "to s", "log10 LR with P", "with S"),
                list(_recordings(comparison)),
            )
        )
    return found


# Words.


def _headline(reading: Reading) -> str:
    return f"{reading.conclusion.value}: {reading.reasons[0].detail}"


def _paragraphs(reading: Reading) -> Iterator[tuple[str, list[str]]]:
    yield _WHY, [reason.detail for reason in reading.reasons]
    yield _CHANGES, [reason.detail for reason in reading.would_change]


def _notes(comparison: Comparison) -> Iterator[str]:
    if comparison.said_to_hold:
        yield f"numbers without a warrant: nobody validated {', '.join(comparison.said_to_hold)}"
    for material in comparison.materials.values():
        yield from (note.detail for note in (*material.left_out, *material.notes))
    for cohort in comparison.cohorts:
        if cohort.set_aside:
            yield f"{cohort.name}: no rivals, for they may be a party: {', '.join(cohort.set_aside)}"


def _measure(marks: Marks) -> str:
    return (
        f"Supported from {marks.supported:.2f}, which {100 * marks.stranger_rate:g} % of strangers reach; opposed from "
        f"{marks.opposed:.2f}; validation supports {marks.lower:.2f} to {marks.upper:.2f}."
    )


# Tables.


def _materials(comparison: Comparison) -> Iterator[Row]:
    for role, material in comparison.materials.items():
        shown = "-" if material.consistency is None else comparison.marks.shown(material.consistency)
        name = f"{_PARTIES[role]}{', sealed' if material.sealed else ''}"
        known = material.conditions
        conditions = (f"{known[figure]:.4g}" if figure in known else "-" for figure in _CONDITIONS)
        counts = (str(material.recordings), f"{material.speech_s:.1f}", str(len(material.left_out)))
        yield name, *counts, shown, *conditions


def _pairs(cohort: UnderCohort, marks: Marks) -> Iterator[Row]:
    yield _standing(cohort.name, "Q – P", cohort.performer, marks)
    if cohort.source is not None and cohort.alike is not None:
        yield _standing("", "Q – S", cohort.source, marks)
        yield ("", "P – S", *_strength(cohort.alike.stronger, marks), "")


def _standing(cohort: str, pair: str, likeness: Likeness, marks: Marks) -> Row:
    rank = likeness.rank
    if rank is None:
        return cohort, pair, *_strength(likeness.strength, marks), "nobody to compare with"
    low, high = rank.interval
    shown = f"{rank.at_least_as_close:.0f} of {rank.voices} ({low:.0f} to {high:.0f})"
    if rank.engines:
        shown += "; " + ", ".join(f"{encoder} {closer}" for encoder, closer in rank.engines.items())
    return cohort, pair, *_strength(likeness.strength, marks), shown


def _strength(strength: Strength, marks: Marks) -> tuple[str, str, str]:
    engines = ", ".join(f"{encoder} {marks.shown(value)}" for encoder, value in strength.engines.items())
    disagree = "; they disagree" if strength.engines_disagree else ""
    return marks.shown(strength.log10_lr), verbal(strength.log10_lr), engines + disagree


def _recordings(comparison: Comparison) -> Iterator[Row]:
    shown = comparison.marks.shown
    for recording in comparison.recordings:
        source = "-" if recording.source is None else shown(recording.source.log10_lr)
        yield (
            recording.name,
            "all",
            f"{recording.speech_s:.1f} s of speech",
            shown(recording.performer.log10_lr),
            source,
        )
        for turn in recording.turns[:_MOST_TURNS] if len(recording.turns) > 1 else ():
            other = "-" if turn.source is None else shown(turn.source)
            yield "", f"{turn.span.start_s:.1f}", f"{turn.span.end_s:.1f}", shown(turn.performer), other
        if len(recording.turns) > _MOST_TURNS:
            yield "", "…", f"{len(recording.turns) - _MOST_TURNS} more turns are in the document", "", ""


# Drawings.


def _charts(comparison: Comparison) -> Iterator[str]:
    several = [recording for recording in comparison.recordings if len(recording.turns) > 1]
    for number, recording in enumerate(several[:_MOST_CHARTS], start=1):
        yield _over_time(number, recording, comparison.marks)


def _over_time(number: int, recording: RecordingScore, marks: Marks) -> str:
    """Draw how strongly each turn by itself supports both parties, with the marks as faint lines."""
    end_s = max(turn.span.end_s for turn in recording.turns)
    levels = (marks.opposed, 0.0, marks.supported)
    return Chart(
        f"turns-{number}",
        f"Turns of {recording.name}",
        f"log10 LR of each turn of {recording.name} by itself, with the performer and with the declared source",
        Axis("seconds", 0.0, end_s, [(share * end_s, f"{share * end_s:.0f}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]),
        Axis("log10 LR", marks.lower, marks.upper, [(level, f"{level:.2f}") for level in levels]),
        [
            *(Line([(0.0, level), (end_s, level)], "help") for level in levels),
            *_steps([(turn.span, turn.performer) for turn in recording.turns], "one", "performer"),
            *_steps([(turn.span, turn.source) for turn in recording.turns], "two", "declared source"),
        ],
    ).svg()


def _steps(turns: Sequence[tuple[Span, float | None]], colour: str, label: str) -> Iterator[Line]:
    """Answer a line for each turn, none over the time between them; the first has the label."""
    for number, (span, level) in enumerate(turns):
        if level is not None:
            points = [(span.start_s, level), (span.end_s, level)]
            yield Line(points, colour, "" if number else label, dashed=colour == "two")
