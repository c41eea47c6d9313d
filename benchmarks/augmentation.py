"""Channels and rooms that recordings pass through, made by code, so that a calibration meets more than clean reading.

Every function maps ``(n,) float32`` at 16 kHz to the same shape, and takes its randomness as an argument.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import av
import numpy as np
from numpy.typing import NDArray

from registry.media.recording import SAMPLE_RATE_HZ

Samples = NDArray[np.float32]
_MU = 255.0


def band_pass(samples: Samples, low_hz: float, high_hz: float) -> Samples:
    """Keep one band, by zeroing the rest of the spectrum."""
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE_HZ)
    spectrum[(frequencies < low_hz) | (frequencies > high_hz)] = 0
    return np.fft.irfft(spectrum, samples.size).astype(np.float32)


def telephone(samples: Samples, random: np.random.Generator) -> Samples:
    """A telephone line: 300 to 3,400 Hz, G.711 μ-law at 8 kHz, a little line noise."""
    narrow = band_pass(samples, 300.0, 3400.0)[::2]
    narrow = narrow / max(float(np.abs(narrow).max()), 1e-6) * random.uniform(0.2, 0.8)
    narrow = narrow + random.normal(0, 10 ** random.uniform(-3.3, -2.5), narrow.size)
    pressed = np.sign(narrow) * np.log1p(_MU * np.abs(narrow)) / np.log1p(_MU)
    pressed = np.round(np.clip(pressed, -1, 1) * 127) / 127
    linear = np.sign(pressed) * np.expm1(np.abs(pressed) * np.log1p(_MU)) / _MU
    spectrum = np.fft.rfft(linear)
    whole = np.zeros(samples.size // 2 + 1, dtype=np.complex128)
    whole[: min(spectrum.size, whole.size)] = spectrum[: whole.size]
    return (2 * np.fft.irfft(whole, samples.size)).astype(np.float32)


def room(samples: Samples, responses: Sequence[Samples], random: np.random.Generator) -> Samples:
    """A room, by one of some impulse responses, no louder than before."""
    response = responses[random.integers(len(responses))]
    size = samples.size + response.size - 1
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[: samples.size]
    return (wet * float(np.std(samples)) / max(float(np.std(wet)), 1e-9)).astype(np.float32)


def noisy(samples: Samples, backgrounds: Sequence[Samples], random: np.random.Generator) -> Samples:
    """One of some backgrounds underneath, 5 to 20 dB softer."""
    background = backgrounds[random.integers(len(backgrounds))]
    start = int(random.integers(background.size))
    under = np.resize(np.roll(background, -start), samples.size)
    gain = float(np.std(samples)) / max(float(np.std(under)), 1e-9) * 10 ** (-random.uniform(5, 20) / 20)
    return (samples + gain * under).astype(np.float32)


def coded(samples: Samples, codec: str, container: str, bit_rate: int) -> Samples:
    """There and back through a lossy codec of FFmpeg, aligned to the sample where the codec says its delay."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="mono", bit_rate=bit_rate)
        whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=SAMPLE_RATE_HZ)
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(ready))
        output.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer) as source:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
        frames = [made for decoded in source.decode(audio=0) for made in resampler.resample(decoded)]
        frames += resampler.resample(None)
    back = np.concatenate([made.to_ndarray()[0] for made in frames])
    fitted = np.zeros(samples.size, dtype=np.float32)
    fitted[: min(back.size, samples.size)] = back[: samples.size]
    return fitted


def varied(
    samples: Samples,
    noises: Mapping[str, Sequence[Samples]],
    random: np.random.Generator,
) -> dict[str, Samples]:
    """Answer a recording under every condition that a calibration is trained on, by name.

    Args:
        samples: the recording.
        noises: ``rir``, ``noise`` and ``music``.
        random: of this recording.
    """
    backgrounds = [*noises["noise"], *noises["music"]]
    return {
        "clean": samples,
        "telephone": telephone(samples, random),
        "far": noisy(room(samples, noises["rir"], random), backgrounds, random),
        "coded": coded(samples, "libmp3lame", "mp3", 24_000),
    }
