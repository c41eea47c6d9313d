"""Channels and rooms that recordings pass through, made by code, so that a calibration meets more than clean reading.

Every function maps ``(n,) float32`` at 16 kHz to the same shape, and takes its randomness as an argument.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

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


def equalised(samples: Samples, random: np.random.Generator, spread_db: float = 5.0) -> Samples:
    """Another microphone: a smooth random curve over frequency."""
    corners_hz = np.array([0, 150, 300, 600, 1200, 2000, 3000, 4000, 5500, 8000])
    gains_db = random.normal(0, spread_db, corners_hz.size)
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE_HZ)
    spectrum *= 10 ** (np.interp(frequencies, corners_hz, gains_db) / 20)
    return np.fft.irfft(spectrum, samples.size).astype(np.float32)


def small_room(samples: Samples, random: np.random.Generator) -> Samples:
    """A made-up room: noise that dies away within 0.15 to 0.8 s, after the direct sound."""
    decay_s = random.uniform(0.15, 0.8)
    time = np.arange(int(decay_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = random.normal(size=time.size) * 10 ** (-3 * time / decay_s)
    response = tail * random.uniform(0.1, 0.3) / np.sqrt(np.square(tail).sum())
    response[0] = 1.0
    return room(samples, [response.astype(np.float32)], random)


def compressed(samples: Samples) -> Samples:
    """A broadcaster's compressor: soft passages louder, over 50 ms."""
    level = np.sqrt(np.convolve(np.square(samples), np.ones(800) / 800, mode="same") + 1e-8)
    squeezed: Samples = (0.05 * samples / level**0.6).astype(np.float32)
    return squeezed


def overdriven(samples: Samples, random: np.random.Generator) -> Samples:
    """Too loud for its converter: one sample in two hundred to one in twenty is cut off."""
    limit = float(np.quantile(np.abs(samples), 1 - random.uniform(0.005, 0.05)))
    return np.clip(samples / max(limit, 1e-6), -1, 1).astype(np.float32)


def shifted(samples: Samples, factor: float) -> Samples:
    """Another voice: pitch and formants higher by ``factor``, and faster by it, as when a tape runs fast.

    Shorter by ``factor`` than what came in.
    """
    size = round(samples.size / factor)
    spectrum = np.fft.rfft(samples)
    resized = np.zeros(size // 2 + 1, dtype=np.complex128)
    kept = min(spectrum.size, resized.size)
    resized[:kept] = spectrum[:kept]
    return (np.fft.irfft(resized, size) * (size / samples.size)).astype(np.float32)


def varied(
    samples: Samples,
    noises: Mapping[str, Sequence[Samples]],
    random: np.random.Generator,
) -> dict[str, Callable[[], Samples]]:
    """Answer how to put a recording under every condition that a calibration is trained on, by name.

    Each may be called once: they share their randomness.

    Args:
        samples: the recording.
        noises: ``rir``, ``noise`` and ``music``.
        random: of this recording.
    """
    backgrounds = [*noises["noise"], *noises["music"]]
    return {
        "clean": lambda: samples,
        "telephone": lambda: telephone(equalised(samples, random, 3.0), random),
        "noisy telephone": lambda: telephone(noisy(samples, backgrounds, random), random),
        "far": lambda: noisy(room(samples, noises["rir"], random), backgrounds, random),
        "room": lambda: equalised(small_room(samples, random), random),
        "noisy": lambda: noisy(samples, backgrounds, random),
        "microphone": lambda: equalised(samples, random),
        "mp3": lambda: coded(samples, "libmp3lame", "mp3", int(random.choice([24_000, 32_000, 48_000]))),
        "opus": lambda: coded(samples, "libopus", "ogg", int(random.choice([8_000, 12_000, 16_000]))),
        "narrow": lambda: band_pass(equalised(samples, random), 60.0, random.uniform(3300.0, 6500.0)),
        "compressed": lambda: compressed(equalised(samples, random)),
        "overdriven": lambda: overdriven(samples, random),
    }
