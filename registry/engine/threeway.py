"""Measures a three-way comparison: a questioned voice, a performer, a declared source, relative to cohorts.

The same encoders, projection and calibration as in a search; nothing is fitted for it. Performer and source never are
each other's rivals, so that what is said of one does not depend on whether the other is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.comparison import (
    DECIMALS,
    REFERENCE,
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
    distributed,
    several_voices,
)
from registry.domain.scores import Log10LR, Reason
from registry.engine.analysis import Analysis, Voice
from registry.engine.cohort import unit
from registry.engine.decisions import OPPOSED, SOUND_ALIKE_RATE
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.metrics import wilson_interval
from registry.engine.reporting import Search
from registry.engine.validity import CONDITIONS, ValidatedRanges
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.media.quality import SignalQuality

STRANGER_RATE: Final = 0.001
"""Share of strangers who reach what supports the same speaker: stricter than a search, for somebody is accused."""

_KEYS: Final = {Role.PERFORMER: "\0performer", Role.SOURCE: "\0source"}
"""What both are called in a gallery; no folder has such a name."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording of a voice, or what is left of it: a voiceprint under seal.

    Attributes:
        name: of the recording.
        voice: that counts: of a recording with several, the one that speaks most.
        quality: of the signal; None where only a voiceprint is at hand, which an enrolment has judged.
        others_s: net speech of other voices in it.
    """

    name: str
    voice: Voice
    quality: SignalQuality | None
    others_s: float = 0.0

    @property
    def speech_s(self) -> float:
        """Net speech of the voice."""
        return self.voice.speech_s

    @classmethod
    def of(cls, name: str, analysis: Analysis) -> Sample:
        """Take the voice that speaks most in a recording."""
        others_s = sum(other.speech_s for other in analysis.voices[1:])
        return cls(name, analysis.voices[0], analysis.quality, others_s)

    def voiceprints(self, engine: Engine) -> list[Voiceprint]:
        """Answer one voiceprint in each space."""
        spaces = engine.spaces.items()
        return [Voiceprint(space, self.voice.vectors[name], self.name, self.voice.speech_s) for name, space in spaces]


def samples_of(voiceprints: Sequence[Voiceprint], engine: Engine) -> list[Sample]:
    """Answer a sample for each label of voiceprints, of whom no recording is at hand.

    Raises:
        InvalidInputError: a label has no voiceprint in one of the engine's spaces.
    """
    labels: dict[str, dict[str, Voiceprint]] = {}
    for voiceprint in voiceprints:
        labels.setdefault(voiceprint.label, {})[voiceprint.space.encoder] = voiceprint
    samples = []
    for label, prints in labels.items():
        if {name: found.space for name, found in prints.items()} != dict(engine.spaces):
            raise InvalidInputError("a voiceprint is missing in one of the engine's spaces", label=label)
        vectors = {name: found.vector for name, found in prints.items()}
        samples.append(Sample(label, Voice((), next(iter(prints.values())).speech_s, vectors), None))
    return samples


@dataclass(frozen=True, slots=True)
class Party:
    """One of the three voices.

    Attributes:
        samples: of it; at least one.
        sealed: whether its recordings are under seal.
    """

    samples: Sequence[Sample]
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Population:
    """A cohort: who else it might be.

    Attributes:
        name: of the cohort.
        gallery: its members; the comparison adds two people to it and takes them out again.
    """

    name: str
    gallery: Gallery


class ThreeWay:
    """Measures comparisons with one engine.

    Args:
        engine: loaded.
        stranger_rate: see `STRANGER_RATE`.

    Raises:
        InvalidInputError: the calibration was validated with too few people to tell so rare a stranger.
    """

    def __init__(self, engine: Engine, *, stranger_rate: float = STRANGER_RATE) -> None:
        self._engine = engine
        self._validated = ValidatedRanges.of_card(engine.calibration.card)
        self.marks = _marks(engine, stranger_rate)

    def compare(
        self,
        questioned: Party,
        performer: Party,
        source: Party | None,
        populations: Sequence[Population],
        said_to_hold: Sequence[str] = (),
    ) -> Comparison:
        """Measure everything there is to conclude from.

        Args:
            questioned, performer, source: the three voices; None where no source is declared.
            populations: the stated cohort, then alternatives. The calibration's own is added.
            said_to_hold: ways of speaking that somebody knows to be in the recordings and nobody validated.

        Raises:
            InvalidInputError: a cohort has the name of the calibration's own, or ``said_to_hold`` is nothing that the
                calibration names.
        """
        self.require_known([population.name for population in populations], said_to_hold)
        parties = {Role.QUESTIONED: questioned, Role.PERFORMER: performer}
        parties |= {} if source is None else {Role.SOURCE: source}
        usable = {role: self._usable(party) for role, party in parties.items()}
        materials = {role: self._material(party, usable[role]) for role, party in parties.items()}
        every = [*populations, Population(REFERENCE, self._engine.new_gallery())] if all(usable.values()) else []
        measured = [_Measured(self._engine, self.marks, usable, population) for population in every]
        return Comparison(
            marks=self.marks,
            materials=materials,
            cohorts=tuple(one.result() for one in measured),
            recordings=measured[0].recordings() if measured else (),
            said_to_hold=tuple(said_to_hold),
        )

    def require_known(self, populations: Sequence[str], said_to_hold: Sequence[str]) -> None:
        """Refuse what `compare` would refuse, before anything is heard; populations by their names.

        Raises:
            InvalidInputError: as `compare`.
        """
        if REFERENCE in populations:
            raise InvalidInputError(f"a cohort may not be called {REFERENCE}: the calibration's own is", name=REFERENCE)
        unknown = sorted(set(said_to_hold) - set(self._engine.not_validated_for))
        if unknown:
            known = ", ".join(self._engine.not_validated_for)
            raise InvalidInputError(
                f"{', '.join(unknown)}: what the calibration names as not validated is {known}", unknown=unknown
            )

    def _usable(self, party: Party) -> list[Sample]:
        return [sample for sample in party.samples if self._outside(sample) is None]

    def _outside(self, sample: Sample) -> Reason | None:
        return None if sample.quality is None else self._validated.outside(sample.quality, sample.voice.speech_s)

    def _material(self, party: Party, usable: Sequence[Sample]) -> Material:
        outside = [(sample, reason) for sample in party.samples if (reason := self._outside(sample)) is not None]
        return Material(
            recordings=len(usable),
            speech_s=round(sum(sample.speech_s for sample in usable), 2),
            left_out=tuple(_named(sample, reason) for sample, reason in outside),
            notes=tuple(_said_of_others(sample) for sample in usable if sample.others_s),
            consistency=self._consistency(usable),
            sealed=party.sealed,
            conditions=_conditions(usable),
        )

    def _consistency(self, samples: Sequence[Sample]) -> Log10LR | None:
        """Answer the weakest log10 LR with which one sample is of the voice of the others, as in an enrolment."""
        if len(samples) < 2:  # noqa: PLR2004  (there are others from two on)
            return None
        return min(self._against_others(samples, number) for number in range(len(samples)))

    def _against_others(self, samples: Sequence[Sample], number: int) -> Log10LR:
        gallery = self._engine.new_gallery()
        others = [sample for other, sample in enumerate(samples) if other != number]
        gallery.add("the others", [found for sample in others for found in sample.voiceprints(self._engine)])
        search = self._engine.search(_probe([samples[number].voice]), gallery)
        return self.marks.capped(float(search.ratios.fused[0, 0]))


class _Measured:
    """What is relative to one cohort. Performer and source are in its gallery for as long as this measures."""

    def __init__(
        self, engine: Engine, marks: Marks, usable: Mapping[Role, Sequence[Sample]], population: Population
    ) -> None:
        self._engine = engine
        self._marks = marks
        self._samples = usable
        self._gallery = population.gallery
        self._name = population.name
        self._known = [role for role in _KEYS if role in usable]
        self._pooled = {role: pooled([sample.voice for sample in samples]) for role, samples in usable.items()}
        self._members = population.gallery.performers()
        self._set_aside = self._may_be_parties()

    def result(self) -> UnderCohort:
        """Answer it all."""
        standing = {role: self._standing(role) for role in self._known}
        return UnderCohort(
            name=self._name,
            performer=standing[Role.PERFORMER],
            source=standing.get(Role.SOURCE),
            alike=self._alike() if Role.SOURCE in standing else None,
            set_aside=tuple(sorted(self._set_aside)),
            distribution=self._distribution(),
        )

    def recordings(self) -> tuple[RecordingScore, ...]:
        """Answer the questioned recordings one by one."""
        return tuple(self._recording(sample) for sample in self._samples[Role.QUESTIONED])

    def _may_be_parties(self) -> set[str]:
        """Answer members who may be performer or source under another name: nobody is a rival to themselves.

        The limit is that of so many strangers at once, so that one who merely sounds alike stays a rival.
        """
        if not self._members:
            return set()
        limit = self._engine.calibration.tail.threshold(self._marks.stranger_rate, len(self._members))
        found: set[str] = set()
        for role in self._known:
            search = self._engine.search(_probe([self._pooled[role]]), self._gallery)
            near = np.flatnonzero(search.ratios.fused[0] >= limit)
            found |= {search.performers[column] for column in near.tolist()}
        return found

    def _distribution(self) -> Distribution | None:
        """Answer how strongly the questioned voice supports each member, with neither party among them."""
        if len(self._members) <= len(self._set_aside):
            return None
        probe = _probe([self._pooled[Role.QUESTIONED]])
        search = self._engine.search(probe, self._gallery, self._set_aside)
        return distributed(search.ratios.fused[0].tolist(), self._marks)

    def _standing(self, role: Role) -> Likeness:
        search = self._search([self._pooled[Role.QUESTIONED]], role)
        return Likeness(self._strengths(search, role)[0], self._rank(search, role))

    def _alike(self) -> Alikeness:
        one, other = Role.PERFORMER, Role.SOURCE
        return Alikeness(
            from_performer=self._strengths(self._search([self._pooled[one]], other), other)[0],
            from_source=self._strengths(self._search([self._pooled[other]], one), one)[0],
        )

    def _recording(self, sample: Sample) -> RecordingScore:
        turns = sample.voice.turns
        voices = [sample.voice, *(Voice((turn,), turn.speech_s, turn.vectors) for turn in turns)]
        strengths = {role: self._strengths(self._search(voices, role), role) for role in self._known}
        own, source = strengths[Role.PERFORMER], strengths.get(Role.SOURCE)
        return RecordingScore(
            name=sample.name,
            speech_s=round(sample.speech_s, 2),
            performer=own[0],
            source=source[0] if source else None,
            turns=tuple(
                TurnScore(turn.span, own[row].log10_lr, source[row].log10_lr if source else None)
                for row, turn in enumerate(turns, start=1)
            ),
        )

    def _search(self, voices: Sequence[Voice], role: Role) -> Search:
        """Search the cohort and one party, who is in the gallery only meanwhile."""
        prints = [found for sample in self._samples[role] for found in sample.voiceprints(self._engine)]
        self._gallery.add(_KEYS[role], prints)
        try:
            return self._engine.search(_probe(voices), self._gallery, self._set_aside)
        finally:
            self._gallery.remove(_KEYS[role])

    def _strengths(self, search: Search, role: Role) -> list[Strength]:
        """Answer a strength for each voice that was searched for."""
        column = search.performers.index(_KEYS[role])
        capped, most = self._marks.capped, self._engine.calibration.disagreement
        strengths = []
        for row, fused in enumerate(search.ratios.fused[:, column].tolist()):
            engines = {name: float(ratios[row, column]) for name, ratios in search.ratios.engines.items()}
            low, high = min(engines.values()), max(engines.values())
            shown = {name: capped(value) for name, value in engines.items()}
            strengths.append(Strength(capped(fused), shown, low < 0 < high and high - low > most))
        return strengths

    def _rank(self, search: Search, role: Role) -> Rank | None:
        column = search.performers.index(_KEYS[role])
        others = len(search.performers) - 1
        if others:
            closer = _closer(search.ratios.fused[0], column)
            engines = {name: _closer(ratios[0], column) for name, ratios in search.ratios.engines.items()}
            return _ranked(others, closer, engines)
        if self._name != REFERENCE:
            return None
        _, size = self._engine.calibration.groups[search.groups[0]]
        return _ranked(size, size * (1 - float(search.percentiles[0, column]) / 100), {})


def pooled(voices: Sequence[Voice]) -> Voice:
    """Answer one voice of several recordings: the mean of their vectors, weighted by speech."""
    speech = np.array([voice.speech_s for voice in voices], dtype=np.float32)
    vectors = {
        name: unit((speech @ np.stack([voice.vectors[name] for voice in voices]))[None])[0]
        for name in voices[0].vectors
    }
    return Voice((), float(sum(voice.speech_s for voice in voices)), vectors)


def _probe(voices: Sequence[Voice]) -> Analysis:
    """Answer voices as a search takes them, which looks at nothing else."""
    nothing = SignalQuality(
        level_dbfs=0.0, clipped_share=0.0, snr_db=0.0, bandwidth_hz=0.0, voiced_share=0.0, decay_db_per_s=None
    )
    speech_s = sum(voice.speech_s for voice in voices)
    return Analysis(duration_s=speech_s, speech_s=speech_s, voices=tuple(voices), quality=nothing)


def _closer(ratios: NDArray[np.float64], column: int) -> int:
    """Answer how many others are at least as close as the one in this column."""
    return int((np.delete(ratios, column) >= ratios[column]).sum())


def _ranked(voices: int, closer: float, engines: Mapping[str, int]) -> Rank:
    low, high = wilson_interval(closer, voices)
    ends = (round(voices * low, 2), round(voices * high, 2))
    return Rank(voices, round(closer, 2), ends, engines)


def _marks(engine: Engine, stranger_rate: float) -> Marks:
    """Answer what strengths are held against, from the calibration: each party is one performer who is searched."""
    calibration = engine.calibration
    supported, resembles = (
        round(calibration.tail.threshold(rate, 1), DECIMALS)
        for rate in (stranger_rate, SOUND_ALIKE_RATE * stranger_rate)
    )
    if not calibration.lower <= OPPOSED < resembles < supported <= calibration.upper:
        raise InvalidInputError(
            f"the calibration {calibration.id} was validated for log10 LR from {calibration.lower:.2f} to "
            f"{calibration.upper:.2f}; a comparison needs {OPPOSED:.2f} to {supported:.2f}: calibrate with more people",
            lower=calibration.lower,
            upper=calibration.upper,
            required_lower=OPPOSED,
            required_upper=supported,
        )
    return Marks(
        supported=supported,
        resembles=resembles,
        opposed=OPPOSED,
        stranger_rate=stranger_rate,
        lower=round(calibration.lower, DECIMALS),
        upper=round(calibration.upper, DECIMALS),
    )


def _conditions(samples: Sequence[Sample]) -> dict[str, float]:
    """Answer the median of each validated figure over those samples of which it is known."""
    known = [(sample.quality, sample.speech_s) for sample in samples if sample.quality is not None]
    found: dict[str, float] = {}
    for condition in CONDITIONS:
        values = [value for quality, speech_s in known if (value := condition.read(quality, speech_s)) is not None]
        if values:
            found[condition.figure] = round(float(np.median(values)), 3)
    return found


def _named(sample: Sample, reason: Reason) -> Reason:
    figures = {**reason.figures, "recording": sample.name}
    return replace(reason, detail=f"{sample.name}: {reason.detail}", figures=figures)


def _said_of_others(sample: Sample) -> Reason:
    return several_voices(sample.name, speech_s=round(sample.speech_s, 2), others_s=round(sample.others_s, 2))
