"""How fast sound dies away: of decays made to a rate, and of the examples in rooms made by code."""

import numpy as np
import pytest
from soundfiles import RATE, VOICES

from registry.media.decay import decay_db_per_s
from registry.media.decode import Decoder


def bursts(rate_db_per_s: float) -> np.ndarray:
    """Bursts of noise twice a second, each dying away at a rate, over a faint floor."""
    random = np.random.default_rng(1)
    fall = 10 ** (-rate_db_per_s * np.arange(RATE // 2) / RATE / 20)
    envelope = np.tile(np.concatenate([np.ones(RATE // 10), fall])[: RATE // 2], 12)
    return (random.normal(0, 0.1, envelope.size) * envelope + random.normal(0, 1e-6, envelope.size)).astype(np.float32)


def in_room(dry: np.ndarray, reverberation_s: float, seed: int = 2) -> np.ndarray:
    """Through a diffuse room: noise that falls by 60 dB in the reverberation time, after the direct sound."""
    random = np.random.default_rng(seed)
    times = np.arange(int(1.5 * reverberation_s * RATE)) / RATE
    response = random.normal(0, 0.05, times.size) * 10 ** (-3 * times / reverberation_s)
    response[0] = 1.0
    size = dry.size + response.size
    return np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(response, size), size)[: dry.size].astype(np.float32)


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_too_little_sound_has_no_decay(size: int) -> None:
    assert decay_db_per_s(bursts(200)[:size]) is None


def test_what_never_falls_has_no_decay() -> None:
    assert decay_db_per_s(np.zeros(2 * RATE, dtype=np.float32)) is None
    steady = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE).astype(np.float32)
    assert decay_db_per_s(steady) is None


@pytest.mark.parametrize("rate", [60, 120, 240])
def test_a_decay_is_found_a_little_above_its_rate(rate: float) -> None:
    assert rate + 20 <= decay_db_per_s(bursts(rate)) <= rate + 50


def test_it_does_not_depend_on_the_gain() -> None:
    once, again = bursts(120), bursts(120) * np.float32(0.25)
    assert decay_db_per_s(again) == pytest.approx(decay_db_per_s(once), rel=0.02)


@pytest.mark.parametrize("name", ["slt-1", "awb-1", "rms-1"])
def test_rooms_slow_the_decay_of_speech_the_more_the_longer_they_ring(decoder: Decoder, name: str) -> None:
    dry = decoder.decode(VOICES / "enrolment" / f"{name}.flac").samples[: 12 * RATE]
    found = [decay_db_per_s(sound) for sound in (dry, *(in_room(dry, seconds) for seconds in (0.4, 0.8, 1.6)))]
    assert found == sorted(found, reverse=True)
    assert found[0] > 250
    assert found[3] < 130
