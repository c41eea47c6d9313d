"""What is drawn of an analysis, each drawing with the table that says the same; what is missing is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.comparison import DECIMALS, LEAST_SHOWN, REFERENCE, Comparison, Marks, RecordingScore, UnderCohort
from registry.interchange.comparison_words import said
from registry.reports.drawings import Axis, Curve, Drawing, Mark
from registry.reports.marking import visible
from registry.reports.words import Words

MOST_TURNS: Final = 40
MOST_RECORDINGS: Final = 12
_MOST_BINS: Final = 400
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROWS_OF_CURVES: Final = 9


@dataclass(frozen=True, slots=True)
class Plot:
    """One drawing, or why there is none.

    Attributes:
        title: of it.
        svg: the drawing; None where the file does not hold what is drawn.
        missing: why there is none; empty where there is one.
        headings, rows: the table beside it.
        note: what is to be known of it.
    """

    title: str
    svg: str | None
    missing: str = ""
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str = ""


def plots_of(comparison: Comparison, document: Mapping[str, Any], words: Words) -> Iterator[Plot]:
    """Draw what a comparison holds.

    Args:
        comparison: as it was read.
        document: the file; its validation curves are read from it.
        words: to draw it in.
    """
    yield _validation(comparison, document.get("validation_curves"), words)
    for cohort in comparison.cohorts:
        yield _histogram(cohort, words)
    several = [each for each in comparison.recordings if len(each.turns) > 1]
    yield from (_turns(each, comparison.marks, words) for each in several[:MOST_RECORDINGS])
    few = [each.name for each in comparison.recordings if len(each.turns) < 2]  # noqa: PLR2004  (one has no course)
    yield from _not_drawn(few, [each.name for each in several[MOST_RECORDINGS:]], words)


def cohort_name(name: str, words: Words) -> str:
    """Answer what a cohort is called."""
    return words.label("cohort", name) if name in {"stated", REFERENCE} else said(name, words.language.value)


def bounded(log10_lr: float, marks: Marks) -> str:
    """Write a strength as far as validation supports it, without words, which differ by language."""
    if log10_lr >= round(marks.upper, DECIMALS):
        return f"≥ {marks.upper:.2f}"
    return f"≤ {marks.lower:.2f}" if log10_lr <= round(marks.lower, DECIMALS) else f"{log10_lr:.2f}"


# --- validation ------------------------------------------------------------------------------------------------------


def _validation(comparison: Comparison, held: Any, words: Words) -> Plot:
    _ = words.catalogue.gettext
    title = _("How the calibration behaved on people whose identity is known (Tippett plot)")
    try:
        same, other = _points(held["same_speaker"]), _points(held["different_speakers"])
        trials = held["trials"]
        counted = {
            "same": int(trials["same"]),
            "different": int(trials["different"]),
            "from": said(str(held["from"]), words.language.value),
        }
    except (KeyError, TypeError, ValueError):
        return Plot(title, None, _("The file of this analysis does not hold the curves of the validation."))
    marks = comparison.marks
    low, high = min(marks.lower, same[0][0], other[0][0]), max(marks.upper, same[-1][0], other[-1][0])
    drawing = Drawing(
        title=title,
        x=_lr_axis(low, high, words),
        y=Axis(_("share of trials with at least this log10 LR"), 0, 1, [(s, f"{100 * s:.0f} %") for s in _SHARES]),
        curves=[
            Curve([same], _("the same voice"), 0),
            Curve([other], _("different voices"), 1),
        ],
        marks=_of_this_case(comparison.cohorts[0], words) if comparison.cohorts else (),
    )
    rows = [
        (f"{at:.2f}", f"{100 * _share_at(same, at):.1f} %", f"{100 * _share_at(other, at):.2f} %")
        for at in _spread(marks.lower, marks.upper)
    ]
    headings = (_("log10 LR, at least"), _("of trials of the same voice"), _("of trials of different voices"))
    note = _("%(same)d trials of the same voice, %(different)d of different voices; from: %(from)s.") % counted
    return Plot(title, drawing.svg(), "", headings, rows, note)


def _points(held: Any) -> list[tuple[float, float]]:
    points = sorted((float(x), float(y)) for x, y in held)
    if not points or len(points) > 100_000:  # noqa: PLR2004  (far more than anybody draws)
        raise ValueError("there is no curve")
    return points


def _share_at(curve: Sequence[tuple[float, float]], at: float) -> float:
    """Answer the share at the first point that is not lower: what is known to be at least as high."""
    return next((share for x, share in curve if x >= at), 0.0)


def _spread(low: float, high: float) -> Iterator[float]:
    return (low + (high - low) * number / (_ROWS_OF_CURVES - 1) for number in range(_ROWS_OF_CURVES))


def _of_this_case(cohort: UnderCohort, words: Words) -> Sequence[Mark]:
    _ = words.catalogue.gettext
    found = [Mark(cohort.performer.strength.log10_lr, _("P, here"))]
    if cohort.source is not None:
        found.append(Mark(cohort.source.strength.log10_lr, _("S, here")))
    return found


def _lr_axis(low: float, high: float, words: Words) -> Axis:
    whole = [value for value in range(int(low) - 1, int(high) + 2) if low <= value <= high]
    return Axis(words.catalogue.gettext("log10 LR"), low, high, [(value, f"{value:d}") for value in whole])


# --- cohorts ---------------------------------------------------------------------------------------------------------


def _histogram(cohort: UnderCohort, words: Words) -> Plot:
    _ = words.catalogue.gettext
    title = _("How near the people of the cohort are: %(cohort)s") % {"cohort": cohort_name(cohort.name, words)}
    held = cohort.distribution
    if held is None or not held.counts or len(held.counts) > _MOST_BINS or len(held.edges) != len(held.counts) + 1:
        return Plot(
            title,
            None,
            _("Not drawn: the file holds no distribution of it. It holds one of a cohort of %(least)d people or more.")
            % {"least": LEAST_SHOWN},
        )
    highest = max(held.counts) or 1
    values = [held.edges[0], held.edges[-1], *(each.x for each in _of_this_case(cohort, words))]
    low, high = min(values), max(values)
    bars = list(zip(held.edges, held.edges[1:], held.counts, strict=False))
    drawing = Drawing(
        title=title,
        x=_lr_axis(low, high if high > low else low + 1, words),
        y=Axis(_("people"), 0, highest, [(s * highest, f"{s * highest:.3g}") for s in (0.0, 0.5, 1.0)]),
        bars=[(max(left, low), min(right, high), count) for left, right, count in bars],
        marks=_of_this_case(cohort, words),
    )
    rows = [(f"{left:.2f}", f"{right:.2f}", f"{count:g}") for left, right, count in bars if count]
    headings = (_("log10 LR from"), _("to"), _("people"))
    return Plot(
        title, drawing.svg(), "", headings, rows, _("Beside them: the performer (P) and the declared source (S).")
    )


# --- turns -----------------------------------------------------------------------------------------------------------


def _turns(recording: RecordingScore, marks: Marks, words: Words) -> Plot:
    _ = words.catalogue.gettext
    title = _("Turns of %(recording)s over time") % {"recording": recording.name}
    ends_at = max(turn.span.end_s for turn in recording.turns)
    levels = ((marks.supported, _("supported")), (marks.opposed, _("opposed")))
    drawing = Drawing(
        title=title,
        x=Axis(_("seconds"), 0, ends_at, [(share * ends_at, f"{share * ends_at:.0f}") for share in _SHARES]),
        y=Axis(
            _("log10 LR of the turn"),
            marks.lower,
            marks.upper,
            [(each, f"{each:.2f}") for each in (marks.lower, 0.0, marks.upper)],
        ),
        curves=[
            Curve(
                [[(turn.span.start_s, turn.performer), (turn.span.end_s, turn.performer)] for turn in recording.turns],
                _("with the performer (P)"),
                0,
            ),
            Curve(
                [
                    [(turn.span.start_s, turn.source), (turn.span.end_s, turn.source)]
                    for turn in recording.turns
                    if turn.source is not None
                ],
                _("with the declared source (S)") if recording.source is not None else "",
                1,
            ),
        ],
        levels=levels,
    )
    rows = [
        (
            f"{turn.span.start_s:.1f}",
            f"{turn.span.end_s:.1f}",
            bounded(turn.performer, marks),
            "–" if turn.source is None else bounded(turn.source, marks),
        )
        for turn in recording.turns[:MOST_TURNS]
    ]
    more = len(recording.turns) - MOST_TURNS
    note = _("%(count)d more turns are in the signed file.") % {"count": more} if more > 0 else ""
    return Plot(title, drawing.svg(), "", (_("from s"), _("to s"), _("P"), _("S")), rows, note)


def _not_drawn(few: Sequence[str], left_out: Sequence[str], words: Words) -> Iterator[Plot]:
    """Say whose turns are not drawn, and why."""
    _ = words.catalogue.gettext
    title = _("Turns over time")
    if few:
        missing = _("Not drawn where there are fewer than two turns: %(recordings)s.")
        yield Plot(title, None, missing % {"recordings": _names(few, words)})
    if left_out:
        missing = _("Not drawn, and in the signed file: %(recordings)s.")
        yield Plot(title, None, missing % {"recordings": _names(left_out, words)})


def _names(names: Sequence[str], words: Words) -> str:
    shown = ", ".join(visible(name) for name in names[:MOST_RECORDINGS])
    more = len(names) - MOST_RECORDINGS
    if more <= 0:
        return shown
    return words.catalogue.gettext("%(recordings)s, and %(more)d more") % {"recordings": shown, "more": more}
