"""Put a spoken statement together from the recordings of this folder: some words, a pause, and a number.

    python examples/voices/say.py slt 407193 statement.wav

It stands in for a person at a microphone, so that a spoken statement can be tried without one. The words are not those
of any statement: the registry listens to the voice and to the number.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import av
import numpy as np

HERE = Path(__file__).resolve().parent
RATE_HZ = 16_000
WORDS = {"slt": "submissions/slt-advert.flac", "rms": "submissions/rms-story.flac"}


def samples_of(name: str) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Answer ``(n_samples,) int16`` of a recording of this folder."""
    with av.open(str(HERE / name)) as container:
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])


def main() -> None:
    """Run from the command line."""
    voice, number, path = sys.argv[1:]
    digits = samples_of(f"digits/{voice}.flac").reshape(10, RATE_HZ)
    said = [samples_of(WORDS[voice]), np.zeros(RATE_HZ, np.int16), *(digits[int(digit)] for digit in number)]
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(np.concatenate(said).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
