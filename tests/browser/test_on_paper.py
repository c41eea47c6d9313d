"""Pages on paper: in full, black on white, and nothing that is pressed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, ViewportSize
from reader import signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")

SHEET = ViewportSize(width=680, height=1000)  # A4 between its margins, at 96 pixels an inch
PAGES = {
    "studio": ("/licences/{licence_id}/text", "/checks/{dialogue_check_id}", "/money/statements/{studio_id}"),
    "operator": ("/cases/{case_id}", "/cases/{case_id}/analyses/{analysis_id}", "/house/retention"),
}
PRESSED = "main form, main button, main a.button, nav, audio"
HELD_BACK = """[...document.querySelectorAll("main *")].filter((each) => {
    const {overflowY} = getComputedStyle(each);
    return each.clientHeight && overflowY !== "visible" && each.scrollHeight > each.clientHeight + 1;
}).map((each) => each.outerHTML.slice(0, 120))"""
CLOSED = """[...document.querySelectorAll("main details:not(.act, .keys)")]
    .filter((each) => each.checkVisibility() && [...each.children].slice(1).some((part) =>
        getComputedStyle(part).display !== "none" && !part.checkVisibility({contentVisibilityAuto: true})))
    .map((each) => each.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize("who", list(PAGES))
def test_a_page_on_paper_holds_all_that_can_be_read_and_nothing_to_press(
    web: SeededWeb, browser: Browser, who: str
) -> None:
    with signed_in(browser, web, who, "en", scripts=True) as me:
        me.page.emulate_media(color_scheme="dark")
        for path in PAGES[who]:
            me.page.emulate_media(media="screen")
            me.page.goto(f"{web.url}{path.format_map(web.things)}")
            me.page.emulate_media(media="print")
            me.page.set_viewport_size(SHEET)
            assert not [each for each in me.page.locator(PRESSED).all() if each.is_visible()], path
            assert me.page.evaluate("document.documentElement.scrollWidth") <= SHEET["width"], path
            assert me.page.evaluate(HELD_BACK) == [], path
            assert me.page.evaluate(CLOSED) == [], path
            assert me.page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
            assert me.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert me.page.pdf(format="A4").startswith(b"%PDF")


def test_a_plot_on_paper_is_as_wide_as_its_figure(web: SeededWeb, browser: Browser) -> None:
    with signed_in(browser, web, "operator", "ko", scripts=True) as me:
        me.page.set_viewport_size(ViewportSize(width=1280, height=900))
        me.page.goto(f"{web.url}{'/cases/{case_id}/analyses/{analysis_id}'.format_map(web.things)}")
        me.page.locator("figure.plot canvas").first.wait_for()
        me.page.emulate_media(media="print")
        me.page.set_viewport_size(SHEET)
        widths = me.page.evaluate(
            "[...document.querySelectorAll('figure.plot')].map((figure) =>"
            " [figure.clientWidth, figure.querySelector('canvas').getBoundingClientRect().width])"
        )
        assert len(widths) > 1  # how near the people of the cohort are, and how often such strengths come out
        assert all(0.5 * room < drawn <= room for room, drawn in widths)
