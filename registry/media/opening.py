"""Opening a stranger's file: allow-lists, and every check that the headers allow. Runs in the decoding child only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer

from registry.errors import (
    EmptyMediaError,
    ForbiddenFormatError,
    MediaTooLargeError,
    NoAudioError,
    NotMediaError,
    TruncatedMediaError,
)
from registry.media.formats import CODECS, CONTAINERS, ESTIMATED_LENGTH
from registry.media.limits import MediaLimits
from registry.media.truncation import size_of

_ESTIMATE_SLACK: Final = 2.0  # a length guessed from the bit rate refuses a file only when it is past twice the limit
_MICROSECONDS: Final = 1_000_000
_CONTAINER_OPTIONS: Final = {
    "format_whitelist": ",".join(CONTAINERS),
    "codec_whitelist": ",".join(CODECS),
    "protocol_whitelist": "none",  # no protocol has this name: the file object is all there is to read from
}


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file and the one stream of it that is read.

    Attributes:
        file: what the container reads from.
        size_bytes: of the file.
        container: opened; whoever holds this closes it.
        stream: the audio stream to decode.
        container_name: FFmpeg's name of the demuxer.
        codec_name: FFmpeg's name of the codec.
        declared_s: length of the audio that the headers give, exact or guessed; ``None`` where they give none.
    """

    file: BinaryIO
    size_bytes: int
    container: InputContainer
    stream: AudioStream
    container_name: str
    codec_name: str
    declared_s: float | None


def open_source(file: BinaryIO, limits: MediaLimits) -> Source:
    """Open ``file`` and choose the audio stream to read; the caller closes ``container``.

    Raises:
        EmptyMediaError, NotMediaError, ForbiddenFormatError, NoAudioError, MediaTooLargeError, TruncatedMediaError:
            the headers say that the file cannot be used.
        MemoryError: the process has no more address space.
    """
    size_bytes = size_of(file)
    if size_bytes == 0:
        raise EmptyMediaError("the file is empty: 0 bytes", size_bytes=0)
    container = _open(file)
    try:
        return _choose_stream(file, size_bytes, container, limits)
    except BaseException:
        container.close()
        raise


def _refuse_to_open(url: str, _flags: int, _options: dict[str, str]) -> BinaryIO:
    """Stand where FFmpeg would open a second file or an address that the first one names."""
    raise PermissionError(f"media may not refer to other files: {url}")


def _open(file: BinaryIO) -> InputContainer:
    """Open the container and read its headers, with only the allowed demuxers and decoders."""
    file.seek(0)
    try:
        return av.open(
            file,
            mode="r",
            container_options=dict(_CONTAINER_OPTIONS),
            io_open=_refuse_to_open,
            metadata_errors="replace",  # a title in Latin-1 is no reason to refuse a recording
        )
    except av.error.MemoryError as error:
        raise MemoryError from error
    except av.error.FFmpegError as error:
        raise _why_not_opened(error) from error


def _why_not_opened(error: av.error.FFmpegError) -> ForbiddenFormatError | TruncatedMediaError | NotMediaError:
    """Translate FFmpeg's refusal; it names the demuxer and the cause in its last log line only."""
    last_line: Any = error.log  # (level, demuxer, message) or None, whatever PyAV's type stub says
    _level, name, message = last_line or (0, "", "")
    if "not on whitelist" in message:
        return ForbiddenFormatError(
            f"files of the kind {name} are not read; allowed are {', '.join(CONTAINERS)}",
            container=name,
            allowed_containers=list(CONTAINERS),
        )
    if "moov atom not found" in message:
        return TruncatedMediaError(
            "the file ends before its index (the moov atom): 0.0 s can be decoded", decoded_s=0.0, declared_s=None
        )
    return NotMediaError("the bytes are not media of a kind that is read", allowed_containers=list(CONTAINERS))


def _choose_stream(file: BinaryIO, size_bytes: int, container: InputContainer, limits: MediaLimits) -> Source:
    """Pick the audio stream and check all that the headers say."""
    streams = len(container.streams)
    if streams > limits.max_streams:
        raise MediaTooLargeError(
            f"the file has {streams} streams, {limits.max_streams} are allowed",
            streams=streams,
            max_streams=limits.max_streams,
        )
    stream = container.streams.best("audio") or next(iter(container.streams.audio), None)
    if not isinstance(stream, AudioStream):
        kinds: list[str] = sorted({each.type for each in container.streams})
        raise NoAudioError(f"the file has no audio stream, only {', '.join(kinds) or 'nothing'}", stream_kinds=kinds)
    container_name = container.format.name
    codec_name = _require_allowed_codec(stream, container_name)
    require_format(stream.codec_context.sample_rate, stream.codec_context.channels, limits)
    declared_s = _declared_s(container, stream)
    _require_declared_length(declared_s, container_name, limits)
    return Source(file, size_bytes, container, stream, container_name, codec_name, declared_s)


def _require_allowed_codec(stream: AudioStream, container_name: str) -> str:
    """Answer the codec's canonical name, or refuse it."""
    codec = stream.codec_context.codec if stream.codec_context else None
    if codec is None or codec.name not in CODECS:
        name = codec.canonical_name if codec else "unknown"
        raise ForbiddenFormatError(
            f"audio of the codec {name} is not read", container=container_name, codec=name, allowed_codecs=list(CODECS)
        )
    return codec.canonical_name


def require_format(rate_hz: int, channels: int, limits: MediaLimits) -> None:
    """Refuse too many channels or too high a rate.

    Raises:
        MediaTooLargeError: which, and how much is allowed.
    """
    if channels > limits.max_channels:
        raise MediaTooLargeError(
            f"the audio has {channels} channels at {rate_hz} Hz, {limits.max_channels} channels are allowed",
            channels=channels,
            max_channels=limits.max_channels,
            sample_rate_hz=rate_hz,
        )
    if rate_hz > limits.max_sample_rate_hz:
        raise MediaTooLargeError(
            f"the audio has {rate_hz} samples a second, {limits.max_sample_rate_hz} are allowed",
            sample_rate_hz=rate_hz,
            max_sample_rate_hz=limits.max_sample_rate_hz,
        )


def _declared_s(container: InputContainer, stream: AudioStream) -> float | None:
    """Answer the length that the headers give the audio, in seconds, if they do."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    tag = stream.metadata.get("DURATION")  # matroska keeps lengths per stream in tags
    if tag is not None:
        return _clock_s(tag)
    if len(container.streams) == 1 and container.duration is not None:
        return container.duration / _MICROSECONDS
    return None


def _clock_s(text: str) -> float | None:
    """Read ``HH:MM:SS.fraction``; None for what is no length."""
    parts = text.strip("\0 ").split(":")
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return None
    length_s = hours * 3600 + minutes * 60 + seconds
    return length_s if 0 <= length_s < math.inf else None


def _require_declared_length(declared_s: float | None, container_name: str, limits: MediaLimits) -> None:
    """Refuse at once what says itself that it is too long."""
    slack = _ESTIMATE_SLACK if container_name in ESTIMATED_LENGTH else 1.0
    if declared_s is not None and declared_s > limits.max_duration_s * slack:
        raise too_long(declared_s, limits)


def too_long(duration_s: float, limits: MediaLimits) -> MediaTooLargeError:
    """Say that there are at least ``duration_s`` of audio, which is too much."""
    return MediaTooLargeError(
        f"the recording lasts {duration_s:.1f} s or more, {limits.max_duration_s:.1f} s are allowed",
        duration_s=round(duration_s, 3),
        max_duration_s=limits.max_duration_s,
    )
