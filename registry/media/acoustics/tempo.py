"""How fast somebody speaks: syllable nuclei, found by loudness and voicing.

De Jong and Wempe (2009), "Praat script to detect syllable nuclei and measure speech rate automatically", Behavior
Research Methods 41: peaks of the intensity within 25 dB of the loudest, each followed by a dip of 2 dB or more, where
the voice is voiced. Their script never counts the last peak of a recording; here it counts. numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.media.acoustics.pitch import HOP, Array
from registry.media.recording import SAMPLE_RATE_HZ

_FRAME: Final = 2 * SAMPLE_RATE_HZ * 32 // 500  # 6.4 periods of 50 Hz, 128 ms under a Kaiser window
_STEP: Final = SAMPLE_RATE_HZ * 2 // 125  # 16 ms
_KAISER: Final = 20.24
_LOUDEST: Final = 0.99  # quantile of the intensity
_UNDER_LOUDEST_DB: Final = 25.0
_DIP_DB: Final = 2.0
_BLOCK_FRAMES: Final = 1024
BLOCK_S: Final = 3.0
"""Net speech over which syllables are counted for one rate."""


def syllables_per_s(samples: NDArray[np.float32], spans: Sequence[Span], voiced: NDArray[np.int64]) -> Array:
    """Answer the rate of syllable nuclei in each `BLOCK_S` of speech, one after the other; what is left is dropped.

    Args:
        samples: ``(n_samples,)``.
        spans: of speech, in time order.
        voiced: ``(n,)``: samples in the middle of voiced frames.
    """
    into = _seconds_of_speech(nuclei(samples, voiced), spans)
    blocks = int(sum(span.duration_s for span in spans) / BLOCK_S)
    counted = np.bincount((into / BLOCK_S).astype(np.int64), minlength=blocks)[:blocks]
    rates: Array = counted / BLOCK_S
    return rates


def nuclei(samples: NDArray[np.float32], voiced: NDArray[np.int64]) -> NDArray[np.int64]:
    """Answer the syllable nuclei of ``(n_samples,)``, as places of samples in time order."""
    levels = _intensity_db(samples)
    if not levels.size:
        return np.zeros(0, np.int64)
    least = np.quantile(levels, _LOUDEST) - _UNDER_LOUDEST_DB
    rising = np.concatenate([[True], levels[1:] > levels[:-1]])
    falling = np.concatenate([levels[:-1] >= levels[1:], [True]])
    peaks = np.flatnonzero(rising & falling & (levels > least))
    dips = np.array(
        [levels[one : other + 1].min() for one, other in zip(peaks, [*peaks[1:], levels.size], strict=True)]
    )
    at: NDArray[np.int64] = peaks[levels[peaks] - dips > _DIP_DB] * _STEP + _FRAME // 2
    return at[_near(at, voiced)]


def _intensity_db(samples: NDArray[np.float32]) -> Array:
    """Answer the level of frames of 128 ms, one every 16 ms, of which the mean is taken off."""
    if samples.size < _FRAME:
        return np.zeros(0)
    window = np.kaiser(_FRAME, _KAISER).astype(np.float32)
    window /= window.sum()
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_STEP]
    squared = np.lib.stride_tricks.sliding_window_view(np.square(samples), _FRAME)[::_STEP]
    blocks = range(0, len(frames), _BLOCK_FRAMES)
    means = np.concatenate([frames[at : at + _BLOCK_FRAMES] @ window for at in blocks])
    powers = np.concatenate([squared[at : at + _BLOCK_FRAMES] @ window for at in blocks])
    levels: Array = 10 * np.log10(np.maximum(powers - np.square(means), 1e-12))
    return levels


def _near(at: NDArray[np.int64], voiced: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Answer which places have a voiced frame within one frame."""
    if not voiced.size:
        return np.zeros(at.size, dtype=np.bool_)
    after = np.searchsorted(voiced, at).clip(0, voiced.size - 1)
    nearest = np.minimum(np.abs(voiced[after] - at), np.abs(voiced[np.maximum(after - 1, 0)] - at))
    answer: NDArray[np.bool_] = nearest <= HOP
    return answer


def _seconds_of_speech(at: NDArray[np.int64], spans: Sequence[Span]) -> Array:
    """Answer how much speech there was before each of those places that lie within speech."""
    found, before = [], 0.0
    for span in spans:
        inside = at[(at >= span.start_s * SAMPLE_RATE_HZ) & (at < span.end_s * SAMPLE_RATE_HZ)]
        found.append(before + inside / SAMPLE_RATE_HZ - span.start_s)
        before += span.duration_s
    return np.concatenate([np.zeros(0), *found])
