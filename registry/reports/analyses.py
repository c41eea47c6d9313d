"""What pages tell of an analysis: tables made of its file, each number as far as validation supports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from registry.domain.comparison import Comparison, Likeness, Marks, Strength, UnderCohort, verbal
from registry.domain.conclusions import Reading
from registry.errors import InvalidInputError
from registry.interchange.comparison_words import said
from registry.interchange.comparisons import comparison_of, read_again
from registry.reports.engine_names import engine_called
from registry.reports.marking import named, whole
from registry.reports.model import AnalysisPart, ReasonPart
from registry.reports.plots import Plot, bounded, cohort_name, plots_of
from registry.reports.words import Words

MOST_INPUTS: Final = 300
"""Recordings that an expert's table names; the signed document has all of them."""

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class ShownAnalysis:
    """An analysis, as the pages tell it: its part of the report, and tables made of its file."""

    part: AnalysisPart
    reading: Reading | None = None
    facts: Rows = ()
    pairs_headings: Sequence[str] = ()
    pairs: Rows = ()
    materials_headings: Sequence[str] = ()
    materials: Rows = ()
    recordings_headings: Sequence[str] = ()
    recordings: Rows = ()
    inputs_headings: Sequence[str] = ()
    inputs: Rows = ()
    inputs_left_out: int = 0
    cohorts_headings: Sequence[str] = ()
    cohorts: Rows = ()
    packages_headings: Sequence[str] = ()
    packages: Rows = ()
    plots: Sequence[Plot] = field(default_factory=tuple)


def shown_analysis(part: AnalysisPart, words: Words) -> ShownAnalysis:
    """Answer what the pages tell of an analysis; of one without numbers, or that cannot be read, its part alone."""
    if part.comparison is None:
        return ShownAnalysis(part)
    try:
        comparison, (reading, _follows) = comparison_of(part.comparison), read_again(part.comparison)
        return _shown(part, part.comparison, comparison, _as_told(reading), words)
    except (InvalidInputError, KeyError, TypeError, ValueError, AttributeError, LookupError):
        return ShownAnalysis(part)


def _as_told(reading: Reading) -> Any:
    """Answer a reading with its reasons as a report tells reasons."""
    return {
        "reasons": [ReasonPart(**each.as_json()) for each in reading.reasons],  # type: ignore[arg-type]
        "would_change": [ReasonPart(**each.as_json()) for each in reading.would_change],  # type: ignore[arg-type]
    }


def _shown(
    part: AnalysisPart, document: Mapping[str, Any], comparison: Comparison, reading: Any, words: Words
) -> ShownAnalysis:
    _ = words.catalogue.gettext
    inputs = list(_inputs(document, words))
    return ShownAnalysis(
        part=part,
        reading=reading,
        facts=list(_facts(document, comparison.marks, words)),
        pairs_headings=(
            _("Cohort"),
            _("Pair"),
            whole(_("log10 LR")),
            _("In words"),
            _("By engine"),
            _("At least as close, 95 % interval"),
        ),
        pairs=[row for cohort in comparison.cohorts for row in _pairs(cohort, comparison.marks, words)],
        materials_headings=(
            _("Voice"),
            _("Recordings"),
            _("Speech, s"),
            _("Left out"),
            _("Weakest with its own others"),
        ),
        materials=[
            (
                words.label("role", role) + (f", {_('under seal')}" if held.sealed else ""),
                held.recordings,
                f"{held.speech_s:.1f}",
                len(held.left_out),
                "–" if held.consistency is None else bounded(held.consistency, comparison.marks),
            )
            for role, held in comparison.materials.items()
        ],
        recordings_headings=(_("Recording"), _("Speech, s"), _("With the performer"), _("With the source")),
        recordings=[
            (
                named(each.name),
                f"{each.speech_s:.1f}",
                bounded(each.performer.log10_lr, comparison.marks),
                "–" if each.source is None else bounded(each.source.log10_lr, comparison.marks),
            )
            for each in comparison.recordings
        ],
        inputs_headings=(_("Voice"), _("Recording"), "SHA-256", _("Speech, s")),
        inputs=inputs[:MOST_INPUTS],
        inputs_left_out=max(len(inputs) - MOST_INPUTS, 0),
        cohorts_headings=(_("Cohort"), _("By what it was chosen"), _("People"), _("SHA-256 of its sorted hashes")),
        cohorts=[
            (
                cohort_name(str(each["name"]), words),
                named(str(each.get("criteria", "–"))),
                each.get("voices", "–"),
                Markup('<span class="hash">%s</span>') % (each.get("sha256") or "–"),
            )
            for each in document["inputs"]["cohorts"]
        ],
        packages_headings=(_("Package"), _("Version")),
        packages=sorted((str(name), _flat(version)) for name, version in document.get("packages", {}).items()),
        plots=list(plots_of(comparison, document, words)),
    )


def _facts(document: Mapping[str, Any], marks: Marks, words: Words) -> Iterator[tuple[str, str]]:
    _ = words.catalogue.gettext
    yield from facts_of_engine(document.get("engine", {}), words)
    yield _("Supported from, log10 LR"), f"{marks.supported:.4f}"
    yield _("Resembles from, log10 LR"), f"{marks.resembles:.4f}"
    yield _("Opposed down from, log10 LR"), f"{marks.opposed:.4f}"
    yield _("Share of strangers who reach what is supported"), f"{100 * marks.stranger_rate:g} %"
    yield _("Validation supports, log10 LR"), f"{marks.lower:.4f} … {marks.upper:.4f}"
    if document.get("said_to_hold"):
        held = [said(str(each), words.language.value) for each in document["said_to_hold"]]
        yield _("Said to be in the recordings"), ", ".join(held)


def _pairs(cohort: UnderCohort, marks: Marks, words: Words) -> Iterator[Sequence[object]]:
    name = cohort_name(cohort.name, words)
    yield name, whole("Q – P"), *_strength(cohort.performer.strength, marks, words), _rank(cohort.performer)
    if cohort.source is not None and cohort.alike is not None:
        yield name, whole("Q – S"), *_strength(cohort.source.strength, marks, words), _rank(cohort.source)
        yield name, whole("P – S"), *_strength(cohort.alike.stronger, marks, words), "–"


def _strength(strength: Strength, marks: Marks, words: Words) -> tuple[str, str, str]:
    engines = Markup(", ").join(
        whole(f"{engine_called(name)} {bounded(value, marks)}") for name, value in sorted(strength.engines.items())
    )
    disagree = f"; {words.catalogue.gettext('they disagree')}" if strength.engines_disagree else ""
    in_words = verbal(strength.log10_lr, words.language.value)
    return whole(bounded(strength.log10_lr, marks)), words.unbroken(in_words), engines + disagree


def _rank(likeness: Likeness) -> str:
    rank = likeness.rank
    if rank is None:
        return "–"
    low, high = rank.interval
    return f"{rank.at_least_as_close:.0f} / {rank.voices} ({low:.0f}–{high:.0f})"


def _inputs(document: Mapping[str, Any], words: Words) -> Iterator[Sequence[object]]:
    for role, files in document["inputs"]["parties"].items():
        for each in files:
            yield _input(words.label("role", role), each)
    for cohort in document["inputs"]["cohorts"]:
        for member in cohort.get("members", ()):
            for each in member["files"]:
                yield _input(Markup("%s: %s") % (cohort_name(str(cohort["name"]), words), named(member["name"])), each)


def _input(voice: object, file: Mapping[str, Any]) -> Sequence[object]:
    speech = file.get("speech_s")
    return (
        voice,
        named(str(file["name"])),
        Markup('<span class="hash">%s</span>') % (file.get("sha256") or file.get("error") or "–"),
        "–" if speech is None else f"{speech:.1f}",
    )


# --- the engine ------------------------------------------------------------------------------------------------------


def facts_of_engine(engine: Mapping[str, Any], words: Words) -> Iterator[tuple[str, str]]:
    """Answer what is known of the engine that heard something, each fact with its name."""
    _ = words.catalogue.gettext
    names = {
        "version": _("Engine, version"),
        "device": _("Device"),
        "spaces": _("Encoders, with weights and preprocessing"),
        "calibration": _("Calibration"),
        "calibration_sha256": _("Calibration, SHA-256"),
        "weights": _("Weights, SHA-256"),
    }
    for name, value in sorted(engine.items()):
        yield names.get(name, name), _flat(value)


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{engine_called(name)}: {_flat(held)}" for name, held in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(map(_flat, value))
    return engine_called(str(value))
