"""Reading a stranger's file with FFmpeg: what the decoding child does with one file. Runs in that child only.

The way through: open (allow-lists, header checks) → packets → frames → blocks of about a second, averaged to mono →
16 kHz → the 16-bit grid. Memory stays flat: nothing longer than a block is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import av.error
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from registry.errors import CorruptSamplesError, NoAudioError, TruncatedMediaError
from registry.media.formats import ESTIMATED_LENGTH
from registry.media.limits import MediaLimits
from registry.media.opening import Source, open_source, require_format, too_long
from registry.media.recording import SAMPLE_RATE_HZ, SourceFacts
from registry.media.truncation import chunk_shortfall, ends_inside_ogg_page

_TOLERANCE_S: Final = 0.25  # encoder delay, padding and rounding make a sound file differ this much from its header


@dataclass(slots=True)
class _Progress:
    """How far the decoder came."""

    decoded_s: float = 0.0
    reached_s: float = 0.0
    bad_packets: int = 0


@dataclass(slots=True)
class _Block:
    """Consecutive frames of one rate and format, ``channels`` interleaved or planar as FFmpeg gave them."""

    rate_hz: int
    channels: int
    frames: list[NDArray[np.float32]] = field(default_factory=list)
    length: int = 0


def read_recording(file: BinaryIO, limits: MediaLimits) -> Iterator[SourceFacts | NDArray[np.int16]]:
    """Decode the best audio stream of ``file``.

    Yields:
        What the file is, first; then ``(n,) int16`` blocks, mono at 16 kHz, ``n`` about a second.

    Raises:
        MediaError: the subclass says why the file cannot be used.
        MemoryError: the process has no more address space.
    """
    source = open_source(file, limits)
    try:
        progress = _Progress()
        resampler: _Resampler | None = None
        for block in _blocks(source, progress, limits):
            if resampler is None:
                yield _facts(source, block)
            if resampler is None or resampler.rate_hz != block.rate_hz:
                yield from resampler.finish() if resampler else ()
                resampler = _Resampler(block.rate_hz)
            yield from resampler.feed(_mono(block, progress))
        _require_whole(source, progress)
        yield from resampler.finish() if resampler else ()
    finally:
        source.container.close()


def _facts(source: Source, first: _Block) -> SourceFacts:
    """Say what the file is; rate and channels are the decoder's, which knows better than the header."""
    return SourceFacts(source.container_name, source.codec_name, first.rate_hz, first.channels, source.size_bytes)


def _blocks(source: Source, progress: _Progress, limits: MediaLimits) -> Iterator[_Block]:
    """Gather frames to blocks of about a second, so that the array work is done a hundred times less often."""
    block: _Block | None = None
    for frame in _frames(source, progress):
        channels, rate_hz = frame.layout.nb_channels, frame.sample_rate
        if block is not None and (block.rate_hz, block.channels) != (rate_hz, channels):
            yield block
            block = None
        if block is None:
            require_format(rate_hz, channels, limits)
            block = _Block(rate_hz, channels)
        block.frames.append(_unit_scale(frame))
        block.length += frame.samples
        _advance(progress, frame, limits)
        if block.length >= rate_hz:
            yield block
            block = None
    if block is not None:
        yield block


def _frames(source: Source, progress: _Progress) -> Iterator[AudioFrame]:
    """Decode packet after packet; one that does not decode is counted and passed over, as players do."""
    packets = source.container.demux(source.stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.MemoryError as error:
            raise MemoryError from error
        except av.error.FFmpegError:
            return  # the file breaks off here; whether that was too early is decided from what it declared
        except IndexError:
            return  # PyAV, at the end, looks for streams that came after the headers; all of ours has been read
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.error.MemoryError as error:
            raise MemoryError from error
        except av.error.FFmpegError:
            progress.bad_packets += 1


def _advance(progress: _Progress, frame: AudioFrame, limits: MediaLimits) -> None:
    """Count a frame, and stop as soon as there is more than may be, whatever the header said."""
    length_s = frame.samples / frame.sample_rate
    progress.decoded_s += length_s
    if frame.pts is not None and frame.time_base is not None:
        at_s = frame.pts * frame.time_base.numerator / frame.time_base.denominator  # a fraction would reduce itself
        progress.reached_s = max(progress.reached_s, at_s + length_s)
    if progress.decoded_s > limits.max_duration_s + _TOLERANCE_S:
        raise too_long(progress.decoded_s, limits)


def _unit_scale(frame: AudioFrame) -> NDArray[np.float32]:
    """Answer a frame's samples as ``(n, channels) float32`` with full scale at one."""
    raw = frame.to_ndarray()
    by_time = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    if raw.dtype == np.uint8:
        return (by_time.astype(np.float32) - np.float32(128)) / np.float32(128)
    if raw.dtype.kind == "i":
        return by_time.astype(np.float32) / np.float32(2 ** (8 * raw.dtype.itemsize - 1))
    return by_time.astype(np.float32)


def _mono(block: _Block, progress: _Progress) -> NDArray[np.float32]:
    """Average the channels of a block: ``(n,) float32``.

    Raises:
        CorruptSamplesError: a sample is NaN or infinite.
    """
    samples = np.concatenate(block.frames)
    bad = int(samples.size - np.count_nonzero(np.isfinite(samples)))
    if bad:
        raise CorruptSamplesError(
            f"{bad} samples before second {progress.decoded_s:.2f} are not finite numbers",
            bad_samples=bad,
            before_s=round(progress.decoded_s, 3),
        )
    mixed: NDArray[np.float32] = samples[:, 0]
    if block.channels == 1:
        return mixed
    mixed = mixed.copy()  # column by column: the mean over an axis of two takes numpy six times as long
    for channel in range(1, block.channels):
        mixed += samples[:, channel]
    mixed /= np.float32(block.channels)
    return mixed


class _Resampler:
    """Brings one rate to 16 kHz, block by block, on the 16-bit grid.

    Samples past full scale are clipped; a source that is 16-bit mono at 16 kHz comes out bit for bit.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        same = rate_hz == SAMPLE_RATE_HZ
        self._stream = None if same else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ")

    def feed(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.int16]]:
        """Take one block and yield what is ready of it."""
        ready = samples if self._stream is None else self._stream.resample_chunk(samples)
        if ready.size:
            yield _on_grid(ready)

    def finish(self) -> Iterator[NDArray[np.int16]]:
        """Yield what the filter still holds."""
        if self._stream is not None:
            rest = self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
            if rest.size:
                yield _on_grid(rest)


def _on_grid(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    grid: NDArray[np.int16] = np.clip(np.rint(samples * np.float32(32768)), -32768, 32767).astype(np.int16)
    return grid


def _require_whole(source: Source, progress: _Progress) -> None:
    """Refuse a file that held less than it declared.

    Raises:
        NoAudioError: nothing was decoded.
        TruncatedMediaError: the end came early.
    """
    shortfall = chunk_shortfall(source.file, source.size_bytes)
    declared_s = source.declared_s if source.container_name not in ESTIMATED_LENGTH | {"ogg"} else None
    if shortfall is not None and shortfall[1] > 0:
        declared_s = progress.decoded_s * shortfall[0] / shortfall[1]
    cut_page = source.container_name == "ogg" and ends_inside_ogg_page(source.file, source.size_bytes)
    reached_s = max(progress.decoded_s, progress.reached_s)
    if cut_page or (declared_s is not None and declared_s > reached_s + _TOLERANCE_S):
        declares = "declares more" if declared_s is None else f"declares {declared_s:.2f} s"
        raise TruncatedMediaError(
            f"the file {declares}, but ends after {progress.decoded_s:.2f} s",
            decoded_s=round(progress.decoded_s, 3),
            declared_s=None if declared_s is None else round(declared_s, 3),
        )
    if progress.decoded_s == 0:
        raise NoAudioError("the audio stream holds no samples", decoded_s=0.0, undecodable_packets=progress.bad_packets)
