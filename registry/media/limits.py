"""What a recording may cost before decoding it is given up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """The limits of one decode. Every refusal names the limit and the figure that exceeded it.

    Attributes:
        max_bytes: size of the file.
        max_duration_s: length of the audio, refused from the header where the header says, and while decoding always.
        max_streams: audio, video, subtitle and data streams together.
        max_channels: of the audio stream that is read; six are a 5.1 mix.
        max_sample_rate_hz: of the audio stream that is read.
        memory_bytes: address space of the decoding process (``RLIMIT_AS``); about 250 MB of it are its libraries.
        cpu_s: processor seconds before the first audio must be out.
        cpu_s_per_hour: processor seconds allowed on top for each hour of audio that has come out.
        wall_s: seconds to wait before the first audio must be out.
        wall_s_per_hour: seconds to wait on top for each hour of audio that has come out.
    """

    max_bytes: int = 512 * 2**20
    max_duration_s: float = 14_400.0
    max_streams: int = 16
    max_channels: int = 6
    max_sample_rate_hz: int = 192_000
    memory_bytes: int = 2**30
    cpu_s: float = 20.0
    cpu_s_per_hour: float = 240.0
    wall_s: float = 60.0
    wall_s_per_hour: float = 900.0
