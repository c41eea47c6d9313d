"""The clock of whoever reads: offered where scripts run, chosen without them, and kept in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/Los_Angeles", "Asia/Kolkata"])
def test_a_browser_offers_its_own_time_zone_and_sends_nothing_by_itself(
    web: SeededWeb, browser: Browser, zone: str
) -> None:
    context = browser.new_context(locale="ko-KR", timezone_id=zone)
    page = context.new_page()
    page.goto(f"{web.url}/journal")
    assert page.locator("[data-zone]").get_attribute("data-zone") == "UTC"
    expect(page.locator("main time")).to_contain_text("UTC")
    page.locator("footer a[href^='/time-zone']").click()
    offered = page.locator("main [data-zone-offer] a")
    with page.expect_navigation():
        offered.click()
    assert page.url.startswith(f"{web.url}/journal?zone=")
    own = page.evaluate("new Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert page.locator("[data-zone]").get_attribute("data-zone") == own
    page.goto(f"{web.url}/time-zone")
    assert page.locator("select").input_value() == own
    assert page.locator("[data-zone-offer]:visible").count() == 0
    context.close()


def test_without_scripts_it_is_chosen_from_all_of_them(web: SeededWeb, browser: Browser) -> None:
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{web.url}/journal")
    page.locator("footer a[href^='/time-zone']").click()
    page.locator("select").select_option("Asia/Seoul")
    page.locator("main form button").click()
    expect(page.locator("main time")).to_contain_text("UTC+9")
    page.goto(f"{web.url}/journal")
    expect(page.locator("main time")).to_contain_text("UTC+9")
    context.close()
