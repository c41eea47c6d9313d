"""Every page, in both languages, narrow and wide, light and dark: axe finds nothing, and nothing is too wide."""

from __future__ import annotations

import pytest
from conftest import violations
from playwright.sync_api import Browser, BrowserContext, Page
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

ANYBODYS = ("/", "/voiceprints", "/retention", "/journal", "/transparency", "/sign-in", "/nowhere")
OWN = (
    "",
    "/consents",
    "/consents/choose?purpose=licensing&modality=voice",
    "/consents/new?purpose=licensing&modality=face&dubbing=allow&advertising=ask",
    "/consents/refuse?purpose=engine_improvement&modality=voice",
    "/enrolments",
    "/findings",
    "/withdraw",
    "/export",
    "/forget",
)
WIDTHS = (360, 1280)
OF_SHAPE = ("color-contrast", "target-size", "scrollable-region-focusable")
"""What a width or a colour scheme can break that the words cannot; all else is looked for once a page."""


@pytest.fixture(scope="module")
def seen(web: SeededWeb, browser: Browser) -> dict[str, object]:
    """Sign the performer in once, and keep their session for both languages."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(web.link("performer, found in recordings"))
    page.locator("main button").click()
    kept = {"state": context.storage_state(), "me": page.url}
    context.close()
    return kept


def looked_at(page: Page, address: str) -> list[str]:
    """Open a page, and answer what is wrong with it in any shape."""
    page.goto(address)
    wrong = violations(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"is wider than {width} pixels")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{width}, {scheme}: {each}" for each in violations(page, *OF_SHAPE)]
    return wrong


def opened(browser: Browser, locale: str, state: object = None) -> BrowserContext:
    # axe is put in from outside; and what moves on from one colour to another would be measured on the way
    return browser.new_context(locale=locale, storage_state=state, bypass_csp=True, reduced_motion="reduce")


@pytest.mark.parametrize("locale", ["ko-KR", "en-GB"])
def test_nothing_keeps_anybody_from_using_a_page(
    web: SeededWeb, browser: Browser, seen: dict[str, object], locale: str
) -> None:
    wrong = {}
    for state, addresses in (
        (None, [f"{web.url}{path}" for path in ANYBODYS]),
        (seen["state"], [f"{web.url}/account", f"{web.url}/cases", *(f"{seen['me']}{path}" for path in OWN)]),
    ):
        context = opened(browser, locale, state)
        page = context.new_page()
        wrong |= {address: found for address in addresses if (found := looked_at(page, address))}
        assert page.locator("html").get_attribute("lang") == locale[:2]
        context.close()
    assert wrong == {}
