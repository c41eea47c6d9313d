"""Plots and recordings in a real browser: drawn under the page's own policy, read and heard by keys, nothing sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from components import TURNS, components_at
from conftest import ROOT, violations
from playwright.sync_api import Browser, Page
from reader import Reader

pytestmark = pytest.mark.xdist_group("browser")

VOICES = ROOT / "examples" / "voices" / "submissions"
HEARD = VOICES / "dialogue-slt-awb.flac"
_REPORTED = "addEventListener('securitypolicyviolation', (e) => (window.refused ??= []).push(e.violatedDirective))"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with components_at(hashlib.sha256(HEARD.read_bytes()).hexdigest()) as served:
        yield served


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(
        locale="en-GB", reduced_motion="reduce", viewport={"width": 360, "height": 800}, color_scheme="dark"
    )
    context.add_init_script(_REPORTED)
    opened = context.new_page()
    opened.goto(address)
    yield opened
    context.close()


def test_a_plot_is_drawn_read_by_keys_and_its_table_is_at_hand(page: Page) -> None:
    figure = page.locator("figure.plot").first
    figure.locator("canvas").wait_for()
    assert not figure.locator("table").is_visible()
    figure.locator(".canvas").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert figure.locator(".read").inner_text().startswith("log10 LR 2.9 · same speaker: 0.02")
    figure.locator("summary").click()
    assert figure.locator("tbody tr").count() == 31  # of 61 values, every second


def test_a_recording_is_drawn_and_heard_in_the_browser_alone(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    player = page.locator("[data-player]")
    player.locator("input[type=file]").set_input_files(HEARD)
    player.get_by_text("This is the recording that was examined.").wait_for()
    player.locator(".wave canvas").first.wait_for()
    player.locator(".seek").nth(1).focus()
    page.keyboard.press("Enter")
    Reader(page, "en").waits_for(
        lambda: page.evaluate("document.querySelector('audio').currentTime") >= TURNS[1].start_s
    )
    assert player.locator("li[aria-current]").count() == 1
    assert [each for each in asked if not each.startswith("blob:") and "/static/" not in each] == []
    assert page.evaluate("window.refused ?? []") == []
    assert violations(page) == []


def test_another_recording_and_what_is_none_are_told_apart(page: Page) -> None:
    player = page.locator("[data-player]")
    player.locator("input[type=file]").set_input_files(VOICES / "slt-advert.flac")
    player.get_by_text("This is another file than the one that was examined").wait_for()
    player.locator("input[type=file]").set_input_files(ROOT / "README.md")
    player.get_by_text("This browser cannot play this kind of file.").wait_for()
    assert not player.locator("audio").is_visible()
