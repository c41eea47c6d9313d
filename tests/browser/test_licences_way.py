"""A studio's contract in a real browser: drafted, mended as the rules say, offered, signed by both; and told of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from conftest import violations
from playwright.sync_api import Browser
from reader import Reader, signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

STUDIO, PERFORMER = "studio", "performer, found in recordings"


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    """A program on this machine that takes messages, and keeps what they tell of."""
    told: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["type"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (likewise)
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/likeness", told
    server.shutdown()
    thread.join()
    server.server_close()


def fill(me: Reader, performer_id: str) -> None:
    """Fill in terms that a machine's copy of a voice is used under, and name an agreement that says nothing of it."""
    form, today = me.page.locator("main form").first, datetime.now(tz=UTC).date()
    for name, value in {
        "title": "Harbour Lights",
        "intended_use": "The harbour master in the game Harbour Lights, two hundred lines.",
        "territories": "KR",
        "languages": "ko",
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=300)).isoformat(),
        "projects": "Harbour Lights",
        "currency": "KRW",
        "rate_per_line": "12000",
        "governing_law": "KR",
    }.items():
        form.locator(f"[name='{name}']").fill(value)
    form.locator("[name='performer_id']").select_option(performer_id)
    for name, value in (("purposes", "character"), ("purposes", "voice_clone"), ("media", "game")):
        form.locator(f"[name='{name}'][value='{value}']").check()
    form.locator("[name='intended_uses']").first.fill("Two hundred lines of the harbour master in Harbour Lights.")


def mend(me: Reader) -> None:
    """Do what the rules ask of such terms."""
    form = me.page.locator("main form").first
    form.locator("[name='markings'][value='watermark']").check()
    form.locator("[name='label_language']").first.fill("ko")
    form.locator("[name='label_text']").first.fill("이 목소리는 인공지능으로 만들었습니다.")
    for name in ("clear_and_conspicuous", "separately_signed"):
        form.locator(f"[name='{name}']").check()


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_a_draft_is_mended_offered_signed_and_in_force(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    performer_id = web.things["performer"]
    with signed_in(browser, web, STUDIO, language, scripts=scripts) as me:
        me.page.wait_for_url("**/home")
        me.page.goto(f"{web.url}/licences")
        me.follow("Draft a licence")
        fill(me, performer_id)
        if scripts:
            me.page.locator("#found-disclosure .finding.grave").first.wait_for()
            assert violations(me.page) == []
        else:
            me.press("Ask the rules")
            assert me.page.locator("#found-disclosure .finding.grave").count()
            assert me.page.locator("[name='title']").input_value() == "Harbour Lights"
        mend(me)
        if not scripts:
            me.press("Ask the rules")
        me.sees("No rule would keep these terms from coming into force today.")
        assert me.page.locator(".finding.grave").count() == 0
        me.press("Keep the draft")
        me.sees("The draft is kept. It binds nobody; offer it when it says what you want.")
        me.press("Offer it")
        me.follow("To the whole text")
        me.press("Sign it")
        me.sees("Signed for your side.")
        licence = me.page.url.partition("?")[0].rpartition("/")[2]
        asked = {"account_id": web.people[PERFORMER], "name": "signing", "scopes": ["licences:write"]}
        sender = {"Authorization": f"Bearer {web.operator.post('/v1/tokens', asked)['token']}"}
        signed = httpx.post(f"{web.url}/v1/licences/{licence}/sign", json={}, headers=sender, trust_env=False)
        assert signed.json().get("state") == "active", signed.text
        me.page.reload()
        me.sees("It is in force. To change anything, draft the next version.")
        if scripts:
            assert violations(me.page) == []


def test_a_program_gets_a_token_and_is_told_of_what_happens(web: SeededWeb, browser: Browser) -> None:
    with receiver() as (url, told), signed_in(browser, web, STUDIO, "en", scripts=True) as me:
        me.page.wait_for_url("**/home")
        me.page.goto(f"{web.url}/account/tokens")
        form = me.page.locator("main form").last
        form.locator("[name='name']").fill("asset pipeline")
        form.locator("[value='webhooks:read']").check()
        me.press("Make the token", within=form)
        token = me.page.locator("textarea.secret").input_value()
        sender = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{web.url}/v1/webhooks", headers=sender, trust_env=False).status_code == 200
        assert violations(me.page) == []
        me.follow("I have it: to my tokens")
        assert token not in me.page.content()

        me.page.goto(f"{web.url}/account/webhooks")
        form = me.page.locator("main form").last
        form.locator("[name='name']").fill("asset pipeline")
        form.locator("[name='url']").fill(url)
        form.locator("[name='told']").check()
        me.press("Add it", within=form)
        me.press("Send a test message")
        me.page.locator("#messages .badge.good").first.wait_for(timeout=60_000)
        assert told == ["webhook.test"]
        assert violations(me.page) == []
