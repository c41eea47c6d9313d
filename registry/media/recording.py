"""A decoded recording: mono, 16 kHz, finite samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
"""The one sample rate inside the house."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the file was before it was decoded.

    Attributes:
        container: FFmpeg's name of the demuxer, such as ``wav`` or ``mov,mp4,m4a,3gp,3g2,mj2``.
        codec: FFmpeg's name of the audio decoder, such as ``pcm_s16le``.
        sample_rate_hz: as stored.
        channels: as stored, before they were averaged to one.
        size_bytes: of the file.
        declared_s: how long the headers say the audio is; None where they do not, or nobody asked them.
    """

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    size_bytes: int
    declared_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as the engine takes it.

    Attributes:
        samples: ``(n_samples,) float32``, mono at 16 kHz, on the 16-bit grid, in [-1, 1).
        content_sha256: hex digest of the file's bytes as they came.
        source: what the file was.
    """

    samples: NDArray[np.float32]
    content_sha256: str
    source: SourceFacts

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples.size / SAMPLE_RATE_HZ
