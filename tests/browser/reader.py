"""Somebody who reads pages in a browser, in a language, with scripts or without: by whom all rooms are gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page
from web import SeededWeb

from api.pages.language import words_of
from registry.domain.explanations.shipped import shipped_texts

WITHIN_MS = 60_000
LOOK_EVERY_MS = 250


@dataclass(frozen=True)
class Reader:
    """Somebody who reads pages in a language, and presses what it says on them."""

    page: Page
    language: str

    def says(self, text: str) -> str:
        return words_of(self.language).gettext(text)

    def press(self, text: str, *, within: Locator | None = None) -> None:
        (within or self.page.locator("main")).get_by_role("button", name=self.says(text), exact=True).first.click()

    def follow(self, text: str) -> None:
        self.page.locator("main").get_by_role("link", name=self.says(text), exact=True).first.click()

    def sees(self, text: str) -> None:
        self.page.get_by_text(self.says(text)).first.wait_for(timeout=WITHIN_MS)

    def waits_until(self, text: str, *, scripts: bool) -> None:
        """Wait for a page that looks again by itself, or look again as its link says where it runs no script."""
        if not scripts:
            self.waits_for(lambda: self.page.get_by_text(self.says(text)).count() or self._looked_again())
        self.sees(text)

    def _looked_again(self) -> bool:
        self.follow("Look again")
        return False

    def waits_for(self, seen: Callable[[], object]) -> None:
        """Look until something is so, for a while."""
        for _ in range(WITHIN_MS // LOOK_EVERY_MS):
            if seen():
                return
            self.page.wait_for_timeout(LOOK_EVERY_MS)
        raise AssertionError("it did not come to that")

    def reads(self, topic: str) -> None:
        """Go through a text part by part, answer every question wrong and then right, and take the copy along."""
        text = max(
            (each for each in shipped_texts().values() if (each.topic, each.language) == (topic, self.language)),
            key=lambda each: int(each.version[1:]),
        )
        while self.page.get_by_role("link", name=self.says("Go on"), exact=True).count():
            self.follow("Go on")
        self.press("I have read it")
        self.answers([question.right % len(question.options) for question in text.questions])
        for number in range(1, len(text.questions) + 1):
            self.page.locator(f"#question-{number} [role=alert]").wait_for()
        self.answers([question.right - 1 for question in text.questions])
        with self.page.expect_download() as copy:
            self.follow("Download my copy")
        assert copy.value.path().read_text(encoding="utf-8") == text.text
        self.press("I have my copy; go on")

    def answers(self, chosen: Sequence[int]) -> None:
        """Choose an option at every question, counted from 0, and answer them."""
        for number, option in enumerate(chosen, 1):
            self.page.locator(f"#question-{number}").get_by_role("radio").nth(option).check()
        self.press("Answer")


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


@contextmanager
def signed_in(
    browser: Browser, web: SeededWeb, who: str, language: str, *, scripts: bool, may_fail: bool = False
) -> Iterator[Reader]:
    """A window in which somebody of the seeded registry has signed in by a link, at the page where they begin."""
    with reader(browser, language, scripts=scripts, may_fail=may_fail) as me:
        me.page.goto(web.link(who))
        me.press("Sign in now")
        yield me


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
