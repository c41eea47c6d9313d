"""What the decoder refuses, and with which figures."""

import os
from pathlib import Path

import numpy as np
import pytest
from soundfiles import (
    RATE,
    adts_silence,
    encoded,
    film,
    flac_declaring,
    float_wav,
    noise,
    riff,
    wav,
)

from registry.errors import (
    CorruptSamplesError,
    EmptyMediaError,
    ForbiddenFormatError,
    MediaError,
    MediaTooLargeError,
    NoAudioError,
    NotMediaError,
    TruncatedMediaError,
    UnreadableMediaError,
)
from registry.media.decode import Decoder, MediaLimits


def refusal(decoder: Decoder, data: bytes) -> MediaError:
    with pytest.raises(MediaError) as caught:
        decoder.decode_bytes(data)
    return caught.value


def test_an_empty_file_is_refused(decoder: Decoder) -> None:
    error = refusal(decoder, b"")
    assert isinstance(error, EmptyMediaError)
    assert error.figures == {"size_bytes": 0}


@pytest.mark.parametrize(
    "data",
    [
        b"hello " * 500,
        b"\0" * 5000,
        np.random.default_rng(1).bytes(100_000),
        b'{"json": true}',
        b"%PDF-1.7\n" + b"x" * 3000,
        wav(noise(1))[:30],
    ],
    ids=["text", "zeros", "random", "json", "pdf", "half a header"],
)
def test_bytes_that_are_not_media_are_refused(decoder: Decoder, data: bytes) -> None:
    assert isinstance(refusal(decoder, data), NotMediaError)


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile '{path}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["concat", "hls", "sdp"],
)
def test_a_playlist_never_reads_the_file_it_names(decoder: Decoder, tmp_path: Path, playlist: str) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(noise(1)))
    assert isinstance(refusal(decoder, playlist.format(path=secret).encode()), NotMediaError | ForbiddenFormatError)


def test_a_container_that_is_not_on_the_list_is_named(decoder: Decoder) -> None:
    error = refusal(decoder, encoded("ac3", "ac3", noise(1, 48000), 48000))
    assert isinstance(error, ForbiddenFormatError)
    assert error.figures["container"] == "ac3"
    assert "wav" in error.figures["allowed_containers"]


def test_a_codec_that_is_not_on_the_list_is_named(decoder: Decoder) -> None:
    error = refusal(decoder, encoded("matroska", "ac3", noise(1, 48000), 48000))
    assert isinstance(error, ForbiddenFormatError)
    assert (error.figures["container"], error.figures["codec"]) == ("matroska,webm", "ac3")


def test_a_video_without_audio_is_refused(decoder: Decoder) -> None:
    error = refusal(decoder, film(with_sound=False))
    assert isinstance(error, NoAudioError)
    assert error.figures == {"stream_kinds": ["video"]}


def test_an_audio_stream_without_samples_is_refused(decoder: Decoder) -> None:
    error = refusal(decoder, wav(noise(0)))
    assert isinstance(error, NoAudioError)
    assert error.figures["decoded_s"] == 0


def test_a_path_that_is_no_regular_file_is_refused_without_waiting(decoder: Decoder, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "absent.wav", Path("/dev/zero")):
        with pytest.raises(UnreadableMediaError):
            decoder.decode(path)


# --- cut short, or lying about its length ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("wav", "pcm_s16le"),
        ("w64", "pcm_s16le"),
        ("caf", "pcm_s16le"),
        ("aiff", "pcm_s16be"),
        ("au", "pcm_s16be"),
        ("flac", "flac"),
        ("matroska", "flac"),
        ("webm", "libopus"),
        ("wav", "adpcm_ms"),
    ],
)
def test_a_file_cut_in_the_middle_is_refused_with_both_lengths(decoder: Decoder, container: str, codec: str) -> None:
    whole = encoded(container, codec, noise(10))
    error = refusal(decoder, whole[: len(whole) // 2])
    assert isinstance(error, TruncatedMediaError)
    assert error.figures["declared_s"] == pytest.approx(10, abs=0.1)
    assert error.figures["decoded_s"] == pytest.approx(5, abs=0.5)


def test_an_mp4_cut_before_its_index_is_truncated(decoder: Decoder) -> None:
    whole = encoded("mp4", "aac", noise(5))
    assert isinstance(refusal(decoder, whole[: len(whole) // 2]), TruncatedMediaError)


def test_an_mp4_cut_after_its_index_is_truncated(decoder: Decoder) -> None:
    whole = encoded("mp4", "aac", noise(10), movflags="faststart")
    error = refusal(decoder, whole[: len(whole) // 2])
    assert isinstance(error, TruncatedMediaError)
    assert error.figures["declared_s"] == pytest.approx(10, abs=0.1)


def test_an_ogg_cut_inside_a_page_is_truncated(decoder: Decoder) -> None:
    whole = encoded("ogg", "libopus", noise(10))
    error = refusal(decoder, whole[: whole.rfind(b"OggS") - 100])
    assert isinstance(error, TruncatedMediaError)


@pytest.mark.parametrize(
    "data",
    [
        wav(noise(1), declared=RATE * 2 * 36_000),
        flac_declaring(encoded("flac", "flac", noise(1)), RATE * 7200),
    ],
    ids=["wav", "flac"],
)
def test_a_header_that_promises_hours_of_a_second_is_found_out(decoder: Decoder, data: bytes) -> None:
    error = refusal(decoder, data)
    assert isinstance(error, TruncatedMediaError)
    assert error.figures["decoded_s"] == pytest.approx(1, abs=0.01)
    assert error.figures["declared_s"] >= 7200


# --- too much --------------------------------------------------------------------------------------------------------


def test_a_ten_hour_file_is_refused_by_its_header(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    head = riff(b"", tag=1, bits=8, rate=8000, channels=1, declared=8000 * 36_000)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + 8000 * 36_000)  # sparse: takes no space
    with pytest.raises(MediaTooLargeError) as caught:
        decoder.decode(path)
    assert caught.value.figures == {"duration_s": 36_000.0, "max_duration_s": 14_400.0}


def test_a_ten_hour_stream_without_a_header_is_refused_by_its_estimate(decoder: Decoder) -> None:
    error = refusal(decoder, adts_silence(36_000))
    assert isinstance(error, MediaTooLargeError)
    assert error.figures["max_duration_s"] == 14_400


def test_a_header_that_hides_the_length_is_stopped_at_the_limit() -> None:
    small = MediaLimits(max_duration_s=30)
    silence = np.zeros((8000 * 600, 1), np.int16)
    bomb = flac_declaring(encoded("flac", "flac", silence, 8000), 0)
    assert len(bomb) < silence.nbytes / 80
    modest = flac_declaring(bomb, 8000 * 5)
    with Decoder(small, files_per_child=10) as decoder:
        for data in (bomb, modest, adts_silence(50)):
            error = refusal(decoder, data)
            assert isinstance(error, MediaTooLargeError)
            assert 30 < error.figures["duration_s"] < 32, "it stops as soon as the limit is passed"


def test_too_many_bytes_are_refused_unread() -> None:
    with Decoder(MediaLimits(max_bytes=1000)) as decoder:
        error = refusal(decoder, b"x" * 1001)
    assert isinstance(error, MediaTooLargeError)
    assert error.figures == {"size_bytes": 1001, "max_bytes": 1000}


def test_eight_channels_at_96_khz_are_refused_in_numbers(decoder: Decoder) -> None:
    error = refusal(decoder, wav(noise(0.1, 96_000, 8), 96_000))
    assert isinstance(error, MediaTooLargeError)
    assert error.figures == {"channels": 8, "max_channels": 6, "sample_rate_hz": 96_000}
    assert "8 channels at 96000 Hz" in error.detail


def test_too_high_a_sample_rate_is_refused(decoder: Decoder) -> None:
    error = refusal(decoder, wav(noise(0.1, 384_000), 384_000))
    assert error.figures == {"sample_rate_hz": 384_000, "max_sample_rate_hz": 192_000}


def test_too_many_streams_are_refused() -> None:
    with Decoder(MediaLimits(max_streams=2)) as decoder:
        error = refusal(decoder, encoded("matroska", "pcm_s16le", noise(0.5), tracks=3))
    assert error.figures == {"streams": 3, "max_streams": 2}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_refused(decoder: Decoder, bad: float) -> None:
    samples = np.full((RATE, 2), 0.1, np.float32)
    samples[5000, 1] = bad
    error = refusal(decoder, float_wav(samples))
    assert isinstance(error, CorruptSamplesError)
    assert error.figures["bad_samples"] == 1
