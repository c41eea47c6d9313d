"""What a comparison looks like: where performer and source stand among others, and each turn over time.

Everything drawn stands in a table too. Lines differ by dashes as well as by colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry.cli.comparison.words import Words
from registry.cli.evaluation.plots import Axis, Band, Chart, Layer, Line, Mark
from registry.domain.comparison import Comparison, Distribution, Marks, RecordingScore, UnderCohort
from registry.domain.scores import Span

MOST_TURN_CHARTS = 6
_MARKED_AT = (0.62, 0.5)  # of the way up: apart, so that two that are near each other are both read
_HALVINGS = 40
_COUNTS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)

Curves = Mapping[str, Any]


def drawings(comparison: Comparison, curves: Curves | None, words: Words) -> Iterator[str]:
    """Yield every drawing as SVG.

    Args:
        comparison: what was measured.
        curves: ``validation_curves`` of its document; None or empty where there are none.
        words: of the language.
    """
    marks = comparison.marks
    for number, cohort in enumerate(comparison.cohorts, start=1):
        if cohort.distribution is not None:
            yield _histogram(f"cohort-{number}", cohort, cohort.distribution, marks, words)
    if comparison.cohorts and curves and curves["same_speaker"]:
        yield _tippett(comparison.cohorts[0], curves, marks, words)
    several = [recording for recording in comparison.recordings if len(recording.turns) > 1]
    for number, recording in enumerate(several[:MOST_TURN_CHARTS], start=1):
        yield _over_time(f"turns-{number}", recording, marks, words)


def _histogram(name: str, cohort: UnderCohort, found: Distribution, marks: Marks, words: Words) -> str:
    """Draw how many members are how near, and where performer and source stand."""
    top = max(*found.counts, 1)
    highest = next((count for count in _COUNTS if count >= top), top)
    bars = [
        Band([(low, 0.0, float(count)), (high, 0.0, float(count))], "one")
        for low, high, count in zip(found.edges, found.edges[1:], found.counts, strict=False)
        if count
    ]
    ticks = [(float(count), str(count)) for count in _COUNTS if count <= highest]
    who = words.detail(cohort.name)
    up = Axis(words.gettext("members (not to scale)"), 0.0, float(highest), ticks, math.log1p)
    return Chart(
        name,
        words.gettext("How near {voices} others are to Q: {cohort}", voices=found.voices, cohort=who),
        words.gettext("Members of the cohort by log10 LR with the questioned voice, with performer and source marked."),
        _strengths(marks, words, found.edges[0], found.edges[-1]),
        up,
        [*bars, *_standing(cohort, up)],
    ).svg()


def _tippett(cohort: UnderCohort, curves: Curves, marks: Marks, words: Words) -> str:
    """Draw how often one voice and two voices came out at least as strong, and where performer and source stand."""
    same, different = ([(float(x), float(y)) for x, y in curves[name]] for name in _BOTH)
    up = Axis(words.gettext("share that reaches it"), 0.0, 1.0, [(share / 5, f"{20 * share} %") for share in range(6)])
    return Chart(
        "tippett",
        words.gettext("Strengths where the truth is known, and this case"),
        words.gettext("Share of comparisons whose log10 LR reaches a strength, for one person and for two people."),
        _strengths(marks, words, marks.lower, marks.upper),
        up,
        [
            Line(same, "one", words.gettext("one person")),
            Line(different, "two", words.gettext("two people"), dashed=True),
            *_standing(cohort, up),
        ],
    ).svg()


_BOTH = ("same_speaker", "different_speakers")


def _strengths(marks: Marks, words: Words, low: float, high: float) -> Axis:
    levels = range(math.ceil(marks.lower), math.floor(marks.upper) + 1)
    return Axis(
        words.gettext("log10 LR"), low, high, [(float(level), f"{level:+d}" if level else "0") for level in levels]
    )


def _standing(cohort: UnderCohort, axis: Axis) -> Iterator[Layer]:
    """Yield a faint line from bottom to top for performer and source each, with a mark that says who it is."""
    standing = [("one", "P", cohort.performer), ("two", "S", cohort.source)]
    for (colour, name, likeness), height in zip(standing, _MARKED_AT, strict=True):
        if likeness is not None:
            at = likeness.strength.log10_lr
            yield Line([(at, axis.low), (at, axis.high)], "help")
            yield Mark(at, _at(axis, height), colour, name)


def _at(axis: Axis, share: float) -> float:
    """Answer the value at a share of the way up an axis."""
    low, high = axis.low, axis.high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if axis.share(middle) < share else (low, middle)
    return (low + high) / 2


def _over_time(name: str, recording: RecordingScore, marks: Marks, words: Words) -> str:
    """Draw how strongly each turn by itself supports both parties, with the marks as faint lines."""
    end_s = max(turn.span.end_s for turn in recording.turns)
    levels = (marks.opposed, 0.0, marks.supported)
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    return Chart(
        name,
        words.gettext("Turns of {name}", name=recording.name),
        words.gettext("log10 LR of each turn of {name} by itself, with performer and source", name=recording.name),
        Axis(words.gettext("seconds"), 0.0, end_s, [(share * end_s, f"{share * end_s:.0f}") for share in shares]),
        Axis(words.gettext("log10 LR"), marks.lower, marks.upper, [(level, f"{level:.2f}") for level in levels]),
        [
            *(Line([(0.0, level), (end_s, level)], "help") for level in levels),
            *_steps([(turn.span, turn.performer) for turn in recording.turns], "one", words.gettext("performer")),
            *_steps([(turn.span, turn.source) for turn in recording.turns], "two", words.gettext("declared source")),
        ],
    ).svg()


def _steps(turns: Sequence[tuple[Span, float | None]], colour: str, label: str) -> Iterator[Line]:
    """Answer a line for each turn, none over the time between them; the first has the label."""
    for number, (span, level) in enumerate(turns):
        if level is not None:
            points = [(span.start_s, level), (span.end_s, level)]
            yield Line(points, colour, "" if number else label, dashed=colour == "two")
