"""What the engine knows about one recording before it looks at any gallery. Plain data: it pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.media.quality import SignalQuality


@dataclass(frozen=True, slots=True)
class Turn:
    """A voice speaking without a pause to speak of.

    Attributes:
        span: from when to when.
        speech_s: net speech in it, in seconds.
        vectors: per encoder id ``(dimension,) float32``, unit length: the mean of the windows that it lies in, weighted
            by what they share with it.
    """

    span: Span
    speech_s: float
    vectors: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice heard in a recording.

    Attributes:
        turns: in time order.
        speech_s: net speech of it, in seconds.
        vectors: per encoder id ``(dimension,) float32``, unit length: the mean of its windows, weighted by speech.
    """

    turns: tuple[Turn, ...]
    speech_s: float
    vectors: Mapping[str, NDArray[np.float32]]

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where it speaks alone, in time order."""
        return tuple(turn.span for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Analysis:
    """One recording, analysed.

    Attributes:
        duration_s: of the recording.
        speech_s: net speech, of all voices, overlapped or not.
        voices: the voice that speaks most comes first; at least one.
        quality: of the signal, which says whether the engine was validated for it.
        overlaps: where several people speak at once, in time order. Whose voices these are is not said: unless a
            recording holds hardly anything else, they belong to no voice.
    """

    duration_s: float
    speech_s: float
    voices: tuple[Voice, ...]
    quality: SignalQuality
    overlaps: tuple[Span, ...] = ()
