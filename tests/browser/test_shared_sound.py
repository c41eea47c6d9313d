"""Sound in a real browser: a studio shares it, the performer hears it, the studio ends it, and it is gone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest
from conftest import ROOT, violations
from playwright.sync_api import Browser, ViewportSize
from reader import WITHIN_MS, Reader, signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")

PERFORMER = "performer, found in recordings"
VOICES = ROOT / "examples" / "voices" / "submissions"
WIDE: ViewportSize = {"width": 1280, "height": 900}
PLAYED = (
    "([number]) => { const of = document.querySelectorAll('ol.stretches audio')[number]; of.muted = true; of.play() }"
)
HEARD = """([number]) => { const of = document.querySelectorAll('ol.stretches audio')[number];
    return {ready: of.readyState, duration: of.duration, at: of.currentTime, error: of.error && of.error.code} }"""
SOUGHT = "([number, to]) => { document.querySelectorAll('ol.stretches audio')[number].currentTime = to }"
_REPORTED = "addEventListener('securitypolicyviolation', (e) => (window.refused ??= []).push(e.violatedDirective))"


def goes(me: Reader, path: str) -> None:
    me.page.goto(urljoin(me.page.url, path))


def shares(me: Reader, check: dict[str, Any], file: str) -> None:
    """Choose a file for what is shared of the one finding of a check, and send it."""
    finding_id = str(check["findings"][0]["id"])
    sound = me.page.locator(f"#sound-{finding_id}")
    if not sound.locator("input[type=file]").is_visible():
        sound.locator("details.act > summary").click()
    sound.locator("input[type=file]").set_input_files(VOICES / file)
    me.press("Share these places", within=sound)


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ko", False)])
def test_a_performer_hears_what_a_studio_shares_until_it_ends_it(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    with (
        signed_in(browser, web, "studio", language, scripts=scripts, may_fail=True) as studio,
        signed_in(browser, web, PERFORMER, language, scripts=scripts, may_fail=True) as performer,
    ):
        performer.page.context.add_init_script(_REPORTED)
        at = f"/checks/{web.things['check_id']}"
        check = web.operator.http.get(f"/v1{at}").json()
        (finding,) = check["findings"]
        theirs = f"/performers/{finding['performer']['id']}/findings/{finding['id']}"
        goes(performer, theirs)
        assert performer.page.locator("ol.stretches audio").count() == 0

        goes(studio, at)
        shares(studio, check, "rms-story.flac" if check["file"]["name"] != "rms-story.flac" else "slt-game.flac")
        studio.page.get_by_role("alert").wait_for(timeout=WITHIN_MS)
        shares(studio, check, check["file"]["name"])
        studio.sees("It is shared. The performer finds it on the page of what was found.")

        goes(performer, theirs)
        (stretch,) = web.operator.http.get(f"/v1/findings/{finding['id']}/sound").json()["stretches"]
        assert performer.page.locator("ol.stretches audio").count() == 1
        if scripts:
            assert violations(performer.page) == []
            assert violations(studio.page) == []
            hears(performer, stretch["end_s"] - stretch["start_s"])
            goes(studio, at)
            studio.sees("the performer's side")
            performer.page.set_viewport_size(WIDE)
            assert violations(performer.page) == []

        studio.press("Share it no more")
        studio.sees("It is shared no more, and its key is destroyed.")
        source = str(performer.page.locator("ol.stretches audio").get_attribute("src"))
        assert performer.page.request.get(urljoin(performer.page.url, source)).status == 404
        goes(performer, theirs)
        assert performer.page.locator("ol.stretches audio").count() == 0


def hears(me: Reader, seconds: float) -> None:
    """Play the one stretch: it comes whole, as long as it was said to be, plays, and can be sought in."""
    assert me.page.evaluate(HEARD, [0])["ready"] == 0  # nothing was loaded before somebody pressed
    me.page.evaluate(PLAYED, [0])
    me.waits_for(lambda: me.page.evaluate(HEARD, [0])["at"] > 0.2)
    heard = me.page.evaluate(HEARD, [0])
    assert heard["error"] is None
    assert heard["ready"] >= 3
    assert heard["duration"] == pytest.approx(seconds, abs=0.01)
    me.page.evaluate(SOUGHT, [0, seconds - 1.0])
    me.waits_for(lambda: me.page.evaluate(HEARD, [0])["at"] >= seconds - 1.0)
    assert me.page.evaluate("window.refused ?? []") == []
