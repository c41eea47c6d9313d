"""How high a voice speaks. For information, never for a decision.

Short-term autocorrelation, divided by that of the window (Boersma 1993, "Accurate short-term analysis of the
fundamental frequency and the harmonics-to-noise ratio of a sampled sound"). numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.media.recording import SAMPLE_RATE_HZ, Recording

_PITCH_HZ: Final = (75, 500)
_FRAME: Final = 3 * SAMPLE_RATE_HZ // _PITCH_HZ[0]  # three periods of the lowest pitch, 40 ms
_HOP: Final = SAMPLE_RATE_HZ // 100
_SPECTRUM: Final = 2048  # a frame and its longest lag, so that no correlation wraps around
_BLOCK_FRAMES: Final = 2048
_VOICED: Final = 0.45  # height of a peak from which Boersma calls a frame voiced
_OCTAVE_COST: Final = 0.01  # for each octave down, so that of two equal peaks the shorter period is taken
_SILENT_SHARE: Final = 0.03  # of the highest amplitude; what stays under it is silence
_LEAST_FRAMES: Final = 50

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Acoustics:
    """What the voiced frames of some speech are like. Praat finds the same quartiles to one part in a hundred.

    Attributes:
        f0_hz: quartiles of the fundamental frequency, lower, middle and upper.
        voiced_s: how much voiced speech this is of.
    """

    f0_hz: tuple[float, float, float]
    voiced_s: float


def describe(recording: Recording, spans: Sequence[Span]) -> Acoustics | None:
    """Describe the speech of a recording; None where less than half a second of it is voiced."""
    pitch = np.concatenate([np.zeros(0), *(_tracked(_between(recording.samples, span)) for span in spans)])
    if pitch.size < _LEAST_FRAMES:
        return None
    low, middle, high = np.quantile(pitch, (0.25, 0.5, 0.75)).round(1).tolist()
    return Acoustics(f0_hz=(low, middle, high), voiced_s=round(pitch.size * _HOP / SAMPLE_RATE_HZ, 2))


def _between(samples: NDArray[np.float32], span: Span) -> NDArray[np.float32]:
    return samples[int(span.start_s * SAMPLE_RATE_HZ) : int(span.end_s * SAMPLE_RATE_HZ)]


def _tracked(speech: NDArray[np.float32]) -> Array:
    """Answer the pitch in hertz of every voiced frame of ``(n_samples,)``."""
    if speech.size < _FRAME:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(speech, _FRAME)[::_HOP]
    loudest = float(np.abs(speech).max())
    blocks = range(0, len(frames), _BLOCK_FRAMES)
    return np.concatenate([_pitches(frames[at : at + _BLOCK_FRAMES], loudest) for at in blocks])


def _pitches(frames: NDArray[np.float32], loudest: float) -> Array:
    """Answer the same for those of ``(n, _FRAME)`` frames that are voiced."""
    window = np.hanning(_FRAME)
    centred = frames - frames.mean(axis=1, keepdims=True)
    loud = np.abs(centred).max(axis=1) > _SILENT_SHARE * loudest
    centred = centred[loud].astype(np.float64)
    first, last = SAMPLE_RATE_HZ // _PITCH_HZ[1], SAMPLE_RATE_HZ // _PITCH_HZ[0]
    curve = (
        _correlation(centred * window)[:, first - 1 : last + 2] / _correlation(window[None])[:, first - 1 : last + 2]
    )
    left, middle, right = curve[:, :-2], curve[:, 1:-1], curve[:, 2:]
    lags = np.arange(first, last + 1)
    wanted = middle - _OCTAVE_COST * np.log2(lags / first)
    wanted[(middle < left) | (middle < right)] = -np.inf
    best = wanted.argmax(axis=1)
    rows = np.arange(len(best))
    bent = left[rows, best] - 2 * middle[rows, best] + right[rows, best]
    slope = left[rows, best] - right[rows, best]
    shift = np.where(bent < 0, slope / (2 * np.minimum(bent, -1e-12)), 0.0)
    voiced = np.isfinite(wanted[rows, best]) & (middle[rows, best] - slope * shift / 4 >= _VOICED)
    answer: Array = SAMPLE_RATE_HZ / (lags[best] + shift)[voiced]
    return answer


def _correlation(frames: Array) -> Array:
    """Answer the autocorrelation of ``(n, _FRAME)``, each row divided by its own power."""
    power = np.square(np.abs(np.fft.rfft(frames, _SPECTRUM, axis=1)))
    found: Array = np.fft.irfft(power, _SPECTRUM, axis=1)
    answer: Array = found / np.maximum(found[:, :1], 1e-12)
    return answer
