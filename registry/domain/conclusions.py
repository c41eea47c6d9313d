"""The reading table: from what was measured to one of five conclusions, with why, and with what would change it.

1. What stands in the way comes first: an obstacle makes it `inconclusive`, whatever the numbers (`_obstacles`).
2. Under each cohort every strength falls into a `Band`, and `TABLE` says what the pair of bands concludes.
   Whether somebody is nearer than nearly everybody is asked of the calibration's own population where a cohort tells no
   exact rank, for the sake of who is in it.
3. Nothing is concluded that rests on telling performer and source apart where they are alike, or where one is not
   likelier than the other by as much as what supports a voice among strangers (`tells_apart`).
4. A conclusion holds when every cohort gives it, the calibration's own among them; else it is `inconclusive`.

A conclusion says what recordings support. Whether a use was allowed, or a likeness infringed, is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Final

from registry.domain.comparison import DECIMALS, Comparison, Likeness, Marks, Material, Role, Strength, UnderCohort
from registry.domain.scores import Reason

LEAST_SPEECH_S = 1.5
"""Net speech of each voice under which nothing is concluded, as in checks."""
SAME_VOICE_LOG10_LR = 2.0
"""What each recording of the performer, or of the source, must reach against their others, as in an enrolment."""
RESEMBLING_PERCENTILE = 99.0
"""Who resembles is nearer than this share of the cohort, as a sound-alike is in checks."""

WANTED_SPEECH_S = 60.0
WANTED_RECORDINGS = 3
WANTED_COHORT = 200
"""What a case file should have; with less something may still be concluded, and it is said."""


Figures = Mapping[str, str | int | float | bool | None]


class Band(StrEnum):
    """What one strength says by itself."""

    SUPPORTED = "supported"
    RESEMBLES = "resembles"  # nearer than nearly everybody, same speaker not supported
    UNDECIDED = "undecided"
    OPPOSED = "opposed"


class Conclusion(StrEnum):
    """What the recordings support. The list only grows."""

    SUPPORTS_P = "supports_p"
    EXPLAINED_BY_S = "explained_by_s"
    SOUND_ALIKE = "sound_alike"  # documents decide
    UNKNOWN_SOURCE = "unknown_source"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Reading:
    """A conclusion that carries its reasons.

    Attributes:
        conclusion: what the recordings support.
        reasons: why; never empty.
        would_change: what would change it; never empty.
        by_cohort: what each cohort by itself concludes.
    """

    conclusion: Conclusion
    reasons: tuple[Reason, ...]
    would_change: tuple[Reason, ...]
    by_cohort: Mapping[str, Conclusion]

    def __post_init__(self) -> None:
        if not self.reasons or not self.would_change:
            raise ValueError("a reading says why, and what would change it")


def _table() -> Mapping[tuple[Band, Band | None], Conclusion]:
    """Answer every cell; those that are not named here are inconclusive."""
    cells: dict[tuple[Band, Band | None], Conclusion] = dict.fromkeys(
        product(Band, (*Band, None)), Conclusion.INCONCLUSIVE
    )
    near = (Band.SUPPORTED, Band.RESEMBLES)
    cells |= dict.fromkeys(product(near, near), Conclusion.SOUND_ALIKE)
    cells |= {
        (Band.SUPPORTED, Band.UNDECIDED): Conclusion.SUPPORTS_P,
        (Band.SUPPORTED, Band.OPPOSED): Conclusion.SUPPORTS_P,
        (Band.UNDECIDED, Band.SUPPORTED): Conclusion.EXPLAINED_BY_S,
        (Band.OPPOSED, Band.SUPPORTED): Conclusion.EXPLAINED_BY_S,
        (Band.OPPOSED, Band.OPPOSED): Conclusion.UNKNOWN_SOURCE,
        (Band.SUPPORTED, None): Conclusion.SUPPORTS_P,
        (Band.RESEMBLES, None): Conclusion.SOUND_ALIKE,
        (Band.OPPOSED, None): Conclusion.UNKNOWN_SOURCE,
    }
    return MappingProxyType(cells)


TABLE: Final = _table()
"""By the bands of performer and source (None: nobody is declared)."""

_BETWEEN_THEM: Final = frozenset({Conclusion.SUPPORTS_P, Conclusion.EXPLAINED_BY_S})


def band(likeness: Likeness, marks: Marks) -> Band:
    """Answer the band of a person's standing."""
    strength = likeness.strength.log10_lr
    if strength >= marks.supported:
        return Band.SUPPORTED
    is_rare = likeness.rank is not None and likeness.rank.percentile >= RESEMBLING_PERCENTILE
    if strength >= marks.resembles and is_rare:
        return Band.RESEMBLES
    return Band.OPPOSED if strength <= marks.opposed else Band.UNDECIDED


def is_alike(strength: Strength, marks: Marks) -> bool:
    """Whether performer and source are as near to each other as hardly any strangers are."""
    return strength.log10_lr >= marks.resembles


def tells_apart(performer: Likeness, source: Likeness, alike: Strength, marks: Marks) -> bool:
    """Whether one of both is likelier than the other, and they are not alike."""
    apart = round(abs(performer.strength.log10_lr - source.strength.log10_lr), DECIMALS)
    return apart >= marks.supported and not is_alike(alike, marks)


def conclude_under(cohort: UnderCohort, marks: Marks, reference: UnderCohort | None = None) -> Conclusion:
    """Answer what one cohort by itself concludes.

    Args:
        cohort: that is asked.
        marks: what strengths are held against.
        reference: the calibration's own, whose ranks count where the cohort tells none that is exact.
    """
    performer = band(_ranked(cohort.performer, None if reference is None else reference.performer), marks)
    if cohort.source is None or cohort.alike is None:
        return TABLE[performer, None]
    found = TABLE[performer, band(_ranked(cohort.source, None if reference is None else reference.source), marks)]
    told = tells_apart(cohort.performer, cohort.source, cohort.alike.stronger, marks)
    return Conclusion.INCONCLUSIVE if found in _BETWEEN_THEM and not told else found


def _ranked(likeness: Likeness, reference: Likeness | None) -> Likeness:
    """Answer a standing with a rank that is exact, as far as there is one."""
    if reference is None or (likeness.rank is not None and not likeness.rank.in_tens):
        return likeness
    return replace(likeness, rank=reference.rank)


def read(comparison: Comparison) -> Reading:
    """Answer what a comparison concludes."""
    obstacles = tuple(_obstacles(comparison))
    cohorts, reference = comparison.cohorts, comparison.cohorts[-1] if comparison.cohorts else None
    by_cohort = {cohort.name: conclude_under(cohort, comparison.marks, reference) for cohort in cohorts}
    found = set(by_cohort.values())
    if obstacles:
        return Reading(Conclusion.INCONCLUSIVE, obstacles, tuple(_removing(obstacles, comparison)), by_cohort)
    bands = tuple(_standings(comparison))
    if len(found) > 1:
        reasons = (_cohorts_disagree(by_cohort), *bands)
        return Reading(Conclusion.INCONCLUSIVE, reasons, (_OTHER_COHORT, *_shortfalls(comparison)), by_cohort)
    conclusion = found.pop()
    changes = (*_changing(conclusion, comparison), *_shortfalls(comparison))
    return Reading(conclusion, (_of_all(conclusion, comparison), *bands), changes, by_cohort)


# What stands in the way.


def _obstacles(comparison: Comparison) -> Iterator[Reason]:
    """Yield everything because of which nothing may be concluded."""
    for kind in comparison.said_to_hold:
        yield Reason("not_validated_for", f"the recordings hold {kind}, which nobody validated", {"kind": kind})
    for role, material in comparison.materials.items():
        yield from _lacking(role, material)
        if material.consistency is not None and material.consistency < _least_consistency(role, comparison.marks):
            yield _several_voices(role, material, comparison.marks)
    yield from _contradicting(comparison)
    for cohort in comparison.cohorts:
        for pair, strength in cohort.strengths():
            if strength.engines_disagree:
                yield _engines_disagree(pair, strength, cohort, comparison.marks)


def _lacking(role: Role, material: Material) -> Iterator[Reason]:
    if not material.recordings:
        yield Reason("nothing_usable", f"no recording of the {role.value} voice is of a kind that was validated")
        yield from material.left_out
    elif material.speech_s < LEAST_SPEECH_S:
        yield Reason(
            "speech_too_short",
            f"there are {material.speech_s:.1f} s of speech of the {role.value} voice; {LEAST_SPEECH_S} s are needed",
            {"role": role.value, "speech_s": round(material.speech_s, 2), "required_s": LEAST_SPEECH_S},
        )


def _least_consistency(role: Role, marks: Marks) -> float:
    """Answer what each recording must reach with the others of its role.

    Known recordings are vouched for by whoever brings them, and must support one another. Questioned ones need only
    not be clearly of different voices: generated speech varies more.
    """
    return marks.opposed if role is Role.QUESTIONED else SAME_VOICE_LOG10_LR


def _several_voices(role: Role, material: Material, marks: Marks) -> Reason:
    least = _least_consistency(role, marks)
    found = material.consistency if material.consistency is not None else least
    detail = (
        f"the {role.value} recordings do not support being of one voice: one of them has a log10 LR of "
        f"{marks.shown(found)} with the others, {least:.2f} is needed"
    )
    return Reason("recordings_disagree", detail, {"role": role.value, "log10_lr": found, "required_log10_lr": least})


def _contradicting(comparison: Comparison) -> Iterator[Reason]:
    """Yield that one questioned recording supports somebody whom another opposes."""
    marks = comparison.marks
    for role in (Role.PERFORMER, Role.SOURCE):
        scores = [one.performer if role is Role.PERFORMER else one.source for one in comparison.recordings]
        strengths = [score.log10_lr for score in scores if score is not None]
        if strengths and min(strengths) <= marks.opposed and max(strengths) >= marks.supported:
            detail = (
                f"one questioned recording supports the {role.value} (log10 LR {marks.shown(max(strengths))}), another "
                f"opposes them ({marks.shown(min(strengths))})"
            )
            ends = {"highest_log10_lr": max(strengths), "lowest_log10_lr": min(strengths)}
            yield Reason("recordings_contradict", detail, {"role": role.value, **ends})


def _engines_disagree(pair: str, strength: Strength, cohort: UnderCohort, marks: Marks) -> Reason:
    named = ", ".join(f"{encoder} {marks.shown(value)}" for encoder, value in sorted(strength.engines.items()))
    detail = f"the engines disagree on {pair} beyond what calibration allows (log10 LR: {named}; cohort: {cohort.name})"
    figures: Figures = {"pair": pair, "cohort": cohort.name, **strength.engines}
    return Reason("engines_disagree", detail, figures)


# Why.


_WHY: Final[Mapping[Conclusion, Reason]] = {
    Conclusion.SUPPORTS_P: Reason(
        "supports_performer",
        "the recordings support that the questioned voice is the performer's, or was made from it",
    ),
    Conclusion.EXPLAINED_BY_S: Reason(
        "explained_by_source",
        "the recordings support that the questioned voice is the declared source's, and far less the performer's",
    ),
    Conclusion.SOUND_ALIKE: Reason(
        "sound_alike",
        "the questioned voice is like the performer's, and recordings alone do not say why: documents decide",
    ),
    Conclusion.UNKNOWN_SOURCE: Reason(
        "unknown_source",
        "the recordings oppose everybody who was named; a poor clone may lose the voice that it was made from",
    ),
    Conclusion.INCONCLUSIVE: Reason("not_decided", "the strengths do not reach what any conclusion needs"),
}


def _of_all(conclusion: Conclusion, comparison: Comparison) -> Reason:
    names = ", ".join(cohort.name for cohort in comparison.cohorts)
    figures: Figures = {"cohorts": names, "stranger_rate": comparison.marks.stranger_rate}
    return replace(_WHY[conclusion], figures=figures)


def _standings(comparison: Comparison) -> Iterator[Reason]:
    """Say how performer and source stand under the stated cohort, and how alike they are."""
    stated, marks = comparison.cohorts[0], comparison.marks
    reference = comparison.cohorts[-1]
    yield Reason("performer_standing", *_standing(Role.PERFORMER, stated.performer, reference.performer, marks))
    if stated.source is None or stated.alike is None:
        yield Reason("no_source_declared", "nobody is declared whose voice it would be instead")
        return
    yield Reason("source_standing", *_standing(Role.SOURCE, stated.source, reference.source, marks))
    if is_alike(stated.alike.stronger, marks):
        found = stated.alike.stronger.log10_lr
        detail = (
            f"performer and source are alike (log10 LR {marks.shown(found)}): what supports one does not exclude the "
            "other"
        )
        yield Reason("performer_and_source_alike", detail, {"log10_lr": found})
    apart = round(abs(stated.performer.strength.log10_lr - stated.source.strength.log10_lr), DECIMALS)
    if apart < marks.supported:
        detail = f"neither is likelier than the other by a log10 LR of {marks.supported:.2f}: it is {apart:.2f}"
        yield Reason("performer_and_source_near", detail, {"apart": apart, "required": marks.supported})


_SAID: Final[Mapping[Band, str]] = {
    Band.SUPPORTED: "is supported",
    Band.RESEMBLES: "is not supported, but the voice resembles theirs more than nearly everybody's",
    Band.UNDECIDED: "is neither supported nor opposed",
    Band.OPPOSED: "is opposed",
}


def _standing(role: Role, likeness: Likeness, reference: Likeness | None, marks: Marks) -> tuple[str, Figures]:
    """Answer a sentence on how somebody stands, and its figures."""
    found = band(_ranked(likeness, reference), marks)
    strength = likeness.strength.log10_lr
    detail = (
        f"that it is the {role.value} {_SAID[found]}: log10 LR {marks.shown(strength)} "
        f"(supported from {marks.supported:.2f}, opposed from {marks.opposed:.2f})"
    )
    if likeness.rank is not None:
        detail += f"; {likeness.rank.sentence()}"
    return detail, {"band": found.value, "log10_lr": strength}


def _cohorts_disagree(by_cohort: Mapping[str, Conclusion]) -> Reason:
    said = ", ".join(f"{name}: {conclusion.value}" for name, conclusion in by_cohort.items())
    detail = f"the answer depends on the cohort ({said})"
    return Reason("cohorts_disagree", detail, {name: conclusion.value for name, conclusion in by_cohort.items()})


# What would change it.

_OTHER_COHORT: Final = Reason("another_cohort", "a cohort that both sides accept, nearer to the voices in question")
_MORE_SPEECH: Final = Reason("more_speech", "more speech of the voices that are undecided, in the questioned style")
_DOCUMENTS: Final = Reason(
    "documents", "casting call, contract, session recordings, direction notes and their dates, disclosed to both sides"
)
_DECLARE: Final = Reason("declared_source", "a declared source whose recordings support the questioned voice")
_PERFORMER_LIKE_IT: Final = Reason(
    "performer_in_condition", "recordings of the performer in the language, style and channel of the questioned ones"
)
_SOURCE_LIKE_IT: Final = Reason(
    "source_in_condition", "recordings of the source in the language, style and channel of the questioned ones"
)
_ORIGINAL: Final = Reason("original", "the questioned voice before it was processed, or what it was made from")
_ONE_VOICE: Final = Reason("one_voice", "recordings that are vouched for, of one person each")
_VALIDATED: Final = Reason("validated_condition", "recordings of a kind that validation covers")


def _changing(conclusion: Conclusion, comparison: Comparison) -> Iterator[Reason]:
    match conclusion:
        case Conclusion.SUPPORTS_P:
            yield _SOURCE_LIKE_IT if comparison.has_source else _DECLARE
        case Conclusion.EXPLAINED_BY_S:
            yield _PERFORMER_LIKE_IT
        case Conclusion.SOUND_ALIKE:
            yield _DOCUMENTS
            if not comparison.has_source:
                yield _DECLARE
        case Conclusion.UNKNOWN_SOURCE:
            yield from (_ORIGINAL, _PERFORMER_LIKE_IT)
            yield _SOURCE_LIKE_IT if comparison.has_source else _DECLARE
        case Conclusion.INCONCLUSIVE:
            yield from (_MORE_SPEECH, _DOCUMENTS)


_REMOVES: Final[Mapping[str, Reason]] = {
    "not_validated_for": _VALIDATED,
    "nothing_usable": _VALIDATED,
    "speech_too_short": _MORE_SPEECH,
    "recordings_disagree": _ONE_VOICE,
    "recordings_contradict": _ONE_VOICE,
    "engines_disagree": _MORE_SPEECH,
}


def _removing(obstacles: tuple[Reason, ...], comparison: Comparison) -> Iterator[Reason]:
    """Yield what would take the obstacles away, each once."""
    removers = (_REMOVES.get(obstacle.code, _VALIDATED) for obstacle in obstacles)
    yield from {remover.code: remover for remover in removers}.values()
    yield from _shortfalls(comparison)


def _shortfalls(comparison: Comparison) -> Iterator[Reason]:
    """Yield where there is less than a case file should have."""
    for role, material in comparison.materials.items():
        if role is Role.QUESTIONED and material.speech_s < WANTED_SPEECH_S:
            detail = f"{WANTED_SPEECH_S:.0f} s of questioned speech, not {material.speech_s:.0f} s"
            yield Reason("more_questioned_speech", detail, {"speech_s": round(material.speech_s, 1)})
        if role is not Role.QUESTIONED and material.recordings < WANTED_RECORDINGS:
            detail = (
                f"{WANTED_RECORDINGS} recordings of the {role.value} from different days, not {material.recordings}"
            )
            yield Reason("more_recordings", detail, {"role": role.value, "recordings": material.recordings})
    rank = comparison.cohorts[0].performer.rank if comparison.cohorts else None
    if rank is None and comparison.cohorts:
        detail = f"a cohort of {WANTED_COHORT} voices; this one is too small to tell a rank"
        yield Reason("larger_cohort", detail, {"voices": 0})
        return
    voices = 0 if rank is None else rank.voices
    if voices < WANTED_COHORT:
        yield Reason("larger_cohort", f"a cohort of {WANTED_COHORT} voices, not {voices}", {"voices": voices})
