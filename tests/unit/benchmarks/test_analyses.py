"""Kept analyses belong to the recordings that they were kept for."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import pytest

from benchmarks.analyses import Analyses
from benchmarks.laid_out import analyses
from registry.engine.analysis import Analysis
from registry.errors import InvalidInputError

VOICES = Path(__file__).resolve().parents[3] / "examples" / "voices" / "enrolment"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings that differ, a copy of the first, and silence."""
    root = tmp_path_factory.mktemp("sounds")
    for number, recording in enumerate(sorted(VOICES.glob("*.flac"))[:3]):
        shutil.copy(recording, root / f"{number}.flac")
    shutil.copy(root / "0.flac", root / "copy.flac")
    with wave.open(str(root / "silence.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000))
    return root


def names(found: list[tuple[Path, object]]) -> list[tuple[str, float | str]]:
    answers = []
    for path, one in found:
        told = one.duration_s if isinstance(one, Analysis) else getattr(one, "slug", "")
        answers.append((path.name, told))
    return answers


def test_copies_and_failures_put_nothing_out_of_order(folder: Path, tmp_path: Path) -> None:
    order = ("0.flac", "copy.flac", "silence.wav", "1.flac", "0.flac", "2.flac")
    paths = [folder / name for name in order]
    with analyses(tmp_path, 1) as source:
        bare = list(Analyses(source.listener, None, lambda _: None).of(paths))
        fresh = list(source.of(paths))
        kept = list(source.of(paths))
    assert names(bare) == names(fresh) == names(kept)
    assert isinstance(bare[2][1], InvalidInputError)
    told = dict(names(bare))
    assert told["0.flac"] == told["copy.flac"]
    assert len({told["0.flac"], told["1.flac"], told["2.flac"]}) == 3
