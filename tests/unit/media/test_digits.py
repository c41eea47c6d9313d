"""Spoken digits: the number that was said is among the readings, another is not, and other models are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from speaking import spoken

from registry.errors import WeightsError
from registry.media import digits
from registry.media.digits import PASSAGES, DigitReader
from registry.media.recording import Recording, SourceFacts
from registry.media.speech import SpeechDetector

SOURCE = SourceFacts(container="wav", codec="pcm_s16le", sample_rate_hz=16_000, channels=1, size_bytes=1)


@pytest.fixture(scope="module")
def reader() -> DigitReader:
    return DigitReader(6)


def recording(number: str, voice: str = "slt") -> Recording:
    return Recording(spoken(number, voice=voice).astype(np.float32) / np.float32(32768), "0" * 64, SOURCE)


def numbers(reader: DigitReader, detector: SpeechDetector, said: Recording) -> list[str]:
    return [reading.number for reading in reader.readings(said, detector.spans(said))]


@pytest.fixture(scope="module")
def detector() -> SpeechDetector:
    return SpeechDetector()


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize("number", ["407193", "000000", "865218", "999999"])
def test_a_number_at_the_end_is_heard_and_one_that_was_not_said_is_not(
    reader: DigitReader, detector: SpeechDetector, voice: str, number: str
) -> None:
    heard = numbers(reader, detector, recording(number, voice))
    assert number in heard
    assert number[::-1] not in heard or number == number[::-1]
    assert len(heard) <= PASSAGES


def test_a_reading_does_not_depend_on_what_was_heard_before(reader: DigitReader, detector: SpeechDetector) -> None:
    first, other = recording("407193"), recording("865218", "rms")
    before = numbers(reader, detector, first)
    numbers(reader, detector, other)
    assert numbers(reader, detector, first) == before == numbers(DigitReader(6), detector, first)


def test_where_the_number_begins_is_told(reader: DigitReader, detector: SpeechDetector) -> None:
    said = recording("407193")
    (found,) = [each for each in reader.readings(said, detector.spans(said)) if each.number == "407193"]
    assert found.start_s == pytest.approx(said.duration_s - 6, abs=0.5)


def test_speech_that_is_too_long_or_too_short_for_a_number_is_none(
    reader: DigitReader, detector: SpeechDetector
) -> None:
    said = recording("")
    spans = detector.spans(said)
    assert reader.readings(said, ()) == []
    assert all(each.start_s > 0 for each in reader.readings(said, spans))


def test_another_model_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(digits._installed_model(), tmp_path / "en-us"))
    with (copy / "mdef").open("ab") as changed:
        changed.write(b"\0")
    with pytest.raises(WeightsError) as refused:
        DigitReader(6, model=copy)
    assert refused.value.figures["expected_sha256"] == digits.MODEL_SHA256
    with pytest.raises(WeightsError):
        DigitReader(6, model=tmp_path / "nowhere")
