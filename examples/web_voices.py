"""Voices of people whom there are not, for a crowd to compare a voice with: the examples' own, made higher or lower.

A synthetic voice that is played faster or slower is another one to the engine: with its pitch changes the length of the
mouth that it seems to come from. They say nothing about accuracy on people; they fill a cohort that hides anybody.
"""

from __future__ import annotations

import io
import sys
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path

import soxr

VOICES = Path(__file__).resolve().parent / "voices"
sys.path.insert(0, str(VOICES))

from say import RATE_HZ, samples_of  # noqa: E402  (beside the voices)

TAKES = {"awb": "enrolment/awb-1.flac", "kal": "submissions/kal16-stranger.flac"}
SPEEDS = (0.78, 0.85, 0.92, 1.0, 1.09, 1.18, 1.28)
SECONDS = 8


def crowd() -> bytes:
    """Answer an archive of fourteen people who speak English, each with a recording of about eight seconds."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, recording in _people():
            archive.writestr(f"{name}/take.wav", recording)
    return made.getvalue()


def _people() -> Iterator[tuple[str, bytes]]:
    for voice, take in TAKES.items():
        spoken = samples_of(take)
        for speed in SPEEDS:
            said = spoken[: round(SECONDS * speed * RATE_HZ)]
            yield f"{voice} at {speed:.2f}", _wav(soxr.resample(said, RATE_HZ * speed, RATE_HZ).tobytes())


def _wav(samples: bytes) -> bytes:
    """Answer a WAV file of samples, mono, 16 bit."""
    written = io.BytesIO()
    with wave.open(written, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples)
    return written.getvalue()
