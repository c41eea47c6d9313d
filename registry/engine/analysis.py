"""What the engine knows about one recording before it looks at any gallery. Plain data: it pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice heard in a recording.

    Attributes:
        spans: where it speaks, in time order.
        speech_s: net speech of it, in seconds.
        vectors: per encoder id ``(dimension,) float32``, unit length: the mean of its windows, weighted by speech.
    """

    spans: tuple[Span, ...]
    speech_s: float
    vectors: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One recording, analysed.

    Attributes:
        duration_s: of the recording.
        speech_s: net speech, of all voices.
        voices: the voice that speaks most comes first; at least one.
    """

    duration_s: float
    speech_s: float
    voices: tuple[Voice, ...]
