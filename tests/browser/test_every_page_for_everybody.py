"""Every page, in both languages, narrow and wide, light and dark: axe finds nothing, and nothing is too wide.

``python -m pytest tests/browser/test_every_page_for_everybody.py --every-condition`` looks in all eight conditions;
without it four are looked in, of which every two that a page can meet together are met: each width in each language and
in each colour scheme, and each colour scheme in each language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

import pytest
from conftest import ASKED, FOUND, injected
from pages_of import NOBODY, PAGES
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them


class Shape(NamedTuple):
    """How a page is looked at: so wide, in pixels, and in which colours."""

    width: int
    scheme: str


NARROW, WIDE = 360, 1280
LIGHT, DARK = "light", "dark"
EVERY: Final = tuple(Shape(*each) for each in product((NARROW, WIDE), (LIGHT, DARK)))
HALF: Final = {
    "ko-KR": (Shape(NARROW, LIGHT), Shape(WIDE, DARK)),
    "en-GB": (Shape(NARROW, DARK), Shape(WIDE, LIGHT)),
}
"""The half of all conditions in which every pair of them is met (the orthogonal array L4)."""

_HEIGHT: Final = 900
_REPORTED: Final = (
    "addEventListener('securitypolicyviolation', (e) => (window.refused ??= []).push(e.violatedDirective))"
)
_SEEN: Final = """[
    ...(document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["is wider than that"] : []),
    ...(window.refused ?? []).map((each) => `its own policy refuses it ${each}`),
]"""


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
        with page.expect_navigation():
            page.locator("main button").click()
        kept[who] = context.storage_state()
        context.close()
    return kept


@pytest.fixture(scope="module")
def conditions(request: pytest.FixtureRequest) -> Mapping[str, Sequence[Shape]]:
    """How each page is looked at in each language: half of all ways, or every one where that is asked for."""
    every = request.config.getoption("--every-condition", default=False)
    return dict.fromkeys(HALF, EVERY) if every else HALF


def looked_at(page: Page, address: str, shapes: Sequence[Shape]) -> Iterator[str]:
    """Open a page once, in whatever shape the one before was left, and answer what is wrong with it in each shape."""
    answer = page.goto(address)
    wanted = 404 if address.endswith("/nowhere") else 200
    if answer is None or answer.status != wanted:
        yield f"answers {answer and answer.status}"
    elif answer.request.redirected_from is not None:
        yield f"leads to {page.url}"
    for shape in shapes:
        page.set_viewport_size(ViewportSize(width=shape.width, height=_HEIGHT))
        page.emulate_media(color_scheme="dark" if shape.scheme == DARK else "light")
        wrong: list[str] = page.evaluate(f"(asked) => Promise.all([{FOUND}(asked), {_SEEN}])", ASKED)
        yield from (f"{shape.width}, {shape.scheme}: {each}" for found in wrong for each in found)


def opened(browser: Browser, locale: str, state: StorageState | None) -> BrowserContext:
    # what moves on from one colour to another would be measured on the way
    context = browser.new_context(locale=locale, storage_state=state, reduced_motion="reduce")
    context.add_init_script(_REPORTED)
    return injected(context)


@pytest.mark.parametrize("locale", list(HALF))
@pytest.mark.parametrize("who", list(PAGES))
def test_nothing_keeps_anybody_from_using_a_page(
    web: SeededWeb,
    browser: Browser,
    sessions: dict[str, StorageState | None],
    conditions: Mapping[str, Sequence[Shape]],
    *,
    who: str,
    locale: str,
) -> None:
    context = opened(browser, locale, sessions[who])
    page = context.new_page()
    wrong = {}
    for number, path in enumerate(PAGES[who]):
        turned = conditions[locale][
            :: 1 if number % 2 else -1
        ]  # so that every page begins in the shape of the one before
        found = list(looked_at(page, f"{web.url}{path.format_map(web.things)}", turned))
        if found:
            wrong[path] = found
        assert page.locator("html").get_attribute("lang") == locale[:2]
    context.close()
    assert wrong == {}


def test_in_half_of_the_conditions_every_two_are_met() -> None:
    half = [(locale, *shape) for locale, shapes in HALF.items() for shape in shapes]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        met = {(each[one], each[other]) for each in half}
        assert met == set(product({each[one] for each in half}, {each[other] for each in half}))
    assert len(half) * 2 == len(HALF) * len(EVERY)
