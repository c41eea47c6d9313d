"""How fast sound dies away in a recording: a blind measure of reverberation. numpy only.

Speech falls silent faster than rooms do. The steepest falls of level in a recording are therefore those of the speech
where it is dry, and those of the room where it is not (the idea of Wen, Habets & Naylor, "Blind estimation of
reverberation time based on the distribution of signal decay rates", ICASSP 2008).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.media.recording import SAMPLE_RATE_HZ

_FRAME: Final = 512
_HOP: Final = 128
_BLOCK_FRAMES: Final = 4096  # about half a minute at a time, so that hours need no more memory
_EDGES_HZ: Final = np.geomspace(250, 4000, 9)  # eight bands of half an octave
_REACH: Final = 10  # frames that a fall is fitted on: 80 ms
_STEEPEST: Final = 0.1
_BELOW_TOP_DB: Final = 25.0
_ABOVE_FLOOR_DB: Final = 6.0
_FEWEST_FALLS: Final = 20
_SMALLEST: Final = 1e-9


def decay_db_per_s(samples: NDArray[np.float32]) -> float | None:
    """Answer the rate in dB/s that a tenth of all falls of level reach; None where there are too few falls to say.

    About 390 for speech in a studio or close to the microphone; 250, 155 and 110 for the same in rooms with
    reverberation times of 0.25, 0.5 and 1.2 s. Noise slows falls too: 275 at 15 dB. A fall is a stretch of 80 ms in one
    of eight bands whose level begins near the top (the band's 95 % quantile), goes down, and ends clear of the floor
    (its 5 % quantile). A sound that dies away at one rate is found some 35 dB/s above it, because levels also waver.
    """
    if samples.size < _FRAME + _HOP * _REACH:
        return None
    levels = _band_levels(samples)
    times = (np.arange(_REACH, dtype=np.float32) - (_REACH - 1) / 2) * _HOP / SAMPLE_RATE_HZ
    weights = times / np.square(times).sum()
    last = len(levels) - _REACH + 1
    slopes = sum(weight * levels[offset : offset + last] for offset, weight in enumerate(weights))
    floor, top = np.quantile(levels, (0.05, 0.95), axis=0)
    falls = (slopes < 0) & (levels[:last] > top - _BELOW_TOP_DB) & (levels[_REACH - 1 :] > floor + _ABOVE_FLOOR_DB)
    rates = -slopes[falls]
    return float(np.quantile(rates, 1 - _STEEPEST)) if rates.size >= _FEWEST_FALLS else None


def _band_levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Answer ``(n_frames, 8)``: the level of each band in dB, relative to an arbitrary one."""
    window = np.hanning(_FRAME).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    edges = np.searchsorted(np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE_HZ), _EDGES_HZ)
    levels = np.empty((len(frames), len(edges) - 1), dtype=np.float32)
    for first in range(0, len(frames), _BLOCK_FRAMES):
        block = frames[first : first + _BLOCK_FRAMES]
        spectra = np.square(np.abs(np.fft.rfft(block * window, axis=1)[:, : edges[-1]]))
        energies = np.add.reduceat(spectra, edges[:-1], axis=1)
        levels[first : first + len(block)] = 10 * np.log10(energies + _SMALLEST)
    return levels
