"""A side says no to an offer at the command line: what is sent, and what is refused before anything is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from test_remote import TOKEN, Answer, Scripted, listening, problem
from typer.testing import CliRunner, Result

from registry.cli import licence
from registry.cli.remote import TOKEN_VARIABLE
from registry.errors import ForbiddenError

LICENCE = {"id": "lic_1", "state": "revoked", "activated_at": None}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with listening() as script:
        monkeypatch.setenv("LIKENESS_REGISTRY", script.url)
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        yield script


def run(*arguments: str) -> Result:
    return CliRunner().invoke(licence.app, ["decline", *arguments])


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", "x" * 501), ("--reason", "a\x00b")])
def test_without_a_reason_that_people_can_read_nothing_is_sent(script: Scripted, reason: tuple[str, ...]) -> None:
    assert run("lic_1", *reason).exit_code == 2
    assert script.seen == []


def test_without_a_registry_nothing_is_asked(script: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIKENESS_REGISTRY")
    assert (run("lic_1", "--reason", "No.").exit_code, script.seen) == (2, [])


def test_a_no_is_sent_with_its_reason_and_the_version_that_was_seen(script: Scripted) -> None:
    script.answers.append(Answer(body=json.dumps(LICENCE).encode()))
    result = run("lic_1", "--reason", "I do not advertise for betting.", "--version", "2")
    assert (result.exit_code, result.stdout) == (0, "lic_1 is revoked\n")
    (seen,) = script.seen
    assert (seen.method, seen.path) == ("POST", "/v1/licences/lic_1/decline")
    assert json.loads(seen.body) == {"reason": "I do not advertise for betting."}
    assert (seen.headers["If-Match"], seen.headers["Authorization"]) == ('"v2"', f"Bearer {TOKEN}")
    assert seen.headers["Idempotency-Key"]


def test_of_an_amendment_it_says_that_what_is_in_force_stays(script: Scripted) -> None:
    answered = LICENCE | {"state": "active", "activated_at": "2026-03-02T09:30:00Z"}
    script.answers.append(Answer(body=json.dumps(answered).encode()))
    result = run("lic_1", "--reason", "No.")
    assert (result.exit_code, result.stdout) == (0, "lic_1 is active\n")
    assert "what was in force before stays" in result.stderr


def test_what_the_registry_refuses_is_its_own_error(script: Scripted) -> None:
    script.answers.append(problem(403, "forbidden"))
    assert isinstance(run("lic_1", "--reason", "No.").exception, ForbiddenError)
