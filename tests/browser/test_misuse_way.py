"""Strikes and limits in a real browser: written down, read by whom they meet, contested, answered, and at an end."""

from __future__ import annotations

import pytest
from disputing import OPERATOR, SECOND, claimed, does, sound, taken
from playwright.sync_api import Browser, Locator
from reader import Reader, signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

PERFORMER, STUDIO = "performer, second", "studio"
STRUCK = "Written down. The side that it counts against reads it, and can contest it."


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_strikes_are_contested_and_a_limit_is_read_by_whom_it_meets_and_ends(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    cases = [claimed(web, PERFORMER, f"Harbour bells {number}, {language}") for number in (1, 2, 3)]
    for case in cases:
        taken(web, case, "do_not_take_up")
    with (
        signed_in(browser, web, OPERATOR, language, scripts=scripts, may_fail=True) as first,
        signed_in(browser, web, SECOND, language, scripts=scripts) as second,
        signed_in(browser, web, PERFORMER, language, scripts=scripts) as performer,
    ):
        for case in cases:
            struck(web, first, case, because=f"{case}: it was said to be of a voice that is not in it.")
        struck(web, first, cases[0], because="Once more.", said="This is on record already.")
        limited(web, first)
        sound(first, scripts=scripts)

        performer.page.goto(f"{web.url}/misuse")
        performer.sees("in force")
        assert performer.page.get_by_text(cases[2]).count() == 1
        assert performer.page.get_by_text(performer.says("Decide on a limit")).count() == 0
        contested(performer, cases[2])
        sound(performer, scripts=scripts)

        first.page.goto(f"{web.url}/misuse")
        first.sees("You wrote it down, so another operator answers.")
        answered(web, second, cases[2])
        performer.page.reload()
        assert performer.says("does not count any more") in card_of(performer, cases[2]).inner_text()
        assert performer.says("It is lifted.") in card_of(performer, cases[2]).inner_text()

        lifted(web, first)
        performer.page.goto(f"{web.url}/misuse")
        limits = performer.page.locator("main article").filter(has_not=performer.page.locator("a[href^='/cases/']"))
        assert limits.get_by_text(performer.says("in force"), exact=True).count() == 0
        assert limits.get_by_text(performer.says("lifted"), exact=True).count() >= 1
        performer.page.get_by_text("Two of them are of one day.").first.wait_for()
        with signed_in(browser, web, STUDIO, language, scripts=scripts) as studio:
            studio.page.goto(f"{web.url}/misuse")
            studio.sees("There is no strike.")
            assert cases[2] not in studio.page.content()
            sound(studio, scripts=scripts)


def card_of(someone: Reader, case: str) -> Locator:
    """Answer what the page says of the strike that a case shows."""
    return someone.page.locator("main article").filter(has=someone.page.locator(f"a[href='{case}']"))


def struck(web: SeededWeb, operator: Reader, case: str, *, because: str, said: str = STRUCK) -> None:
    operator.page.goto(f"{web.url}/misuse?case={case.rpartition('/')[2]}")

    def write() -> None:
        operator.page.locator("#strike-ground").select_option("claim_refused")
        assert operator.page.locator("#strike-case").input_value() == case.rpartition("/")[2]
        operator.page.locator("#strike-reason").fill(because)

    does(operator, "strike", write, said=said)


def limited(web: SeededWeb, operator: Reader) -> None:
    operator.page.goto(f"{web.url}/misuse")

    def decide() -> None:
        operator.page.locator("#limit-performer").fill(web.things["second_performer"])
        operator.page.locator("#limit-reason").fill("Three claims about recordings that they are not in.")

    does(operator, "limit", decide, said="Decided. It ends by itself.")


def contested(performer: Reader, case: str) -> None:
    act = card_of(performer, case).locator("details.act")

    def say() -> None:
        act.locator("[name=reason]").fill("The recording was taken off the page before anybody looked.")

    form = act.get_attribute("id")
    does(
        performer,
        str(form),
        say,
        said="Said. Another operator answers than the one who wrote it down.",
    )


def answered(web: SeededWeb, operator: Reader, case: str) -> None:
    operator.page.goto(f"{web.url}/misuse")
    act = card_of(operator, case).locator("details.act")

    def say() -> None:
        act.locator("input[name=answer][value=lifted]").check()
        act.locator("[name=reason]").fill("The page of that day shows it.")

    does(operator, str(act.get_attribute("id")), say, said="Answered.")


def lifted(web: SeededWeb, operator: Reader) -> None:
    operator.page.goto(f"{web.url}/misuse")
    act = operator.page.locator("main article").filter(has_text=web.things["second_performer"]).locator("details.act")

    def say() -> None:
        act.locator("[name=reason]").first.fill("Two of them are of one day.")

    form = act.first.get_attribute("id")
    does(operator, str(form), say, said="The limit is lifted.")
