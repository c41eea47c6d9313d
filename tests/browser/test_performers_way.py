"""The performer's way in a real browser: from the first link to the withdrawal, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from conftest import ROOT, violations
from playwright.sync_api import Browser
from reader import Reader, reach, reader, signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

PERFORMER = "performer, found in recordings"
VOICES = ROOT / "examples" / "voices" / "enrolment"


@pytest.mark.parametrize(("language", "scripts", "voice"), [("ko", False, "rms"), ("en", True, "awb")])
def test_a_performer_goes_from_the_first_link_to_the_withdrawal(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool, voice: str
) -> None:
    account = web.operator.post("/v1/accounts", {"role": "performer", "name": "서민아"})
    link = web.operator.post(f"/v1/accounts/{account['id']}/sign-in-links")["url"]
    with reader(browser, language, scripts=scripts) as me:
        me.page.goto(link)
        me.press("Sign in now")
        me.follow("Register")
        me.page.locator("#name").fill("서민아 🎙️")
        me.press("Register")
        me.follow("Read what it means")
        for topic, words in (("monitoring", "Looking for your voice"), ("withdrawal", "How you take a yes back")):
            name = me.says("Read: %(topic)s") % {"topic": me.says(words)}
            me.page.get_by_role("button", name=name, exact=True).click()
            me.reads(topic)
        me.page.locator("#signed_by").fill("서민아")
        me.press("Yes, I sign")
        me.sees("Signed. It is in force from now on.")
        with me.page.expect_download() as receipt:
            me.follow("Download the receipt")
        assert '"jws"' in receipt.value.path().read_text(encoding="utf-8")
        me.follow("Record my voice")
        for number in (1, 2, 3):
            me.page.locator(f"#sentence-{number}").set_input_files(VOICES / f"{voice}-{number}.flac")
        me.press("Send")
        me.waits_until("Your voice is known now. From here on it is looked for.", scripts=scripts)
        me.page.get_by_role("link", name=me.says("Withdraw"), exact=True).first.click()
        me.press("Take everything back now")
        me.sees("It is done.")
        if scripts:
            assert violations(me.page) == []
    performer_id = re.findall(r"perf_\w+", me.page.url)[0]
    standing = web.operator.http.get(f"/v1/performers/{performer_id}/standing").json()
    assert [each["in_force"] for each in standing["modalities"]] == [[], []]


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_a_performer_goes_from_an_offer_to_money_that_has_arrived(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    studio, title = web.seeded.parties[0], f"Autumn {language}"
    licence = _offered(web, title)
    with signed_in(browser, web, PERFORMER, language, scripts=scripts) as me:
        home = me.page.url
        me.page.locator("main").get_by_role("link", name=re.compile(title)).first.click()
        me.press("Sign this licence")
        me.sees("Signed.")
        approval = _asked(web, title)
        me.page.goto(f"{home}/approvals")
        me.page.locator(f"a[href$='{approval}']").click()
        me.page.get_by_text("Autumn leaves, and you stay.").wait_for()
        me.press("Yes, I approve these words")
        me.sees("approved, not used yet")
        paid = {"licence_id": licence, "amount_minor": 450_000, "currency": "GBP", "paid_on": _today()}
        payment = studio.post("/v1/payments", paid)["id"]
        me.page.goto(f"{home}/earnings")
        me.page.locator(f"a[href$='{payment}']").first.click()
        me.press("Yes, it has arrived")
        me.sees("confirmed: it has arrived")
        if scripts:
            assert violations(me.page) == []
    assert studio.http.get(f"/v1/licences/{licence}").json()["state"] == "active"
    (account,) = studio.http.get(f"/v1/licences/{licence}/account").json()["items"]
    assert (account["due_minor"], account["paid_minor"]) == (0, 450_000)


def _offered(web: SeededWeb, project: str) -> str:
    """Let the studio offer a licence like one that is in force, for another project, with exact words to approve."""
    studio = web.seeded.parties[0]
    terms = studio.http.get(f"/v1/licences/{web.things['licence']}").json()["terms"] | {"projects": [project]}
    terms |= {"approval": {"purposes": ["advertising"], "floor_minor": 40_000, "currency": "GBP"}}
    body = {"performer_id": web.things["performer"], "title": project, "intended_use": "Spots in autumn."}
    licence = str(studio.post("/v1/licences", body | {"terms": terms})["id"])
    studio.post(f"/v1/licences/{licence}/offer")
    studio.post(f"/v1/licences/{licence}/sign", {})
    return licence


def _asked(web: SeededWeb, project: str) -> str:
    """Let the studio ask for exact words."""
    line = "Autumn leaves, and you stay."
    use = {"kind": "generated", "purpose": "advertising", "project": project, "medium": "radio", "territory": "GB"}
    use |= {"language": "en", "ai_disclosed": True, "copy_sha256": sha256(line.encode("utf-8")).hexdigest()}
    body = {"performer_id": web.things["performer"], "use": use, "copy_text": line, "fee_minor": 45_000}
    return str(web.seeded.parties[0].post("/v1/approvals", body | {"currency": "GBP"})["id"])


def _today() -> str:
    return datetime.now(tz=UTC).date().isoformat()


def test_the_way_is_gone_with_the_keyboard_alone(web: SeededWeb, browser: Browser) -> None:
    """From the link to a no, without a mouse; what has the focus is seen at every step."""
    account = web.operator.post("/v1/accounts", {"role": "performer", "name": "Keys"})
    link = web.operator.post(f"/v1/accounts/{account['id']}/sign-in-links")["url"]
    with reader(browser, "en", scripts=True) as me:
        me.page.goto(link)
        reach(me, "Sign in now")
        reach(me, "Register")
        reach(me, "The name that you are known by", press="")
        me.page.keyboard.type("Kim")
        reach(me, "Register")
        reach(me, "What I allow")
        reach(me, "Say no")
        reach(me, "Sign with your name", press="")
        me.page.keyboard.type("Kim")
        reach(me, "No, I do not allow it")
        me.sees("Your no is on record.")


def test_a_sentence_is_recorded_on_the_page_and_put_where_a_chosen_file_goes(web: SeededWeb, browser: Browser) -> None:
    with reader(browser, "en", scripts=True) as me:
        me.page.goto(web.link("performer, found in recordings"))
        me.press("Sign in now")
        me.page.goto(f"{me.page.url}/enrolments")
        part = me.page.locator("[data-recorder][data-sentence='2']")
        me.press("Record", within=part)
        part.get_by_role("button", name="Stop").wait_for()
        me.page.wait_for_timeout(1_000)  # what is recorded; how loud it is, a machine without loudspeakers cannot tell
        me.press("Stop", within=part)
        part.get_by_text(me.says("Recorded. Listen to it, or record it again.")).wait_for()
        file = me.page.evaluate("(([file]) => [file.name, file.size])(document.querySelector('#sentence-2').files)")
        assert file[0] == "sentence-2.webm"
        assert file[1] > 0
        assert part.locator("audio").is_visible()


def test_a_session_that_ends_between_two_answers_loses_nobody(web: SeededWeb, browser: Browser) -> None:
    """A page that answers in place shows what a whole page would: where to sign in again, and what was chosen."""
    with reader(browser, "en", scripts=True, may_fail=True) as me:
        _go_to_the_questions(web, me, "Noor")
        me.page.context.clear_cookies()
        me.answers([0, 0, 0])
        me.sees("Nothing was done yet, and nothing of what you typed is lost: it stays on this page.")


def _go_to_the_questions(web: SeededWeb, me: Reader, name: str) -> None:
    """Register somebody new, and read the first explanation to its end."""
    account = web.operator.post("/v1/accounts", {"role": "performer", "name": name})
    me.page.goto(web.operator.post(f"/v1/accounts/{account['id']}/sign-in-links")["url"])
    me.press("Sign in now")
    me.follow("Register")
    me.page.locator("#name").fill(name)
    me.press("Register")
    me.follow("Read what it means")
    me.page.locator("form button").first.click()
    while me.page.get_by_role("link", name="Go on", exact=True).count():
        me.follow("Go on")
    me.press("I have read it")
