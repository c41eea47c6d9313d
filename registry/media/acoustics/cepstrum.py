"""How far the peak of the cepstrum at the pitch stands out: breathy voices have a low one.

Cepstral peak prominence, smoothed over time and quefrency: Hillenbrand, Cleveland and Erickson (1994), "Acoustic
correlates of breathy vocal quality", and Hillenbrand and Houde (1996). The scale is that of Praat's power cepstrum.
numpy only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.media.acoustics.lower_band import RATE_HZ, Spectra, spectra
from registry.media.acoustics.pitch import HOP, Array
from registry.media.recording import SAMPLE_RATE_HZ

_FRAME: Final = SAMPLE_RATE_HZ // 10  # 100 ms under a Gaussian, 50 ms in effect
_SPECTRUM: Final = 2048
_PEAK_HZ: Final = (60, 330)
_LINE_S: Final = (0.001, 0.05)  # quefrencies that the line is put through
_SMOOTHED_BINS: Final = 5  # half a millisecond
_FLOOR: Final = 1e-30


def cpp_db(samples: NDArray[np.float32], centres: NDArray[np.int64]) -> Array:
    """Answer how many dB the cepstral peak stands above a straight line through the cepstrum.

    Args:
        samples: ``(n_samples,)`` at 16 kHz.
        centres: ``(n,)``: samples in the middle of voiced frames, 10 ms apart where they follow each other.

    Returns:
        ``(n_kept,)`` in dB, one for each frame that follows another; those that reach over an end are left out.
    """
    found = [(centres[places], _cepstra(part)) for places, part in spectra(samples, centres, _FRAME, _SPECTRUM)]
    if not found:
        return np.zeros(0)
    at, cepstra = (np.concatenate(part) for part in zip(*found, strict=True))
    return _prominence(10 * np.log10(_over_quefrency(_over_time(cepstra, at)) + _FLOOR))


def _cepstra(part: Spectra) -> Array:
    """Answer the power cepstrum of ``(n, bins)`` spectra up to the longest quefrency that is looked at."""
    levels = np.log(np.square(part.real) + np.square(part.imag) + _FLOOR)
    kept = int(_LINE_S[1] * RATE_HZ) + _SMOOTHED_BINS
    cepstra: Array = np.square(np.fft.irfft(levels, axis=1)[:, :kept])
    return cepstra


def _over_time(cepstra: Array, centres: NDArray[np.int64]) -> Array:
    """Answer the mean of each frame and the one 10 ms before it, of those that have one: ``(n_pairs, quefrencies)``."""
    second = np.flatnonzero(np.diff(centres) == HOP) + 1
    paired: Array = (cepstra[second] + cepstra[second - 1]) / 2
    return paired


def _over_quefrency(cepstra: Array) -> Array:
    """Answer the mean over `_SMOOTHED_BINS` neighbouring quefrencies."""
    summed = np.cumsum(np.pad(cepstra, ((0, 0), (1, 0))), axis=1)
    half = _SMOOTHED_BINS // 2
    smoothed = cepstra.copy()
    smoothed[:, half:-half] = (summed[:, _SMOOTHED_BINS:] - summed[:, :-_SMOOTHED_BINS]) / _SMOOTHED_BINS
    return smoothed


def _prominence(levels: Array) -> Array:
    """Answer the height of the peak of ``(n, quefrencies)`` in dB over the line of least squares."""
    first, last = (round(end * RATE_HZ) for end in _LINE_S)
    places = np.arange(first, last + 1)
    fit = np.linalg.pinv(np.stack([places, np.ones_like(places)], axis=1).astype(np.float64))
    slope, offset = fit @ levels[:, first : last + 1].T
    shortest, longest = RATE_HZ // _PEAK_HZ[1], RATE_HZ // _PEAK_HZ[0] + 1
    peak = levels[:, shortest:longest].argmax(axis=1) + shortest
    rows = np.arange(len(levels))
    left, middle, right = (levels[rows, peak + step] for step in (-1, 0, 1))
    bent, leaning = left - 2 * middle + right, left - right
    shift = np.where(bent < 0, np.clip(leaning / (2 * np.minimum(bent, -1e-12)), -1, 1), 0.0)
    prominence: Array = middle - leaning * shift / 4 - (slope * (peak + shift) + offset)
    return prominence
