"""Samples as bytes, and the file that a browser plays: what goes in comes out."""

from __future__ import annotations

import io
import wave

import numpy as np

from registry.media.decode import Decoder
from registry.media.recording import SAMPLE_RATE_HZ
from registry.media.wave_file import pcm_of, wave_of


def test_a_wave_file_holds_the_samples_it_was_made_of(decoder: Decoder) -> None:
    samples = (np.random.default_rng(1).integers(-32768, 32768, 8000) / 32768).astype(np.float32)
    written = wave_of(pcm_of(samples))
    with wave.open(io.BytesIO(written)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE_HZ)
        assert file.getnframes() == samples.size
    again = decoder.decode_bytes(written)
    assert np.array_equal(again.samples, samples)


def test_samples_beyond_full_scale_do_not_wrap_around() -> None:
    assert np.frombuffer(pcm_of(np.array([1.5, -1.5], np.float32)), "<i2").tolist() == [32767, -32768]
