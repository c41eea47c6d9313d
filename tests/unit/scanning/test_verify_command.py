"""``likeness scan verify`` and ``likeness scan compare`` as people use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pytest
import typer
from scanned import candidate, failed, heard, scanned, write_results
from typer.testing import CliRunner, Result

from registry.cli import scan_report
from registry.domain.ids import RandomBytes
from registry.scanning.report import write_report
from registry.scanning.signing import ScanKey, scan_key

ROWS = [heard(0, "a.wav", candidate("p", verdict="unlicensed_match")), failed(1, "b.wav")]
app = typer.Typer(cls=scan_report.SourceOrCommand, add_completion=False)
app.command("verify")(scan_report.verify)
app.command("compare")(scan_report.compare)


@app.command(scan_report.SOURCE_COMMAND)
def take(source: str, out: Annotated[str, typer.Option()]) -> None:
    """Take a source."""
    typer.echo(f"scanning {source} into {out}")


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def key(tmp_path: Path, random_bytes: RandomBytes) -> ScanKey:
    return scan_key(tmp_path / "scan-key.json", random_bytes)


@pytest.fixture
def out(tmp_path: Path, key: ScanKey) -> Path:
    folder = scanned(tmp_path / "out", ROWS)
    write_report(folder, key)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.mark.parametrize("arguments", [("media", "--out", "o"), ("--out", "o", "media"), ("--out=o", "media")])
def test_what_is_no_command_is_a_source(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).stdout == "scanning media into o\n"


def test_a_source_that_is_called_like_a_command_is_given_as_a_path() -> None:
    assert run("./verify", "--out", "o").stdout == "scanning ./verify into o\n"


def test_help_names_the_commands() -> None:
    assert {"verify", "compare", "source"} <= set(run("--help").stdout.split())


def test_a_folder_that_holds_says_whose_key_it_was_and_what_that_proves(out: Path, key: ScanKey) -> None:
    ran = run("verify", out)
    assert ran.exit_code == 0
    assert ran.stdout.startswith("HOLDS\n")
    assert key.thumbprint in ran.stdout
    assert "only that nothing has changed" in ran.stderr
    assert "only that nothing has changed" not in run("verify", out, "--thumbprint", key.thumbprint).stderr


def test_a_folder_that_does_not_hold_names_what_is_wrong_and_is_flagged(out: Path) -> None:
    write_results(out / "results.parquet", [heard(0, "a.wav"), ROWS[1]])
    ran = run("verify", out)
    assert ran.exit_code == 1
    assert "DOES NOT HOLD" in ran.stdout
    assert "results.parquet, row 0" in ran.stdout


def test_another_key_is_flagged(out: Path) -> None:
    ran = run("verify", out, "--thumbprint", "somebody-elses")
    assert ran.exit_code == 1
    assert "not with somebody-elses" in ran.stdout


def test_a_broken_signature_is_flagged(out: Path) -> None:
    content = json.loads((out / "report.json").read_text(encoding="utf-8"))
    (out / "report.json").write_text(json.dumps(content | {"jws": "x"}), encoding="utf-8")
    ran = run("verify", out)
    assert ran.exit_code == 1
    assert ran.stdout.startswith("NOT SIGNED")


def test_json_says_the_same(out: Path, key: ScanKey) -> None:
    told = json.loads(run("verify", out, "--json").stdout)
    assert told == {"holds": True, "signed_by": key.thumbprint, "problems_found": 0, "problems": []}
    (out / "plan.json").write_text("{}", encoding="utf-8")
    told = json.loads(run("verify", out, "--json").stdout)
    assert not told["holds"]
    assert {problem["where"] for problem in told["problems"]} == {"plan.json"}


def test_hearing_again_needs_the_gallery(out: Path) -> None:
    ran = run("verify", out, "--recompute", 3)
    assert ran.exit_code == 2
    assert "--gallery" in ran.stderr


@pytest.mark.parametrize("arguments", [("verify",), ("verify", "absent"), ("compare", "absent", "absent")])
def test_wrong_use_is_told(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_comparing_tells_what_is_newly_flagged(tmp_path: Path, out: Path) -> None:
    before = scanned(tmp_path / "before", [heard(0, "a.wav"), ROWS[1]])
    ran = run("compare", before, out)
    assert ran.exit_code == 1
    assert ran.stdout.startswith("new findings: 1, resolved: 0, other changes: 0, recordings unchanged: 1\n")
    assert "match unlicensed_match" in ran.stdout
    assert "unexplained" in ran.stdout


def test_what_is_resolved_flags_nothing(tmp_path: Path, out: Path) -> None:
    now = scanned(tmp_path / "now", [heard(0, "a.wav"), ROWS[1]])
    ran = run("compare", out, now, "--json")
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["counts"] == {"new": 0, "resolved": 1, "changed": 0, "unchanged": 1}


def test_long_lists_are_cut_and_said_to_be(tmp_path: Path) -> None:
    match = candidate("p", verdict="unlicensed_match")
    before = scanned(tmp_path / "before", [])
    now = scanned(tmp_path / "now", [heard(number, f"{number}.wav", match) for number in range(60)])
    ran = run("compare", before, now)
    assert ran.stdout.count("input_added") == scan_report.MOST_SHOWN
    assert "10 more" in ran.stderr
