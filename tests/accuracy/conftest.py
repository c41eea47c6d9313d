"""Where the voices are: synthetic ones in this repository, real ones beside it when somebody put them there."""

from __future__ import annotations

from pathlib import Path

import pytest
from likeness_commands import Commands

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def voices() -> Path:
    return ROOT / "examples" / "voices"


@pytest.fixture(scope="session")
def open_speech() -> Path:
    folder = ROOT.parent / "shared" / "speech" / "open"
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("../shared/speech is not here")
    return folder


@pytest.fixture(scope="session")
def likeness() -> Commands:
    return Commands()


@pytest.fixture(scope="session")
def synthetic_gallery(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three synthetic performers, by symbolic link."""
    gallery = tmp_path_factory.mktemp("gallery")
    for recording in sorted((voices / "enrolment").glob("*.flac")):
        performer = gallery / recording.name.split("-")[0]
        performer.mkdir(exist_ok=True)
        (performer / recording.name).symlink_to(recording)
    return gallery
