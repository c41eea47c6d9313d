"""Take the pictures of ``docs/pages.md``: ``python tests/browser/pictures.py [NAME…]``, all where none is named.

A registry is served with people in it, as by ``make web``; each picture is of what somebody of it sees.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.append(str(Path(__file__).resolve().parents[1]))

from conftest import ROOT, chromium
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from reader import Reader
from web import SeededWeb, seeded_web

FOLDER = ROOT / "docs" / "pages"
NARROW, WIDE = 360, 1280
SHOWN = {NARROW: 360, WIDE: 800}
"""How wide a picture is, by how wide the window was."""

COLOURS = 128
PERFORMER = "performer, found in recordings"


def _nothing(_me: Reader) -> None:
    """Take the picture of the page as it opens."""


def _answer_wrong(me: Reader) -> None:
    """Register, read the first text to its end, and give an answer that is not right."""
    me.follow("Register")
    me.page.locator("#name").fill("Mina Seo")
    me.press("Register")
    me.follow("Read what it means")
    me.page.locator("main form button").first.click()
    while me.page.get_by_role("link", name=me.says("Go on"), exact=True).count():
        me.follow("Go on")
    me.press("I have read it")
    me.answers([0, 0, 0])
    me.page.locator("#question-1 [role=alert]").wait_for()


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        who: sees it.
        path: of the page, with the seeded registry's things in it; where they begin, if empty.
        width: of the window.
        height: of the picture.
        scheme: of its colours.
        before: what is done on the page first.
    """

    who: str
    path: str
    width: int
    height: int
    scheme: str = "light"
    before: Callable[[Reader], None] = _nothing


JOURNEY = "/performers/{performer}/consents/new?purpose=licensing&modality=face&dubbing=allow&advertising=ask"
PICTURES = {
    "journey-ko": Picture(PERFORMER, JOURNEY, NARROW, 900),
    "findings-en": Picture(PERFORMER, "/performers/{performer}/findings", NARROW, 900),
    "question-en": Picture("performer, new", "", NARROW, 900, before=_answer_wrong),
    "withdraw-ko": Picture(PERFORMER, "/performers/{performer}/withdraw", NARROW, 900, scheme="dark"),
    "overview-ko": Picture(PERFORMER, "/performers/{performer}", NARROW, 900),
    "offer-ko": Picture(PERFORMER, "/performers/{performer}/licences/{offered_licence_id}", NARROW, 900),
    "verdict-en": Picture("studio", "/checks/{dialogue_check_id}", WIDE, 900),
    "drafting-en": Picture("studio", "/licences/{drafted_licence_id}/edit", WIDE, 720),
    "clearance-en": Picture("studio", "/clearances/{refused_clearance_id}", WIDE, 560),
    "results-en": Picture("auditor", "/scans/{scan}/results", WIDE, 622),
    "calibration-en": Picture("operator", "/house/calibration", WIDE, 1000),
    "analysis-en": Picture("operator", "/cases/{case_id}/analyses/{analysis_id}", WIDE, 1400),
}
ZONES = {"ko": "Asia/Seoul", "en": "Europe/London"}


def take(browser: Browser, web: SeededWeb, name: str) -> None:
    """Take one picture, in as few colours as it does with."""
    wanted, language = PICTURES[name], name.rpartition("-")[2]
    context = browser.new_context(
        locale={"en": "en-GB", "ko": "ko-KR"}[language],
        reduced_motion="reduce",
        color_scheme="dark" if wanted.scheme == "dark" else "light",
        viewport=ViewportSize(width=wanted.width, height=wanted.height * wanted.width // SHOWN[wanted.width]),
    )
    me = Reader(context.new_page(), language)
    me.page.goto(web.link(wanted.who))
    with me.page.expect_navigation():
        me.press("Sign in now")
    me.page.goto(f"{web.url}{wanted.path.format_map(web.things) or '/home'}")
    me.page.goto(f"{me.page.url}{'&' if '?' in me.page.url else '?'}zone={ZONES[language]}")
    wanted.before(me)
    (FOLDER / f"{name}.png").write_bytes(_small(_taken(me.page), SHOWN[wanted.width], wanted.height))
    context.close()


def _taken(page: Page) -> bytes:
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    return page.screenshot()


def _small(taken: bytes, width: int, height: int) -> bytes:
    """Answer a picture of that size as PNG, with a palette."""
    made = BytesIO()
    shown = Image.open(BytesIO(taken)).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    shown.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()


def main(names: Sequence[str]) -> None:
    """Take the pictures that are named."""
    with tempfile.TemporaryDirectory() as folder, seeded_web(Path(folder)) as web, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name in names or PICTURES:
            take(browser, web, name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
