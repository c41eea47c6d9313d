"""Pitch as Praat finds it, and none where nobody speaks with one.

The figures of Praat were made once, with praat-parselmouth 0.4 beside the project, which does not use it:

    sound = parselmouth.Sound(samples, 16000)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=75, pitch_ceiling=500).selected_array["frequency"]
    np.quantile(pitch[pitch > 0], (0.25, 0.5, 0.75))
"""

from __future__ import annotations

import numpy as np
import pytest
from soundfiles import VOICES

from registry.domain.scores import Span
from registry.media.acoustics import describe
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts

PRAAT = {"awb-1": (113.1, 122.6, 131.5), "rms-1": (95.9, 102.7, 109.5), "slt-1": (158.5, 164.6, 170.4)}


def recorded(samples: np.ndarray) -> Recording:
    facts = SourceFacts("wav", "pcm_s16le", SAMPLE_RATE_HZ, 1, 2 * samples.size)
    return Recording(samples.astype(np.float32), "0" * 64, facts)


def whole(recording: Recording) -> list[Span]:
    return [Span(0.0, recording.duration_s)]


def test_noise_and_silence_have_no_pitch() -> None:
    noise = recorded(0.1 * np.random.default_rng(1).normal(size=3 * SAMPLE_RATE_HZ))
    assert describe(noise, whole(noise)) is None
    silence = recorded(np.zeros(3 * SAMPLE_RATE_HZ))
    assert describe(silence, whole(silence)) is None


def test_less_than_half_a_second_is_not_described() -> None:
    tone = recorded(0.3 * np.sin(2 * np.pi * 120 * np.arange(SAMPLE_RATE_HZ // 3) / SAMPLE_RATE_HZ))
    assert describe(tone, whole(tone)) is None
    assert describe(tone, []) is None


@pytest.mark.parametrize("hertz", [80, 123.4, 210, 440])
def test_a_tone_has_its_own_pitch(hertz: float) -> None:
    phase = 2 * np.pi * hertz * np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = recorded(sum(0.3 / harmonic * np.sin(harmonic * phase) for harmonic in range(1, 5)))
    found = describe(tone, whole(tone))
    assert found
    assert found.f0_hz == pytest.approx((hertz,) * 3, rel=0.005)
    assert found.voiced_s == pytest.approx(1.97, abs=0.02)


@pytest.mark.parametrize("name", PRAAT)
def test_quartiles_are_those_of_praat_to_one_part_in_a_hundred(name: str) -> None:
    with Decoder(MediaLimits()) as decoder:
        recording = decoder.decode(VOICES / "enrolment" / f"{name}.flac")
    found = describe(recording, whole(recording))
    assert found
    assert found.f0_hz == pytest.approx(PRAAT[name], rel=0.01)
