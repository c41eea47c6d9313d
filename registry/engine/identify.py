"""The engine's façade: recordings in, evidence out. It knows galleries, not databases.

engine = Engine.load()
gallery = engine.new_gallery()
gallery.add("perf_…", engine.prototypes(engine.analyse(recording, spans), "first session"))
evidence = engine.evidence(engine.analyse(other, other_spans), gallery)
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from registry.domain.scores import (
    EngineIdentity,
    RecordingEvidence,
    Span,
)
from registry.engine.analyser import Analyser
from registry.engine.analysis import Analysis, Voice
from registry.engine.calibration import Calibration, load_calibration
from registry.engine.devices import BatchRunner, choose_device
from registry.engine.encoders.campplus import CampplusEncoder
from registry.engine.encoders.ge2e import Ge2eEncoder
from registry.engine.encoders.protocol import Encoder
from registry.engine.enrolment import require_one_voice_each, require_same_voice
from registry.engine.gallery import Gallery
from registry.engine.reporting import Reporter, Search
from registry.engine.searching import Searcher
from registry.engine.segmentation import Segmenter
from registry.engine.validity import never_validated
from registry.engine.voiceprint import Space, Voiceprint
from registry.errors import InvalidInputError, SpaceMismatchError
from registry.media.recording import Recording

VERSION = "5"
"""Of the whole pipeline from samples to evidence; grows when the same recording could get other evidence."""

_BATCH = {"cpu": 8, "cuda": 256}


class Engine:
    """Both encoders and the calibration, loaded. Use `Engine.load`; safe to use from several threads.

    Args:
        encoders: by id.
        calibration: fitted for these encoders.
        target_fpir: wanted chance, in (0, 1), that a recording of nobody in the gallery brings up a match.
        device: ``cpu`` or ``cuda``, for the record.
        segmenter: see `Analyser`.

    Attributes:
        calibration, target_fpir: as given.
        not_validated_for: ways of speaking that nobody measured the engine on, and that it cannot notice.

    Raises:
        InvalidInputError: no such rate.
        WeightsError: the calibration's card does not say what it was and was not validated for.
        SpaceMismatchError: the calibration was fitted in other spaces.
    """

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        calibration: Calibration,
        *,
        target_fpir: float,
        device: str,
        segmenter: Segmenter | None = None,
    ) -> None:
        if not 0 < target_fpir < 1:
            raise InvalidInputError(f"the target rate must lie between 0 and 1, not {target_fpir}", target=target_fpir)
        projections = {name: cohort.project for name, cohort in calibration.cohorts.items()}
        self._analyser = Analyser(encoders, segmenter, projections)
        self.segmenter = segmenter
        self.target_fpir = target_fpir
        self.calibration = calibration
        self.spaces: Mapping[str, Space] = {name: encoder.space for name, encoder in encoders.items()}
        _require_same_spaces(calibration, self.spaces)
        self.encoders = encoders
        self.identity = EngineIdentity(
            version=VERSION,
            spaces=tuple(space.id for space in self.spaces.values()),
            calibration=calibration.id,
            device=device,
        )
        self._reporter = Reporter(calibration, target_fpir, self.identity)
        self._searcher = Searcher(calibration)
        self.not_validated_for = never_validated(calibration.card)

    @classmethod
    def load(
        cls,
        *,
        device: str = "auto",
        threads: int | None = None,
        target_fpir: float = 0.01,
        calibration: Calibration | None = None,
    ) -> Engine:
        """Load weights and calibration.

        Args:
            device: ``auto`` (CUDA when there is one), ``cpu`` or ``cuda``.
            calibration: None means the shipped one.
            threads: that embedding may use; None means one for each processor of this process.
            target_fpir: see `Engine`.

        Raises:
            WeightsError: weights or calibration are absent, or not the pinned ones.
            SpaceMismatchError: the calibration was fitted in other spaces.
            SettingsError: no such device.
        """
        return cls(
            load_encoders(device, threads),
            calibration or load_calibration(),
            target_fpir=target_fpir,
            device=choose_device(device).type,
            segmenter=load_segmenter(device, threads),
        )

    def new_gallery(self) -> Gallery:
        """Answer an empty gallery in the spaces of this engine."""
        return Gallery(self.spaces, self.calibration.cohorts)

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

    def evidence(self, analysis: Analysis, gallery: Gallery, without: Collection[str] = ()) -> RecordingEvidence:
        """Answer what the engine has to say about a recording and everybody in a gallery.

        Args:
            analysis: of the recording.
            gallery: to search.
            without: performers to leave out, as if they were not enrolled.

        Raises:
            InvalidInputError: the gallery is empty, or nobody is left in it.
        """
        with gallery.held():
            limits = self._reporter.limits(gallery.searched(without), len(analysis.voices))
            search = self._searcher.nearest(analysis, gallery, limits.sound_alike, without)

            def turns_of(voice: int) -> list[NDArray[np.float64]]:
                return self._searcher.turns(analysis, voice, gallery, search.performers, without)

            return self._reporter.report(analysis, search, cache(turns_of))

    def search(self, analysis: Analysis, gallery: Gallery, without: Collection[str] = ()) -> Search:
        """Answer the log10 LR of everybody in a gallery with every voice of a recording, before caps and decisions.

        Memory grows with voices times performers; `evidence` needs no such search.

        Args:
            analysis: of the recording.
            gallery: to search.
            without: performers to leave out before anybody is compared with the rest: scores are relative to the
                others in the gallery, so that dropping a performer from the answer would not be the same.

        Raises:
            InvalidInputError: the gallery is empty, or nobody is left in it.
        """
        return self._searcher.everybody(analysis, gallery, without)

    def search_for(
        self, analysis: Analysis, gallery: Gallery, performers: Sequence[str], without: Collection[str] = ()
    ) -> Search:
        """Answer the same for some performers only, in the order given; memory does not grow with the gallery.

        Raises:
            InvalidInputError: as for `search`, or one of them is not in the gallery, or is left out.
        """
        return self._searcher.named(analysis, gallery, performers, without)


def _require_same_spaces(calibration: Calibration, spaces: Mapping[str, Space]) -> None:
    """Refuse a calibration whose card names other spaces than those of the encoders."""
    fitted, present = set(calibration.card.get("spaces", ())), {space.id for space in spaces.values()}
    if fitted != present:
        raise SpaceMismatchError(
            f"the calibration {calibration.id} was fitted in the spaces {', '.join(sorted(fitted)) or '(not said)'}, "
            f"but the encoders here make {', '.join(sorted(present))}: make the calibration again",
            fitted=sorted(fitted),
            present=sorted(present),
        )


def load_encoders(device: str, threads: int | None = None, *, reproducible: bool = False) -> dict[str, Encoder]:
    """Load both encoders on a device (``auto``, ``cpu`` or ``cuda``).

    On a processor torch is told to use one thread inside an operation; see `BatchRunner`.

    Args:
        device: see above.
        threads: that embedding may use; None means one for each processor of this process.
        reproducible: without what rounds differently on another processor whatever it is told; slower, and nothing but
            the last digits changes. For what is published with its hash.

    Raises:
        WeightsError: weights are absent, or not the pinned ones.
        SettingsError: no such device.
    """
    encoders: list[Encoder] = [
        Ge2eEncoder(_runner(device, threads, 8), with_onednn=not reproducible),
        CampplusEncoder(_runner(device, threads, 1), compiled=not reproducible),
    ]
    return {encoder.id: encoder for encoder in encoders}


def load_segmenter(device: str, threads: int | None = None) -> Segmenter:
    """Load what tells where speakers change; arguments and errors as for `load_encoders`."""
    return Segmenter(_runner(device, threads, 0.5))


def _runner(device: str, threads: int | None, share: float) -> BatchRunner:
    """Answer a runner for batches of this many times the usual size of the device."""
    chosen = choose_device(device)
    workers = 1
    if chosen.type == "cpu":
        torch.set_num_threads(1)
        workers = threads or len(os.sched_getaffinity(0))
    else:
        torch.backends.cudnn.allow_tf32 = False  # on by default for layers of cuDNN: ten bits, not what float32 says
    return BatchRunner(chosen, round(share * _BATCH[chosen.type]), workers)
