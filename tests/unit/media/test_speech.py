"""Speech is found where the detector's authors find it, and its absence is refused in figures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from soundfiles import RATE, VOICES, noise, tone

from registry.domain.scores import Span
from registry.errors import NoSpeechError, SilentError, SpeechTooShortError, WeightsError
from registry.media.activity import FRAME_SAMPLES, net_speech_s, speech_spans
from registry.media.decode import Decoder
from registry.media.recording import Recording, SourceFacts
from registry.media.speech import HEARD_DBFS, SpeechDetector

REAL = Path(__file__).parents[4] / "shared" / "speech"


def recording_of(samples: np.ndarray) -> Recording:
    unit = samples.reshape(-1).astype(np.float32) / 32768
    return Recording(unit, "0" * 64, SourceFacts("wav", "pcm_s16le", RATE, 1, 2 * unit.size))


def in_samples(spans: tuple[Span, ...]) -> list[tuple[int, int]]:
    return [(round(span.start_s * RATE), round(span.end_s * RATE)) for span in spans]


@pytest.fixture(scope="session")
def silero() -> ModuleType:
    """The authors' own package, as an independent source."""
    import silero_vad

    return silero_vad


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [np.zeros((3 * RATE, 1), np.int16), noise(3) // 3000, np.zeros((0, 1), np.int16)])
def test_silence_is_refused_with_its_level(detector: SpeechDetector, samples: np.ndarray) -> None:
    with pytest.raises(SilentError) as caught:
        detector.require_speech(recording_of(samples), required_s=1.0)
    assert caught.value.figures["level_dbfs"] < -60
    assert caught.value.figures["duration_s"] == len(samples) / RATE


def chord() -> np.ndarray:
    return sum(tone(6, hertz=hertz, amplitude=0.1) for hertz in (220, 277.18, 329.63))


@pytest.mark.parametrize("samples", [tone(5), noise(5), chord()], ids=["tone", "noise", "chord"])
def test_sound_without_speech_is_refused(detector: SpeechDetector, samples: np.ndarray) -> None:
    recording = recording_of(samples)
    with pytest.raises(NoSpeechError) as caught:
        detector.require_speech(recording, required_s=1.5)
    assert caught.value.figures == {"speech_s": 0, "required_s": 1.5, "duration_s": recording.duration_s}
    with pytest.raises(NoSpeechError):
        detector.admit(recording, required_s=1.5)


def test_music_alone_is_refused(detector: SpeechDetector, decoder: Decoder) -> None:
    with pytest.raises(NoSpeechError):
        detector.require_speech(decoder.decode(VOICES / "problems" / "music.flac"), required_s=0.0)


def test_four_tenths_of_a_second_of_speech_are_too_short(detector: SpeechDetector, voice: Recording) -> None:
    first = detector.spans(voice)[0]
    start = round(first.start_s * RATE)
    part = np.concatenate([np.zeros(RATE, np.float32), voice.samples[start : start + 6400], np.zeros(RATE, np.float32)])
    with pytest.raises(SpeechTooShortError) as caught:
        detector.require_speech(Recording(part, "0" * 64, voice.source), required_s=1.0)
    assert 0.25 < caught.value.figures["speech_s"] < 0.6
    assert caught.value.figures["required_s"] == 1.0


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.onnx"
    with pytest.raises(WeightsError):
        SpeechDetector(weights=other)
    other.write_bytes(b"not these")
    with pytest.raises(WeightsError) as caught:
        SpeechDetector(weights=other)
    assert caught.value.figures["found_sha256"] != caught.value.figures["expected_sha256"]


def test_a_network_that_is_loaded_late_is_looked_at_then_and_hears_the_same(
    detector: SpeechDetector, voice: Recording, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError):
        SpeechDetector(weights=tmp_path / "none.onnx", late=True).spans(voice)
    assert SpeechDetector(late=True).spans(voice) == detector.spans(voice)


# --- what is found ---------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([0.0, 0.34, 0.35, 0.4, 0.49, 0.5, 0.9, 1.0]), max_size=120), st.integers(0, 511))
def test_the_rules_are_those_the_authors_document(silero: ModuleType, probabilities: list[float], missing: int) -> None:
    length = max(0, len(probabilities) * FRAME_SAMPLES - missing)
    theirs = silero.utils_vad.get_speech_timestamps_from_probs(probabilities, audio_length_samples=length)
    assert in_samples(speech_spans(probabilities, length)) == [(each["start"], each["end"]) for each in theirs]


@given(st.lists(st.floats(0, 1), max_size=200))
def test_spans_are_in_order_apart_and_inside(probabilities: list[float]) -> None:
    length = len(probabilities) * FRAME_SAMPLES
    spans = speech_spans(probabilities, length)
    assert all(left.end_s <= right.start_s for left, right in pairwise(spans))
    assert all(span.end_s <= length / RATE and span.duration_s > 0.25 for span in spans)
    assert net_speech_s(spans) <= length / RATE


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the loudest twentieth, in tenths of a second, to the level that the network is to hear."""
    paces = samples[: samples.size // 1600 * 1600].reshape(-1, 1600).astype(np.float64)
    loud_db = 10 * np.log10(np.quantile(np.mean(paces**2, axis=1), 0.95))
    return samples * np.float32(10 ** ((HEARD_DBFS - loud_db) / 20))


def assert_same_as_authors(silero: ModuleType, detector: SpeechDetector, recording: Recording) -> None:
    import torch

    model = silero.load_silero_vad(onnx=True)
    theirs = silero.get_speech_timestamps(torch.from_numpy(levelled(recording.samples)), model)
    assert in_samples(detector.spans(recording)) == [(each["start"], each["end"]) for each in theirs]


def test_example_voices_have_speech_where_the_authors_code_finds_it(
    silero: ModuleType, detector: SpeechDetector, decoder: Decoder
) -> None:
    parts = [decoder.decode(VOICES / "enrolment" / name).samples for name in ("slt-1.flac", "awb-1.flac", "rms-1.flac")]
    recording = recording_of(np.concatenate(parts) * 32768)
    assert recording.duration_s > 2 * 16.4, "more than two blocks, so that state is carried over"
    assert_same_as_authors(silero, detector, recording)


@pytest.mark.parametrize("gain_db", [-30.0, -6.0, 6.0])
def test_speech_is_where_it_is_however_loud_the_recording_is(
    detector: SpeechDetector, decoder: Decoder, gain_db: float
) -> None:
    recording = decoder.decode(VOICES / "enrolment" / "slt-1.flac")
    other = replace(recording, samples=recording.samples * np.float32(10 ** (gain_db / 20)))
    assert detector.spans(other) == detector.spans(recording)


@pytest.mark.parametrize("level", [1e-5, 1e-3, 0.1])
def test_noise_is_no_speech_however_loud_it_is(detector: SpeechDetector, level: float) -> None:
    sound = np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32) * np.float32(level)
    assert detector.spans(recording_of(sound * 32768)) == ()


@pytest.mark.real_speech
@pytest.mark.skipif(not REAL.exists(), reason="no real speech here")
def test_real_speech_is_found_where_the_authors_code_finds_it(
    silero: ModuleType, detector: SpeechDetector, decoder: Decoder
) -> None:
    files = sorted(path for path in REAL.rglob("*") if path.suffix in {".ogg", ".flac", ".opus", ".wav"})
    assert files
    for path in files[:: max(1, len(files) // 6)]:
        assert_same_as_authors(silero, detector, decoder.decode(path))


def test_recordings_heard_side_by_side_are_heard_as_alone(detector: SpeechDetector, decoder: Decoder) -> None:
    files = sorted((VOICES / "enrolment").glob("*.flac")) + sorted((VOICES / "submissions").glob("*.flac"))
    recordings = [decoder.decode(path) for path in files]
    alone = [detector.probabilities(recording) for recording in recordings]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(detector.probabilities, recordings))
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one - other).max() <= 1e-6


def test_enough_speech_is_admitted_without_reading_on(detector: SpeechDetector, voice: Recording) -> None:
    long = Recording(np.tile(voice.samples, 10), "0" * 64, voice.source)
    whole = net_speech_s(detector.require_speech(long, required_s=2.0))
    assert 2.0 <= detector.admit(long, required_s=2.0) < whole / 4
    assert detector.has_speech_of(long, 2.0)
    assert not detector.has_speech_of(long, whole + 1)
    with pytest.raises(SpeechTooShortError) as caught:
        detector.admit(long, required_s=whole + 1)
    assert caught.value.figures["speech_s"] == pytest.approx(whole, abs=0.01)


def test_each_frame_has_a_probability_and_an_empty_recording_has_none(detector: SpeechDetector) -> None:
    for length, frames in ((0, 0), (1, 1), (512, 1), (513, 2), (512 * 512, 512), (512 * 512 + 30, 513)):
        found = detector.probabilities(recording_of(np.zeros(length, np.int16)))
        assert found.shape == (frames,)
        assert found.dtype == np.float32
        assert not ((found < 0) | (found > 1)).any()
