"""The figures of signal quality are those of signals built to have them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from soundfiles import RATE, VOICES, tone

from registry.domain.scores import Span
from registry.media.decode import Decoder
from registry.media.quality import FLOOR_DBFS, MAX_SNR_DB, SignalQuality, level_dbfs, measure
from registry.media.recording import Recording, SourceFacts
from registry.media.speech import SpeechDetector

SPANS = (Span(1.0, 3.0), Span(4.0, 6.0))


def recording_of(samples: np.ndarray) -> Recording:
    return Recording(samples.astype(np.float32), "0" * 64, SourceFacts("wav", "pcm_s16le", RATE, 1, 0))


def talk_in_noise(snr_db: float, noise_level: float = 0.003, seed: int = 5) -> np.ndarray:
    """Seven seconds of noise, with louder noise where `SPANS` are."""
    random = np.random.default_rng(seed)
    samples = random.standard_normal(7 * RATE) * noise_level
    for span in SPANS:
        part = slice(int(span.start_s * RATE), int(span.end_s * RATE))
        samples[part] += random.standard_normal(2 * RATE) * noise_level * 10 ** (snr_db / 20)
    return samples


def unit_tone(seconds: float, hertz: float, amplitude: float) -> np.ndarray:
    return tone(seconds, hertz=hertz, amplitude=amplitude)[:, 0] / 32768


def test_silence_has_floors_and_not_infinities() -> None:
    quality = measure(recording_of(np.zeros(RATE)), ())
    assert quality == SignalQuality(
        level_dbfs=FLOOR_DBFS,
        clipped_share=0.0,
        snr_db=0.0,
        bandwidth_hz=0.0,
        voiced_share=0.0,
        decay_db_per_s=None,
    )
    assert measure(recording_of(np.zeros(0)), ()) == quality


def test_the_level_of_a_half_scale_sine_is_minus_nine_decibels() -> None:
    assert level_dbfs(unit_tone(1, 440, 0.5).astype(np.float32)) == pytest.approx(-9.03, abs=0.01)


def test_the_level_is_that_of_the_speech() -> None:
    samples = np.concatenate([np.zeros(3 * RATE), unit_tone(1, 440, 0.5)])
    assert measure(recording_of(samples), (Span(3.0, 4.0),)).level_dbfs == pytest.approx(-9.03, abs=0.01)


@pytest.mark.parametrize("snr_db", [0, 5, 10, 20, 30, 40])
def test_the_ratio_of_speech_to_pauses_is_found(snr_db: float) -> None:
    assert measure(recording_of(talk_in_noise(snr_db)), SPANS).snr_db == pytest.approx(snr_db, abs=0.7)


def test_words_that_the_activity_missed_are_not_taken_for_noise() -> None:
    samples = talk_in_noise(25)
    assert measure(recording_of(samples), SPANS[:1]).snr_db == pytest.approx(25, abs=1)


@given(st.floats(0.1, 20))
def test_the_ratio_does_not_depend_on_the_gain(gain: float) -> None:
    samples = talk_in_noise(15)
    plain, scaled = (measure(recording_of(each), SPANS).snr_db for each in (samples, samples * gain))
    assert scaled == pytest.approx(plain, abs=0.01)


def test_without_pauses_the_quietest_frames_stand_in() -> None:
    random = np.random.default_rng(2)
    samples = random.standard_normal(5 * RATE) * 0.003
    for second in range(5):  # four syllables a second, with gaps of 50 ms, all inside one span
        for part in range(4):
            first = second * RATE + part * 4000
            samples[first : first + 3200] += random.standard_normal(3200) * 0.03
    assert measure(recording_of(samples), (Span(0.0, 5.0),)).snr_db == pytest.approx(19, abs=2)


def test_pure_speech_with_digital_silence_is_capped() -> None:
    samples = np.concatenate([np.zeros(RATE), unit_tone(1, 440, 0.5), np.zeros(RATE)])
    assert measure(recording_of(samples), (Span(1.0, 2.0),)).snr_db == MAX_SNR_DB


@pytest.mark.parametrize("gain", [1.0, 0.6])
def test_flat_tops_are_clipping_also_when_turned_down_later(gain: float) -> None:
    driven = np.clip(unit_tone(2, 150, 0.9) * 1.5, -1, 32767 / 32768) * gain
    wanted = np.mean(np.abs(driven) >= np.abs(driven).max() - 1e-4)
    assert measure(recording_of(driven), ()).clipped_share == pytest.approx(wanted, rel=0.05)
    assert wanted > 0.2


def test_a_loud_clean_recording_is_not_clipped() -> None:
    assert measure(recording_of(unit_tone(2, 440, 0.99)), ()).clipped_share < 0.001
    quiet = np.round(unit_tone(2, 50, 0.001) * 32768) / 32768
    assert measure(recording_of(quiet), ()).clipped_share == 0.0


def test_the_bandwidth_of_a_telephone_is_told_from_that_of_a_microphone() -> None:
    random = np.random.default_rng(4)
    wide = random.standard_normal(4 * RATE) * 0.1
    spectrum = np.fft.rfft(wide)
    spectrum[np.fft.rfftfreq(wide.size, 1 / RATE) > 3400] = 0
    narrow = np.fft.irfft(spectrum)
    assert measure(recording_of(narrow), ()).bandwidth_hz == pytest.approx(3400, abs=150)
    assert measure(recording_of(wide), ()).bandwidth_hz > 7500


@given(arrays(np.int16, st.integers(0, 6000)), st.integers(1, 5000))
def test_figures_stay_in_their_ranges(samples: np.ndarray, end: int) -> None:
    quality = measure(recording_of(samples / 32768), (Span(0.0, end / RATE),))
    assert FLOOR_DBFS <= quality.level_dbfs <= 0
    assert 0 <= quality.clipped_share <= 1
    assert 0 <= quality.snr_db <= MAX_SNR_DB
    assert 0 <= quality.bandwidth_hz <= RATE / 2
    assert 0 <= quality.voiced_share <= 1
    assert quality.decay_db_per_s is None or quality.decay_db_per_s > 0


def test_the_example_problems_show_in_the_figures(decoder: Decoder, detector: SpeechDetector) -> None:
    def of(name: str) -> SignalQuality:
        recording = decoder.decode(VOICES / name)
        return measure(recording, detector.spans(recording))

    clean, clipped, noisy = of("enrolment/slt-1.flac"), of("problems/clipped.flac"), of("problems/noisy.flac")
    assert clipped.clipped_share > 0.005 > clean.clipped_share
    assert noisy.snr_db < 12 < clean.snr_db
