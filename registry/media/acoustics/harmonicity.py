"""How much louder the harmonics of a voice are than what is noise in it: breathy and hoarse voices have less.

The height of the highest peak of the autocorrelation, divided by that of the window, is the share of the power that is
periodic (Boersma 1993, equation 4). The peak is sought between samples, through a sinc, as Praat does: of a share of
0.99 a third of a percent is a decibel and a half. numpy only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.media.acoustics.pitch import PITCH_HZ, Array, correlation
from registry.media.recording import SAMPLE_RATE_HZ

_FRAME: Final = 9 * SAMPLE_RATE_HZ // PITCH_HZ[0] // 2  # four and a half periods of the lowest pitch, 60 ms
_SPECTRUM: Final = 1280  # a frame and its longest lag
_REACH: Final = 30  # samples to either side of a peak that a value between samples is taken from
_STEPS: Final = 8  # places between two samples
_BLOCK_FRAMES: Final = 1024
_MOST: Final = 1 - 1e-6  # 60 dB


def hnr_db(samples: NDArray[np.float32], centres: NDArray[np.int64]) -> Array:
    """Answer the ratio of harmonics to noise of frames of 60 ms.

    Args:
        samples: ``(n_samples,)``.
        centres: ``(n,)``: samples in the middle of voiced frames.

    Returns:
        ``(n_kept,)`` in dB, at most 60; frames that reach over an end of the samples are left out.
    """
    inside = centres[(centres >= _FRAME // 2) & (centres + _FRAME // 2 <= samples.size)]
    if not inside.size:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)
    blocks = (inside[at : at + _BLOCK_FRAMES] for at in range(0, inside.size, _BLOCK_FRAMES))
    return np.concatenate([_ratios(frames[block - _FRAME // 2]) for block in blocks])


def _ratios(frames: NDArray[np.float32]) -> Array:
    window = np.hanning(_FRAME).astype(np.float32)
    centred = frames - frames.mean(axis=1, keepdims=True)
    last = SAMPLE_RATE_HZ // PITCH_HZ[0] + 2
    kept = last + _REACH + 1
    curve = correlation(centred * window, _SPECTRUM)[:, :kept] / correlation(window[None], _SPECTRUM)[:, :kept]
    share = np.minimum(_highest(curve, last), _MOST)
    periodic = share > 0  # a frame without a peak has no period
    ratios: Array = 10 * np.log10(share[periodic] / (1 - share[periodic]))
    return ratios


def _highest(curve: Array, last: int) -> Array:
    """Answer the height of the highest peak at lags up to ``last`` of ``(n, last + _REACH + 1)``, between samples."""
    middle = curve[:, 1:last]
    peaks = np.where((middle >= curve[:, : last - 1]) & (middle >= curve[:, 2 : last + 1]), middle, -np.inf)
    best = peaks.argmax(axis=1) + 1
    mirrored = np.concatenate([curve[:, _REACH:0:-1], curve], axis=1)  # an autocorrelation is even
    around = mirrored[np.arange(len(best))[:, None], best[:, None] + np.arange(2 * _REACH + 1)]
    found: Array = (around @ _BETWEEN).max(axis=1)
    return np.where(np.isfinite(peaks.max(axis=1)), found, 0.0)


def _sinc() -> Array:
    """Answer weights of the neighbours for each place between the sample before a peak and the one after it."""
    neighbours = np.arange(-_REACH, _REACH + 1)[:, None]
    away = neighbours - np.arange(-_STEPS, _STEPS + 1)[None] / _STEPS
    tapered = 0.5 + 0.5 * np.cos(np.pi * np.clip(away / (_REACH + 1), -1, 1))
    weights: Array = (np.sinc(away) * tapered).astype(np.float32)
    return weights


_BETWEEN: Final = _sinc()
