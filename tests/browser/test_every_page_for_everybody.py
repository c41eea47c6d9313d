"""Every page, in both languages, narrow and wide, light and dark: axe finds nothing, and nothing is too wide."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import violations
from pages_of import NOBODY, PAGES
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

NARROW, WIDE = ViewportSize(width=360, height=900), ViewportSize(width=1280, height=900)
OF_SHAPE = ("color-contrast", "target-size", "scrollable-region-focusable")
"""What a width or a colour scheme can break that the words cannot: looked for again wide and dark, in one language."""

_REPORTED = "addEventListener('securitypolicyviolation', (e) => (window.refused ??= []).push(e.violatedDirective))"
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def sessions(web: SeededWeb, browser: Browser) -> dict[str, StorageState | None]:
    """Sign each of them in once, and keep their session for both languages."""
    kept: dict[str, StorageState | None] = {NOBODY: None}
    for who in PAGES:
        if who == NOBODY:
            continue
        context = browser.new_context()
        page = context.new_page()
        page.goto(web.link(who))
        page.locator("main button").click()
        kept[who] = context.storage_state()
        context.close()
    return kept


def looked_at(page: Page, address: str, *, dark: bool) -> Iterator[str]:
    """Open a page, and answer what is wrong with it, narrow and light, and wide; there in dark colours, if wanted."""
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="light")
    answer = page.goto(address)
    wanted = 404 if address.endswith("/nowhere") else 200
    if answer is None or answer.status != wanted:
        yield f"answers {answer and answer.status}"
    yield from (f"its own policy refuses it {each}" for each in page.evaluate("window.refused ?? []"))
    if page.evaluate(_TOO_WIDE):
        yield "is wider than 360 pixels"
    yield from violations(page)
    page.set_viewport_size(WIDE)
    if page.evaluate(_TOO_WIDE):
        yield "is wider than 1280 pixels"
    if dark:
        page.emulate_media(color_scheme="dark")
        yield from (f"wide and dark: {each}" for each in violations(page, *OF_SHAPE))


def opened(browser: Browser, locale: str, state: StorageState | None) -> BrowserContext:
    # what moves on from one colour to another would be measured on the way
    context = browser.new_context(locale=locale, storage_state=state, reduced_motion="reduce")
    context.add_init_script(_REPORTED)
    return context


@pytest.mark.parametrize("locale", ["ko-KR", "en-GB"])
@pytest.mark.parametrize("who", list(PAGES))
def test_nothing_keeps_anybody_from_using_a_page(
    web: SeededWeb, browser: Browser, sessions: dict[str, StorageState | None], who: str, locale: str
) -> None:
    context = opened(browser, locale, sessions[who])
    page = context.new_page()
    wrong = {}
    for path in PAGES[who]:
        found = list(looked_at(page, f"{web.url}{path.format_map(web.things)}", dark=locale == "ko-KR"))
        if found:
            wrong[path] = found
        assert page.locator("html").get_attribute("lang") == locale[:2]
    context.close()
    assert wrong == {}
