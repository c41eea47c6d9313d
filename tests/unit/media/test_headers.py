"""Headers alone: how long a file says it is, without decoding it, in the same limited child."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from soundfiles import VOICES, encoded, noise, wav

from registry.errors import EmptyMediaError, NotMediaError
from registry.media.decode import Decoder
from registry.media.process import HEADER_COMMAND


@pytest.fixture(scope="module")
def headers() -> Iterator[Decoder]:
    with Decoder(command=HEADER_COMMAND, files_per_child=20) as decoder:
        yield decoder


def test_the_length_is_what_decoding_finds_and_no_sample_comes(headers: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(noise(3.5, channels=2)))
    (tmp_path / "b.flac").write_bytes(encoded("flac", "flac", noise(2)))
    with Decoder() as decoder:
        for path in (tmp_path / "a.wav", tmp_path / "b.flac", VOICES / "submissions" / "slt-game.flac"):
            whole, told = decoder.decode(path), headers.decode(path)
            assert told.source.declared_s == pytest.approx(whole.duration_s, abs=0.01)
            assert told.samples.size == 0
            assert told.content_sha256 == whole.content_sha256
            assert (told.source.container, told.source.codec) == (whole.source.container, whole.source.codec)
            assert (told.source.sample_rate_hz, told.source.channels) == (
                whole.source.sample_rate_hz,
                whole.source.channels,
            )
            assert whole.source.declared_s is None


@pytest.mark.parametrize("length", ["nan:00:01.0", "00:00:inf", "-1:00:00.0", "soon"])
def test_a_length_that_is_none_is_not_passed_on(headers: Decoder, length: str) -> None:
    whole = encoded("matroska", "flac", noise(2))
    told = b"00:00:02.000000000"
    assert told in whole
    assert headers.decode_bytes(whole.replace(told, length.encode().ljust(len(told), b"\0"))).source.declared_s is None


def test_what_is_no_media_is_refused(headers: Decoder) -> None:
    with pytest.raises(NotMediaError):
        headers.decode_bytes(b"these are words")
    with pytest.raises(EmptyMediaError):
        headers.decode_bytes(b"")
