"""The lower 5 kHz of frames of a recording, pre-emphasised: what cepstra and formants are taken from. numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from registry.media.acoustics.pitch import Array
from registry.media.recording import SAMPLE_RATE_HZ

RATE_HZ: Final = 10_000
TOP_HZ: Final = RATE_HZ // 2
"""The sound must reach about as far as this, or there is nothing to find at the upper end."""
_EMPHASISED_FROM_HZ: Final = 50.0
_BLOCK_FRAMES: Final = 512

Spectra = NDArray[np.complexfloating[Any, Any]]


def spectra(
    samples: NDArray[np.float32], centres: NDArray[np.int64], length: int, size: int
) -> Iterator[tuple[NDArray[np.int64], Spectra]]:
    """Yield spectra of frames under a Gaussian window up to `TOP_HZ`, a block at a time, with places among the centres.

    Args:
        samples: ``(n_samples,)`` at 16 kHz.
        centres: ``(n,)``: samples in the middle of frames; those too near an end are left out.
        length: of a frame, in samples; half of it is what the window lets through.
        size: samples that a frame is filled up to with zeros: a multiple of 16.

    Yields:
        places ``(n_block,)`` and spectra ``(n_block, size * 5 // 16 + 1)``, emphasised by 6 dB an octave from 50 Hz.
    """
    first = centres - length // 2
    inside = np.flatnonzero((first >= 0) & (first + length <= samples.size))
    if not inside.size:
        return
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)
    window, bins = _gaussian(length).astype(np.float32), size * TOP_HZ // SAMPLE_RATE_HZ + 1
    turned = -2 * np.pi * _EMPHASISED_FROM_HZ / RATE_HZ - 1j * np.pi * np.linspace(0, 1, bins)
    emphasis = (1 - np.exp(turned)).astype(np.complex64)
    for at in range(0, inside.size, _BLOCK_FRAMES):
        block = inside[at : at + _BLOCK_FRAMES]
        yield block, np.fft.rfft(frames[first[block]] * window, size, axis=1)[:, :bins] * emphasis


def _gaussian(length: int) -> Array:
    """Answer Praat's Gaussian window: half as long in effect as in samples, and zero at its ends."""
    away = np.arange(length) - (length - 1) / 2
    edge = np.exp(-12.0)
    window: Array = (np.exp(-48.0 * np.square(away / (length + 1))) - edge) / (1 - edge)
    return window
