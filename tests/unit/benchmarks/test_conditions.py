"""What is whispered by code has lost its voice and kept its vocal tract; what is put in noise is half noise."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.conditions import in_noise
from benchmarks.whispering import whispered
from registry.media.recording import SAMPLE_RATE_HZ
from registry.media.voicing import voiced_share

RANDOM_SEED = 3


def vowel(seconds: float = 2.0) -> np.ndarray:
    """A buzz of 120 Hz through one resonance."""
    buzz = np.zeros(int(seconds * SAMPLE_RATE_HZ))
    buzz[:: SAMPLE_RATE_HZ // 120] = 1.0
    times = np.arange(800) / SAMPLE_RATE_HZ
    sound = np.convolve(buzz, np.exp(-400 * times) * np.sin(2 * np.pi * 700 * times))[: buzz.size]
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def test_a_whisper_has_no_voice_and_is_about_as_loud() -> None:
    spoken = vowel()
    heard = whispered(spoken, np.random.default_rng(RANDOM_SEED))
    assert heard.shape == spoken.shape
    assert voiced_share(spoken) > 0.9
    assert voiced_share(heard) < 0.2
    assert 0.3 < loudness(heard) / loudness(spoken) < 1.5


def test_a_whisper_keeps_the_vocal_tract() -> None:
    heard = whispered(vowel(), np.random.default_rng(RANDOM_SEED))
    power = np.abs(np.fft.rfft(heard)) ** 2
    hertz = np.fft.rfftfreq(heard.size, 1 / SAMPLE_RATE_HZ)
    assert power[(hertz > 400) & (hertz < 1000)].sum() > 0.5 * power.sum()


def test_silence_stays_silent() -> None:
    assert loudness(whispered(np.zeros(8000, np.float32), np.random.default_rng(RANDOM_SEED))) < 1e-4


def test_noise_is_as_loud_as_the_speech() -> None:
    spoken = vowel()
    noise = in_noise(spoken, np.random.default_rng(RANDOM_SEED)) - spoken
    assert loudness(noise) == pytest.approx(loudness(spoken), rel=0.02)
