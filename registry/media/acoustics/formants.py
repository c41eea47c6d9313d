"""How long a vocal tract is, from the distance of its resonances.

Formants by linear prediction (Burg's method, as in Press et al., "Numerical Recipes", and Praat's), ten coefficients
under 5 kHz. A tube that is closed at one end and open at the other resonates at odd multiples of a quarter of its
wavelength: the spacing of formants is the slope of a line through them and the origin, and the length is the speed of
sound over twice that (Reby and McComb 2003, "Anatomical constraints generate honesty", Animal Behaviour 65; how well
that holds for people: Lammert and Narayanan 2015, "On short-time estimation of vocal tract length from formant
frequencies"). numpy only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from registry.media.acoustics.lower_band import RATE_HZ, TOP_HZ, spectra
from registry.media.acoustics.pitch import Array
from registry.media.recording import SAMPLE_RATE_HZ

_FRAME: Final = SAMPLE_RATE_HZ // 20  # 50 ms under a Gaussian, 25 ms in effect
_ORDER: Final = 10
_FORMANTS: Final = 4
_MARGIN_HZ: Final = 50.0  # resonances nearer to either end of the band are none of the vocal tract
_WIDEST_HZ: Final = (
    1200.0  # a wider resonance is the slope of the spectrum; under 5 kHz a short tract has four, not five
)
_SOUND_CM_PER_S: Final = 35_000.0  # in warm and moist air
_ODD: Final = np.arange(_FORMANTS) + 0.5


def vocal_tract_cm(samples: NDArray[np.float32], centres: NDArray[np.int64]) -> Array:
    """Answer the apparent length of the vocal tract, frame by frame.

    Args:
        samples: ``(n_samples,)`` at 16 kHz.
        centres: ``(n,)``: samples in the middle of voiced frames.

    Returns:
        ``(n_kept,)`` in cm; frames in which four formants are not found, or that reach over an end, are left out.
    """
    found = [formants_hz(np.fft.irfft(part, axis=1)) for _, part in spectra(samples, centres, _FRAME, _FRAME)]
    if not found:
        return np.zeros(0)
    spacing = np.concatenate(found) @ _ODD / (_ODD @ _ODD)
    lengths: Array = _SOUND_CM_PER_S / (2 * spacing)
    return lengths


def formants_hz(frames: Array) -> Array:
    """Answer the four lowest formants of those of ``(n, length)`` frames at 10 kHz that have four: ``(n_kept, 4)``."""
    predictors = _burg(frames)
    companions = np.zeros((len(frames), _ORDER, _ORDER))
    companions[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1.0
    companions[:, 0, :] = predictors
    poles = np.linalg.eigvals(companions)
    resonances = np.angle(poles) * RATE_HZ / (2 * np.pi)
    widths = -np.log(np.maximum(np.abs(poles), 1e-9)) * RATE_HZ / np.pi
    outside = (resonances < _MARGIN_HZ) | (resonances > TOP_HZ - _MARGIN_HZ) | (widths > _WIDEST_HZ)
    resonances[outside] = np.inf
    lowest = np.sort(resonances, axis=1)[:, :_FORMANTS]
    answer: Array = lowest[np.isfinite(lowest).all(axis=1)]
    return answer


def _burg(frames: Array) -> Array:
    """Answer the coefficients with which ``(n, length)`` samples are predicted from those before: ``(n, _ORDER)``."""
    forward, backward = frames[:, 1:].copy(), frames[:, :-1].copy()
    found = np.zeros((len(frames), 0))
    for order in range(_ORDER):
        power = np.square(forward).sum(axis=1) + np.square(backward).sum(axis=1)
        reflected = (2 * (forward * backward).sum(axis=1) / np.maximum(power, 1e-300))[:, None]
        found = np.concatenate([found - reflected * found[:, ::-1], reflected], axis=1)
        if order < _ORDER - 1:
            ahead, behind = forward - reflected * backward, backward - reflected * forward
            forward, backward = ahead[:, 1:], behind[:, :-1]
    return found
