"""A browser, one for all tests, and a registry that is served with people in it; skipped where there is no Chromium."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
import wave
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import av
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from ready import ready

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples"))

from web import SeededWeb, seeded_web  # noqa: E402  (beside the examples)

NAMES = ("chromium", "chromium-browser", "google-chrome")
SPOKEN = ROOT / "examples" / "voices" / "enrolment" / "slt-1.flac"
AXE = ROOT / "tests" / "browser" / "vendor" / "axe.min.js"


def chromium() -> str:
    """Where Chromium is; Debian has it as a package, and .ci/run installs it."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    return found


def _as_wav(source: Path, target: Path) -> None:
    """Write a recording in the only form that Chromium takes for what a microphone hears."""
    with av.open(str(source)) as container, wave.open(str(target), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(48_000)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                written.writeframes(part.to_ndarray().tobytes())


@pytest.fixture(scope="session", autouse=True)
def commands_at_once() -> Iterator[None]:
    """Commands that set a registry up run without each loading all modules first."""
    import server

    with mock.patch.object(server, "LIKENESS", [str(ready() / "likeness")]):
        yield


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser; each test has contexts of its own in it. What its microphone hears is somebody who reads aloud."""
    path, spoken = chromium(), tmp_path_factory.mktemp("microphone") / "spoken.wav"
    _as_wav(SPOKEN, spoken)
    with warnings.catch_warnings(), sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]  # as root, Chromium refuses to start with it
        microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        microphone.append(f"--use-file-for-fake-audio-capture={spoken}")
        opened = playwright.chromium.launch(executable_path=path, args=[*sandbox, *microphone])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeededWeb]:
    """A registry that is served as it is in production, with its worker, database and keys of its own."""
    chromium()
    with seeded_web(tmp_path_factory.mktemp("web")) as served:
        yield served


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let somebody look at every page in every condition: `test_every_page_for_everybody.py`."""
    parser.addoption(
        "--every-condition",
        action="store_true",
        help="look at each page in both languages, narrow and wide, light and dark, all eight ways",
    )


def injected(context: BrowserContext) -> BrowserContext:
    """Have every page of a context bring axe along: sent once, and compiled by the browser when it is asked for."""
    context.add_init_script(path=AXE)
    return context


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASKED = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
"""WCAG 2.2 AA and axe's own best practices. What passes is not gone into, which takes most of the time."""

FOUND = """(async (asked) => (await axe.run(document, asked)).violations.map(
    ({id, nodes}) => `${id}: ${JSON.stringify(nodes.slice(0, 3).map(({target}) => target))}`))"""
"""What axe finds, a line each: a page answers it, and not all that axe has looked at."""


def violations(page: Page) -> list[str]:
    """What axe finds on a page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(FOUND, ASKED)
    return found
