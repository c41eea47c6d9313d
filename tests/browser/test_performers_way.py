"""The performer's way in a real browser: from the first link to the withdrawal, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from conftest import ROOT, violations
from playwright.sync_api import Browser, Locator, Page
from web import SeededWeb

from registry.catalogues import translations
from registry.domain.explanations.shipped import shipped_texts

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

LOCALE = ROOT / "api" / "pages" / "locale"
VOICES = ROOT / "examples" / "voices" / "enrolment"
WITHIN_MS = 60_000
LOOK_EVERY_MS = 250


@dataclass(frozen=True)
class Reader:
    """Somebody who reads pages in a language, and presses what it says on them."""

    page: Page
    language: str

    def says(self, text: str) -> str:
        return translations(LOCALE, self.language).gettext(text)

    def press(self, text: str, *, within: Locator | None = None) -> None:
        (within or self.page.locator("main")).get_by_role("button", name=self.says(text), exact=True).first.click()

    def follow(self, text: str) -> None:
        self.page.locator("main").get_by_role("link", name=self.says(text), exact=True).first.click()

    def sees(self, text: str) -> None:
        self.page.get_by_text(self.says(text)).first.wait_for(timeout=WITHIN_MS)

    def waits_until(self, text: str, *, scripts: bool) -> None:
        """Wait for a page that looks again by itself, or look again as its link says where it runs no script."""
        if not scripts:
            self.waits_for(lambda: self.page.get_by_text(self.says(text)).count() or self.follow("Look again"))
        self.sees(text)

    def waits_for(self, seen: Callable[[], object]) -> None:
        """Look until something is so, for a while."""
        for _ in range(WITHIN_MS // LOOK_EVERY_MS):
            if seen():
                return
            self.page.wait_for_timeout(LOOK_EVERY_MS)
        raise AssertionError("it did not come to that")

    def reads(self, topic: str) -> None:
        """Go through a text part by part, answer each question wrong and then right, and take the copy along."""
        text = shipped_texts()[f"{topic}.{self.language}.v1"]
        while self.page.get_by_role("link", name=self.says("Go on"), exact=True).count():
            self.follow("Go on")
        self.press("I have read it")
        for number, question in enumerate(text.questions, 1):
            for option in (1 + question.right % len(question.options), question.right):
                asked = self.page.locator(f"#question-{number}")
                asked.get_by_role("radio").nth(option - 1).check()
                self.press("Answer", within=asked)
                if option != question.right:
                    self.page.locator(f"#question-{number} [role=alert]").wait_for()
            if number < len(text.questions):
                self.page.locator(f"#question-{number} .good").wait_for()
        with self.page.expect_download() as copy:
            self.follow("Download my copy")
        assert copy.value.path().read_text(encoding="utf-8") == text.text
        self.press("I have my copy; go on")


@contextmanager
def reader(browser: Browser, language: str, *, scripts: bool, may_fail: bool = False) -> Iterator[Reader]:
    """A window of somebody's own; what a page logs as an error fails the test, unless a request is meant to fail."""
    locale = {"en": "en-GB", "ko": "ko-KR"}[language]
    context = browser.new_context(
        locale=locale, java_script_enabled=scripts, reduced_motion="reduce", viewport={"width": 360, "height": 800}
    )
    page, errors = context.new_page(), []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Reader(page, language)
    context.close()
    assert may_fail or errors == []


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


def reach(me: Reader, name: str, *, press: str = "Enter") -> None:
    """Tab to what is called so, insist that it shows that it has the focus, and press it."""
    for _ in range(60):
        me.page.keyboard.press("Tab")
        has = me.page.evaluate(
            "(() => { const at = document.activeElement; const style = getComputedStyle(at);"
            " return [(at.labels && at.labels[0] || at).textContent.trim(), style.outlineStyle, style.boxShadow] })()"
        )
        if has[0] == name:
            assert has[1] != "none" or has[2] != "none", f"{name} does not show that it has the focus"
            if press:
                with me.page.expect_navigation():
                    me.page.keyboard.press(press)
            return
    raise AssertionError(f"{name} is not reached with the keyboard")


def test_a_sentence_is_recorded_on_the_page_and_put_where_a_chosen_file_goes(web: SeededWeb, browser: Browser) -> None:
    with reader(browser, "en", scripts=True) as me:
        me.page.goto(web.link("performer, found in recordings"))
        me.press("Sign in now")
        me.page.goto(f"{me.page.url}/enrolments")
        part = me.page.locator("[data-sentence='2']")
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
    account = web.operator.post("/v1/accounts", {"role": "performer", "name": "Noor"})
    with reader(browser, "en", scripts=True, may_fail=True) as me:
        me.page.goto(web.operator.post(f"/v1/accounts/{account['id']}/sign-in-links")["url"])
        me.press("Sign in now")
        me.follow("Register")
        me.page.locator("#name").fill("Noor")
        me.press("Register")
        me.follow("Read what it means")
        me.page.locator("form button").first.click()
        while me.page.get_by_role("link", name="Go on", exact=True).count():
            me.follow("Go on")
        me.press("I have read it")
        me.page.context.clear_cookies()
        me.page.locator("#question-1").get_by_role("radio").first.check()
        me.press("Answer", within=me.page.locator("#question-1"))
        me.sees("Nothing was done yet, and nothing of what you typed is lost: it stays on this page.")
