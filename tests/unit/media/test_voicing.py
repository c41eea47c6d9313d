"""How much of speech is voiced: of signals that are, that are not, and of the examples, spoken and whispered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soundfiles import RATE, VOICES

from benchmarks.whispering import whispered
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.media.voicing import voiced_share


def buzz(hertz: float, seconds: float = 2.0) -> np.ndarray:
    """Fifteen harmonics, softer with number, as a voice has."""
    times = np.arange(int(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * hertz * n * times) / n for n in range(1, 16)).astype(np.float32) * np.float32(0.1)


def noise(seconds: float = 2.0) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("size", [0, 1, 799])
def test_too_little_speech_has_no_voiced_share(size: int) -> None:
    assert voiced_share(buzz(120)[:size]) == 0.0


def test_noise_is_not_voiced() -> None:
    assert voiced_share(noise()) < 0.02


def test_silence_is_not_voiced() -> None:
    assert voiced_share(np.zeros(RATE, dtype=np.float32)) == 0.0


@pytest.mark.parametrize("hertz", [70, 110, 160, 220, 300, 380])
def test_a_voice_of_any_pitch_is_voiced(hertz: float) -> None:
    assert voiced_share(buzz(hertz)) == 1.0


def test_a_voice_over_the_telephone_is_voiced_without_its_fundamental() -> None:
    spectrum = np.fft.rfft(buzz(110))
    frequencies = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    assert voiced_share(np.fft.irfft(spectrum).astype(np.float32)) == 1.0


def test_soft_consonants_do_not_count() -> None:
    halves = np.concatenate([buzz(120), noise() * np.float32(0.05)])
    assert voiced_share(halves) > 0.95


def test_a_loud_half_of_noise_does_count() -> None:
    assert voiced_share(np.concatenate([buzz(120) * np.float32(0.01), noise()])) < 0.1


@given(st.floats(0.01, 8))
def test_the_share_does_not_depend_on_the_gain(gain: float) -> None:
    mixed = np.concatenate([buzz(150), noise(1.0) * np.float32(0.7)])
    assert voiced_share(mixed * np.float32(gain)) == pytest.approx(voiced_share(mixed), abs=0.02)


def test_whispering_is_told_from_speaking(decoder: Decoder, detector: SpeechDetector) -> None:
    for number, name in enumerate(("slt-1", "awb-1", "rms-1")):
        recording = decoder.decode(VOICES / "enrolment" / f"{name}.flac")
        parts = [recording.samples[int(s.start_s * RATE) : int(s.end_s * RATE)] for s in detector.spans(recording)]
        speech = np.concatenate(parts)[: 10 * RATE]
        assert voiced_share(speech) > 0.7
        assert voiced_share(whispered(speech, np.random.default_rng(number))) < 0.4
