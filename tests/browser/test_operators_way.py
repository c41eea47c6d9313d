"""The operator's way in a real browser: from the queue or a claim, through a case of both sides, to a decision."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from conftest import ROOT, violations
from playwright.sync_api import Browser
from reader import Reader, signed_in
from web import SeededWeb

from registry.domain.reviews import Exclusion

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

VOICES = ROOT / "examples" / "voices"
DONE = "It says what the recordings support. It is no proof of identity, and says nothing about rights."


@pytest.mark.parametrize(("language", "scripts"), [("ko", True), ("en", False)])
def test_an_operator_takes_a_finding_from_the_queue_to_a_decision(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    with signed_in(browser, web, "operator", language, scripts=scripts) as operator:
        case = _found(web, operator) if scripts else _claimed(web, browser, language)
        complainant, respondent = _sides_of(web, case)
        operator.page.goto(case)
        _step(operator, "take_up")
        with (
            signed_in(browser, web, complainant, language, scripts=scripts) as performer,
            signed_in(browser, web, respondent, language, scripts=scripts) as studio,
        ):
            for side, text in ((studio, "We hired somebody else."), (performer, "I declined in spring.")):
                side.page.goto(case)
                _said(side, text)
            _filed(performer, "submissions/slt-game.flac", "questioned")
            if scripts:
                _filed(performer, "enrolment/slt-1.flac", "performer")
                assert violations(performer.page) == []
            operator.page.goto(case)
            if scripts:
                _archive(operator)
            _step(operator, "analyse")
            if scripts:
                _compared(operator)
                operator.page.goto(case)
            _proposed(operator)
            for side, text in ((studio, "We see it otherwise."), (performer, "So it is.")):
                side.page.goto(case)
                _said(side, text)
        operator.page.goto(case)
        _step(operator, "decide")
        if scripts:
            assert violations(operator.page) == []
    state = web.operator.http.get(f"/v1{case.removeprefix(web.url)}").json()["state"]
    assert state == "decided"


def _found(web: SeededWeb, operator: Reader) -> str:
    """Open a case from the first finding of the queue, and answer its address."""
    operator.page.goto(f"{web.url}/reviews")
    _by_keyboard(operator)
    _considered(operator)
    operator.page.locator("#reason").fill("The performer is heard, and no licence covers it.")
    operator.page.locator("input[name=action][value=open_case]").check()
    operator.press("Decide")
    operator.sees("Decided, and this case was opened because of it.")
    return operator.page.url.partition("?")[0]


def _claimed(web: SeededWeb, browser: Browser, language: str) -> str:
    """Open a case as a performer, without a finding, and answer its address."""
    studio = web.operator.http.get(f"/v1/accounts/{web.people['studio']}").json()
    with signed_in(browser, web, "performer, found in recordings", language, scripts=False) as performer:
        performer.page.goto(f"{web.url}/cases/new")
        performer.page.locator("#studio_id").select_option(str(studio["organisation"]["id"]))
        performer.page.locator("#product").fill("Harbour assistant, voice 9")
        performer.page.locator("#claim").fill("I declined in spring, and in May it was there.")
        performer.press("Open a case")
        performer.sees("The case is open. The registry takes it up, or says why not.")
        return performer.page.url.partition("?")[0]


def _by_keyboard(operator: Reader) -> None:
    """Go to the first finding with single keys; then they are turned off, and do nothing."""
    operator.page.keyboard.press("j")
    with operator.page.expect_navigation():
        operator.page.keyboard.press("Enter")
    assert "/reviews/" in operator.page.url
    operator.page.keyboard.press("n")
    assert operator.page.evaluate("document.activeElement.id") == "reason"
    operator.page.keyboard.type("j")
    assert operator.page.locator("#reason").input_value() == "j"
    operator.page.locator("h1").click()
    operator.page.keyboard.press("?")
    operator.page.locator("#keys-on").uncheck()
    operator.page.locator("h1").click()
    operator.page.keyboard.press("n")
    assert operator.page.evaluate("document.activeElement.id") != "reason"
    operator.page.locator("#keys-on").check()


def _considered(operator: Reader) -> None:
    for each in Exclusion:
        operator.page.locator(f"#applies-{each.value}").select_option("no")
        operator.page.locator(f"#why-{each.value}").fill("It is a product that people buy.")


def _sides_of(web: SeededWeb, case: str) -> tuple[str, str]:
    """Answer as whom both sides of a case sign in: their accounts are put among the people of the registry."""
    shown = web.operator.http.get(f"/v1{case.removeprefix(web.url)}").json()
    performer = web.operator.http.get(f"/v1/performers/{shown['performer_id']}").json()
    accounts = web.operator.http.get("/v1/accounts?limit=200").json()["items"]
    studio = next(
        each["id"]
        for each in accounts
        if each["role"] == "studio_admin" and each["organisation"]["id"] == shown["studio_id"]
    )
    sides = {f"complainant of {case}": str(performer["account_id"]), f"respondent of {case}": str(studio)}
    web.people.update(sides)
    complainant, respondent = sides
    return complainant, respondent


def _within(someone: Reader, form: str, fill: Callable[[], object]) -> None:
    """Open an act of the page, fill it in, and send it."""
    act = someone.page.locator(f"#{form}")
    if act.get_attribute("open") is None:
        act.locator("summary").first.click()
    fill()
    with someone.page.expect_navigation():
        act.locator("button[type=submit]").last.click()


def _step(operator: Reader, step: str) -> None:
    def fill() -> None:
        operator.page.locator(f"#step input[value={step}]").check()
        operator.page.locator("#step-reason").fill("It is time.")

    _within(operator, "step", fill)
    operator.sees("Done. The course of the case has it, with your reason.")


def _said(side: Reader, text: str) -> None:
    def fill() -> None:
        side.page.locator("#statement-title").fill("서민아 <b>x</b>")
        side.page.locator("#statement-text").fill(text)

    _within(side, "statement", fill)
    side.sees("Filed. The other side sees that it is there, and can read it.")


def _filed(side: Reader, name: str, voice: str) -> None:
    def fill() -> None:
        side.page.locator("#document-kind").select_option("recording")
        side.page.locator("#document-title").fill(name)
        side.page.locator("#document-file").set_input_files(VOICES / name)
        side.page.locator("#document-voice").select_option(voice)

    _within(side, "document", fill)
    side.sees("Filed. The other side sees that it is there, and can read it.")


def _archive(operator: Reader) -> None:
    """File whom else it might be: people who are nobody's side."""
    made = _zip({"awb": "enrolment/awb-1.flac", "kal": "submissions/kal16-stranger.flac"})

    def fill() -> None:
        operator.page.locator("#document-kind").select_option("technical")
        operator.page.locator("#document-title").fill("People who speak like it")
        operator.page.locator("#document-file").set_input_files(
            {"name": "others.zip", "mimeType": "application/zip", "buffer": made}
        )

    _within(operator, "document", fill)


def _zip(people: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for person, name in people.items():
            archive.write(VOICES / name, f"{person}/{name.rpartition('/')[2]}")
    return made.getvalue()


def _compared(operator: Reader) -> None:
    """Have the voices compared, see it run, and read what came of it."""

    def fill() -> None:
        operator.page.locator("#stated-archive").select_option(label="People who speak like it")
        operator.page.locator("#stated-criteria").fill("English, made by code")
        operator.page.locator("#analysis-reason").fill("Both have filed.")

    _within(operator, "analysis", fill)
    operator.sees(DONE)
    operator.page.reload()
    operator.sees("How strongly")
    assert operator.page.locator("figure.plot").count()
    assert operator.page.locator("figure.plot table").count()


def _proposed(operator: Reader) -> None:
    def fill() -> None:
        analyses = operator.page.locator("#proposal-analysis option")
        operator.page.locator("#proposal-analysis").select_option(analyses.last.get_attribute("value"))
        operator.page.locator("#proposal-conclusion").select_option("inconclusive")
        operator.page.locator("#proposal-rests").select_option("documents")
        operator.page.locator("#proposal-grounds").fill("What both sides filed does not tell.")
        operator.page.locator("#proposal-change").fill("Recordings of the source.")

    _within(operator, "proposal", fill)
    operator.sees("Done. The course of the case has it, with your reason.")
