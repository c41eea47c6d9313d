"""Signal quality of a recording, in figures that say what to fix. numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.media.decay import decay_db_per_s
from registry.media.recording import SAMPLE_RATE_HZ, Recording
from registry.media.voicing import voiced_share

FLOOR_DBFS: Final = -120.0
"""Level of digital silence; a 16-bit sample cannot be as low."""

MAX_SNR_DB: Final = 60.0
"""Beyond this a ratio says no more: rooms and microphones are not that quiet."""

_FRAME: Final = 400  # 25 ms
_MIN_PAUSE_S: Final = 0.5  # less than this between the spans is mostly breath and reverberation
_PAUSE_QUANTILE: Final = (
    0.25  # steady noise is as loud in any frame; words the activity missed, and coughs, are not noise
)
_SPEECH_QUANTILE: Final = 0.05  # speech itself has gaps of 25 ms
_PAUSE_GUARD_S: Final = 0.05  # kept clear of the speech on both sides of a pause
_FULL_SCALE: Final = 32767 / 32768
_FLAT_RUN: Final = 3
_FLAT_FROM: Final = 0.5  # a flat top below half of full scale is a quiet recording's rounding, not clipping
_SPECTRUM: Final = 512
_BLOCK_FRAMES: Final = 4096  # about two minutes at a time, so that hours of speech need no more memory
_BAND_SHARE: Final = 0.995  # of the energy of pre-emphasised speech
_PRE_EMPHASIS: Final = 0.97


@dataclass(frozen=True, slots=True)
class SignalQuality:
    """What the signal is like.

    Attributes:
        level_dbfs: root mean square of the speech (of everything, where there is no speech), in dB below a full-scale
            square wave; `FLOOR_DBFS` at the lowest.
        clipped_share: share in [0, 1] of samples in runs of three or more at full scale or at a flat-topped maximum.
        snr_db: level of the speech over the steady noise in the pauses (the quarter of their frames that is quietest),
            in [0, `MAX_SNR_DB`]. With less than half a second of pauses it is estimated from the quietest twentieth of
            all frames instead, which understates it.
        bandwidth_hz: below this frequency lie 99.5 % of the pre-emphasised energy of the speech: about 3,400 for a
            telephone, above 5,000 for a microphone.
        voiced_share: share in [0, 1] of the louder half of the speech that is periodic: 0.7 and more when people speak,
            0.5 and less when they whisper; noise as loud as the speech lowers it too.
        decay_db_per_s: how fast the steepest tenth of the falls of level is, over 0: about 390 for dry speech, 155 in a
            room with a reverberation time of half a second. None where too little falls to tell.
    """

    level_dbfs: float
    clipped_share: float
    snr_db: float
    bandwidth_hz: float
    voiced_share: float
    decay_db_per_s: float | None


def measure(recording: Recording, spans: Sequence[Span]) -> SignalQuality:
    """Measure a recording, given where its speech is (in time order, without overlaps)."""
    samples = recording.samples
    mask = _speech_mask(samples.size, spans, grow_s=0.0)
    speech = samples[mask] if mask.any() else samples
    return SignalQuality(
        level_dbfs=level_dbfs(speech),
        clipped_share=_clipped_share(samples),
        snr_db=_snr_db(samples, speech, spans),
        bandwidth_hz=_bandwidth_hz(speech),
        voiced_share=voiced_share(speech),
        decay_db_per_s=decay_db_per_s(samples),
    )


def level_dbfs(samples: NDArray[np.float32]) -> float:
    """Answer the root mean square of samples in [-1, 1) in dB relative to one; `FLOOR_DBFS` at the lowest."""
    if not samples.size:
        return FLOOR_DBFS
    power = _power(samples)
    return max(10 * math.log10(power), FLOOR_DBFS) if power > 0 else FLOOR_DBFS


def _speech_mask(length: int, spans: Sequence[Span], *, grow_s: float) -> NDArray[np.bool_]:
    """Answer ``(length,) bool``: which samples are speech."""
    mask = np.zeros(length, dtype=np.bool_)
    for span in spans:
        first = max(0, int((span.start_s - grow_s) * SAMPLE_RATE_HZ))
        mask[first : int((span.end_s + grow_s) * SAMPLE_RATE_HZ)] = True
    return mask


def _clipped_share(samples: NDArray[np.float32]) -> float:
    """Answer the share of samples in runs that no microphone makes.

    A run counts when three or more neighbours are equal and lie at full scale, or at the recording's own largest
    value where that is above half of full scale (clipped first, turned down later).
    """
    if samples.size < _FLAT_RUN:
        return 0.0
    top, bottom = float(samples.max()), float(samples.min())
    high = samples >= (min(top, _FULL_SCALE) if top >= _FLAT_FROM else math.inf)
    low = samples <= (max(bottom, -_FULL_SCALE) if bottom <= -_FLAT_FROM else -math.inf)
    return (_in_runs(high) + _in_runs(low)) / samples.size


def _in_runs(flags: NDArray[np.bool_]) -> int:
    """Count the true values that stand in runs of `_FLAT_RUN` or more."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _FLAT_RUN].sum())


def _snr_db(samples: NDArray[np.float32], speech: NDArray[np.float32], spans: Sequence[Span]) -> float:
    """Answer the ratio of speech to pauses; the noise that speech carries too is taken off its power."""
    pauses = samples[~_speech_mask(samples.size, spans, grow_s=_PAUSE_GUARD_S)]
    enough = pauses.size >= _MIN_PAUSE_S * SAMPLE_RATE_HZ
    noise = _quantile_power(pauses, _PAUSE_QUANTILE) if enough else _quantile_power(samples, _SPEECH_QUANTILE)
    noise = max(noise, 10 ** (FLOOR_DBFS / 10))
    signal = max(_power(speech) - noise, noise)
    return min(10 * math.log10(signal / noise), MAX_SNR_DB)


def _power(samples: NDArray[np.float32]) -> float:
    """Answer the mean square, without a copy of hours of samples in double precision."""
    return float(np.einsum("i,i->", samples, samples, dtype=np.float64)) / samples.size if samples.size else 0.0


def _quantile_power(samples: NDArray[np.float32], quantile: float) -> float:
    """Answer a quantile of the powers of 25 ms frames."""
    count = samples.size // _FRAME
    if not count:
        return 0.0
    frames = samples[: count * _FRAME].reshape(count, _FRAME)
    powers = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / _FRAME
    return float(np.quantile(powers, quantile))


def _bandwidth_hz(speech: NDArray[np.float32]) -> float:
    """Answer the frequency below which `_BAND_SHARE` of the pre-emphasised energy lies; zero for silence."""
    count = speech.size // _SPECTRUM
    if not count:
        return 0.0
    total = np.zeros(_SPECTRUM // 2 + 1)
    window = np.hanning(_SPECTRUM).astype(np.float32)
    for first in range(0, count, _BLOCK_FRAMES):
        last = min(count, first + _BLOCK_FRAMES)
        block = speech[first * _SPECTRUM : last * _SPECTRUM].reshape(-1, _SPECTRUM)
        sharpened = block[:, 1:] - np.float32(_PRE_EMPHASIS) * block[:, :-1]
        total += np.square(np.abs(np.fft.rfft(sharpened * window[1:], n=_SPECTRUM, axis=1))).sum(axis=0)
    if total.sum() <= 0:
        return 0.0
    reached = int(np.searchsorted(np.cumsum(total), _BAND_SHARE * total.sum()))
    return reached * SAMPLE_RATE_HZ / _SPECTRUM
