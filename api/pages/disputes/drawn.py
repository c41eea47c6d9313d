"""What is drawn of an analysis: how near others are, how often such strengths come out, and turns over time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from api.pages.language import _
from api.pages.plots import Mark, Plot, Series
from registry.domain.comparison import Comparison, Marks, RecordingScore, UnderCohort
from registry.reports.plots import bounded, cohort_name
from registry.reports.words import Words

MOST_RECORDINGS: Final = 6
"""Recordings whose turns are drawn; the tables have all of them."""
_MOST_POINTS: Final = 200
_ROWS: Final = 9

Points = Sequence[tuple[float, float]]


def plots_of(comparison: Comparison, document: Mapping[str, Any], words: Words) -> Iterator[Plot]:
    """Draw what a comparison holds; what it does not hold is left out.

    Args:
        comparison: as it was read.
        document: the file; its validation curves are read from it.
        words: by which cohorts are called.
    """
    for cohort in comparison.cohorts:
        if cohort.distribution is not None:
            yield _near(cohort, cohort_name(cohort.name, words))
    curves = _curves(document.get("validation_curves"))
    if curves is not None and comparison.cohorts:
        yield _tippett(*curves, comparison)
    several = [each for each in comparison.recordings if len(each.turns) > 1]
    for recording in several[:MOST_RECORDINGS]:
        yield _turns(recording, comparison.marks)


def _here(cohort: UnderCohort) -> list[Mark]:
    found = [Mark(_("P, here"), cohort.performer.strength.log10_lr)]
    if cohort.source is not None:
        found.append(Mark(_("S, here"), cohort.source.strength.log10_lr))
    return found


def _near(cohort: UnderCohort, name: str) -> Plot:
    held = cohort.distribution
    if held is None:
        raise AssertionError("a cohort without a distribution is not drawn")
    bins = list(zip(held.edges, held.edges[1:], held.counts, strict=False))
    return Plot(
        title=_("How near the people of the cohort are: %(cohort)s") % {"cohort": name},
        x_label=_("log10 LR"),
        y_label=_("people"),
        kind="bars",
        x=[(low + high) / 2 for low, high, _count in bins],
        series=[Series(_("people"), [float(count) for _low, _high, count in bins])],
        marks=_here(cohort),
        x_decimals=2,
        y_decimals=0,
        table=[[f"{low:.1f} … {high:.1f}", float(count)] for low, high, count in bins if count],
    )


# --- how often such strengths come out -------------------------------------------------------------------------------


def _curves(held: Any) -> tuple[Points, Points] | None:
    try:
        return _points(held["same_speaker"]), _points(held["different_speakers"])
    except (KeyError, TypeError, ValueError):
        return None


def _points(held: Any) -> Points:
    points = sorted((float(x), float(y)) for x, y in held)
    if not points:
        raise ValueError("there is no curve")
    return points


def _tippett(same: Points, other: Points, comparison: Comparison) -> Plot:
    marks = comparison.marks
    low, high = min(marks.lower, same[0][0], other[0][0]), max(marks.upper, same[-1][0], other[-1][0])
    x = [low + (high - low) * number / (_MOST_POINTS - 1) for number in range(_MOST_POINTS)]
    rows = [marks.lower + (marks.upper - marks.lower) * number / (_ROWS - 1) for number in range(_ROWS)]
    return Plot(
        title=_("How often such strengths come out where the truth is known (Tippett plot)"),
        x_label=_("log10 LR, at least"),
        y_label=_("share of trials, per cent"),
        kind="lines",
        x=x,
        series=[
            Series(_("the same voice"), [_share(same, at) for at in x]),
            Series(_("different voices"), [_share(other, at) for at in x]),
        ],
        marks=_here(comparison.cohorts[0]),
        x_decimals=2,
        y_decimals=2,
        table=[[at, _share(same, at), _share(other, at)] for at in rows],
    )


def _share(curve: Points, at: float) -> float:
    """Answer the share, in per cent, at the first point that is not lower: what is known to be at least as high."""
    place = bisect_left(curve, (at,))
    return 100 * curve[place][1] if place < len(curve) else 0.0


# --- turns -----------------------------------------------------------------------------------------------------------


def _turns(recording: RecordingScore, marks: Marks) -> Plot:
    turns = list({turn.span.start_s: turn for turn in recording.turns}.values())
    with_source = any(turn.source is not None for turn in turns)
    series = [Series(_("with the performer (P)"), [turn.performer for turn in turns])]
    if with_source:
        series.append(Series(_("with the declared source (S)"), [turn.source for turn in turns]))
    return Plot(
        title=_("Turns of %(recording)s over time") % {"recording": recording.name},
        x_label=_("seconds"),
        y_label=_("log10 LR of the turn"),
        kind="points",
        x=[turn.span.start_s for turn in turns],
        series=series,
        table=[
            [
                f"{turn.span.start_s:.1f}–{turn.span.end_s:.1f}",
                bounded(turn.performer, marks),
                *([None if turn.source is None else bounded(turn.source, marks)] if with_source else []),
            ]
            for turn in turns
        ],
    )
