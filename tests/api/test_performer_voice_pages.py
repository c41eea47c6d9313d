"""What a performer says aloud, and where they were heard, on pages."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from bench import assess, evidence, heard, take
from browser import HERE, Browser
from house import USE, VOICES, House, recording
from httpx import Response
from steps import drawn_voiceprints

from api.pages.performer.spoken import REASONS
from registry.domain.accounts import OrganisationKind
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.services import enrolment_work
from registry.store.accounts import Organisation
from registry.store.checks import Finding
from registry.store.spoken_statements import SpokenStatement

RULES = Path(__file__).parents[2] / "registry" / "domain" / "spoken_statements.py"


def said(page: Response) -> str:
    """What a page says, without its marks."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


class Enrolled:
    """A performer whose voice is enrolled, with voiceprints drawn at random, and their browser."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.caller, self.performer_id = house.performer()
        self.me = f"/performers/{self.performer_id}"
        self.consent = house.consent(self.caller, self.performer_id)["id"]
        takes = {"recordings": [recording(f"enrolment/slt-{number}.flac") for number in (1, 2, 3)]}
        sent = self.caller.send(f"/v1{self.me}/enrolments", takes, headers={"Prefer": "wait=0"})
        assert sent.status_code == 202, sent.text
        held = take(house.ctx)
        assert held is not None
        enrolment_work.complete_enrolment(house.ctx, held, drawn_voiceprints("slt"))
        self.browser = Browser(house)
        self.browser.use(house.operator.made(f"/v1/accounts/{self.caller.account_id}/sign-in-links", None)["url"])

    def send(self, page: Response, path: str, name: str, content: bytes) -> Response:
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return self.browser.client.post(
            path,
            data=hidden,
            files={"file": (name, content)},
            headers={"Origin": HERE, "Sec-Fetch-Site": "same-origin"},
        )


@pytest.fixture
def enrolled(house: House) -> Enrolled:
    return Enrolled(house)


# --- a yes, said aloud -----------------------------------------------------------------------------------------------


def test_every_reason_of_a_spoken_statement_has_words() -> None:
    codes = re.findall(r'Reason\(\s*"(\w+)"', RULES.read_text(encoding="utf-8"))
    assert len(set(codes)) > 10
    assert set(codes) == set(REASONS)


def test_the_words_and_the_number_are_shown_and_a_file_that_is_no_recording_does_not_spend_it(
    enrolled: Enrolled,
) -> None:
    path = f"{enrolled.me}/consents/{enrolled.consent}/spoken"
    page = follow(enrolled.browser, enrolled.browser.press(enrolled.browser.get(path), path, spoken_in="en"))
    api = f"/v1{enrolled.me}/consents/{enrolled.consent}/spoken-statements"
    (statement,) = enrolled.caller.get(api).get_json()["items"]
    assert "My name is Marta Calder." in said(page)
    assert " ".join(statement["number"]) in said(page)
    one = f"{path}/{statement['id']}"
    junk = enrolled.send(page, f"{one}/recording", "mine.wav", b"no recording at all")
    assert junk.status_code == 422
    assert "The number still holds" in said(junk)
    silence = (VOICES / "problems" / "silence.flac").read_bytes()
    refused = follow(enrolled.browser, enrolled.send(junk, f"{one}/recording", "silence.flac", silence))
    assert "not accepted" in said(refused)
    assert "Nobody is heard in this recording." in said(refused)
    assert "Try again" in said(refused)


def test_a_number_that_was_heard_otherwise_is_shown_digit_by_digit(enrolled: Enrolled) -> None:
    path = f"{enrolled.me}/consents/{enrolled.consent}/spoken"
    page = follow(enrolled.browser, enrolled.browser.press(enrolled.browser.get(path), path, spoken_in="en"))
    statement_id = page.url.path.rpartition("/")[2]
    with enrolled.house.ctx.database.write() as session:
        statement = session.get_one(SpokenStatement, statement_id)
        asked = statement.number
        other = asked[:2] + str((int(asked[2]) + 1) % 10) + asked[3:5]
        statement.state = type(statement.state)("refused")
        statement.reasons = [{"code": "wrong_digits", "detail": "…", "figures": {"heard": other}}]
        statement.finished_at = enrolled.house.clock()
        session.commit()
    shown = said(enrolled.browser.get(page.url.path))
    assert "Another number was heard than the one that was asked for, or none." in shown
    expected = f"{asked[0]} {asked[1]} ✕ {other[2]} {asked[3]} {asked[4]} ✕ nothing"
    assert f"Asked for {' '.join(asked)} Heard {expected}" in shown


# --- where one was heard ---------------------------------------------------------------------------------------------


def found(enrolled: Enrolled) -> tuple[str, dict[str, Any]]:
    """Let a studio that was declined send in a recording in which the performer is heard; answer the page of it."""
    studio = enrolled.house.studio()
    said_no = {"studio_name": "Northlight Games", "asked_on": "2026-02-20", "scope": "All.", "outcome": "declined"}
    enrolled.caller.made(f"/v1{enrolled.me}/approaches", said_no)
    sent = studio.send(
        "/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")}, headers={"Prefer": "wait=0"}
    )
    assert sent.status_code == 202, sent.text
    assess(enrolled.house.ctx, evidence(heard(enrolled.performer_id).candidates, EvidenceOutcome.MATCH))
    (finding,) = enrolled.caller.get("/v1/findings").get_json()["items"]
    return f"{enrolled.me}/findings/{finding['id']}", finding


def test_a_finding_says_who_sent_it_in_how_strong_it_is_where_and_what_can_be_done(enrolled: Enrolled) -> None:
    path, finding = found(enrolled)
    listed = enrolled.browser.get(f"{enrolled.me}/findings")
    assert "Northlight Games" in said(listed)
    digest = finding["recording"]["sha256"]
    assert f"its digest begins with {digest[:8]} " in said(listed), "two of one moment are told apart"
    assert re.search(r"· [^·]*\d\d:\d\d UTC", said(listed)), "with the time of day"
    page = enrolled.browser.get(path)
    for words in (
        "Northlight Games",
        "You had declined this studio before.",
        "likelihood ratio",
        "Of 1,000 comparable voices",
        "Open a case about it",
        finding["recording"]["sha256"],
    ):
        assert words in said(page)
    assert f'href="/cases/new?finding={finding["id"]}"' in page.text
    assert str(finding["evidence"]["log10_lr"]) not in said(page), "no bare ratio"


def test_a_finding_that_cannot_be_told_says_why_in_every_list(enrolled: Enrolled) -> None:
    _, finding = found(enrolled)
    why = "The two engines disagree further than calibration allows."
    lists = (enrolled.me, f"{enrolled.me}/findings")
    with enrolled.house.ctx.database.write() as session:
        held = session.get_one(Finding, finding["id"])
        held.evidence_reasons = [
            {"code": "engines_disagree", "detail": "the engines disagree", "figures": {}},
            {"code": "cohort_position", "detail": "nearer than 99 %", "figures": {}},
        ]
        session.commit()
    for path in lists:
        assert why not in said(enrolled.browser.get(path)), "of what can be told the strength is enough"
    with enrolled.house.ctx.database.write() as session:
        held = session.get_one(Finding, finding["id"])
        held.outcome, held.verdict = EvidenceOutcome.INCONCLUSIVE, Verdict.INCONCLUSIVE
        session.commit()
    for path in lists:
        page = said(enrolled.browser.get(path))
        assert re.search(rf"Cannot be told: .*{why}", page)
        assert "nearer than 99 %" not in page
        assert "더 어긋나요" in said(enrolled.browser.get(f"{path}?lang=ko"))
        enrolled.browser.get("/?lang=en")


def test_no_case_is_offered_with_an_auditor_who_found_a_voice_in_recordings_of_others(enrolled: Enrolled) -> None:
    path, finding = found(enrolled)
    assert "Northlight Games" in said(enrolled.browser.get("/cases/new"))
    with enrolled.house.ctx.database.write() as session:
        session.get_one(Organisation, finding["organisation_id"]).kind = OrganisationKind.AUDITOR
        session.commit()
    page = enrolled.browser.get(path)
    assert "Open a case about it" not in said(page)
    assert "Write down that this studio asked" not in said(page)
    assert "Northlight Games looks through recordings of others." in said(page)
    assert "Northlight Games" not in said(enrolled.browser.get("/cases/new"))
