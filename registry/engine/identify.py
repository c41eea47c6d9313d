"""The engine's façade: recordings in, evidence out. It knows galleries, not databases.

engine = Engine.load()
gallery = engine.new_gallery()
gallery.add("perf_…", engine.prototypes(engine.analyse(recording, spans), "first session"))
evidence = engine.evidence(engine.analyse(other, other_spans), gallery)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from registry.domain.scores import (
    EngineIdentity,
    EvidenceOutcome,
    FalsePositiveRate,
    Log10LR,
    OperatingPoint,
    PerformerEvidence,
    RecordingEvidence,
    SegmentEvidence,
    Span,
)
from registry.engine.analyser import Analyser
from registry.engine.analysis import Analysis, Voice
from registry.engine.calibration import Calibration, LogLikelihoodRatios, load_calibration
from registry.engine.decisions import SOUND_ALIKE_RATE, Limits, Strength, decide, decide_recording
from registry.engine.devices import BatchRunner, choose_device
from registry.engine.encoders.campplus import CampplusEncoder
from registry.engine.encoders.ge2e import Ge2eEncoder
from registry.engine.encoders.protocol import Encoder
from registry.engine.enrolment import require_one_voice_each, require_same_voice
from registry.engine.gallery import Gallery
from registry.engine.matching import cohort_percentile, engine_features
from registry.engine.voiceprint import Space, Voiceprint
from registry.errors import InvalidInputError
from registry.media.recording import Recording

VERSION = "1"
"""Of the whole pipeline from samples to evidence; grows when the same recording could get other evidence."""

CANDIDATES = 5
_BATCH = {"cpu": 8, "cuda": 256}


@dataclass(frozen=True, slots=True)
class Search:
    """One search of a gallery.

    Attributes:
        performers: the gallery's names, in the order of the columns.
        ratios: log10 LR, ``(n_voices, n_performers)``, not capped.
        percentiles: of the cohort, the same shape, averaged over the engines.
    """

    performers: tuple[str, ...]
    ratios: LogLikelihoodRatios
    percentiles: NDArray[np.float64]


class Engine:
    """Both encoders and the calibration, loaded. Use `Engine.load`; safe to use from several threads.

    Args:
        encoders: by id.
        calibration: fitted for these encoders.
        target_fpir: wanted chance, in (0, 1), that a recording of nobody in the gallery brings up a match.
        device: ``cpu`` or ``cuda``, for the record.
    """

    def __init__(
        self, encoders: Mapping[str, Encoder], calibration: Calibration, *, target_fpir: float, device: str
    ) -> None:
        if not 0 < target_fpir < 1:
            raise InvalidInputError(f"the target rate must lie between 0 and 1, not {target_fpir}", target=target_fpir)
        self._analyser = Analyser(encoders)
        self._calibration = calibration
        self._target_fpir = target_fpir
        self.spaces: Mapping[str, Space] = {name: encoder.space for name, encoder in encoders.items()}
        self.encoders = encoders
        self.identity = EngineIdentity(
            version=VERSION,
            spaces=tuple(space.id for space in self.spaces.values()),
            calibration=calibration.id,
            device=device,
        )

    @classmethod
    def load(cls, *, device: str = "auto", threads: int | None = None, target_fpir: float = 0.01) -> Engine:
        """Load weights and calibration.

        Args:
            device: ``auto`` (CUDA when there is one), ``cpu`` or ``cuda``.
            threads: that embedding may use; None means one for each processor of this process.
            target_fpir: see `Engine`.

        Raises:
            WeightsError: weights or calibration are absent, or not the pinned ones.
            SettingsError: no such device.
        """
        return cls(
            load_encoders(device, threads),
            load_calibration(),
            target_fpir=target_fpir,
            device=choose_device(device).type,
        )

    def new_gallery(self) -> Gallery:
        """Answer an empty gallery in the spaces of this engine."""
        return Gallery(self.spaces, self._calibration.cohorts)

    def analyse(self, recording: Recording, spans: Sequence[Span]) -> Analysis:
        """Answer the voices in one recording.

        Args:
            recording: decoded.
            spans: where speech is, in time order.

        Raises:
            SpeechTooShortError: less than 0.5 s of speech.
        """
        return self.analyse_many([(recording, spans)])[0]

    def analyse_many(self, items: Sequence[tuple[Recording, Sequence[Span]]]) -> list[Analysis]:
        """Answer one analysis for each (recording, spans), batched across them.

        Raises:
            SpeechTooShortError: as for `analyse`, for the first recording that it is true of.
        """
        return self._analyser.analyse_many(items)

    def voices_in(self, analysis: Analysis) -> tuple[Voice, ...]:
        """Answer the voices of a recording, the one that speaks most first; more than one means several speakers."""
        return analysis.voices

    def require_one_voice(self, analyses: Sequence[Analysis], labels: Sequence[str]) -> None:
        """Refuse enrolment recordings that hold several voices, or of which one is another voice than the rest.

        Args:
            analyses: of the recordings of one enrolment.
            labels: their names, for the sentence.

        Raises:
            SeveralSpeakersError, DifferentVoicesError: naming the recording.
        """
        require_one_voice_each(analyses, labels)
        if len(analyses) > 1:
            require_same_voice([self._against_others(analyses, number) for number in range(len(analyses))], labels)

    def _against_others(self, analyses: Sequence[Analysis], number: int) -> float:
        """Answer the log10 LR that one recording is of the voice of the others, which are enrolled for it."""
        gallery = self.new_gallery()
        others = [analysis for other, analysis in enumerate(analyses) if other != number]
        gallery.add(
            "the others", [voiceprint for analysis in others for voiceprint in self.prototypes(analysis, "one")]
        )
        return float(self.evidence(analyses[number], gallery).candidates[0].log10_lr)

    def prototypes(self, analysis: Analysis, label: str) -> list[Voiceprint]:
        """Answer one voiceprint in each space, of the voice that speaks most.

        Args:
            analysis: of an enrolment recording.
            label: which recording or condition they stand for.
        """
        voice = analysis.voices[0]
        return [
            Voiceprint(space, voice.vectors[encoder], label, voice.speech_s) for encoder, space in self.spaces.items()
        ]

    def evidence(self, analysis: Analysis, gallery: Gallery) -> RecordingEvidence:
        """Answer what the engine has to say about a recording and everybody in a gallery.

        Raises:
            InvalidInputError: the gallery is empty.
        """
        search = self.search(analysis, gallery)
        return self._report(analysis, search, self._limits(len(search.performers), len(analysis.voices)))

    def search(self, analysis: Analysis, gallery: Gallery) -> Search:
        """Answer the log10 LR of everybody in a gallery with every voice of a recording, before caps and decisions.

        Raises:
            InvalidInputError: the gallery is empty.
        """
        cohorts = self._calibration.cohorts
        voices = {
            encoder: cohorts[encoder].centred(np.stack([voice.vectors[encoder] for voice in analysis.voices]))
            for encoder in self.spaces
        }
        scores = gallery.score(voices)
        features = {
            encoder: engine_features(scores.encoders[encoder], cohorts[encoder].moments(voices[encoder]))
            for encoder in self.spaces
        }
        ratios = self._calibration.ratios(features, np.array([voice.speech_s for voice in analysis.voices]))
        percentiles = np.mean([cohort_percentile(found) for found in features.values()], axis=0)
        return Search(scores.performers, ratios, percentiles)

    def _limits(self, gallery_size: int, n_voices: int) -> Limits:
        """Answer the thresholds; every further voice in a recording is one more search of the gallery."""
        tail, rate = self._calibration.tail, self._target_fpir / n_voices
        return Limits(
            match=tail.threshold(rate, gallery_size),
            sound_alike=tail.threshold(min(SOUND_ALIKE_RATE * rate, 0.5), gallery_size),
            disagreement=self._calibration.disagreement,
            target_fpir=self._target_fpir,
            gallery_size=gallery_size,
            lower=self._calibration.lower,
            upper=self._calibration.upper,
        )

    def _report(self, analysis: Analysis, search: Search, limits: Limits) -> RecordingEvidence:
        strongest = search.ratios.fused.max(axis=0)
        shown = max(CANDIDATES, int((strongest >= limits.sound_alike).sum()))
        order = np.argsort(-strongest, kind="stable")[:shown].tolist()
        candidates = tuple(self._candidate(analysis, search, number, limits) for number in order)
        outcome, reason = decide_recording(candidates, limits)
        return RecordingEvidence(
            duration_s=analysis.duration_s,
            speech_s=analysis.speech_s,
            outcome=outcome,
            reasons=(reason,),
            candidates=candidates,
            operating_point=OperatingPoint(
                FalsePositiveRate(limits.target_fpir), limits.gallery_size, Log10LR(limits.match)
            ),
            engine=self.identity,
        )

    def _candidate(self, analysis: Analysis, search: Search, number: int, limits: Limits) -> PerformerEvidence:
        fused = search.ratios.fused[:, number]
        voice = int(fused.argmax())
        strength = Strength(
            fused=float(fused[voice]),
            engines={encoder: float(values[voice, number]) for encoder, values in search.ratios.engines.items()},
            percentile=float(search.percentiles[voice, number]),
            speech_s=analysis.voices[voice].speech_s,
        )
        outcome, reason = decide(strength, limits)
        capped = self._calibration.capped
        located = outcome is not EvidenceOutcome.NO_MATCH
        return PerformerEvidence(
            performer_id=search.performers[number],
            outcome=outcome,
            log10_lr=Log10LR(capped(strength.fused)),
            engines={encoder: Log10LR(capped(value)) for encoder, value in strength.engines.items()},
            cohort_percentile=strength.percentile,
            segments=self._segments(analysis, fused, limits) if located else (),
            reasons=(reason,),
        )

    def _segments(self, analysis: Analysis, fused: NDArray[np.float64], limits: Limits) -> tuple[SegmentEvidence, ...]:
        """Answer where the performer speaks: the nearest voice, and every other that reaches the threshold."""
        needed = min(limits.match, float(fused.max()))
        found = [
            SegmentEvidence(span, Log10LR(self._calibration.capped(float(strength))))
            for voice, strength in zip(analysis.voices, fused, strict=True)
            if strength >= needed
            for span in voice.spans
        ]
        return tuple(sorted(found, key=lambda segment: segment.span))


def load_encoders(device: str, threads: int | None = None) -> dict[str, Encoder]:
    """Load both encoders on a device (``auto``, ``cpu`` or ``cuda``).

    On a processor torch is told to use one thread inside an operation; see `BatchRunner`.

    Raises:
        WeightsError: weights are absent, or not the pinned ones.
        SettingsError: no such device.
    """
    chosen = choose_device(device)
    batch, workers = _BATCH[chosen.type], 1
    if chosen.type == "cpu":
        torch.set_num_threads(1)
        workers = threads or len(os.sched_getaffinity(0))
    encoders: list[Encoder] = [
        Ge2eEncoder(BatchRunner(chosen, 4 * batch, workers)),
        CampplusEncoder(BatchRunner(chosen, batch, workers)),
    ]
    return {encoder.id: encoder for encoder in encoders}
