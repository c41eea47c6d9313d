"""What a voice is like: the figures of Praat on recordings that ship, laws on sounds that are made, and why not.

`figures_of_praat.py` made the figures that are compared with. Ours are over more frames: Praat's path through pitches
leaves out the ends of voiced stretches, where there is more noise, so that lower quartiles of ours are lower.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from soundfiles import VOICES

from registry.domain.scores import Span
from registry.media.acoustics import FULL_BAND_HZ, Acoustics, Lacking, describe, described
from registry.media.acoustics.formants import vocal_tract_cm
from registry.media.acoustics.harmonicity import hnr_db
from registry.media.acoustics.pitch import voiced_frames
from registry.media.acoustics.tempo import nuclei
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts

PRAAT: dict[str, Any] = json.loads(Path(__file__).with_name("figures_of_praat.json").read_text(encoding="utf-8"))
NAMES = sorted(PRAAT["recordings"])


def recorded(samples: np.ndarray) -> Recording:
    facts = SourceFacts("wav", "pcm_s16le", SAMPLE_RATE_HZ, 1, 2 * samples.size)
    return Recording(samples.astype(np.float32), "0" * 64, facts)


def whole(recording: Recording) -> list[Span]:
    return [Span(0.0, recording.duration_s)]


def tone(hertz: float, seconds: float = 2.0, noise: float = 0.0) -> np.ndarray:
    """A tone of four harmonics, with noise of so many times its power."""
    phase = 2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pure = sum(0.3 / harmonic * np.sin(harmonic * phase) for harmonic in range(1, 5))
    hiss = np.random.default_rng(1).normal(size=pure.size)
    return pure + hiss * np.sqrt(noise * np.square(pure).mean())


def tube(centimetres: float, seconds: float = 2.0) -> np.ndarray:
    """Pulses of 120 Hz through the resonances of a tube that is closed at one end: odd multiples of c / 4 L."""
    time = np.arange(int(0.05 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    resonances = [35_000 / (4 * centimetres) * odd for odd in (1, 3, 5, 7, 9)]
    response = np.zeros(time.size)
    response[0] = 1.0
    for resonance in resonances:
        decay = np.exp(-np.pi * 80 * time)
        response = np.convolve(response, decay * np.sin(2 * np.pi * resonance * (time + 1 / SAMPLE_RATE_HZ)))[
            : time.size
        ]
    pulses = np.zeros(int(seconds * SAMPLE_RATE_HZ))
    pulses[:: SAMPLE_RATE_HZ // 120] = 1.0
    sound = np.convolve(pulses, response)[: pulses.size]
    return 0.3 * sound / np.abs(sound).max()


@cache
def everything() -> dict[str, Recording]:
    with Decoder(MediaLimits(), files_per_child=len(NAMES)) as decoder:
        return {name: decoder.decode(VOICES / f"{name}.flac") for name in NAMES}


@cache
def heard(name: str) -> tuple[Recording, Acoustics]:
    recording = everything()[name]
    return recording, describe(recording, whole(recording))


def why(acoustics: Acoustics) -> dict[str, Lacking | None]:
    return {name: figure.why for name, figure in described([acoustics]).items()}


# What there is none of says why.


@pytest.mark.parametrize("samples", [0.1 * np.random.default_rng(1).normal(size=160_000), np.zeros(160_000)])
def test_where_nobody_speaks_with_a_pitch_there_is_none(samples: np.ndarray) -> None:
    recording = recorded(samples)
    found = described([describe(recording, whole(recording))])
    assert {figure.why for figure in found.values()} == {Lacking.UNVOICED}
    assert all(figure.quartiles is None for figure in found.values())


def test_less_than_half_a_second_is_not_described() -> None:
    short = recorded(tone(120, seconds=0.3))
    for spans in (whole(short), []):
        assert set(why(describe(short, spans)).values()) == {Lacking.UNVOICED, Lacking.TOO_SHORT}


def test_without_a_recording_there_is_nothing() -> None:
    assert {figure.why for figure in described([]).values()} == {Lacking.NO_RECORDING}


def test_of_a_telephone_nothing_is_said_that_its_band_cuts_off() -> None:
    _, acoustics = heard("enrolment/slt-1")
    cut = why(replace(acoustics, band_hz=3400.0))
    missing = {name for name, reason in cut.items() if reason is Lacking.NARROW_BAND}
    assert missing == {"hnr_db", "cpp_db", "vocal_tract_cm"}
    assert cut["f0_hz"] is None
    assert set(why(replace(acoustics, band_hz=float(FULL_BAND_HZ))).values()) == {None}


def test_a_narrow_recording_beside_a_wide_one_is_left_out_of_what_it_lacks() -> None:
    _, acoustics = heard("enrolment/slt-1")
    together = described([acoustics, replace(acoustics, band_hz=3400.0)])
    alone = described([acoustics])
    assert together["vocal_tract_cm"] == alone["vocal_tract_cm"]
    assert together["f0_hz"].count == 2 * alone["f0_hz"].count


# Laws.


@pytest.mark.parametrize("hertz", [80, 123.4, 210, 440])
def test_a_tone_has_its_own_pitch(hertz: float) -> None:
    recording = recorded(tone(hertz))
    found = describe(recording, whole(recording))
    assert described([found])["f0_hz"].quartiles == pytest.approx((hertz,) * 3, rel=0.005)
    assert found.voiced_s == pytest.approx(1.97, abs=0.02)


@pytest.mark.parametrize("ratio_db", [5.0, 10.0, 20.0])
def test_the_ratio_of_harmonics_to_noise_is_the_one_that_was_put_in(ratio_db: float) -> None:
    samples = tone(150, noise=10 ** (-ratio_db / 10)).astype(np.float32)
    voiced = voiced_frames(samples, [Span(0.0, 2.0)])
    assert float(np.median(hnr_db(samples, voiced.centres))) == pytest.approx(ratio_db, abs=1.0)


@pytest.mark.parametrize("centimetres", [14.5, 16.0, 17.5, 19.0])
def test_a_tube_has_its_own_length(centimetres: float) -> None:
    samples = tube(centimetres).astype(np.float32)
    voiced = voiced_frames(samples, [Span(0.0, 2.0)])
    assert float(np.median(vocal_tract_cm(samples, voiced.centres))) == pytest.approx(centimetres, rel=0.01)


def test_every_swell_of_a_voice_is_a_syllable() -> None:
    time = np.arange(6 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    swelling = tone(150, seconds=6.0) * np.square(np.sin(np.pi * 4 * time))  # four a second
    found = described([describe(recorded(swelling), [Span(0.0, 3.0), Span(3.0, 6.0)] * 2)])
    assert len(nuclei(swelling.astype(np.float32), voiced_frames(swelling, [Span(0.0, 6.0)]).centres)) in {23, 24}
    assert found["speech_rate_per_s"].quartiles == pytest.approx((4.0,) * 3, abs=0.34)


def test_speech_is_described_the_same_louder_or_softer() -> None:
    recording, acoustics = heard("enrolment/slt-1")
    softer = describe(replace(recording, samples=recording.samples * np.float32(0.25)), whole(recording))
    for name, figure in described([softer]).items():
        assert figure.quartiles == pytest.approx(described([acoustics])[name].quartiles, rel=0.02)


def test_a_long_recording_is_sampled_and_not_read_whole() -> None:
    recording, acoustics = heard("enrolment/slt-1")
    long = recorded(np.tile(recording.samples, 4))
    found = described([describe(long, whole(long))])
    assert found["f0_hz"].count > 3900
    assert found["hnr_db"].count <= 1000
    assert found["hnr_db"].quartiles == pytest.approx(described([acoustics])["hnr_db"].quartiles, abs=0.5)


# Against Praat.


@pytest.mark.parametrize("name", NAMES)
def test_pitch_is_that_of_praat_to_one_part_in_a_hundred(name: str) -> None:
    found = described([heard(name)[1]])["f0_hz"].quartiles
    assert found == pytest.approx(PRAAT["recordings"][name]["f0_hz"], rel=0.015)


@pytest.mark.parametrize("name", NAMES)
def test_harmonics_and_cepstral_peaks_are_those_of_praat_to_little_more_than_a_decibel(name: str) -> None:
    found, praat = described([heard(name)[1]]), PRAAT["recordings"][name]
    for figure in ("hnr_db", "cpp_db"):
        low, middle, high = found[figure].quartiles or ()
        assert (middle, high) == pytest.approx(praat[figure][1:], abs=1.2), figure
        assert low == pytest.approx(praat[figure][0], abs=2.0), figure


@pytest.mark.parametrize("name", NAMES)
def test_the_vocal_tract_is_that_of_praat_to_three_parts_in_a_hundred(name: str) -> None:
    found = described([heard(name)[1]])["vocal_tract_cm"].quartiles
    assert found == pytest.approx(PRAAT["recordings"][name]["vocal_tract_cm"], rel=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_syllables_are_as_many_as_the_script_of_praat_counts(name: str) -> None:
    recording, _ = heard(name)
    voiced = voiced_frames(recording.samples, whole(recording)).centres
    assert len(nuclei(recording.samples, voiced)) == pytest.approx(PRAAT["recordings"][name]["syllables"], abs=4)
