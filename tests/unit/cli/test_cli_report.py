"""``likeness report verify``: a report is checked without a registry, and what does not hold is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import CommandLine
from typer.testing import CliRunner
from written_reports import case_report, check_report, comparison_document, file_of, jwks, signed

from registry.errors import InvalidInputError
from registry.vault.signing import canonical


@pytest.fixture
def line() -> CommandLine:
    return CommandLine(CliRunner())


@pytest.fixture
def keys(tmp_path: Path) -> str:
    return written(tmp_path / "keys.json", canonical(jwks()))


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_what_holds_is_said_with_whose_it_is_and_under_which_checkpoint(
    line: CommandLine, keys: str, tmp_path: Path
) -> None:
    for report in (case_report(comparison=comparison_document()), check_report()):
        file = written(tmp_path / "report.json", file_of(report))
        told = line.out("report", "verify", file, "--key", keys)
        for part in ("Everything holds.", report.subject_id, "Registry of the Test", "3 leaves"):
            assert part in told
        answered = line.json("report", "verify", file, "--key", keys)
        assert (answered["valid"], answered["trusted"], answered["flaws"]) == (True, True, [])


def test_both_forms_are_read(line: CommandLine, keys: str, tmp_path: Path) -> None:
    file = written(tmp_path / "report.json", canonical(signed(case_report()).as_jose_json()))
    assert "Everything holds." in line.out("report", "verify", file, "--key", keys)


def test_by_the_keys_in_the_file_nobody_is_vouched_for(line: CommandLine, tmp_path: Path) -> None:
    result = line.run("report", "verify", written(tmp_path / "report.json", file_of(case_report())))
    assert (result.exit_code, "--key" in result.stderr) == (0, True)
    assert line.json("report", "verify", str(tmp_path / "report.json"))["trusted"] is False


def test_what_does_not_hold_is_named_with_where(line: CommandLine, keys: str, tmp_path: Path) -> None:
    held = json.loads(file_of(case_report()))
    held["report"]["case"]["claim"] = "I never declined."
    result = line.run("report", "verify", written(tmp_path / "report.json", canonical(held)), "--key", keys)
    assert result.exit_code == 1
    assert "shown: #/case/claim" in result.stdout
    assert "NOT VALID: 1 things do not hold." in result.stdout


def test_what_is_no_report_is_refused(line: CommandLine, keys: str, tmp_path: Path) -> None:
    for content in (b"", b"[]", b'{"report": {}}', b'{"payload": 1}', b"%PDF"):
        error = line.error("report", "verify", written(tmp_path / "report.json", content), "--key", keys)
        assert isinstance(error, InvalidInputError)


def test_recordings_that_are_missing_are_named_and_nothing_is_computed(
    line: CommandLine, keys: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "report.json", file_of(case_report(comparison=comparison_document())))
    (tmp_path / "inputs").mkdir()
    asked = ("report", "verify", file, "--key", keys, "--recompute", "--inputs", str(tmp_path / "inputs"))
    result = line.run(*asked)
    assert (result.exit_code, "analysis 1: 4 of 4 recordings are not at hand" in result.stdout) == (3, True)
    assert "questioned.wav" in result.stderr
    assert "--inputs goes with --recompute" in line.usage(
        "report", "verify", file, "--inputs", str(tmp_path / "inputs")
    )


def test_a_check_of_which_the_recording_is_missing_says_so(line: CommandLine, keys: str, tmp_path: Path) -> None:
    file = written(tmp_path / "report.json", file_of(check_report()))
    result = line.run("report", "verify", file, "--key", keys, "--recompute")
    assert (result.exit_code, "the check is not at hand" in result.stdout) == (3, True)
    assert "goes with --recompute" in line.usage("report", "verify", file, "--voices", str(tmp_path))
