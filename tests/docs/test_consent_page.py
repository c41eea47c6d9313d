"""The performer's way works as its page says, in English and in Korean: the same commands, each with its status."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pages import ROOT, Block, blocks
from shell import Noted, Ran, note_requests, noted, run_bash, workplace

if TYPE_CHECKING:
    from server import Server

PAGES = {"en": ROOT / "docs" / "consent.md", "ko": ROOT / "docs" / "ko" / "consent.md"}
COMMENT = re.compile(r"#((?: \d{3})+)(?: (\w+))?$", re.MULTILINE)

pytestmark = pytest.mark.usefixtures("curl")


def commands(language: str) -> list[Block]:
    return [block for block in blocks(PAGES[language].read_text(encoding="utf-8")) if block.language == "bash"]


@dataclass(frozen=True)
class Walked:
    """A page as it was followed."""

    language: str
    ran: Ran
    made: list[Noted]
    folder: Path

    def bodies(self, method: str, ending: str) -> list[Any]:
        """Answer what was answered to requests whose address ends so, in order."""
        return [note.body() for note in self.made if note.method == method and note.url.endswith(ending)]


@pytest.fixture(scope="module", params=sorted(PAGES))
def walked(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    folder = tmp_path_factory.mktemp(f"consent-{request.param}")
    requests = note_requests(folder / "bin")
    script = "".join(block.text for block in commands(request.param)).replace("http://127.0.0.1:8080", server.url)
    here = workplace(folder / "here")
    settings = {"OPERATOR_TOKEN": server.operator_token, "COLUMNS": "100"}
    ran = run_bash(script, cwd=here, settings=settings, first_on_path=folder / "bin")
    return Walked(request.param, ran, noted(requests), here)


def test_both_pages_have_the_same_commands() -> None:
    english, korean = (
        [block.text.replace(f"LANGUAGE={language}", "") for block in commands(language)] for language in ("en", "ko")
    )
    assert english == korean


def test_every_request_has_the_status_that_the_page_shows(walked: Walked) -> None:
    shown = COMMENT.findall("".join(block.text for block in commands(walked.language)))
    statuses = [int(status) for several, _ in shown for status in several.split()]
    assert [note.status for note in walked.made] == statuses, walked.ran
    codes = [code for _, code in shown if code]
    assert [note.body()["code"] for note in walked.made if note.status >= 400] == codes
    assert walked.ran.code == 0, walked.ran


def test_the_way_leads_to_a_yes_that_says_what_is_permitted(walked: Walked) -> None:
    (standing,) = walked.bodies("GET", "/standing")
    voice, face = standing["modalities"]
    assert (voice["presence"], voice["in_force"]) == ("monitor_me", ["monitoring", "licensing"])
    said = {use: answer for use, answer in voice["choices"].items() if answer != "never"}
    assert said == {"voice_clone": "allow", "dubbing": "allow", "advertising": "ask"}
    assert set(face["choices"].values()) == {"never"}


def test_the_text_that_was_read_is_in_the_language_of_the_page(walked: Walked) -> None:
    (complete, *_) = walked.bodies("POST", "/complete")
    assert (complete["text_id"], complete["channel"]) == (f"monitoring.{walked.language}.v1", "self_service")
    assert [attempt["understood"] for attempt in complete["answers"]] == [False, True, True, True]
    assert (walked.folder / "copy.md").read_text(encoding="utf-8") == complete["text"]


def test_the_receipt_holds_the_forged_one_does_not_and_the_last_says_that_it_ended(walked: Walked) -> None:
    out = walked.ran.out
    assert out.count("signed by the registry, whole") == 2
    assert re.search(r"^state then +active *$", out, re.MULTILINE)
    assert re.search(r"^state then +withdrawn *$", out, re.MULTILINE)
    assert re.search(r"^NOT VALID: .+\nexit 1$", out, re.MULTILINE)


def test_the_enrolled_voice_is_licensed_in_words_of_the_language_of_the_page(walked: Walked) -> None:
    (enrolment,) = walked.bodies("POST", "/enrolments")
    assert enrolment["state"] == "active"
    (lint,) = walked.bodies("POST", f"/lint?language={walked.language}")
    assert (lint["blocks"], lint["findings"]) == (False, [])
    assert [licence["state"] for licence in walked.bodies("POST", "/sign")] == ["offered", "active"]
    first_line = (walked.folder / "licence.md").read_text(encoding="utf-8").splitlines()[0]
    assert first_line.startswith({"en": "# Licence of a voice", "ko": "# 음성 이용 허락"}[walked.language])
    assert re.search(r"^licence +lic_\w+, version 1", walked.ran.out, re.MULTILINE)


def test_each_question_is_answered_by_what_was_chosen_until_the_yes_ends(walked: Walked) -> None:
    answers = [answer["decision"] for answer in walked.bodies("POST", "/clearances")]
    assert answers == ["permitted", "ask", "refused", "refused"]
    (seen,) = walked.bodies("GET", "/clearances")
    assert [item["decision"] for item in seen["items"]] == ["refused", "ask", "permitted"]


def test_each_use_is_found_and_held_against_the_licence(walked: Walked) -> None:
    assert [check["verdict"] for check in walked.bodies("POST", "/checks")] == ["licensed_use", "licensed_out_of_scope"]
    (found,) = [note.body() for note in walked.made if "/findings?" in note.url]
    assert [finding["verdict"] for finding in found["items"]] == ["licensed_out_of_scope", "licensed_use"]


def test_what_was_measured_is_owed_paid_and_stated(walked: Walked) -> None:
    statement = json.loads((walked.folder / "statement.json").read_text(encoding="utf-8"))
    (section,) = statement["sections"]
    used, paid = section["lines"]
    seconds = Fraction(used["use"]["quantity"])
    assert (used["kind"], used["use"]["unit"], used["amount_minor"]) == ("usage", "second", round(3000 * seconds))
    assert 10 < seconds < 13  # of speech, in a recording of 12.6 s
    assert (paid["kind"], paid["amount_minor"]) == ("payment", -used["amount_minor"])
    assert (section["opening_minor"], section["closing_minor"]) == (0, 0)
    shown = (walked.folder / "statement.html").read_text(encoding="utf-8")
    assert f'<html lang="{walked.language}">' in shown


def test_the_end_of_the_yes_suspends_the_licence_and_says_who_must_stop(walked: Walked) -> None:
    ended, *_ = walked.bodies("POST", "/withdraw")
    assert {holder["kind"] for holder in ended["holders"]} == {"clearance", "licence"}
    licence = next(note.body() for note in reversed(walked.made) if re.search(r"/licences/lic_\w+$", note.url))
    assert (licence["state"], [hold["cause"] for hold in licence["holds"]]) == ("suspended", ["consent_ended"])


def test_what_was_said_aloud_is_accepted_in_english_and_in_korean_kept_as_not_verified(walked: Walked) -> None:
    first, again = walked.bodies("POST", "/recording")
    expected = {"en": ("accepted", "verified"), "ko": ("unverified", "not_verified")}
    assert (first["state"], first["digits"], first["outcome"]) == (*expected[walked.language], "match")
    assert again["code"] == "statement_spent"


def test_it_is_withdrawn_once_and_said_a_second_time(walked: Walked) -> None:
    first, again = walked.bodies("POST", "/consents/withdraw")
    assert (first["already"], again["already"]) == (False, True)
    assert [consent["state"] for consent in first["consents"]] == ["withdrawn"]
