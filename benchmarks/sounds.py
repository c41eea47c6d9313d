"""Recordings for benchmarks, cut from the demo's voices."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np

VOICES = Path(__file__).resolve().parents[1] / "examples" / "voices"
_RATE_HZ = 16_000


def cut_clip(seconds: float) -> bytes:
    """Answer a WAV file with that many seconds of one of the demo's voices, repeated where it is too short."""
    with av.open(str(VOICES / "submissions" / "slt-advert.flac")) as container:
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    return wav(np.resize(samples.astype("<i2"), int(seconds * _RATE_HZ)).tobytes())


def wav(audio: bytes) -> bytes:
    """Answer 16-bit mono audio at 16 kHz as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes(audio)
    return buffer.getvalue()
