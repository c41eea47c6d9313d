"""Sound files made on the spot, by PyAV or byte by byte, for the tests of `registry.media`."""

from __future__ import annotations

import struct
import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
VOICES = Path(__file__).parents[3] / "examples" / "voices"


def noise(seconds: float, rate: int = RATE, channels: int = 1, seed: int = 0) -> NDArray[np.int16]:
    """``(n, channels)`` of noise at about -20 dBFS."""
    shape = (int(seconds * rate), channels)
    return (np.random.default_rng(seed).standard_normal(shape) * 3000).astype(np.int16)


def tone(seconds: float, rate: int = RATE, hertz: float = 440.0, amplitude: float = 0.3) -> NDArray[np.int16]:
    """``(n, 1)`` of a sine."""
    time = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * time) * amplitude * 32767).astype(np.int16)[:, None]


def riff(body: bytes, *, tag: int, bits: int, rate: int, channels: int, declared: int | None = None) -> bytes:
    """A WAV file whose data chunk declares ``declared`` bytes, whatever ``body`` holds."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    size = len(body) if declared is None else declared
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + body
    return b"RIFF" + struct.pack("<I", min(4 + len(chunks), 2**32 - 1)) + b"WAVE" + chunks


def wav(samples: NDArray[np.int16], rate: int = RATE, declared: int | None = None) -> bytes:
    """A 16-bit WAV file of ``(n, channels)``."""
    body = samples.astype("<i2").tobytes()
    return riff(body, tag=1, bits=16, rate=rate, channels=samples.shape[1], declared=declared)


def float_wav(samples: NDArray[np.float32], rate: int = RATE) -> bytes:
    """A 32-bit float WAV file of ``(n, channels)``."""
    body = samples.astype("<f4").tobytes()
    return riff(body, tag=3, bits=32, rate=rate, channels=samples.shape[1])


def encoded(
    container: str, codec: str, samples: NDArray[np.int16], rate: int = RATE, *, tracks: int = 1, **options: str
) -> bytes:
    """A file of ``samples (n, channels)`` as FFmpeg writes it; ``tracks`` times the same audio."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound"
        with av.open(str(path), "w", format=container, options=options) as out:
            streams = [out.add_stream(codec, rate=rate, layout=layout) for _ in range(tracks)]
            for first in range(0, len(samples), 4096):
                for stream in streams:
                    part = np.ascontiguousarray(samples[first : first + 4096]).reshape(1, -1)
                    frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
                    frame.rate, frame.pts = rate, first
                    out.mux(stream.encode(frame))
            for stream in streams:
                out.mux(stream.encode(None))
        return path.read_bytes()


@cache
def beginning(recording: Path, seconds: float = 4.0) -> bytes:
    """The first seconds of an example, as a file: enough where it does not matter how much somebody says."""
    with av.open(str(recording)) as container:
        rate = container.streams.audio[0].rate
        resampled = av.AudioResampler(format="s16", layout="mono", rate=rate)
        parts = [part.to_ndarray() for frame in container.decode(audio=0) for part in resampled.resample(frame)]
    samples = np.concatenate(parts, axis=1).T[: int(seconds * rate)]
    return encoded("flac", "flac", samples, rate)


def film(*, with_sound: bool) -> bytes:
    """An mp4 of one second of pictures, with or without a second of noise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        with av.open(str(path), "w", format="mp4") as out:
            pictures = out.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
            sound = out.add_stream("aac", rate=RATE, layout="mono") if with_sound else None
            for _ in range(10):
                picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                out.mux(pictures.encode(picture))
            out.mux(pictures.encode(None))
            if sound:
                frame = av.AudioFrame.from_ndarray(noise(1).reshape(1, -1), format="s16", layout="mono")
                frame.rate = RATE
                out.mux(sound.encode(frame))
                out.mux(sound.encode(None))
        return path.read_bytes()


def flac_declaring(data: bytes, samples: int) -> bytes:
    """The FLAC file with another total in its STREAMINFO block (RFC 9639, section 8.2); zero is unknown."""
    fields = int.from_bytes(data[18:26], "big") >> 36 << 36 | samples
    return data[:18] + fields.to_bytes(8, "big") + data[26:]


def adts_silence(seconds: float, rate: int = 8000) -> bytes:
    """An AAC stream of nothing but the same silent frame, again and again."""
    one = encoded("adts", "aac", np.zeros((rate, 1), np.int16), rate)
    starts = [at for at in range(len(one) - 1) if one[at] == 0xFF and one[at + 1] & 0xF6 == 0xF0]
    frame = one[starts[-2] : starts[-1]]
    return frame * int(seconds * rate / 1024)
