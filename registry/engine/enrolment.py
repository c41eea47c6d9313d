"""Whether what is to be enrolled is one voice."""

from __future__ import annotations

from collections.abc import Sequence

from registry.engine.analysis import Analysis
from registry.errors import DifferentVoicesError, SeveralSpeakersError

SAME_VOICE_LOG10_LR = 2.3
"""What each recording must reach against the others together: two hundred times likelier the same voice than another.

Of 332 recordings of 106 people with 1.5 s of speech or more, all but two reached it, and those two, of one person in
two acted voices, stayed under zero; of 318 recordings of somebody else put among them, three did, one of them over a
telephone.
"""


def require_one_voice_each(analyses: Sequence[Analysis], labels: Sequence[str]) -> None:
    """Refuse recordings that hold several voices.

    Raises:
        SeveralSpeakersError: naming the recording, with the seconds of each voice.
    """
    for analysis, label in zip(analyses, labels, strict=True):
        if len(analysis.voices) > 1:
            raise _several(analysis, label)


def require_same_voice(strengths: Sequence[float], labels: Sequence[str]) -> None:
    """Refuse recordings of which one does not support the voice of the others.

    Args:
        strengths: for each recording, the log10 LR that it and the others are of the same voice.
        labels: their names.

    Raises:
        DifferentVoicesError: naming the recording that stands furthest apart.
    """
    weakest = min(range(len(labels)), key=strengths.__getitem__)
    if strengths[weakest] < SAME_VOICE_LOG10_LR:
        raise DifferentVoicesError(
            f"the voice in {labels[weakest]} does not support being the voice in the other {len(labels) - 1} "
            f"recordings: log10 LR {strengths[weakest]:.2f}, {SAME_VOICE_LOG10_LR:.2f} is needed",
            recording=labels[weakest],
            recordings=len(labels),
            log10_lr=round(strengths[weakest], 3),
            required_log10_lr=SAME_VOICE_LOG10_LR,
        )


def _several(analysis: Analysis, label: str) -> SeveralSpeakersError:
    seconds = [round(voice.speech_s, 1) for voice in analysis.voices]
    listed = ", ".join(f"{value:.1f} s" for value in seconds)
    return SeveralSpeakersError(
        f"{len(seconds)} voices speak in {label} ({listed}); an enrolment recording holds the performer alone",
        recording=label,
        voices=len(seconds),
        voices_speech_s=seconds,
    )
