"""What the decoder makes of files it accepts."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from soundfiles import RATE, encoded, film, float_wav, noise, riff, tone, wav

from registry.media.decode import Decoder
from registry.media.recording import Recording


def grid(recording: Recording) -> np.ndarray:
    return np.rint(recording.samples * 32768).astype(int)


@given(samples=arrays(np.int16, st.tuples(st.integers(1, 40_000), st.just(1)), fill=st.integers(-32768, 32767)))
def test_sixteen_bit_mono_at_16_khz_comes_out_bit_for_bit(decoder: Decoder, samples: np.ndarray) -> None:
    recording = decoder.decode_bytes(wav(samples))
    assert recording.samples.dtype == np.float32
    assert np.array_equal(recording.samples * 32768, samples[:, 0])


def test_the_fingerprint_is_of_the_bytes_as_they_came(decoder: Decoder, tmp_path: Path) -> None:
    data = encoded("flac", "flac", noise(1))
    path = tmp_path / "a sound.pretending to be.mp3"
    path.write_bytes(data)
    recording = decoder.decode(path)
    assert recording.content_sha256 == hashlib.sha256(data).hexdigest()
    assert recording.source.container == "flac"
    assert recording.source.size_bytes == len(data)
    assert np.array_equal(decoder.decode_bytes(data).samples, recording.samples)


def test_channels_are_averaged(decoder: Decoder) -> None:
    left = noise(1)[:, 0] // 2 * 2
    opposite = decoder.decode_bytes(wav(np.stack([left, -left], axis=1)))
    one_sided = decoder.decode_bytes(wav(np.stack([left, 0 * left], axis=1)))
    assert not opposite.samples.any()
    assert np.array_equal(grid(one_sided), left // 2)
    assert one_sided.source.channels == 2


@pytest.mark.parametrize("channels", [2, 3, 4, 5, 6])
def test_the_average_is_numpys_to_the_last_bit(decoder: Decoder, channels: int) -> None:
    samples = noise(2.5, channels=channels)
    mean = (samples.astype(np.float32) / 32768).mean(axis=1, dtype=np.float32)
    assert np.array_equal(grid(decoder.decode_bytes(wav(samples))), np.rint(mean * 32768).astype(int))


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_resampling_in_blocks_equals_resampling_at_once(decoder: Decoder, rate: int) -> None:
    samples = noise(3.3, rate)
    at_once = soxr.resample(samples[:, 0].astype(np.float32) / 32768, rate, RATE, quality="HQ")
    recording = decoder.decode_bytes(wav(samples, rate))
    assert recording.source.sample_rate_hz == rate
    assert recording.samples.size == at_once.size
    assert np.abs(recording.samples - at_once).max() < 1.01 / 32768


@pytest.mark.parametrize("rate", [1, 50, 1000])
def test_absurdly_low_rates_are_read_as_what_they_say(decoder: Decoder, rate: int) -> None:
    assert decoder.decode_bytes(wav(noise(100, rate), rate)).duration_s == 100.0


def test_samples_lie_on_the_sixteen_bit_grid_and_inside_full_scale(decoder: Decoder) -> None:
    loud = np.random.default_rng(3).uniform(-2, 2, (RATE, 1)).astype(np.float32)
    recording = decoder.decode_bytes(float_wav(loud))
    assert np.array_equal(recording.samples * 32768, grid(recording))
    assert recording.samples.min() == -1.0
    assert recording.samples.max() == 32767 / 32768


@pytest.mark.parametrize(
    ("tag", "bits", "scale"), [(1, 8, 128), (1, 24, 2**23), (1, 32, 2**31), (3, 32, 1.0), (3, 64, 1.0)]
)
def test_every_width_of_sample_has_the_same_full_scale(decoder: Decoder, tag: int, bits: int, scale: float) -> None:
    wanted = tone(0.5)[:, 0] / 32768
    if tag == 3:
        body = wanted.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        body = (np.rint(wanted * scale) + 128).astype(np.uint8).tobytes()
    else:
        whole = np.rint(wanted * scale).astype("<i4")
        body = whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    recording = decoder.decode_bytes(riff(body, tag=tag, bits=bits, rate=RATE, channels=1))
    assert np.abs(recording.samples - wanted).max() <= 1 / (128 if bits == 8 else 32768)


@pytest.mark.parametrize(
    ("container", "codec", "rate", "channels"),
    [
        ("mp3", "libmp3lame", 44_100, 2),
        ("ogg", "libopus", 48_000, 1),
        ("webm", "libopus", 48_000, 2),
        ("mp4", "aac", 44_100, 2),
        ("mp4", "aac", 48_000, 6),
        ("adts", "aac", 16_000, 1),
        ("mpegts", "aac", 48_000, 2),
        ("mp4", "alac", 44_100, 1),
        ("aiff", "pcm_s16be", 44_100, 2),
        ("caf", "pcm_s16le", 16_000, 1),
        ("w64", "pcm_s16le", 16_000, 1),
        ("au", "pcm_s16be", 16_000, 1),
        ("wav", "pcm_mulaw", 8_000, 1),
        ("wav", "adpcm_ima_wav", 16_000, 1),
        ("amr", "libopencore_amrnb", 8_000, 1),
    ],
)
def test_the_customary_formats_are_read(decoder: Decoder, container: str, codec: str, rate: int, channels: int) -> None:
    sound = np.repeat(tone(4, rate), channels, axis=1)
    recording = decoder.decode_bytes(encoded(container, codec, sound, rate))
    assert recording.duration_s == pytest.approx(4, abs=0.2)
    assert recording.source.channels == channels
    spectrum = np.abs(np.fft.rfft(recording.samples[RATE : 3 * RATE]))
    assert np.argmax(spectrum) / 2 == pytest.approx(440, abs=1)


def test_a_video_gives_its_sound(decoder: Decoder) -> None:
    recording = decoder.decode_bytes(film(with_sound=True))
    assert recording.duration_s == pytest.approx(1, abs=0.1)
    assert recording.source.codec == "aac"


@pytest.mark.parametrize("declared", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF - 36, 0x7FFF_F000])
def test_a_wav_written_to_a_pipe_may_leave_its_length_open(decoder: Decoder, declared: int) -> None:
    assert decoder.decode_bytes(wav(noise(2), declared=declared)).duration_s == 2.0


def test_a_live_recording_may_leave_its_length_open(decoder: Decoder) -> None:
    recording = decoder.decode_bytes(encoded("webm", "libopus", noise(2, 48_000), 48_000, live="1"))
    assert recording.duration_s == pytest.approx(2, abs=0.1)


def test_an_mp3_may_break_off(decoder: Decoder) -> None:
    whole = encoded("mp3", "libmp3lame", noise(10))
    recording = decoder.decode_bytes(whole[: len(whole) // 2])
    assert recording.duration_s == pytest.approx(5, abs=0.2)


def test_an_ogg_may_end_without_an_end_of_stream_page(decoder: Decoder) -> None:
    whole = encoded("ogg", "libopus", noise(5))
    recording = decoder.decode_bytes(whole[: whole.rfind(b"OggS")])
    assert 3 < recording.duration_s < 5


def test_a_title_that_is_no_utf_8_is_no_reason_to_refuse(decoder: Decoder) -> None:
    title = b"INAM" + (6).to_bytes(4, "little") + "Ménage".encode("latin-1")
    names = b"LIST" + (4 + len(title)).to_bytes(4, "little") + b"INFO" + title
    data = wav(noise(1))
    assert decoder.decode_bytes(data[:12] + names + data[12:]).duration_s == 1.0


def test_neither_ffmpeg_nor_torch_enters_the_process_that_asks() -> None:
    script = (
        "import sys, registry.media.decode, registry.media.speech, registry.media.quality\n"
        "registry.media.speech.SpeechDetector()\n"
        "print([name for name in ('av', 'torch', 'silero_vad', 'soxr') if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)  # noqa: S603  (our own interpreter)
    assert done.stdout.strip() == "[]"


def test_no_more_files_are_decoded_at_once_than_allowed(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(wav(noise(30.0)))
    others = {child.pid for child in psutil.Process().children()}
    seen: list[int] = []
    with Decoder(warm=0, at_once=2) as decoder, ThreadPoolExecutor(8) as pool:
        running = [pool.submit(decoder.decode, path) for _ in range(8)]
        while not all(one.done() for one in running):
            seen.append(len({child.pid for child in psutil.Process().children()} - others))
        assert {round(one.result().duration_s) for one in running} == {30}
    assert 1 <= max(seen) <= 2
