"""The page on clearance works as it says, from the first question to the unsealing, with the statuses that it shows."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from pages import ROOT, blocks
from shell import Noted, Ran, note_requests, noted, run_bash, workplace

PAGE = (ROOT / "docs" / "clearance.md").read_text(encoding="utf-8")
STATUS = re.compile(r"# (\d{3})$", re.MULTILINE)

pytestmark = pytest.mark.usefixtures("curl")
sys.path.append(str(ROOT / "examples"))


@dataclass(frozen=True)
class Walked:
    """The page as it was followed."""

    ran: Ran
    made: list[Noted]

    def bodies(self, method: str, ending: str) -> list[Any]:
        """Answer what was answered to requests whose address ends so, in order."""
        return [note.body() for note in self.made if note.method == method and note.url.endswith(ending)]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """Follow the page with a registry of its own, whose folder the commands for operators find."""
    from server import running_server

    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("clearance")
    requests = note_requests(folder / "bin")
    script = "".join(block.text for block in blocks(PAGE) if block.language == "bash")
    with running_server(home) as server:
        ran = run_bash(
            script.replace("http://127.0.0.1:8080", server.url),
            cwd=workplace(folder / "here"),
            settings={"OPERATOR_TOKEN": server.operator_token, "LIKENESS_HOME": str(home), "COLUMNS": "200"},
            first_on_path=folder / "bin",
        )
    return Walked(ran, noted(requests))


def test_every_request_has_the_status_that_the_page_shows(walked: Walked) -> None:
    statuses = STATUS.findall("".join(block.text for block in blocks(PAGE) if block.language == "bash"))
    assert [str(note.status) for note in walked.made] == statuses, walked.ran
    assert walked.ran.code == 0, walked.ran


def test_the_answers_are_those_that_the_page_tells(walked: Walked) -> None:
    answers = [answer["decision"] for answer in walked.bodies("POST", "/clearances")]
    assert answers == ["permitted", "refused", "ask", "permitted", "ask", "refused"]
    before, after = walked.bodies("POST", "/clearances/status")
    assert [told["items"][0]["standing"] for told in (before, after)] == ["holds", "withdrawn"]
    (withdrawn,) = walked.bodies("POST", "/withdraw")
    assert {holder["kind"] for holder in withdrawn["holders"]} == {"clearance", "licence"}


def test_offline_a_token_is_permitted_while_it_is_fresh_and_refused_for_each_reason_that_is_told(
    walked: Walked,
) -> None:
    said = re.findall(r"^(permitted|REFUSED)$", walked.ran.out, re.MULTILINE)
    assert said == ["permitted", "REFUSED", "REFUSED", "REFUSED", "permitted", "permitted", "REFUSED"]
    codes = re.findall(r"\((clearance_\w+|signature_invalid|consent_withdrawn)\)$", walked.ran.out, re.MULTILINE)
    for code in ("clearance_stale", "clearance_of_another", "signature_invalid", "consent_withdrawn"):
        assert code in codes, walked.ran
    assert walked.ran.out.count("exit 1\n") == 4


def test_one_operator_alone_reads_nothing(walked: Walked) -> None:
    assert walked.ran.out.count("exit 4\n") == 1
    assert "whoever proposes does not approve it" in walked.ran.err
    assert walked.ran.out.count("Rosa Keel") == 1
