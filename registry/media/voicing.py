"""How much of speech is voiced: whispering has no fundamental, and engines were not made for it. numpy only."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from registry.media.recording import SAMPLE_RATE_HZ

_FRAME: Final = 800  # 50 ms: three periods of the lowest voice
_HOP: Final = 320
_BLOCK_FRAMES: Final = 2048  # about forty seconds at a time, so that hours of speech need no more memory
_SPECTRUM: Final = 1280  # a frame and its longest lag, so that no correlation wraps around
_BAND_HZ: Final = (50, 1000)  # vowels are strongest here, telephones pass it, and hiss is weak
_PITCH_HZ: Final = (60, 400)
_LAG_RATE_HZ: Final = 4000  # of the correlations
_PERIODIC: Final = 0.65
_LOUD_QUANTILE: Final = 0.5

Array = NDArray[np.floating[Any]]


def voiced_share(speech: NDArray[np.float32]) -> float:
    """Answer the share in [0, 1] of the louder half of speech that is periodic; zero for less than 50 ms.

    A frame of 50 ms is periodic when its autocorrelation below 1 kHz, normalised by that of the window (Boersma 1993),
    has a peak of `_PERIODIC` or more at the lag of some pitch. Only the half of the frames that is louder in this band
    counts: consonants are unvoiced in every way of speaking, vowels only in a whisper.

    Args:
        speech: ``(n_samples,) float32``, without its pauses.
    """
    if speech.size < _FRAME:
        return 0.0
    powers, peaks = [], []
    frames = np.lib.stride_tricks.sliding_window_view(speech, _FRAME)[::_HOP]
    for first in range(0, len(frames), _BLOCK_FRAMES):
        power, peak = _periodicity(frames[first : first + _BLOCK_FRAMES])
        powers.append(power)
        peaks.append(peak)
    power, peak = np.concatenate(powers), np.concatenate(peaks)
    loud = (power >= np.quantile(power, _LOUD_QUANTILE)) & (power > 0)
    return float((peak[loud] >= _PERIODIC).mean()) if loud.any() else 0.0


def _periodicity(frames: NDArray[np.float32]) -> tuple[Array, Array]:
    """Answer of ``(n, 800)`` frames ``(n,)`` their power in the band, and ``(n,)`` the height of their best peak."""
    window = np.hanning(_FRAME).astype(np.float32)
    low, high = (hertz * _SPECTRUM // SAMPLE_RATE_HZ for hertz in _BAND_HZ)
    spectra = np.square(np.abs(np.fft.rfft(frames * window, _SPECTRUM, axis=1)[:, : high + 1]))
    spectra[:, :low] = 0
    correlations = np.fft.irfft(spectra, _SPECTRUM * _LAG_RATE_HZ // SAMPLE_RATE_HZ, axis=1)
    power = correlations[:, 0]
    first, last = _LAG_RATE_HZ // _PITCH_HZ[1], _LAG_RATE_HZ // _PITCH_HZ[0]
    curve = correlations[:, first - 1 : last + 2] / np.maximum(power, np.finfo(np.float32).tiny)[:, None]
    curve /= _window_correlation(window)[first - 1 : last + 2]
    middle = curve[:, 1:-1]
    peaks = (middle >= curve[:, :-2]) & (middle >= curve[:, 2:])
    return power, np.where(peaks, middle, 0).max(axis=1)


def _window_correlation(window: Array) -> Array:
    """Answer the window's normalised autocorrelation at the lags of `_LAG_RATE_HZ`."""
    whole = np.fft.irfft(np.square(np.abs(np.fft.rfft(window, _SPECTRUM))), _SPECTRUM)
    answer: Array = (whole[:: SAMPLE_RATE_HZ // _LAG_RATE_HZ] / whole[0]).astype(np.float32)
    return answer
