"""Moments on pages, by the reader's clock: chosen on a page and kept in the browser; days are not moved."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from browser import HERE, Browser
from flask import request
from house import Caller, House
from httpx import Response

from api.pages.language import day, moment, shown_day, shown_moment
from api.pages.zones import given_day_end, given_moment, places, time_zone, zone_choices
from registry.errors import InvalidInputError

PAGES = Path(__file__).resolve().parents[2] / "api" / "pages"
AT = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
COOKIE = "__Host-likeness-time-zone"
HOSTILE = ("../../../etc/passwd", 'Asia/Seoul"><script>alert(1)</script>', "Factory", "UTC+9", "%00", "A" * 3000)


def signed_in(house: House, caller: Caller) -> Browser:
    browser = Browser(house)
    assert browser.use(house.operator.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"])
    return browser


def named(page: Response) -> str:
    """Answer the zone that a page says its moments are in."""
    (zone,) = re.findall(r'<p data-zone="([^"]*)"', page.text)
    return unescape(zone)


TOLD = {
    "/?lang=en": "25 November 2026 23:30 UTC",
    "/?lang=en&zone=Asia/Seoul": "26 November 2026 08:30 UTC+9",
    "/?lang=ko&zone=Asia/Seoul": "2026년 11월 26일 08:30 UTC+9",
    "/?lang=ko&zone=America/Los_Angeles": "2026년 11월 25일 15:30 UTC\N{MINUS SIGN}8",
    "/?lang=en&zone=Asia/Kathmandu": "26 November 2026 05:15 UTC+5:45",
    "/?lang=en&zone=America/St_Johns": "25 November 2026 20:00 UTC\N{MINUS SIGN}3:30",
}


def test_a_moment_is_told_by_the_readers_clock_in_their_language(house: House) -> None:
    for address, says in TOLD.items():
        with house.app.test_request_context(address, base_url=HERE):
            assert moment(AT) == says
            assert shown_moment(AT) == f'<time datetime="2026-11-25T23:30:00Z">{says}</time>'
            assert day(AT) == says.rpartition(" ")[0].rpartition(" ")[0]
            assert shown_day(AT) == f'<time datetime="2026-11-25T23:30:00Z">{day(AT)}</time>'


def test_across_a_change_of_clocks_two_moments_that_look_alike_are_told_apart(house: House) -> None:
    with house.app.test_request_context("/?lang=en&zone=America/Los_Angeles", base_url=HERE):
        assert moment(datetime(2026, 11, 1, 8, 30, tzinfo=UTC)) == "1 November 2026 01:30 UTC\N{MINUS SIGN}7"
        assert moment(datetime(2026, 11, 1, 9, 30, tzinfo=UTC)) == "1 November 2026 01:30 UTC\N{MINUS SIGN}8"
        assert moment(datetime(2026, 3, 8, 9, 59, tzinfo=UTC)) == "8 March 2026 01:59 UTC\N{MINUS SIGN}8"
        assert moment(datetime(2026, 3, 8, 10, 0, tzinfo=UTC)) == "8 March 2026 03:00 UTC\N{MINUS SIGN}7"


def test_a_day_in_a_contract_is_not_moved(house: House) -> None:
    for zone in ("Asia/Seoul", "America/Los_Angeles", "Pacific/Kiritimati"):
        with house.app.test_request_context(f"/?lang=en&zone={zone}", base_url=HERE):
            assert shown_day(date(2026, 11, 26)) == "26 November 2026"


def test_a_moment_at_the_end_of_the_calendar_is_told_by_utc(house: House) -> None:
    with house.app.test_request_context("/?lang=en&zone=Asia/Seoul", base_url=HERE):
        assert moment(datetime(9999, 12, 31, 23, 59, tzinfo=UTC)) == "31 December 9999 23:59 UTC"


def test_what_is_chosen_on_a_page_is_kept_in_the_browser_and_said_on_each(house: House) -> None:
    browser = signed_in(house, house.studio())
    assert named(browser.get("/account")) == "UTC"
    chosen = browser.get("/account?zone=Asia/Seoul")
    cookie = chosen.headers["Set-Cookie"]
    assert f"{COOKIE}=Asia/Seoul" in cookie
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    page = browser.get("/account/sessions")
    assert named(page) == "Asia/Seoul"
    assert "UTC+9" in page.text
    assert set(re.findall(r'<time datetime="([^"]*)"', page.text)) <= set(
        re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", page.text)
    )
    assert named(browser.get("/account?zone=UTC")) == "UTC"
    assert named(browser.get("/account/sessions")) == "UTC"


def test_a_name_that_is_no_zone_counts_as_none_wherever_it_stands(house: House) -> None:
    browser = Browser(house)
    for name in HOSTILE:
        page = browser.get(f"/voiceprints?zone={quote(name)}")
        assert (page.status_code, named(page)) == (200, "UTC")
        assert COOKIE not in page.headers.get("Set-Cookie", "")
        kept = browser.get("/voiceprints", Cookie=f"{COOKIE}={quote(name)}")
        assert (kept.status_code, named(kept)) == (200, "UTC")
        assert "<script>alert" not in page.text + kept.text


def test_a_zone_is_chosen_on_a_page_of_its_own_and_leads_back(house: House) -> None:
    browser = signed_in(house, house.studio())
    page = browser.get("/checks?state=done")
    (link,) = re.findall(r'<a href="(/time-zone\?[^"]*)"', page.text)[:1]
    zones = browser.get(unescape(link))
    assert zones.status_code == 200
    assert '<form method="get" action="/checks">' in zones.text
    assert '<input type="hidden" name="state" value="done">' in zones.text
    assert '<option value="Asia/Seoul">' in zones.text
    assert zones.text.count(" selected>") == 1


def test_a_page_elsewhere_is_never_led_back_to(house: House) -> None:
    browser = Browser(house)
    for back in ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a b"):
        zones = browser.get(f"/time-zone?back={quote(back, safe='')}")
        assert '<form method="get" action="/">' in zones.text
        assert 'data-back="/"' in zones.text


def test_a_link_that_signs_in_is_carried_into_no_other_address(house: House) -> None:
    url = str(house.operator.made(f"/v1/accounts/{house.studio().account_id}/sign-in-links", None)["url"])
    page = Browser(house).get(url)
    assert "/time-zone" not in page.text
    assert named(page) == "UTC"


def test_the_page_of_zones_names_them_in_both_languages_and_a_zone_of_an_old_name_too(house: House) -> None:
    browser = Browser(house)
    assert "Asia/Seoul · 대한민국" in browser.get("/time-zone?lang=ko").text
    assert "Asia/Seoul · South Korea" in browser.get("/time-zone?lang=en").text
    old = browser.get("/time-zone?zone=Asia/Calcutta")
    assert '<option value="Asia/Calcutta" selected>' in old.text
    assert old.text.count(" selected>") == 1
    offered = [name for _part, zones in places("en_GB") for name, _words in zones]
    assert len(offered) == len(set(offered)) > 300


def test_a_form_takes_a_moment_by_the_clock_that_it_names(house: House) -> None:
    with house.app.test_request_context("/?zone=Asia/Seoul", base_url=HERE):
        assert given_moment("2026-11-26T08:30", "Asia/Seoul") == AT
        assert given_moment("2026-11-25T23:30", "") == AT  # as a program that names none
        assert given_moment("2026-11-25T15:30", "America/Los_Angeles") == AT
        assert given_day_end("2026-11-26", "Asia/Seoul") == datetime(2026, 11, 26, 14, 59, 59, tzinfo=UTC)
        assert given_day_end("2026-11-26", "nowhere") == datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC)
        assert (given_day_end("", "UTC"), given_day_end("soon", "UTC")) == (None, "soon")
        assert [name for name, _ in zone_choices()] == ["Asia/Seoul", "UTC"]
        assert [name for name, _ in zone_choices("America/Nome")] == ["Asia/Seoul", "UTC", "America/Nome"]
        assert [name for name, _ in zone_choices("<nowhere>")] == ["Asia/Seoul", "UTC"]
        with pytest.raises(InvalidInputError):
            given_moment("yesterday", "UTC")


def test_who_has_chosen_none_reads_by_the_clock_of_the_setting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    state: Any = house.app.extensions["likeness_registry"]
    monkeypatch.setattr(type(state.settings), "time_zone", property(lambda _self: "Asia/Seoul"))
    with house.app.test_request_context("/", base_url=HERE):
        assert (request.path, time_zone().key) == ("/", "Asia/Seoul")


def test_a_moment_stands_in_no_template_but_marked() -> None:
    for template in PAGES.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert re.findall(r"<time|strftime|UTC[^\"{]*\{\{", text) == [], template
        for option in re.findall(r"<option[^\n]*", text):
            assert not re.search(r"\| moment (?!\| striptags)", option), template
