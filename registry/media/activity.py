"""From speech probabilities to spans of speech: hysteresis, shortest lengths, padding. Pure arithmetic.

The rules are those that the Silero voice activity detector documents for its ``get_speech_timestamps``:

1. speech opens at a probability of `OPEN_AT` or more;
2. it closes where the probability first fell under `CLOSE_BELOW`, once that is `MIN_SILENCE_S` ago and the
   probability has not been back at `OPEN_AT` since;
3. what is not longer than `MIN_SPEECH_S` is dropped;
4. each span grows by `PAD_S` on both sides, or by half the gap where two would meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from registry.domain.scores import Span
from registry.media.recording import SAMPLE_RATE_HZ

FRAME_SAMPLES: Final = 512
"""One probability stands for this many samples: 32 ms."""

OPEN_AT: Final = 0.5
CLOSE_BELOW: Final = 0.35
MIN_SPEECH_S: Final = 0.25
MIN_SILENCE_S: Final = 0.1
PAD_S: Final = 0.03

_MIN_SPEECH: Final = int(MIN_SPEECH_S * SAMPLE_RATE_HZ)
_MIN_SILENCE: Final = int(MIN_SILENCE_S * SAMPLE_RATE_HZ)
_PAD: Final = int(PAD_S * SAMPLE_RATE_HZ)


def speech_spans(probabilities: Sequence[float], length: int) -> tuple[Span, ...]:
    """Answer where speech is, in time order, without overlaps.

    Args:
        probabilities: of speech, one per `FRAME_SAMPLES` samples, in [0, 1].
        length: of the recording, in samples; the last frame may reach past it.
    """
    kept = [[start, end] for start, end in _opened_and_closed(probabilities, length) if end - start > _MIN_SPEECH]
    _pad(kept, length)
    return tuple(Span(start / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ) for start, end in kept)


def net_speech_s(spans: Sequence[Span]) -> float:
    """Answer the seconds of speech in spans that do not overlap."""
    return sum(span.duration_s for span in spans)


def _opened_and_closed(probabilities: Sequence[float], length: int) -> Iterator[tuple[int, int]]:
    """Yield raw ``(start, end)`` in samples, by rules 1 and 2."""
    start: int | None = None
    falling: int | None = None
    for frame, probability in enumerate(probabilities):
        now = frame * FRAME_SAMPLES
        if probability >= OPEN_AT:
            falling = None
            start = now if start is None else start
        elif probability < CLOSE_BELOW and start is not None:
            falling = now if falling is None else falling
            if now - falling >= _MIN_SILENCE:
                yield start, falling
                start = falling = None
    if start is not None:
        yield start, length


def _pad(spans: list[list[int]], length: int) -> None:
    """Grow the spans in place, by rule 4."""
    if not spans:
        return
    spans[0][0] = max(0, spans[0][0] - _PAD)
    for left, right in pairwise(spans):
        growth = min(_PAD, (right[0] - left[1]) // 2)
        left[1] += growth
        right[0] -= growth
    spans[-1][1] = min(length, spans[-1][1] + _PAD)
