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
        marks_rows(me, scripts=scripts)
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


def marks_rows(me: Reader, *, scripts: bool) -> None:
    """A row is marked by its button, or by a key where scripts run; the mark is there when one comes back."""
    me.follow("To be heard")
    me.page.locator("button[data-press='1']").first.wait_for()
    if scripts:
        me.page.keyboard.press("j")
        me.page.keyboard.press("1")
    else:
        me.page.locator("button[data-press='1']").first.click()
    me.sees("You have marked all of them.")
    me.page.reload()
    me.sees("You have marked all of them.")
    assert me.page.locator("button[data-press='1']").first.get_attribute("aria-pressed") == "true"
    me.page.locator("button[data-press='2']").first.click()
    me.page.locator("button[data-press='2'][aria-pressed='true']").wait_for()
    me.sees("Who has marked rows")
    with me.page.expect_download() as signed:
        me.follow("All of it, signed (JSON)")
    assert b"likeness-scan-marks" in signed.value.path().read_bytes()
