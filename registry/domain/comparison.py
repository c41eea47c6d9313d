"""What was measured when a questioned voice is compared with a performer and with a declared source.

Three voices: *Q*, questioned; *P*, the performer who complains; *S*, the source that somebody declares, who may be
absent, or sealed, so that only voiceprints of them are at hand. Each is compared with each, relative to a cohort *C* of
other people. Nothing here says what the numbers mean; `registry.domain.conclusions` does, by a table.

Every log10 LR here is rounded to `DECIMALS` and capped at what validation supports, so that what is concluded follows
from what is written down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from registry.domain.scores import Log10LR, Reason, Span

DECIMALS = 4
"""Of a log10 LR as it is kept, and as it is read."""

REFERENCE = "reference"
"""Name of the population that comes with the calibration. No party chose it, and it is always among the cohorts."""


BIN = 0.5
"""Width of the bins of a distribution, in log10 LR: so wide that a bin says of nobody how near they are."""

LEAST_SHOWN = 10
"""Members of a cohort with less than which its distribution is not shown."""


class Role(StrEnum):
    """Whose voice it is in a comparison."""

    QUESTIONED = "questioned"
    PERFORMER = "performer"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Marks:
    """What strengths are held against, in log10 LR.

    Attributes:
        supported: what ``stranger_rate`` of strangers reach: from here the same speaker is supported.
        resembles: what more of them reach: from here a voice resembles.
        opposed: down from here the same speaker is opposed.
        stranger_rate: in (0, 1).
        lower, upper: what validation supports; no strength is given beyond.
    """

    supported: float
    resembles: float
    opposed: float
    stranger_rate: float
    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.opposed < self.resembles < self.supported <= self.upper:
            raise ValueError(f"marks do not rise within the bounds: {self}")

    def capped(self, log10_lr: float) -> Log10LR:
        """Bring a strength within what validation supports, and round it."""
        return Log10LR(round(min(max(log10_lr, self.lower), self.upper), DECIMALS) + 0.0)  # JSON has no minus zero

    def shown(self, log10_lr: float) -> str:
        """Write a strength as far as validation supports it."""
        if log10_lr >= round(self.upper, DECIMALS):
            return f"{self.upper:.2f} or more"
        return f"{self.lower:.2f} or less" if log10_lr <= round(self.lower, DECIMALS) else f"{log10_lr:.2f}"


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly two voices are one, relative to others.

    Attributes:
        log10_lr: fused over engines; capped.
        engines: the same by encoder id.
        engines_disagree: whether one supports what another opposes, further apart than true voices drive them. Told
            before the cap.
    """

    log10_lr: Log10LR
    engines: Mapping[str, Log10LR]
    engines_disagree: bool = False


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a person stands among a cohort, by nearness to the questioned voice.

    Attributes:
        voices: in the cohort.
        at_least_as_close: how many of them are as near or nearer; of a cohort that is a distribution, how many are
            expected to be.
        interval: 95 % interval of that number: the Wilson score interval of the share (Wilson 1927, equation 4), times
            ``voices``.
        engines: the number by each encoder alone; empty for a distribution.
        in_tens: whether these are counted in tens, so that they say nothing of any one person.
    """

    voices: int
    at_least_as_close: float
    interval: tuple[float, float]
    engines: Mapping[str, int]
    in_tens: bool = False

    @property
    def percentile(self) -> float:
        """Share of the cohort, in [0, 100], that is less near."""
        return 100 * (1 - self.at_least_as_close / self.voices)

    def sentence(self) -> str:
        """Say it as a person reads it: how many of a crowd like this cohort would be at least as near."""
        low, high = self.interval
        return (
            f"closer than {self.percentile:.1f} % of {self.voices}; about {self.at_least_as_close:.0f} voices at least "
            f"as close, 95 % interval {low:.0f} to {high:.0f}"
        )


@dataclass(frozen=True, slots=True)
class Likeness:
    """How one person stands to the questioned voice under one cohort.

    Attributes:
        strength: that it is theirs.
        rank: among the cohort; None where that has nobody.
    """

    strength: Strength
    rank: Rank | None


@dataclass(frozen=True, slots=True)
class Alikeness:
    """How alike performer and source are, under one cohort.

    Attributes:
        from_performer: that the performer's voice is the source's.
        from_source: that the source's is the performer's. The two differ: rivals are those of the voice that is asked
            about.
    """

    from_performer: Strength
    from_source: Strength

    @property
    def stronger(self) -> Strength:
        """The more alike of both: who cannot be told apart one way is not told apart."""
        return max(self.from_performer, self.from_source, key=lambda strength: strength.log10_lr)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How strongly the questioned voice supports the members of a cohort, all of them together and nobody by name.

    Each member is asked about in turn, with the others as rivals and neither performer nor source among them.

    Attributes:
        edges: of the bins in log10 LR, rising; the outer bins also hold what lies beyond validation.
        counts: members in each bin; one fewer than edges.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.counts) + 1 or list(self.edges) != sorted(set(self.edges)):
            raise ValueError("a distribution has rising edges, one more than counts")
        if min(self.counts, default=-1) < 0 or self.voices < LEAST_SHOWN:
            raise ValueError(f"fewer than {LEAST_SHOWN} members are not shown as a distribution")

    @property
    def voices(self) -> int:
        """Members in it."""
        return sum(self.counts)


def distributed(strengths: Sequence[float], marks: Marks) -> Distribution | None:
    """Answer how strengths are distributed; None of fewer than `LEAST_SHOWN`.

    Args:
        strengths: in log10 LR, one for each member.
        marks: whose bounds cap them.
    """
    if len(strengths) < LEAST_SHOWN:
        return None
    first, last = math.floor(marks.lower / BIN), math.ceil(marks.upper / BIN)
    counts = [0] * (last - first)
    for strength in strengths:
        counts[min(max(math.floor(marks.capped(strength) / BIN), first), last - 1) - first] += 1
    return Distribution(tuple(round(step * BIN, 1) for step in range(first, last + 1)), tuple(counts))


@dataclass(frozen=True, slots=True)
class UnderCohort:
    """Everything that is relative to one cohort.

    Attributes:
        name: of the cohort; `REFERENCE` is the calibration's own.
        performer: their standing.
        source: the same; None when nobody is declared.
        alike: performer and source; None when nobody is declared.
        set_aside: members who were no rivals, because the performer or the source may be them under another name.
        distribution: of the other members; None of a cohort that has none, or too few to hide anybody.
    """

    name: str
    performer: Likeness
    source: Likeness | None
    alike: Alikeness | None
    set_aside: tuple[str, ...] = ()
    distribution: Distribution | None = None

    def __post_init__(self) -> None:
        if (self.source is None) is not (self.alike is None):
            raise ValueError("a source is compared with the performer too, and nobody is where none is declared")
        rank, shown = self.performer.rank, self.distribution
        if shown is not None and (rank is None or rank.voices != shown.voices):
            raise ValueError(f"a distribution is of everybody who is ranked, not of {shown.voices}")

    def strengths(self) -> Sequence[tuple[str, Strength]]:
        """Answer every strength, with the pair that it is of."""
        found = [("questioned and performer", self.performer.strength)]
        if self.source is not None and self.alike is not None:
            found += [("questioned and source", self.source.strength), ("performer and source", self.alike.stronger)]
        return found


@dataclass(frozen=True, slots=True)
class Material:
    """What there is of one voice.

    Attributes:
        recordings: that count.
        speech_s: net speech in them.
        left_out: why others do not.
        notes: what somebody should know of those that count.
        consistency: the weakest log10 LR with which one recording supports the voice of the others; None of a single
            one.
        sealed: whether it is under seal.
        conditions: medians of what was validated, over recordings that count, by figure: how well the conditions of
            the voices match. Empty where only voiceprints are at hand.
        coarse: whether figures are told in steps, so that no recording is known by them.
    """

    recordings: int
    speech_s: float
    left_out: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    consistency: Log10LR | None = None
    sealed: bool = False
    conditions: Mapping[str, float] = field(default_factory=dict)
    coarse: bool = False


def several_voices(recording: str, *, speech_s: float, others_s: float) -> Reason:
    """Note that others are heard in a recording of a voice, and for how many seconds each side of it speaks."""
    detail = (
        f"{recording}: several voices speak; the one that speaks most counts ({speech_s:.1f} s), the others do not "
        f"({others_s:.1f} s)"
    )
    return Reason("several_voices", detail, {"recording": recording, "speech_s": speech_s, "others_s": others_s})


@dataclass(frozen=True, slots=True)
class TurnScore:
    """How strongly one turn by itself supports performer and source; None where nobody is declared."""

    span: Span
    performer: Log10LR
    source: Log10LR | None


@dataclass(frozen=True, slots=True)
class RecordingScore:
    """How strongly one questioned recording by itself supports performer and source, and each of its turns.

    Attributes:
        name: of the recording.
        speech_s: net speech of the questioned voice in it.
        performer: that it is theirs.
        source: the same; None where nobody is declared.
        turns: in time order.
    """

    name: str
    speech_s: float
    performer: Strength
    source: Strength | None
    turns: tuple[TurnScore, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was measured.

    Attributes:
        marks: what strengths are held against.
        materials: by role; no `Role.SOURCE` means that nobody is declared.
        cohorts: the stated one first, then alternatives; the last is `REFERENCE`.
        recordings: questioned recordings one by one, under the stated cohort.
        said_to_hold: ways of speaking that somebody knows to be in the recordings and nobody validated, such as
            ``singing``.
    """

    marks: Marks
    materials: Mapping[Role, Material]
    cohorts: tuple[UnderCohort, ...]
    recordings: tuple[RecordingScore, ...] = ()
    said_to_hold: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not {Role.QUESTIONED, Role.PERFORMER} <= set(self.materials):
            raise ValueError("a comparison needs a questioned voice and a performer")
        measurable = all(material.recordings for material in self.materials.values())
        if measurable and (not self.cohorts or self.cohorts[-1].name != REFERENCE):
            raise ValueError("the calibration's own population is always among the cohorts, and the last")
        if any((cohort.source is not None) is not self.has_source for cohort in self.cohorts):
            raise ValueError("a source is measured under every cohort, or there is none")

    @property
    def has_source(self) -> bool:
        """Whether a source is declared."""
        return Role.SOURCE in self.materials


# The scale of words. It is the only one: reports and pages take their words from here.

SCALE: Sequence[tuple[float, str]] = (
    (2, "weak"),
    (10, "moderate"),
    (100, "moderately_strong"),
    (1_000, "strong"),
    (10_000, "very_strong"),
    (1_000_000, "extremely_strong"),
)
"""Likelihood ratios from which each word holds: ENFSI Guideline for Evaluative Reporting in Forensic Science, version
3.0 (2015), table of verbal equivalents."""

NEITHER = "neither"
"""What is said under the first word of the scale."""

STRENGTH_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "weak": "weak",
        "moderate": "moderate",
        "moderately_strong": "moderately strong",
        "strong": "strong",
        "very_strong": "very strong",
        "extremely_strong": "extremely strong",
    },
    "ko": {
        "weak": "약한",
        "moderate": "중간 정도의",
        "moderately_strong": "다소 강한",
        "strong": "강한",
        "very_strong": "매우 강한",
        "extremely_strong": "극히 강한",
    },
}
"""The words by language, as they stand before *support*."""

_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "en": ("no support for either", "{} support for the same voice", "{} support for another voice"),
    "ko": (
        "어느 쪽도 뒷받침하지 않음",
        "같은 목소리라는 {} 뒷받침",
        "다른 목소리라는 {} 뒷받침",
    ),
}
"""By language: neither, the same voice, another voice."""


def strength_word(log10_lr: float) -> str:
    """Answer the word of the scale for how strongly a log10 LR supports one side or the other, or `NEITHER`."""
    ratio = 10 ** abs(log10_lr)
    words = [word for least, word in SCALE if ratio >= least or math.isclose(ratio, least)]
    return words[-1] if words else NEITHER


def verbal(log10_lr: float, language: str = "en") -> str:
    """Say in words what a capped log10 LR supports, either way; capped figures make capped words.

    Args:
        log10_lr: capped at what validation supports (`Marks.capped`).
        language: one of `STRENGTH_WORDS`; KeyError for another.
    """
    neither, same, another = _SENTENCES[language]
    word = strength_word(log10_lr)
    if word == NEITHER:
        return neither
    return (same if log10_lr > 0 else another).format(STRENGTH_WORDS[language][word])
