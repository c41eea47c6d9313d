"""Fingerprints of recordings: by which the same recording is told again after it was encoded, resampled, or cut.

A fingerprint says what a recording sounds like as a whole, in twelve semitones of a spectrum: two recordings of one
person saying the same words twice have fingerprints that are as far from each other as any two. No voiceprint can be
made of it, and it is compared with nothing but other fingerprints.

The fingerprint is Chromaprint's, algorithm 2 (the default of its version 1.5.1): https://acoustid.org/chromaprint,
Copyright (C) 2010-2016 Lukas Lalinsky, MIT licence, from which the numbers in `_CLASSIFIERS` are. It is computed here
since the library would bring a second FFmpeg into the house for one Fourier transform; a test holds the two to the same
bits. The comparison is of bit errors over blocks of subsequent hashes, as in J. Haitsma, T. Kalker, "A Highly Robust
Audio Fingerprinting System", ISMIR 2002, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from registry.media.recording import SAMPLE_RATE_HZ, Recording

ALGORITHM: Final = "chromaprint-2"
"""Names what a fingerprint is made by. Those of two algorithms are never compared."""

RATE_HZ: Final = 11_025
_FRAME: Final = 4096
_HOP: Final = _FRAME // 3
HASH_S: Final = _HOP / RATE_HZ
"""Seconds from one hash to the next."""

LONGEST_S: Final = 120.0
"""Seconds of a recording that a fingerprint is made of, from its beginning, as `fpcalc` takes them: what is looked up
in a request costs no more the longer somebody's recording is."""

_BANDS: Final = 12
_LOWEST_HZ, _HIGHEST_HZ = 28, 3520
_BASE_HZ: Final = 440 / 16
_SMOOTHING: Final = (0.25, 0.75, 1.0, 0.75, 0.25)
_QUIET: Final = 0.01
_FULL_SCALE: Final = 32767.0
_REACH: Final = 16
"""Spectra that one hash is made of."""

_CLASSIFIERS: Final = (
    ((0, 4, 3, 15), (1.98215, 2.35817, 2.63523)),
    ((4, 4, 6, 15), (-1.03809, -0.651211, -0.282167)),
    ((1, 0, 4, 16), (-0.298702, 0.119262, 0.558497)),
    ((3, 8, 2, 12), (-0.105439, 0.0153946, 0.135898)),
    ((3, 4, 4, 8), (-0.142891, 0.0258736, 0.200632)),
    ((4, 0, 3, 5), (-0.826319, -0.590612, -0.368214)),
    ((1, 2, 2, 9), (-0.557409, -0.233035, 0.0534525)),
    ((2, 7, 3, 4), (-0.0646826, 0.00620476, 0.0784847)),
    ((2, 6, 2, 16), (-0.192387, -0.029699, 0.215855)),
    ((2, 1, 3, 2), (-0.0397818, -0.00568076, 0.0292026)),
    ((5, 10, 1, 15), (-0.53823, -0.369934, -0.190235)),
    ((3, 6, 2, 10), (-0.124877, 0.0296483, 0.139239)),
    ((2, 1, 1, 14), (-0.101475, 0.0225617, 0.231971)),
    ((3, 5, 6, 4), (-0.0799915, -0.00729616, 0.063262)),
    ((1, 9, 2, 12), (-0.272556, 0.019424, 0.302559)),
    ((3, 4, 2, 14), (-0.164292, -0.0321188, 0.0846339)),
)
"""Each: a filter (kind, first band, bands, spectra), and the three bounds between the four values that it gives."""

_GRAY: Final = np.array([0, 1, 3, 2], np.uint32)
_SPECTRA_AT_ONCE: Final = 4096
_HASH_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a recording sounds like.

    Attributes:
        hashes: ``(n,) uint32``, one for each `HASH_S` seconds; none for a recording under three seconds.
    """

    hashes: NDArray[np.uint32]

    @property
    def duration_s(self) -> float:
        """Seconds that it covers."""
        return self.hashes.size * HASH_S

    def to_bytes(self) -> bytes:
        """Write it down: four bytes a hash, the least first."""
        return self.hashes.astype("<u4").tobytes()

    @classmethod
    def of_bytes(cls, stored: bytes) -> Fingerprint:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: it is not that.
        """
        return cls(np.frombuffer(stored, "<u4").astype(np.uint32))


# --- making ----------------------------------------------------------------------------------------------------------


def fingerprint_of(recording: Recording) -> Fingerprint:
    """Answer the fingerprint of the first `LONGEST_S` seconds of a recording: the same bytes for the same samples."""
    beginning = recording.samples[: round(LONGEST_S * SAMPLE_RATE_HZ)]
    samples = soxr.resample(beginning, SAMPLE_RATE_HZ, RATE_HZ)
    return fingerprint_of_samples(np.clip(np.rint(samples * (_FULL_SCALE + 1)), -32768, 32767).astype(np.int16))


def fingerprint_of_samples(samples: NDArray[np.int16]) -> Fingerprint:
    """Answer the fingerprint of ``(n,) int16`` samples at `RATE_HZ`.

    1. Spectra of 4096 samples, a third of that apart, under a Hamming window.
    2. The energy of each semitone from 28 to 3520 Hz, octaves folded onto each other.
    3. Five spectra smoothed into one, of length 1; near silence it is nothing.
    4. Sixteen filters over sixteen spectra, two bits each.
    """
    energies = [_semitones(part) for part in _in_parts(samples)]
    chroma = np.concatenate(energies) if energies else np.zeros((0, _BANDS))
    if len(chroma) < len(_SMOOTHING) + _REACH - 1:
        return Fingerprint(np.zeros(0, np.uint32))
    smooth = sliding_window_view(chroma, len(_SMOOTHING), axis=0) @ np.array(_SMOOTHING)
    length = np.linalg.norm(smooth, axis=1, keepdims=True)
    return Fingerprint(_hashes(np.divide(smooth, length, out=np.zeros_like(smooth), where=length >= _QUIET)))


def _in_parts(samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Yield parts of the frames, each ``(up to 4096, 4096)``: an hour of them at once would take half a gigabyte."""
    if samples.size < _FRAME:
        return
    frames = sliding_window_view(samples, _FRAME)[::_HOP]
    for first in range(0, len(frames), _SPECTRA_AT_ONCE):
        yield frames[first : first + _SPECTRA_AT_ONCE]


def _semitones(frames: NDArray[np.int16]) -> NDArray[np.float64]:
    """Answer the energy of each semitone in each frame: ``(n, 12)``."""
    window = (0.54 - 0.46 * np.cos(np.arange(_FRAME) * 2 * math.pi / (_FRAME - 1))) / _FULL_SCALE
    first, notes = _notes()
    spectra = np.fft.rfft(frames * window, axis=1)[:, first : first + len(notes)]
    return np.square(np.abs(spectra)) @ np.eye(_BANDS)[notes]


@cache
def _notes() -> tuple[int, NDArray[np.intp]]:
    """Answer the first line of the spectrum that counts, and to which semitone it and each after it belong."""
    first, last = (round(_FRAME * hz / RATE_HZ) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    octaves = np.log2(np.arange(first, last) * RATE_HZ / _FRAME / _BASE_HZ)
    return first, (_BANDS * (octaves - np.floor(octaves))).astype(np.intp)


def _hashes(chroma: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Answer the hash of every sixteen spectra that follow each other: ``(n - 15,)``."""
    sums = np.zeros((len(chroma) + 1, _BANDS + 1))
    sums[1:, 1:] = chroma.cumsum(axis=0).cumsum(axis=1)
    count = len(chroma) - _REACH + 1
    hashes = np.zeros(count, np.uint32)
    for filtered, bounds in _CLASSIFIERS:
        value = np.searchsorted(np.array(bounds), _filter(sums, count, filtered), side="right")
        hashes = (hashes << np.uint32(2)) | _GRAY[value]
    return hashes


def _filter(sums: NDArray[np.float64], count: int, shape: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Answer what a filter gives at each of ``count`` places: the logarithm of how far some areas outweigh others."""
    kind, band, bands, spectra = shape

    def area(from_spectrum: int, from_band: int, to_spectrum: int, to_band: int) -> NDArray[np.float64]:
        above, below = sums[from_spectrum : from_spectrum + count], sums[to_spectrum : to_spectrum + count]
        return below[:, to_band] - above[:, to_band] - below[:, from_band] + above[:, from_band]

    end, half, third = band + bands, band + bands // 2, bands // 3
    mid, part = spectra // 2, spectra // 3
    if kind == 0:
        more, less = area(0, band, spectra, end), np.zeros(count)
    elif kind == 1:
        more, less = area(0, half, spectra, end), area(0, band, spectra, half)
    elif kind == 2:  # noqa: PLR2004  (the kinds are Chromaprint's numbers)
        more, less = area(mid, band, spectra, end), area(0, band, mid, end)
    elif kind == 3:  # noqa: PLR2004
        more = area(0, half, mid, end) + area(mid, band, spectra, half)
        less = area(0, band, mid, half) + area(mid, half, spectra, end)
    elif kind == 4:  # noqa: PLR2004
        more = area(0, band + third, spectra, band + 2 * third)
        less = area(0, band, spectra, band + third) + area(0, band + 2 * third, spectra, end)
    else:
        more = area(part, band, 2 * part, end)
        less = area(0, band, part, end) + area(2 * part, band, spectra, end)
    return np.log((1.0 + more) / (1.0 + less))


# --- comparing -------------------------------------------------------------------------------------------------------

BLOCK: Final = 64
"""Hashes that are compared at a time: eight seconds of them, made of ten seconds of sound."""

LEAST_BLOCK: Final = 32
"""Hashes under which nothing is compared: a recording of less than about six seconds."""

MOST_CANDIDATES: Final = 10
"""Fingerprints that are laid onto one, of however many: each costs about ten milliseconds where both are of 120 s."""

_INDEXED_BITS: Final = 24
_INDEXED_FROM: Final = (0, _HASH_BITS - _INDEXED_BITS)
"""Parts of a hash that are looked up: two hashes have one in common unless bits differ near both of its ends."""

_WINDOWS_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near two fingerprints come to each other, where they come nearest.

    Attributes:
        bit_error_rate: share of the bits of a block that differ, from 0 (the same) to about 0.5 (nothing in common).
        first_s, second_s: where the block begins, in the first and in the second recording.
        block_s: seconds that were compared there.
    """

    bit_error_rate: float
    first_s: float
    second_s: float
    block_s: float


def candidates(submitted: Fingerprint, kept: Sequence[Fingerprint]) -> list[int]:
    """Answer where those fingerprints are, of many, that are worth comparing with one: as an index of hashes has them.

    They have the upper or the lower 24 bits of a hash in common with it; those with the most different ones come first,
    and more than `MOST_CANDIDATES` are not answered. Another recording has hardly ever more than one.
    """
    if not submitted.hashes.size or not kept:
        return []
    every = np.concatenate([each.hashes for each in kept])
    places = np.repeat(np.arange(len(kept)), [each.hashes.size for each in kept])
    counts = np.zeros(len(kept), np.intp)
    for lowest in _INDEXED_FROM:
        counts += _in_common(_part(submitted.hashes, lowest), _part(every, lowest), places, len(kept))
    first = np.argsort(-counts, kind="stable")[:MOST_CANDIDATES]
    return [int(each) for each in first if counts[each]]


def _part(hashes: NDArray[np.uint32], lowest: int) -> NDArray[np.uint32]:
    return (hashes >> np.uint32(lowest)) & np.uint32((1 << _INDEXED_BITS) - 1)


def _in_common(
    own: NDArray[np.uint32], every: NDArray[np.uint32], places: NDArray[np.intp], count: int
) -> NDArray[np.intp]:
    """Answer how many different values of ``own`` there are at each of ``count`` places of ``(n,)`` values."""
    own = np.unique(own)
    listed = np.zeros(1 << _INDEXED_BITS, np.bool_)
    listed[own] = True
    shared = listed[every]
    seen = np.zeros((count, own.size), np.bool_)
    seen[places[shared], np.searchsorted(own, every[shared])] = True
    different: NDArray[np.intp] = np.count_nonzero(seen, axis=1)
    return different


def nearness(first: Fingerprint, second: Fingerprint) -> Nearness | None:
    """Answer how near two fingerprints come, or None where one is too short, or too monotonous, to be compared.

    Blocks of the shorter one, half a block apart, are laid at every place of the longer one. What the two have in
    common is found when it lasts one and a half blocks. Blocks in which less than half of the hashes differ from each
    other say nothing, such as those of silence.
    """
    if first.hashes.size > second.hashes.size:
        found = nearness(second, first)
        return found and Nearness(found.bit_error_rate, found.second_s, found.first_s, found.block_s)
    block = min(BLOCK, first.hashes.size)
    starts = [at for at in _starts(first.hashes.size, block) if _says_something(first.hashes[at : at + block])]
    if block < LEAST_BLOCK or not starts:
        return None
    blocks = np.stack([_signs(first.hashes[at : at + block]).ravel() for at in starts], axis=1)
    return _nearest(blocks, starts, _signs(second.hashes), block)


def _starts(size: int, block: int) -> list[int]:
    """Answer where the blocks of a fingerprint begin; the last one ends where it ends."""
    return sorted({*range(0, size - block + 1, max(block // 2, 1)), max(size - block, 0)})


def _says_something(hashes: NDArray[np.uint32]) -> bool:
    return 2 * np.unique(hashes).size >= hashes.size


def _signs(hashes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Answer the bits of hashes as signs: ``(n, 32) float32`` of 1 and -1."""
    bits = (hashes[:, None] >> np.arange(_HASH_BITS, dtype=np.uint32)) & np.uint32(1)
    return bits.astype(np.float32) * 2 - 1


def _nearest(blocks: NDArray[np.float32], starts: list[int], signs: NDArray[np.float32], block: int) -> Nearness:
    """Lay ``(32 * block, m)`` blocks at every place of ``(n, 32)`` signs, and answer where one comes nearest."""
    windows = sliding_window_view(signs, block, axis=0).transpose(0, 2, 1)
    best = (-math.inf, 0, 0)
    for at in range(0, len(windows), _WINDOWS_AT_ONCE):
        agreement = windows[at : at + _WINDOWS_AT_ONCE].reshape(-1, block * _HASH_BITS) @ blocks
        row, found = divmod(int(agreement.argmax()), agreement.shape[1])
        best = max(best, (float(agreement[row, found]), -(at + row), found))
    agreed, place, column = best
    rate = (1 - agreed / (block * _HASH_BITS)) / 2
    return Nearness(round(rate, 6), starts[column] * HASH_S, -place * HASH_S, block * HASH_S)
