"""``likeness report get``: a report is fetched over HTTP and written to a file that was not there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_remote import TOKEN, Answer, Scripted, listening, problem
from typer.testing import CliRunner, Result
from written_reports import case_report, file_of, jwks

from registry.cli import report
from registry.cli.remote import TOKEN_VARIABLE
from registry.errors import InvalidInputError, NotFoundError, PrintingUnavailableError
from registry.vault.signing import canonical

PAGE = Path(report.__file__).parents[2] / "docs" / "reports.md"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with listening() as script:
        monkeypatch.setenv("LIKENESS_REGISTRY", script.url)
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        yield script


def get(*arguments: str) -> Result:
    return CliRunner().invoke(report.app, ["get", *arguments])


def test_what_lies_there_is_not_replaced_and_nothing_is_asked(script: Scripted, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    out.write_text("mine")
    result = get("case", "case_1", "--out", str(out))
    assert (result.exit_code, script.seen, out.read_text()) == (2, [], "mine")
    assert "is there already" in result.output


@pytest.mark.parametrize("arguments", [("scan", "scan_1"), ("case",), ("case", "case_1", "--format", "docx")])
def test_what_there_is_no_report_of_is_not_asked_for(
    script: Scripted, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert get(*arguments, "--out", str(tmp_path / "out")).exit_code == 2
    assert script.seen == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(404, "not_found", NotFoundError), (501, "printing_unavailable", PrintingUnavailableError)],
)
def test_a_refusal_leaves_no_file(
    script: Scripted, tmp_path: Path, status: int, code: str, kind: type[Exception]
) -> None:
    script.answers.append(problem(status, code))
    result = get("check", "chk_1", "--format", "pdf", "--out", str(tmp_path / "report.pdf"))
    assert isinstance(result.exception, kind)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_is_said(script: Scripted, tmp_path: Path) -> None:
    script.answers.append(Answer(body=b"{}"))
    result = get("case", "case_1", "--out", str(tmp_path / "none" / "report.json"))
    assert isinstance(result.exception, InvalidInputError)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("case", "case_1"), "/v1/cases/case_1/report?format=json&language=en"),
        (("check", "chk_1", "--format", "jose"), "/v1/checks/chk_1/report?format=jose&language=en"),
        (("case", "case_1", "--format", "pdf", "--language", "ko"), "/v1/cases/case_1/report?format=pdf&language=ko"),
    ],
)
def test_a_report_is_written_byte_for_byte(
    script: Scripted, tmp_path: Path, arguments: tuple[str, ...], path: str
) -> None:
    content = bytes(range(256)) * 9
    script.answers.append(Answer(body=content))
    out = tmp_path / "report"
    result = get(*arguments, "--out", str(out))
    assert (result.exit_code, out.read_bytes()) == (0, content)
    (seen,) = script.seen
    assert (seen.method, seen.path, seen.headers["Authorization"]) == ("GET", path, f"Bearer {TOKEN}")
    assert ("likeness report verify" in result.output) is ("pdf" not in arguments)


def test_the_commands_of_the_page_fetch_a_report_and_check_it(
    script: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys.json").write_bytes(canonical(jwks()))
    script.answers += [Answer(body=file_of(case_report())), Answer(body=b"%PDF")]
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("$ likeness report ")]
    assert len(lines) == 3
    for line in lines:
        arguments = shlex.split(line.replace("$REGISTRY", script.url).replace("…", "1"))[3:]
        result = CliRunner().invoke(report.app, arguments)
        assert result.exit_code == 0, result.output
    assert "Everything holds." in result.output
    assert (tmp_path / "report.pdf").read_bytes() == b"%PDF"
