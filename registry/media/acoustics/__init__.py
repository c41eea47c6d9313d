"""What a voice is like: pitch, tempo, breathiness, size. For information, never for a decision.

Nothing here is evidence of who speaks. It says in figures that people know what is alike and what is not, and each
figure that cannot be had says why. The definitions are those of Praat and of the papers that each module names; on
recordings the quartiles are those of Praat within what the tests say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from registry.domain.scores import Span
from registry.media.acoustics.cepstrum import cpp_db
from registry.media.acoustics.formants import vocal_tract_cm
from registry.media.acoustics.harmonicity import hnr_db
from registry.media.acoustics.pitch import HOP, Array, voiced_frames
from registry.media.acoustics.tempo import syllables_per_s
from registry.media.recording import SAMPLE_RATE_HZ, Recording

__all__ = ["FULL_BAND_HZ", "LEAST_BLOCKS", "LEAST_FRAMES", "Acoustics", "Figure", "Lacking", "describe", "described"]

LEAST_FRAMES: Final = 50
"""Voiced frames, 10 ms each, with less than which a voice is not described."""
LEAST_BLOCKS: Final = 3
"""Stretches of 3 s of speech with less than which there are no quartiles of its rate."""
FULL_BAND_HZ: Final = 4800
"""Up to where a recording must reach for what is taken from its lower 5 kHz."""

_MOST_FRAMES: Final = 1000  # of a recording, spread evenly: quartiles need no more
_QUARTILES: Final = (0.25, 0.5, 0.75)


class Lacking(StrEnum):
    """Why there is no figure. The list only grows."""

    NO_RECORDING = "no_recording"  # only voiceprints are at hand, or none that counts and holds one voice alone
    TOO_SHORT = "too_short"
    UNVOICED = "unvoiced"  # less than half a second of speech has a pitch
    NARROW_BAND = "narrow_band"  # a telephone, for one: what would be measured is cut off


@dataclass(frozen=True, slots=True)
class Acoustics:
    """One recording, frame by frame.

    Attributes:
        f0_hz: ``(n,)``: fundamental frequency of every voiced frame.
        hnr_db, cpp_db, vocal_tract_cm: of some of them, spread evenly.
        speech_rate_per_s: syllable nuclei a second, of every 3 s of speech.
        band_hz: up to where the recording reaches, as `registry.media.quality` measures it.
    """

    f0_hz: Array
    hnr_db: Array
    cpp_db: Array
    vocal_tract_cm: Array
    speech_rate_per_s: Array
    band_hz: float = SAMPLE_RATE_HZ / 2

    @property
    def voiced_s(self) -> float:
        """How much voiced speech there is, in seconds."""
        return round(self.f0_hz.size * HOP / SAMPLE_RATE_HZ, 2)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a voice.

    Attributes:
        quartiles: lower, middle and upper; None where it cannot be had.
        count: of the frames (of the stretches of speech, for its rate) that they are of.
        why: there are none.
    """

    quartiles: tuple[float, float, float] | None
    count: int
    why: Lacking | None = None

    def as_json(self) -> dict[str, Any]:
        """Answer it as a file keeps it."""
        return {"quartiles": self.quartiles and list(self.quartiles), "count": self.count, "why": self.why}


def describe(recording: Recording, spans: Sequence[Span]) -> Acoustics:
    """Measure the speech of a recording in which one person speaks, given where it is, in time order."""
    samples = recording.samples
    voiced = voiced_frames(samples, spans)
    step = max(2, -(-len(voiced) // _MOST_FRAMES))
    some = voiced.centres[::step]
    pairs = voiced.centres[np.arange(len(voiced)) // 2 % step == 0]
    return Acoustics(
        f0_hz=voiced.f0_hz,
        hnr_db=hnr_db(samples, some),
        cpp_db=cpp_db(samples, pairs),
        vocal_tract_cm=vocal_tract_cm(samples, some),
        speech_rate_per_s=syllables_per_s(samples, spans, voiced.centres),
    )


def described(recordings: Sequence[Acoustics]) -> dict[str, Figure]:
    """Answer quartiles of each figure over all recordings of a voice, by name, or why there are none."""
    return {name: figure(recordings) for name, figure in _FIGURES.items()}


def _figure(name: str, decimals: int, *, full_band: bool) -> Callable[[Sequence[Acoustics]], Figure]:
    def figure(recordings: Sequence[Acoustics]) -> Figure:
        wide = [one for one in recordings if one.band_hz >= FULL_BAND_HZ or not full_band]
        values = np.concatenate([np.zeros(0), *(getattr(one, name) for one in wide)])
        if values.size >= LEAST_FRAMES // (2 if full_band else 1):
            return _quartiles(values, decimals)
        narrow = len(wide) < len(recordings)
        why = Lacking.NARROW_BAND if narrow else Lacking.UNVOICED if recordings else Lacking.NO_RECORDING
        return Figure(None, values.size, why)

    return figure


def _rate(recordings: Sequence[Acoustics]) -> Figure:
    rates = np.concatenate([np.zeros(0), *(one.speech_rate_per_s for one in recordings)])
    if rates.size < LEAST_BLOCKS:
        return Figure(None, rates.size, Lacking.TOO_SHORT if recordings else Lacking.NO_RECORDING)
    if sum(one.f0_hz.size for one in recordings) < LEAST_FRAMES:
        return Figure(None, rates.size, Lacking.UNVOICED)
    return _quartiles(rates, 2)


def _quartiles(values: Array, decimals: int) -> Figure:
    low, middle, high = np.quantile(values, _QUARTILES).round(decimals).tolist()
    return Figure((low, middle, high), values.size)


_FIGURES: Final[Mapping[str, Callable[[Sequence[Acoustics]], Figure]]] = MappingProxyType(
    {
        "f0_hz": _figure("f0_hz", 1, full_band=False),
        "speech_rate_per_s": _rate,
        "hnr_db": _figure("hnr_db", 1, full_band=True),
        "cpp_db": _figure("cpp_db", 1, full_band=True),
        "vocal_tract_cm": _figure("vocal_tract_cm", 1, full_band=True),
    }
)
