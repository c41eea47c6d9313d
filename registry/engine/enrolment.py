"""Whether what is to be enrolled is one voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from registry.engine.analyser import TURN_ENCODER
from registry.engine.analysis import Analysis
from registry.errors import DifferentVoicesError, SeveralSpeakersError

OTHER_VOICE_COSINE = 0.35
"""A recording further than this from the others together is another voice.

Recordings of one person, 354 of 117 people, never came under 0.45; half of the pairs of different people do.
"""


def require_one_voice(analyses: Sequence[Analysis], labels: Sequence[str]) -> None:
    """Refuse recordings that hold several voices, or of which one is clearly another voice.

    Args:
        analyses: of the recordings of one enrolment.
        labels: their names.

    Raises:
        SeveralSpeakersError: naming the recording, with the seconds of each voice.
        DifferentVoicesError: naming the recording that stands apart.
    """
    for analysis, label in zip(analyses, labels, strict=True):
        _require_one(analysis, label)
    vectors = np.stack([analysis.voices[0].vectors[TURN_ENCODER] for analysis in analyses])
    for number, label in enumerate(labels):
        others = np.delete(vectors, number, axis=0)
        if not len(others):
            return
        mean = others.mean(axis=0)
        if float(vectors[number] @ mean) < OTHER_VOICE_COSINE * float(np.linalg.norm(mean)):
            raise DifferentVoicesError(
                f"the voice in {label} is not the voice in the other {len(others)} recordings",
                recording=label,
                recordings=len(labels),
            )


def _require_one(analysis: Analysis, label: str) -> None:
    if len(analysis.voices) == 1:
        return
    seconds = [round(voice.speech_s, 1) for voice in analysis.voices]
    listed = ", ".join(f"{value:.1f} s" for value in seconds)
    raise SeveralSpeakersError(
        f"{len(seconds)} voices speak in {label} ({listed}); an enrolment recording holds the performer alone",
        recording=label,
        voices=len(seconds),
        voices_speech_s=seconds,
    )
