"""A notice in a real browser: drafted, read by two, served, answered, and put back; each sees what is theirs to see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from disputing import OPERATOR, SECOND, does, sound, supported
from playwright.sync_api import Browser
from reader import Reader, signed_in
from web import SeededWeb

from api.pages.disputes.wording import PUT_BACK
from registry.domain.notices import PutBackGround
from registry.domain.reviews import Exclusion

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

PERFORMER, STUDIO = "performer, found in recordings", "studio"
WHERE = "https://northlight.example/night-stories"
ANSWERED = "It is our own actor's. <b>We have the contract.</b>"
DONE = "Done. The course of the notice has it, with your reason."
HIDDEN = "It was not served yet. What it says is shown to you once it was."


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_a_notice_goes_from_a_draft_over_two_who_read_it_to_an_answer_and_back(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    case = supported(web, PERFORMER, f"Night stories, {language}")
    with (
        signed_in(browser, web, PERFORMER, language, scripts=scripts) as performer,
        signed_in(browser, web, STUDIO, language, scripts=scripts) as studio,
    ):
        notice = drafted(web, performer, case, language)
        completed(performer)
        sound(performer, scripts=scripts)
        studio.page.goto(notice)
        studio.sees(HIDDEN)
        assert WHERE not in studio.page.content()
        with (
            signed_in(browser, web, OPERATOR, language, scripts=scripts, may_fail=True) as first,
            signed_in(browser, web, SECOND, language, scripts=scripts) as second,
        ):
            read_by_two(web, first, second, notice, scripts=scripts)
            served(performer, notice, scripts=scripts)
            answered(studio, notice, scripts=scripts)
            performer.page.goto(f"{web.url}{case}/statements")
            performer.page.get_by_text(ANSWERED).first.wait_for()
            assert performer.page.locator("main b").count() == 0
            put_back(first, notice, scripts=scripts)
        for side in (performer, studio):
            side.page.goto(notice)
            side.sees(PUT_BACK[PutBackGround.MISTAKE])
            assert side.page.locator("details.act").count() == 0
            sound(side, scripts=scripts)


def drafted(web: SeededWeb, performer: Reader, case: str, language: str) -> str:
    """Draft a notice from its case, see what is missing, write it, and answer where the notice is."""
    performer.page.goto(f"{web.url}{case}")

    def choose() -> None:
        performer.page.locator("#notice [name=pack_id]").select_option("us_no_fakes_2025")
        performer.page.locator("#notice [name=language]").select_option(language)

    begun = "Drafted. What the case knows is filled in; write the rest here."
    does(performer, "notice", choose, said=begun)
    performer.sees("What is missing")
    notice = performer.page.url.partition("?")[0]
    form = performer.page.locator("#change")
    for key, text in {"signature": "Ada Lind", "contact": "desk@agency.example", "links": "There are none."}.items():
        form.locator(f"[name=element-{key}]").fill(text)
    for key in ("good_faith", "authority"):
        form.locator(f"[name=affirmed][value={key}]").check()
    form.locator("[name=what-1]").fill("The app <b>Night stories</b>")
    form.locator("[name=location-1]").fill(WHERE)
    for each in Exclusion:
        form.locator(f"[name=applies-{each.value}]").select_option("no")
        form.locator(f"[name=why-{each.value}]").fill("It is an app that reads aloud.")
    performer.press("Keep the draft")
    performer.sees("The draft is kept.")
    performer.sees("Nothing is missing.")
    return notice


def completed(performer: Reader) -> None:
    def because() -> None:
        performer.page.locator("#complete-reason").fill("It is all there.")

    does(performer, "complete", because, said=DONE)


def read_by_two(web: SeededWeb, first: Reader, second: Reader, notice: str, *, scripts: bool) -> None:
    """Read it as one operator, who proposes it and cannot approve; and as another, who approves those bytes."""
    first.page.goto(notice)
    assert WHERE in first.page.locator("#document").inner_text()
    assert first.page.locator("#document b").count() == 0
    sound(first, scripts=scripts)

    def may_go() -> None:
        first.page.locator("#propose_service input[type=checkbox]").check()
        first.page.locator("#propose-reason").fill("Both statements, and the contract: it says what they show.")

    does(
        first,
        "propose_service",
        may_go,
        said="Proposed. Another operator approves it within three days, or it lapses.",
    )
    proposals = web.operator.http.get("/v1/proposals?limit=200").json()["items"]
    (proposal,) = [each["id"] for each in proposals if each["content"].get("notice_id") == notice.rpartition("/")[2]]
    first.page.goto(f"{web.url}/proposals/{proposal}")
    first.sees("You asked for this, so you cannot approve it: another operator answers. You can take it back.")
    second.page.goto(f"{web.url}/proposals/{proposal}")
    second.follow("Read the notice")
    assert WHERE in second.page.locator("#document").inner_text()
    second.page.goto(f"{web.url}/proposals/{proposal}")
    second.page.locator("[name=reason]").fill("I have read those bytes: it says what the case shows.")
    second.press("I have read it, and approve")
    second.sees("You approved it, and it is done.")


def served(performer: Reader, notice: str, *, scripts: bool) -> None:
    """Serve it in the very minute in which it was reviewed, as the clock on the wall says."""
    performer.page.wait_for_timeout(1100)
    at = datetime.now(tz=UTC).replace(microsecond=0, tzinfo=None)
    performer.page.goto(notice)

    def say() -> None:
        performer.page.locator("#serve-to").fill("Legal department")
        performer.page.locator("#serve-by").select_option("email")
        performer.page.locator("#serve-at").fill(at.isoformat(timespec="seconds"))
        performer.page.locator("#serve-zone").select_option("UTC")
        performer.page.locator("#serve-sent").select_option(index=1)
        performer.page.locator("#serve-reason").fill("By hand, to their desk.")

    does(performer, "serve", say, said=DONE)
    performer.sees("What stays down")
    sound(performer, scripts=scripts)


def answered(studio: Reader, notice: str, *, scripts: bool) -> None:
    """Read what one was served with, and say otherwise."""
    studio.page.goto(notice)
    assert WHERE in studio.page.locator("#document").inner_text()
    sound(studio, scripts=scripts)

    def otherwise() -> None:
        studio.page.locator("#counter-text").fill(ANSWERED)
        studio.page.locator("#counter-notarised").select_option("no")

    does(studio, "counter", otherwise, said=DONE)
    assert studio.page.locator("#counter").count() == 0


def put_back(operator: Reader, notice: str, *, scripts: bool) -> None:
    """Put back what it took down, as a mistake; because its time is over it is not put back before that."""
    operator.page.goto(notice)

    def ground(name: str) -> None:
        operator.page.locator(f"#put_back input[value={name}]").check()
        operator.page.locator("#put-back-reason").fill("The contract that was filed is of another voice.")

    act = operator.page.locator("#put_back")
    act.locator("summary").first.click()
    ground("term_over")
    with operator.page.expect_navigation():
        act.get_by_role("button").click()
    assert operator.page.locator("main [role=alert]").count() == 1
    assert operator.page.locator("#put-back-reason").input_value() != ""
    does(operator, "put_back", lambda: ground("mistake"), said=DONE)
    operator.sees(PUT_BACK[PutBackGround.MISTAKE])
    sound(operator, scripts=scripts)
