"""Enrolled voices in conditions that nobody validated: never a silent match, and the line says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from likeness_commands import Commands
from soundfiles import wav

from benchmarks.whispering import whispered
from registry.media.decode import Decoder

RECORDINGS = ("slt-1", "awb-1", "rms-1")


def in_noise(samples: np.ndarray, snr_db: float) -> np.ndarray:
    noise = np.random.default_rng(4).normal(0, samples.std() * 10 ** (-snr_db / 20), samples.size)
    return samples + noise


@pytest.fixture(scope="module")
def lines(likeness: Commands, voices: Path, synthetic_gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The answers to enrolled recordings as they are, whispered, and drowned in noise."""
    folder = tmp_path_factory.mktemp("outside")
    with Decoder(files_per_child=len(RECORDINGS)) as decoder:
        for number, name in enumerate(RECORDINGS):
            spoken = decoder.decode(voices / "enrolment" / f"{name}.flac").samples
            made = {
                "spoken": spoken,
                "whispered": whispered(spoken, np.random.default_rng(number)),
                "drowned": in_noise(spoken, -1.0),
            }
            for how, samples in made.items():
                whole = np.round(samples / np.abs(samples).max() * 20_000).astype(np.int16)
                (folder / f"{how}-{name}.wav").write_bytes(wav(whole[:, None]))
    out = folder / "lines.jsonl"
    likeness("identify", "--gallery", synthetic_gallery, "--out", out, *sorted(folder.glob("*.wav")))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {Path(row["file"]).stem: row for row in rows}


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize(("how", "condition"), [("whispered", "voiced_share"), ("drowned", "snr_db")])
def test_a_voice_outside_what_was_validated_is_never_a_match(lines: dict, name: str, how: str, condition: str) -> None:
    line = lines[f"{how}-{name}"]
    assert line["outcome"] in {"inconclusive", "no_match"}
    assert {candidate["outcome"] for candidate in line["candidates"]} <= {"inconclusive", "no_match"}
    (reason,) = [reason for reason in line["reasons"] if reason["code"] == "not_validated_for"]
    assert condition in reason["figures"]["conditions"].split(", ")
    assert reason["figures"][condition] < reason["figures"][f"validated_{condition}"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_same_voice_as_it_was_recorded_is_not_called_outside(lines: dict, name: str) -> None:
    line = lines[f"spoken-{name}"]
    assert line["outcome"] == "match"
    assert "not_validated_for" not in {reason["code"] for reason in line["reasons"]}
