"""An auditor's way in a real browser: what a scan would come to, the scan, its rows, what changed, and its report."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from conftest import violations
from playwright.sync_api import Browser
from reader import Reader, signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_an_auditor_goes_from_what_chance_may_bring_to_a_report_that_is_verified(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    with signed_in(browser, web, "auditor", language, scripts=scripts) as me:
        asks_for_a_scan(me)
        me.waits_until("Take along", scripts=scripts)
        with me.page.expect_download() as report:
            me.follow("The signed report")
        finds_a_row(me)
        me.follow("Compared")
        me.page.locator("select[name=earlier]").select_option(web.things["earlier_scan"])
        me.press("Compare")
        me.sees("How the two were made")
        me.sees("What changed")
        if scripts:
            assert violations(me.page) == []
        me.page.goto(urljoin(web.url, "/verify"))
        me.page.locator("input[name=file]").set_input_files(report.value.path())
        me.press("Look at it")
        me.sees("Unchanged, by a key of its own")
        me.sees("The report of a scan")


def asks_for_a_scan(me: Reader) -> None:
    """Nothing is asked for before it is said what chance alone may bring."""
    me.follow("Ask for a scan")
    assert me.page.get_by_role("button", name=me.says("Start the scan")).count() == 0
    me.page.locator("select[name=root]").select_option("examples")
    me.page.locator("input[name=path]").fill("submissions")
    me.page.locator("input[name=limit]").fill("1")
    me.press("What would it come to?")
    me.sees("What it would come to")
    me.press("Start the scan")
    me.sees("Asked for. A worker takes it up as soon as one is free.")


def finds_a_row(me: Reader) -> None:
    """One row was heard, all others were left out: each is there."""
    me.follow("Rows")
    me.page.locator("select[name=status]").select_option("assessed")
    me.press("Show")
    assert me.page.locator("tbody tr").count() == 1
    name = me.page.locator("tbody tr bdi").first.inner_text()
    me.page.goto(urljoin(me.page.url, f"results?text={name}&order=strongest"))
    assert me.page.locator("tbody tr bdi").first.inner_text() == name
