"""``likeness scan list``, ``show`` and ``cancel``: what a registry says of scans, and stopping one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from test_remote import TOKEN, Answer, Scripted, listening, problem
from typer.testing import CliRunner, Result

from registry.cli import scan
from registry.cli.remote import TOKEN_VARIABLE
from registry.errors import NotFoundError

SCAN: dict[str, Any] = {
    "id": "scan_1",
    "state": "running",
    "origin": "registry",
    "kind": "catalogue",
    "rows": 40,
    "rows_done": 12,
    "flagged": 0,
    "failed": 1,
    "problem": None,
    "created_at": "2026-03-01T09:30:00Z",
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with listening() as script:
        monkeypatch.setenv("LIKENESS_REGISTRY", script.url)
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        yield script


def scans(*arguments: str) -> Result:
    return CliRunner().invoke(scan.app, list(arguments))


def answered(body: object) -> Answer:
    return Answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def test_a_scan_that_there_is_not_is_an_error_and_not_a_scan_without_rows(script: Scripted) -> None:
    script.answers.append(problem(404, "not_found", "there is no such scan"))
    assert isinstance(scans("show", "scan_2").exception, NotFoundError)


def test_scans_are_listed_with_how_far_each_is(script: Scripted) -> None:
    script.answers.append(answered({"items": [SCAN], "next_cursor": None}))
    listed = scans("list")
    assert listed.exit_code == 0, listed.output
    assert all(said in listed.stdout for said in ("scan_1", "running", "12", "40"))


@pytest.mark.parametrize(("change", "code"), [({}, 0), ({"flagged": 2}, 1), ({"state": "failed"}, 4)])
def test_the_exit_code_says_what_has_come_of_it(script: Scripted, change: dict[str, Any], code: int) -> None:
    script.answers.append(answered(SCAN | change))
    shown = scans("show", "scan_1", "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["id"]) == (code, "scan_1")


def test_a_scan_is_stopped_once_under_a_key(script: Scripted) -> None:
    script.answers.append(answered(SCAN | {"state": "cancelled"}))
    stopped = scans("cancel", "scan_1")
    assert stopped.exit_code == 0, stopped.output
    assert "cancelled" in stopped.stdout
