"""From a search to evidence: thresholds at the gallery's size, an outcome for each candidate, and where they speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import (
    CohortPosition,
    EngineIdentity,
    EvidenceOutcome,
    FalsePositiveRate,
    Log10LR,
    OperatingPoint,
    PerformerEvidence,
    RecordingEvidence,
    SegmentEvidence,
)
from registry.engine.analysis import Analysis
from registry.engine.calibration import Calibration, LogLikelihoodRatios
from registry.engine.decisions import (
    SOUND_ALIKE_RATE,
    Limits,
    Strength,
    decide,
    decide_recording,
    describe_overlaps,
    describe_position,
)
from registry.engine.metrics import wilson_interval
from registry.engine.validity import ValidatedRanges

CANDIDATES = 5
SEVERAL_VOICES_SHARE = 4.0
"""Up to so many voices are each judged as the voice of a recording by itself; more than that share their risk.

Were each voice as risky a search as a recording of one, all of them together might bring up a false match this many
times as often. They do not: of 147 voices in 30 scenes of development people, nobody of whom was to be found, five came
as near as every other stranger is said to, two as near as one in ten, and none as near as one in fifty.
"""

SUPPORTED_TURN = 0.0
"""A turn that is shown as a performer's has this log10 LR by itself, unless none has."""

TurnRatios = Callable[[int], list[NDArray[np.float64]]]
"""By number of a voice: for each of its turns the log10 LR of the turn by itself, in the columns of the search."""


@dataclass(frozen=True, slots=True)
class Search:
    """One search of a gallery, for everybody in it or for some.

    Attributes:
        performers: their names, in the order of the columns.
        gallery_size: how many were searched.
        ratios: log10 LR, ``(n_voices, n_performers)``, not capped.
        percentiles: the share, in [0, 100], of comparable cohort voices that are less close; the same shape.
        groups: ``(n_voices,)``: number of the cohort's group that is comparable.
    """

    performers: tuple[str, ...]
    gallery_size: int
    ratios: LogLikelihoodRatios
    percentiles: NDArray[np.float64]
    groups: NDArray[np.intp]


class Reporter:
    """Turns searches into evidence.

    Args:
        calibration: that the search's ratios come from.
        target_fpir: wanted chance, in (0, 1), that a recording of nobody in the gallery brings up a match.
        identity: of the engine, for the record.

    Raises:
        WeightsError: the calibration's card does not say what it was validated for.
    """

    def __init__(self, calibration: Calibration, target_fpir: float, identity: EngineIdentity) -> None:
        self._calibration = calibration
        self._validated = ValidatedRanges.of_card(calibration.card)
        self._target_fpir = target_fpir
        self._identity = identity

    def report(self, analysis: Analysis, search: Search, turns_of: TurnRatios) -> RecordingEvidence:
        """Answer the evidence of one search.

        Args:
            analysis: of the recording that was searched for.
            search: what was found: at least the best `CANDIDATES`, and whoever reaches the limit of sound-alikes.
            turns_of: how strongly each turn of a voice supports each performer; asked for where it is shown.
        """
        limits = self.limits(search.gallery_size, len(analysis.voices))
        strongest = search.ratios.fused.max(axis=0)
        shown = max(CANDIDATES, int((strongest >= limits.sound_alike).sum()))
        order = np.argsort(-strongest, kind="stable")[:shown].tolist()
        candidates = tuple(self._candidate(analysis, search, number, limits, turns_of) for number in order)
        unvalidated = self._validated.outside(analysis.quality, analysis.voices[0].speech_s)
        outcome, reasons = decide_recording(candidates, limits, unvalidated)
        if analysis.overlaps:
            reasons = (*reasons, describe_overlaps(analysis.overlaps))
        return RecordingEvidence(
            duration_s=analysis.duration_s,
            speech_s=analysis.speech_s,
            outcome=outcome,
            reasons=reasons,
            candidates=candidates,
            operating_point=OperatingPoint(
                FalsePositiveRate(limits.target_fpir), limits.gallery_size, Log10LR(limits.match)
            ),
            engine=self._identity,
            overlaps=analysis.overlaps,
        )

    def limits(self, gallery_size: int, n_voices: int) -> Limits:
        """Answer the thresholds; the voices of a recording share what may go wrong: each is a search of its own."""
        shared = self._target_fpir * SEVERAL_VOICES_SHARE / n_voices
        tail, rate = self._calibration.tail, min(self._target_fpir, shared)
        return Limits(
            match=tail.threshold(rate, gallery_size),
            sound_alike=tail.threshold(min(SOUND_ALIKE_RATE * rate, 0.5), gallery_size),
            disagreement=self._calibration.disagreement,
            target_fpir=self._target_fpir,
            gallery_size=gallery_size,
            lower=self._calibration.lower,
            upper=self._calibration.upper,
        )

    def _candidate(
        self, analysis: Analysis, search: Search, number: int, limits: Limits, turns_of: TurnRatios
    ) -> PerformerEvidence:
        fused = search.ratios.fused[:, number]
        voice = int(fused.argmax())
        strength = Strength(
            fused=float(fused[voice]),
            engines={encoder: float(values[voice, number]) for encoder, values in search.ratios.engines.items()},
            percentile=float(search.percentiles[voice, number]),
            speech_s=analysis.voices[voice].speech_s,
            unvalidated=self._validated.outside(analysis.quality, analysis.voices[voice].speech_s),
        )
        outcome, reason = decide(strength, limits)
        position = self._position(search, voice, number)
        capped = self._calibration.capped
        located = outcome is not EvidenceOutcome.NO_MATCH
        return PerformerEvidence(
            performer_id=search.performers[number],
            outcome=outcome,
            log10_lr=Log10LR(capped(strength.fused)),
            engines={encoder: Log10LR(capped(value)) for encoder, value in strength.engines.items()},
            cohort_percentile=strength.percentile,
            segments=self._segments(analysis, fused, number, limits, turns_of) if located else (),
            reasons=(reason, describe_position(position)),
            cohort=position,
        )

    def _position(self, search: Search, voice: int, number: int) -> CohortPosition:
        """Answer how many comparable voices are as close to a voice as a performer is."""
        group, size = self._calibration.groups[search.groups[voice]]
        closer = size * (1 - float(search.percentiles[voice, number]) / 100)
        low, high = wilson_interval(closer, size)
        return CohortPosition(group, size, closer, (size * low, size * high))

    def _segments(
        self, analysis: Analysis, fused: NDArray[np.float64], number: int, limits: Limits, turns_of: TurnRatios
    ) -> tuple[SegmentEvidence, ...]:
        """Answer where a performer speaks, and how strongly each turn by itself supports it.

        The nearest voice counts, and every other that reaches the threshold. Turns of it that by themselves speak
        against the performer are left out, where one does not. ``number`` is the performer's column.
        """
        needed = min(limits.match, float(fused.max()))
        found = []
        for voice in np.flatnonzero(fused >= needed).tolist():
            strengths = [float(ratios[number]) for ratios in turns_of(voice)]
            least = min(SUPPORTED_TURN, max(strengths, default=SUPPORTED_TURN))
            found += [
                SegmentEvidence(turn.span, Log10LR(self._calibration.capped(strength)))
                for turn, strength in zip(analysis.voices[voice].turns, strengths, strict=True)
                if strength >= least
            ]
        return tuple(sorted(found, key=lambda segment: segment.span))
