"""How high a voice speaks, and where it does so at all.

Short-term autocorrelation, divided by that of the window (Boersma 1993, "Accurate short-term analysis of the
fundamental frequency and the harmonics-to-noise ratio of a sampled sound"). numpy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.media.recording import SAMPLE_RATE_HZ

PITCH_HZ: Final = (75, 500)
HOP: Final = SAMPLE_RATE_HZ // 100
_FRAME: Final = 3 * SAMPLE_RATE_HZ // PITCH_HZ[0]  # three periods of the lowest pitch, 40 ms
_SPECTRUM: Final = 1024  # a frame and its longest lag, so that no correlation that is looked at wraps around
_BLOCK_FRAMES: Final = 1024
_VOICED: Final = 0.45  # height of a peak from which Boersma calls a frame voiced
_OCTAVE_COST: Final = 0.01  # for each octave down, so that of two equal peaks the shorter period is taken
_SILENT_SHARE: Final = 0.03  # of the highest amplitude; what stays under it is silence

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class VoicedFrames:
    """Frames of speech in which the vocal folds swing, one every 10 ms.

    Attributes:
        centres: ``(n,) int64``: samples in the middle of each.
        f0_hz: ``(n,)``: fundamental frequency there, in `PITCH_HZ`.
    """

    centres: NDArray[np.int64]
    f0_hz: Array

    def __len__(self) -> int:
        return self.centres.size


def voiced_frames(samples: NDArray[np.float32], spans: Sequence[Span]) -> VoicedFrames:
    """Find the voiced frames of ``(n_samples,)`` within spans of speech."""
    found = [part for span in spans for part in _tracked(samples, span)]
    if not found:
        return VoicedFrames(np.zeros(0, np.int64), np.zeros(0))
    return VoicedFrames(np.concatenate([at for at, _ in found]), np.concatenate([f0_hz for _, f0_hz in found]))


def correlation(frames: Array, spectrum: int) -> Array:
    """Answer the autocorrelation of ``(n, length)``, each row divided by its own power: ``(n, spectrum)``."""
    transformed = np.fft.rfft(frames, spectrum, axis=1)
    found: Array = np.fft.irfft(np.square(transformed.real) + np.square(transformed.imag), spectrum, axis=1)
    answer: Array = found / np.maximum(found[:, :1], 1e-12)
    return answer


def _tracked(samples: NDArray[np.float32], span: Span) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Yield centres and pitches of the voiced frames of one span, a block at a time."""
    first = int(span.start_s * SAMPLE_RATE_HZ)
    speech = samples[first : int(span.end_s * SAMPLE_RATE_HZ)]
    if speech.size < _FRAME:
        return
    frames = np.lib.stride_tricks.sliding_window_view(speech, _FRAME)[::HOP]
    loudest = float(np.abs(speech).max())
    for at in range(0, len(frames), _BLOCK_FRAMES):
        rows, f0_hz = _pitches(frames[at : at + _BLOCK_FRAMES], loudest)
        yield first + (at + rows) * HOP + _FRAME // 2, f0_hz


def _pitches(frames: NDArray[np.float32], loudest: float) -> tuple[NDArray[np.int64], Array]:
    """Answer which of ``(n, _FRAME)`` frames are voiced, and their pitch."""
    window = np.hanning(_FRAME).astype(np.float32)
    centred = frames - frames.mean(axis=1, keepdims=True)
    loud = np.flatnonzero(np.abs(centred).max(axis=1) > _SILENT_SHARE * loudest)
    centred = centred[loud]
    first, last = SAMPLE_RATE_HZ // PITCH_HZ[1], SAMPLE_RATE_HZ // PITCH_HZ[0]
    kept = slice(first - 1, last + 2)
    curve = correlation(centred * window, _SPECTRUM)[:, kept] / correlation(window[None], _SPECTRUM)[:, kept]
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
    f0_hz: Array = SAMPLE_RATE_HZ / (lags[best] + shift)[voiced]
    return loud[voiced], f0_hz
