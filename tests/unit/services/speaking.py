"""Speech put together for spoken statements: a recording of a voice, a pause, and the digits of a number."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

VOICES = Path(__file__).parents[3] / "examples" / "voices"
RATE_HZ = 16_000
WORDS = {"slt": "submissions/slt-advert.flac", "rms": "submissions/rms-story.flac"}

Samples = NDArray[np.int16]


def spoken(number: str, *, voice: str = "slt", number_in: str | None = None, pause_s: float = 1.0) -> Samples:
    """Answer ``(n_samples,) int16`` at 16 kHz: a voice reads some words, pauses, and says a number, a digit a second.

    Args:
        number: digits; none leaves the words alone.
        voice: of the words.
        number_in: voice of the number; the same unless said.
        pause_s: between words and number, beside the silence around each digit.
    """
    digits = decoded(f"digits/{number_in or voice}.flac").reshape(10, RATE_HZ)
    parts = [decoded(WORDS[voice]), np.zeros(round(pause_s * RATE_HZ), np.int16), *(digits[int(d)] for d in number)]
    return np.concatenate(parts)


def decoded(name: str) -> Samples:
    """Answer the samples of an example recording."""
    with av.open(str(VOICES / name)) as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])


def wav(samples: Samples) -> bytes:
    """Answer a WAV file of 16-bit samples at 16 kHz."""
    data = samples.astype("<i2").tobytes()
    form = (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + RATE_HZ.to_bytes(4, "little")
    form += (2 * RATE_HZ).to_bytes(4, "little") + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body
