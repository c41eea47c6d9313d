"""The committed demo recordings are the ones their manifest names, in the form and length that the demo needs."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

VOICES = Path(__file__).resolve().parents[2] / "examples" / "voices"
TOTAL_LIMIT_BYTES = 3_000_000


def manifest() -> list[dict[str, str]]:
    with (VOICES / "MANIFEST.csv").open(newline="", encoding="utf-8") as sheet:
        return list(csv.DictReader(sheet))


ROWS = {row["path"]: row for row in manifest()}


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the check with the standard library alone: -S leaves every installed package out."""
    command = [sys.executable, "-E", "-S", "-B", str(folder / "make.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own script)


def decoded(path: str) -> NDArray[np.float32]:
    """``(n_samples,) float32`` of a recording, full scale ±1."""
    with av.open(str(VOICES / path)) as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.float32) / np.float32(32768)


def seconds(prefix: str) -> float:
    return sum(float(row["seconds"]) for path, row in ROWS.items() if path.startswith(prefix))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(VOICES, tmp_path / "voices", ignore=shutil.ignore_patterns("__pycache__")))


def test_a_changed_recording_fails_the_check_and_is_named(copy: Path) -> None:
    with (copy / "submissions/slt-game.flac").open("ab") as recording:
        recording.write(b"\0")
    result = check(copy)
    assert result.returncode == 1
    assert "submissions/slt-game.flac: sha256 is" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_missing_recording_and_an_unknown_one_fail_the_check(copy: Path) -> None:
    (copy / "enrolment/awb-2.flac").rename(copy / "enrolment/awb-4.flac")
    result = check(copy)
    assert result.returncode == 1
    assert "enrolment/awb-2.flac: missing" in result.stderr
    assert "enrolment/awb-4.flac: not in MANIFEST.csv" in result.stderr


def test_the_committed_recordings_pass_the_check() -> None:
    result = check(VOICES)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_recordings_are_small_enough_to_commit() -> None:
    assert sum((VOICES / path).stat().st_size for path in ROWS) < TOTAL_LIMIT_BYTES


@pytest.mark.parametrize("path", ROWS)
def test_every_recording_is_mono_16_khz_flac_of_the_length_the_manifest_says(path: str) -> None:
    with av.open(str(VOICES / path)) as container:
        (stream,) = container.streams
        assert isinstance(stream, av.AudioStream)
        assert (container.format.name, stream.codec_context.name) == ("flac", "flac")
        assert (stream.rate, stream.channels, stream.codec_context.format.name) == (16_000, 1, "s16")
    assert decoded(path).size / 16_000 == pytest.approx(float(ROWS[path]["seconds"]), abs=0.005)


@pytest.mark.parametrize("path", [path for path in ROWS if not path.startswith(("problems/", "digits/"))])
def test_speech_is_neither_faint_nor_clipped(path: str) -> None:
    samples = decoded(path)
    level_dbfs = 20 * np.log10(np.sqrt(np.mean(samples**2)))
    assert -23 <= level_dbfs <= -16
    assert np.abs(samples).max() < 0.95


@pytest.mark.parametrize("performer", ["slt", "rms", "awb"])
def test_each_performer_enrols_with_three_recordings_well_past_the_20_s_gate(performer: str) -> None:
    assert [f"enrolment/{performer}-{number}.flac" in ROWS for number in (1, 2, 3)] == [True] * 3
    assert seconds(f"enrolment/{performer}-") > 36


@pytest.mark.parametrize("path", [path for path in ROWS if path.startswith("submissions/") and "dialogue" not in path])
def test_a_submission_of_one_voice_lasts_12_to_15_s(path: str) -> None:
    assert 12 <= seconds(path) <= 15


@pytest.mark.parametrize("voice", ["slt", "rms"])
def test_each_digit_lies_alone_in_a_slot_of_one_second(voice: str) -> None:
    slots = np.abs(decoded(f"digits/{voice}.flac")).reshape(10, 16_000)
    for slot in slots:
        sounding = np.flatnonzero(slot > 0.02)
        assert 0.2 < (sounding[-1] - sounding[0]) / 16_000 < 0.7
        assert sounding[0] > 0.15 * 16_000
        assert sounding[-1] < 0.85 * 16_000


def test_the_dialogue_gives_each_performer_more_than_one_turn() -> None:
    samples = decoded("submissions/dialogue-slt-awb.flac")
    frames = np.abs(samples[: samples.size // 160 * 160]).reshape(-1, 160).max(axis=1)
    gaps = np.flatnonzero(frames < 0.01)
    runs = np.split(gaps, np.flatnonzero(np.diff(gaps) > 1) + 1)
    assert sum(run.size >= 30 for run in runs) == 4


@pytest.mark.parametrize("name", ["clipped", "noisy", "two-speakers-enrolment"])
def test_an_enrolment_that_is_bad_for_another_reason_is_not_short(name: str) -> None:
    assert seconds(f"problems/{name}.flac") > 21


def test_the_clipped_recording_has_more_than_5_percent_of_its_samples_at_full_scale() -> None:
    samples = decoded("problems/clipped.flac")
    assert np.mean(np.abs(samples) > 0.999) > 0.05


def test_silence_is_silent_and_the_short_recording_holds_0_4_s_of_sound() -> None:
    assert not decoded("problems/silence.flac").any()
    sounding = np.flatnonzero(decoded("problems/short.flac"))
    assert (sounding[-1] - sounding[0]) / 16_000 == pytest.approx(0.4, abs=0.02)
