"""Comparisons as JSON: everything that was measured, and what it concludes, to be read again and computed again.

A log10 LR is written as it was read: rounded, and capped at what validation supports. So the conclusion follows from
the file alone, and `read_again` says whether it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from registry.domain.comparison import (
    Alikeness,
    Comparison,
    Distribution,
    Likeness,
    Marks,
    Material,
    Rank,
    RecordingScore,
    Role,
    Strength,
    TurnScore,
    UnderCohort,
    verbal,
)
from registry.domain.conclusions import Reading, read
from registry.domain.scores import Log10LR, Reason, Span
from registry.errors import InvalidInputError

FORMAT: Final = "likeness-comparison"
VERSION: Final = 1
NOT_SAID: Final = (
    "This says what recordings support. It is no proof of identity, and it does not say whether a use was allowed."
)


def comparison_json(comparison: Comparison, reading: Reading) -> dict[str, Any]:
    """Answer what was measured and what it concludes, as JSON; format and inputs are put beside it."""
    return {
        "marks": asdict(comparison.marks),
        "materials": {role.value: _material(material) for role, material in comparison.materials.items()},
        "cohorts": [_cohort(cohort) for cohort in comparison.cohorts],
        "recordings": [_recording(recording) for recording in comparison.recordings],
        "said_to_hold": list(comparison.said_to_hold),
        "reading": reading_json(reading),
    }


def reading_json(reading: Reading) -> dict[str, Any]:
    """Answer a conclusion with its reasons, as JSON."""
    return {
        "conclusion": reading.conclusion.value,
        "reasons": [reason.as_json() for reason in reading.reasons],
        "would_change": [reason.as_json() for reason in reading.would_change],
        "by_cohort": {name: conclusion.value for name, conclusion in reading.by_cohort.items()},
        "not_said": NOT_SAID,
    }


def read_again(document: Mapping[str, Any]) -> tuple[Reading, bool]:
    """Read what a file says was measured once more, and say whether its conclusion follows.

    Raises:
        InvalidInputError: it holds no comparison of this version.
    """
    if (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise InvalidInputError(f"this is no {FORMAT} of version {VERSION}")
    try:
        reading = read(comparison_of(document))
        return reading, reading_json(reading) == document["reading"]
    except (KeyError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        raise InvalidInputError(f"the comparison cannot be read: {error!r}") from error


# Writing.


def _material(material: Material) -> dict[str, Any]:
    return {
        "recordings": material.recordings,
        "speech_s": material.speech_s,
        "left_out": [reason.as_json() for reason in material.left_out],
        "notes": [reason.as_json() for reason in material.notes],
        "consistency_log10_lr": material.consistency,
        "sealed": material.sealed,
        "conditions": dict(material.conditions),
        **({"coarse": True} if material.coarse else {}),
    }


def _cohort(cohort: UnderCohort) -> dict[str, Any]:
    return {
        "name": cohort.name,
        "performer": _likeness(cohort.performer),
        "source": cohort.source and _likeness(cohort.source),
        "performer_and_source": cohort.alike
        and {
            "from_performer": _strength(cohort.alike.from_performer),
            "from_source": _strength(cohort.alike.from_source),
        },
        "set_aside": list(cohort.set_aside),
        "distribution": cohort.distribution and _distribution(cohort.distribution),
    }


def _distribution(distribution: Distribution) -> dict[str, Any]:
    return {"edges_log10_lr": list(distribution.edges), "counts": list(distribution.counts)}


def _likeness(likeness: Likeness) -> dict[str, Any]:
    return {**_strength(likeness.strength), "rank": likeness.rank and _rank(likeness.rank)}


def _strength(strength: Strength) -> dict[str, Any]:
    return {
        "log10_lr": strength.log10_lr,
        "verbal": verbal(strength.log10_lr),
        "engines": dict(strength.engines),
        "engines_disagree": strength.engines_disagree,
    }


def _rank(rank: Rank) -> dict[str, Any]:
    return {
        **({"in_tens": True} if rank.in_tens else {}),
        "voices": rank.voices,
        "at_least_as_close": rank.at_least_as_close,
        "ci95": list(rank.interval),
        "percentile": round(rank.percentile, 2),
        "engines_at_least_as_close": dict(rank.engines),
        "sentence": rank.sentence(),
    }


def _recording(recording: RecordingScore) -> dict[str, Any]:
    return {
        "name": recording.name,
        "speech_s": recording.speech_s,
        "performer": _strength(recording.performer),
        "source": recording.source and _strength(recording.source),
        "turns": [_turn(turn) for turn in recording.turns],
    }


def _turn(turn: TurnScore) -> dict[str, Any]:
    return {
        "start_s": round(turn.span.start_s, 3),
        "end_s": round(turn.span.end_s, 3),
        "performer_log10_lr": turn.performer,
        "source_log10_lr": turn.source,
    }


# Reading.


def comparison_of(document: Mapping[str, Any]) -> Comparison:
    """Rebuild what was measured; canonical JSON sorts members by name, reasons go by the order of roles."""
    materials = document["materials"]
    return Comparison(
        marks=Marks(**document["marks"]),
        materials={role: _material_of(materials[role]) for role in Role if role in materials},
        cohorts=tuple(_cohort_of(written) for written in document["cohorts"]),
        recordings=tuple(_recording_of(written) for written in document["recordings"]),
        said_to_hold=tuple(document["said_to_hold"]),
    )


def _material_of(written: Mapping[str, Any]) -> Material:
    return Material(
        recordings=written["recordings"],
        speech_s=written["speech_s"],
        left_out=tuple(map(Reason.of_json, written["left_out"])),
        notes=tuple(map(Reason.of_json, written["notes"])),
        consistency=written["consistency_log10_lr"],
        sealed=written["sealed"],
        conditions=written["conditions"],
        coarse=written.get("coarse", False),
    )


def _cohort_of(written: Mapping[str, Any]) -> UnderCohort:
    source, alike = written["source"], written["performer_and_source"]
    return UnderCohort(
        name=written["name"],
        performer=_likeness_of(written["performer"]),
        source=None if source is None else _likeness_of(source),
        alike=None
        if alike is None
        else Alikeness(_strength_of(alike["from_performer"]), _strength_of(alike["from_source"])),
        set_aside=tuple(written["set_aside"]),
        distribution=_distribution_of(written.get("distribution")),
    )


def _distribution_of(written: Mapping[str, Any] | None) -> Distribution | None:
    """Read a distribution; files from before there was one have none."""
    if written is None:
        return None
    return Distribution(tuple(written["edges_log10_lr"]), tuple(written["counts"]))


def _likeness_of(written: Mapping[str, Any]) -> Likeness:
    rank = written["rank"]
    return Likeness(_strength_of(written), None if rank is None else _rank_of(rank))


def _rank_of(written: Mapping[str, Any]) -> Rank:
    low, high = written["ci95"]
    engines, in_tens = written["engines_at_least_as_close"], written.get("in_tens", False)
    return Rank(written["voices"], written["at_least_as_close"], (low, high), engines, in_tens)


def _strength_of(written: Mapping[str, Any]) -> Strength:
    engines = {encoder: Log10LR(value) for encoder, value in written["engines"].items()}
    return Strength(Log10LR(written["log10_lr"]), engines, written["engines_disagree"])


def _recording_of(written: Mapping[str, Any]) -> RecordingScore:
    source = written["source"]
    return RecordingScore(
        name=written["name"],
        speech_s=written["speech_s"],
        performer=_strength_of(written["performer"]),
        source=None if source is None else _strength_of(source),
        turns=tuple(
            TurnScore(Span(turn["start_s"], turn["end_s"]), turn["performer_log10_lr"], turn["source_log10_lr"])
            for turn in written["turns"]
        ),
    )
