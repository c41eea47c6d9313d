"""Whispers made by code of spoken recordings: the same mouth without the vocal folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FRAME = 512
_HOP = 256
_ORDER = 18


def predictor(frame: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Answer a frame's linear prediction (autocorrelation method) and the power of what it leaves."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frame, 2 * _FRAME)) ** 2)[: _ORDER + 1]
    correlation[0] = correlation[0] * 1.0001 + 1e-9
    lags = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    weights = np.linalg.solve(correlation[lags], correlation[1:])
    return weights, max(float(correlation[0] - weights @ correlation[1:]), 1e-12) / _FRAME


def whispered(speech: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Drive each frame's filter of ``(n,)`` samples at 16 kHz by noise of the residual's power."""
    window = np.hanning(_FRAME + 1)[:_FRAME]
    made = np.zeros(speech.size)
    for start in range(0, speech.size - _FRAME, _HOP):
        weights, power = predictor(speech[start : start + _FRAME] * window)
        response = 1 / np.fft.rfft(np.concatenate([[1.0], -weights]), 2 * _FRAME)
        source = np.fft.rfft(random.normal(0, np.sqrt(power), _FRAME), 2 * _FRAME)
        made[start : start + _FRAME] += np.fft.irfft(source * response)[:_FRAME] * window
    return made.astype(np.float32)
