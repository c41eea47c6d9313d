"""Commands that ask a registry about cases, reviews and notices: what they send, and what they refuse to send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_remote import TOKEN, Answer, Scripted, listening, problem
from typer.testing import CliRunner, Result

from registry.cli import case, notice, review
from registry.cli.remote import TOKEN_VARIABLE
from registry.domain.reviews import Exclusion
from registry.errors import ConflictError, InvalidInputError

GROUPS = {"case": case.app, "review": review.app, "notice": notice.app}
CASE = {"id": "case_1", "product": "Sky", "state": "evidence", "due_at": "2026-03-20T09:30:00Z"}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with listening() as script:
        monkeypatch.setenv("LIKENESS_REGISTRY", script.url)
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        yield script


def told(script: Scripted, *arguments: str, answers: object = None, content: bytes | None = None) -> Result:
    """Run a command that gets one answer, and that works."""
    script.answers.append(Answer(body=content or json.dumps(answers or {}).encode()))
    result = run(*arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def run(*arguments: str) -> Result:
    group, *rest = arguments
    return CliRunner().invoke(GROUPS[group], rest)


# --- what is not sent ------------------------------------------------------------------------------------------------


def test_without_a_registry_nothing_is_asked(script: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIKENESS_REGISTRY")
    result = run("case", "list")
    assert (result.exit_code, script.seen) == (2, [])
    assert "LIKENESS_REGISTRY" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("case", "analyse", "case_1", "--reason", "Both have filed."),
        ("case", "analyse", "case_1", "--reason", "x", "--cohort", "cpap_1"),
        ("case", "analyse", "case_1", "--reason", "x", "--cohort", "cpap_1", "--criteria", "y", "--among-all"),
        ("case", "cohort", "case_1", "--among", "shoe=42"),
        ("case", "cohort", "case_1", "--among", "sex"),
        ("case", "file", "case_1", "--kind", "contract", "--title", "Contract"),
        ("review", "decide", "find_1", "open_case", "--reason", "x", "--not-excluded", "weather=It rains."),
        ("review", "decide", "find_1", "open_case", "--reason", "x", "--excluded", "news="),
        (
            "notice",
            "serve",
            "ntc_1",
            "--to",
            "N",
            "--by",
            "post",
            "--at",
            "2026-03-02",
            "--digest",
            "a",
            "--reason",
            "x",
        ),
    ],
)
def test_what_says_too_little_or_too_much_is_refused_before_anything_is_sent(
    script: Scripted, arguments: tuple[str, ...]
) -> None:
    assert (run(*arguments).exit_code, script.seen) == (2, [])


def test_a_draft_that_is_none_is_not_sent(script: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "draft.json"
    for content in ("[]", "{", '{"pack_id": "eu_dsa_16"}'):
        file.write_text(content)
        result = run("notice", "draft", "case_1", str(file), "--pack", "eu_dsa_16")
        assert isinstance(result.exception, InvalidInputError)
    assert script.seen == []


def test_a_statement_that_is_no_text_is_not_sent(script: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_bytes(b"\xff\xfe")
    result = run("case", "statement", "case_1", str(file), "--title", "What happened")
    assert isinstance(result.exception, InvalidInputError)
    assert script.seen == []


def test_what_lies_there_is_not_replaced(script: Scripted, tmp_path: Path) -> None:
    out = tmp_path / "contract.pdf"
    out.write_text("mine")
    paper = {"kind": "contract", "held": True, "text": None, "size_bytes": 5}
    script.answers += [Answer(body=json.dumps(paper).encode()), Answer(body=b"their")]
    result = run("case", "read", "case_1", "cpap_1", "--out", str(out))
    assert isinstance(result.exception, InvalidInputError)
    assert out.read_text() == "mine"


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_a_change_is_sent_once_under_a_key_with_the_version_that_was_seen(script: Scripted) -> None:
    result = told(
        script, "case", "step", "case_1", "take_up", "--reason", "It is time.", "--version", "3", answers=CASE
    )
    assert (result.exit_code, result.stdout) == (0, "evidence\n")
    (seen,) = script.seen
    assert (seen.method, seen.path) == ("POST", "/v1/cases/case_1/steps")
    assert json.loads(seen.body) == {"step": "take_up", "reason": "It is time.", "paper_id": None}
    assert (seen.headers["If-Match"], seen.headers["Authorization"]) == ('"v3"', f"Bearer {TOKEN}")
    told(script, "case", "step", "case_1", "take_up", "--reason", "It is time.", answers=CASE)
    assert "If-Match" not in script.seen[1].headers
    assert script.seen[1].headers["Idempotency-Key"] != seen.headers["Idempotency-Key"]


def test_a_change_that_is_sent_again_has_the_same_key(script: Scripted) -> None:
    script.answers.append(problem(503, "database_unavailable"))
    told(script, "case", "withdraw", "case_1", "--reason", "We have agreed.", answers=CASE)
    assert len({seen.headers["Idempotency-Key"] for seen in script.seen}) == 1
    assert len(script.seen) == 2


def test_a_draft_is_changed_in_what_its_file_has_by_the_version_that_was_seen(script: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "draft.json"
    file.write_text(json.dumps({"affirmed": ["good_faith"]}))
    notice = {"id": "ntc_1", "state": "drafted", "missing": ["signature"]}
    result = told(script, "notice", "change", "ntc_1", str(file), "--version", "2", answers=notice)
    assert (result.exit_code, result.stdout) == (0, "ntc_1 is drafted\n")
    assert "missing: signature" in result.stderr
    (seen,) = script.seen
    assert (seen.method, seen.path) == ("PATCH", "/v1/notices/ntc_1")
    assert (json.loads(seen.body), seen.headers["If-Match"]) == ({"affirmed": ["good_faith"]}, '"v2"')


def test_a_digest_in_place_of_a_document_is_a_form_as_well(script: Scripted) -> None:
    arguments = ("--kind", "contract", "--title", "Contract", "--digest", "a" * 64, "--dated", "2026-01-31")
    told(script, "case", "file", "case_1", *arguments, answers={"id": "cpap_1"})
    (seen,) = script.seen
    assert seen.headers["Content-Type"].startswith("multipart/form-data")
    for part in (b'name="kind"\r\n\r\ncontract', b'name="sha256"\r\n\r\n' + b"a" * 64, b'name="dated_on"'):
        assert part in seen.body
    assert b"filename" not in seen.body


def test_every_exclusion_that_was_considered_is_sent(script: Scripted) -> None:
    named = [each for one in Exclusion for each in ("--not-excluded", f"{one.value}=It is a game, a = b.")]
    made = {"id": "rev_1", "case_id": "case_1", "action": "open_case"}
    result = told(script, "review", "decide", "find_1", "open_case", "--reason", "x", *named, answers=made)
    assert result.stdout == "rev_1 case_1\n"
    sent = json.loads(script.seen[0].body)["considered"]
    assert [each["exclusion"] for each in sent] == [each.value for each in Exclusion]
    assert {(each["applies"], each["reason"]) for each in sent} == {(False, "It is a game, a = b.")}


def test_a_list_is_read_to_its_end(script: Scripted) -> None:
    script.answers.append(Answer(body=json.dumps({"items": [CASE], "next_cursor": "more"}).encode()))
    result = told(script, "case", "list", "--json", answers={"items": [CASE], "next_cursor": None})
    assert [each["id"] for each in json.loads(result.stdout)] == ["case_1", "case_1"]
    assert [seen.path for seen in script.seen] == ["/v1/cases?limit=200", "/v1/cases?limit=200&cursor=more"]


@pytest.mark.parametrize(("waiting", "code"), [([], 0), ([{"harm": "urgent", "finding": {"id": "find_1"}}], 1)])
def test_the_exit_code_says_whether_findings_wait(script: Scripted, waiting: list[object], code: int) -> None:
    assert told(script, "review", "list", answers={"items": waiting, "next_cursor": None}).exit_code == code


def test_a_statement_that_moves_the_cursor_is_shown_without(script: Scripted) -> None:
    said = {"kind": "statement", "held": True, "text": "I declined.\n\x1b[2JTwice."}
    assert told(script, "case", "read", "case_1", "cpap_1", answers=said).stdout == "I declined.\n�[2JTwice.\n"


def test_what_the_registry_refuses_is_its_own_error(script: Scripted) -> None:
    script.answers.append(problem(409, "conflict", "respondent may still answer", waits_for="respondent"))
    refused = run("case", "step", "case_1", "analyse", "--reason", "It is time.").exception
    assert isinstance(refused, ConflictError)
    assert refused.detail == "respondent may still answer"
