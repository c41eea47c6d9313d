"""What the benchmark writes is the recording again, and a changed decision is counted as what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.reencoding import BESIDE, WAYS, Decision, in_bits, table_of
from registry.media.decode import Decoder, MediaLimits

SECOND = np.arange(16_000) / 16_000
TONE = (0.2 * np.sin(2 * np.pi * 440 * SECOND)).astype(np.float32)

MATCH: Decision = ("match", frozenset({"a"}))
OTHER: Decision = ("match", frozenset({"b"}))
NOTHING: Decision = ("no_match", frozenset())
UNSURE: Decision = ("inconclusive", frozenset())
ALIKE: Decision = ("sound_alike", frozenset())


@pytest.mark.parametrize("name", [*WAYS, *BESIDE])
def test_a_copy_sounds_like_the_recording(name: str, tmp_path: Path) -> None:
    suffix, write = {**WAYS, **BESIDE}[name]
    copy = tmp_path / f"copy{suffix}"
    write(TONE, copy)
    with Decoder(MediaLimits()) as decoder:
        heard = decoder.decode(copy).samples
    assert heard.size == pytest.approx(TONE.size, abs=2_500)
    spectrum = np.abs(np.fft.rfft(heard))
    assert spectrum.argmax() * 16_000 / heard.size == pytest.approx(440, abs=2)


def test_what_is_too_loud_is_clipped_and_steps_are_those_of_eight_bits(tmp_path: Path) -> None:
    copy = tmp_path / "copy.wav"
    in_bits(4 * TONE, copy, bits=8, gain_db=6.0)
    with Decoder(MediaLimits()) as decoder:
        heard = decoder.decode(copy).samples
    assert heard.max() == pytest.approx(127 / 128, abs=1e-3)
    assert len(np.unique(np.round(heard * 128, 3))) <= 256


def test_a_gain_in_sixteen_bits_rounds_nothing_that_is_heard(tmp_path: Path) -> None:
    copy = tmp_path / "copy.wav"
    in_bits(TONE, copy, bits=16, gain_db=-12.0)
    with Decoder(MediaLimits()) as decoder:
        heard = decoder.decode(copy).samples
    assert heard == pytest.approx(TONE * 10 ** (-12 / 20), abs=1 / 32768)


def test_changes_are_counted_by_their_kind() -> None:
    pairs = [(MATCH, MATCH), (MATCH, UNSURE), (NOTHING, MATCH), (MATCH, OTHER), (NOTHING, ALIKE), (ALIKE, ALIKE)]
    row, everything, gain = table_of([], {"a way": pairs}, {"a gain": pairs[:1]})["rows"]
    assert row[1] == "6"
    assert row[2].startswith("33.3 % (2)")
    assert row[3:] == ["50.0 %", "1 (1)", "1", "1", "1"]
    assert everything[1:] == row[1:]
    assert gain[:2] == ["a gain", "1"]
