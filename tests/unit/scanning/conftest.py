"""The example voices, laid out as a gallery and as inputs, and one engine that listens to them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from soundfiles import VOICES

from registry.engine.identify import Engine
from registry.scanning.galleries import Searched, enrol_gallery
from registry.scanning.listening import Listener, opened_listener

PERFORMERS = ("awb", "rms", "slt")


@pytest.fixture(scope="session")
def gallery_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for each of the example performers."""
    folder = tmp_path_factory.mktemp("gallery")
    for name in PERFORMERS:
        (folder / name).mkdir()
        for recording in sorted((VOICES / "enrolment").glob(f"{name}-*.flac")):
            shutil.copy(recording, folder / name)
    return folder


@pytest.fixture(scope="session")
def listener() -> Iterator[Listener]:
    with opened_listener(Engine.load(device="cpu")) as listener:
        yield listener


@pytest.fixture(scope="session")
def searched(listener: Listener, gallery_folder: Path) -> Searched:
    return enrol_gallery(listener, gallery_folder)
