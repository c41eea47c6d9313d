"""`likeness scan --registry` and `likeness scan submit`: what does not go together, and what is not filed."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanned import candidate, failed, heard, scanned
from typer.testing import CliRunner, Result

from registry.cli.remote import TOKEN_VARIABLE
from registry.cli.scan import app
from registry.errors import InvalidInputError, KeyringError, RegistryUnreachableError, SettingsError
from registry.scanning.report import write_report
from registry.scanning.signing import scan_key

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "a-token")
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a scan that asks a registry."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("key.json", "jwks.json", "status.json", "some.gallery"):
        (tmp_path / name).write_text("{}")
    return ["in", "--out", "out", "--yes", "--registry", NOWHERE]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "--gallery-key"),
        (["--gallery-key", "key.json", "--gallery", "some.gallery"], "not with --gallery"),
        (["--gallery-key", "key.json", "--gallery", "in"], "not with --gallery"),
        (["--gallery-key", "key.json", "--gallery-status", "status.json"], "--gallery-status"),
        (["--gallery-key", "key.json", "--organisation", "org_1"], "--organisation"),
        (["--gallery-key", "key.json", "--as-of", "2026-01-01"], "--as-of"),
        (["--gallery-key", "key.json", "--engine", "ray"], "--engine ray"),
    ],
)
def test_what_does_not_go_with_a_registry_is_wrong_use(scan: list[str], more: list[str], said: str) -> None:
    done = run(*scan, *more)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "more", [["--gallery-file", "gal_1"], ["--token-file", "key.json"], ["--ca-file", "key.json"], ["--submit"]]
)
def test_what_says_how_to_ask_needs_somebody_to_ask(scan: list[str], more: list[str]) -> None:
    done = run(*scan[:-2], "--gallery", "in", *more)
    assert (done.exit_code, "go with --registry" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://registry.example", "https alone"), ("https://me:pw@registry.example", "neither a name nor a password")],
)
def test_a_token_is_not_sent_in_the_clear(scan: list[str], url: str, said: str) -> None:
    done = run(*scan[:-1], url, "--gallery-key", "key.json")
    assert isinstance(done.exception, InvalidInputError)
    assert said in done.exception.detail


def test_nobody_is_asked_without_a_token(scan: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE)
    assert isinstance(run(*scan, "--gallery-key", "key.json").exception, SettingsError)
    done = run(*scan, "--gallery-key", "key.json", "--token-file", "key.json")
    assert isinstance(done.exception, KeyringError)


# --- filing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A scan's folder, signed, of a scan that searched a gallery file."""
    return report_of(tmp_path / "made", gallery_file={"id": "gal_1"})


def report_of(out: Path, **plan: object) -> Path:
    rows = [heard(0, "a.wav", candidate("gent_1")), failed(1, "b.wav"), heard(2, "c.wav")]
    scanned(out, rows, **plan)
    write_report(out, scan_key(out.parent / "scan-key.json"))
    return out


def test_what_is_whole_is_sent_and_nobody_listening_is_said(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.cli.remote._FIRST_WAIT_S", 0.0)
    done = run("submit", str(made), "--registry", NOWHERE)
    assert isinstance(done.exception, RegistryUnreachableError), done.output


def test_a_folder_that_was_changed_is_not_sent_and_what_was_changed_is_named(made: Path) -> None:
    with (made / "findings.jsonl").open("a") as lines:
        lines.write("{}\n")
    done = run("submit", str(made), "--registry", NOWHERE)
    assert isinstance(done.exception, InvalidInputError), done.output
    assert "findings.jsonl" in done.exception.detail


def test_a_report_of_another_key_than_is_vouched_for_is_not_sent(made: Path) -> None:
    done = run("submit", str(made), "--registry", NOWHERE, "--thumbprint", "another")
    assert isinstance(done.exception, InvalidInputError)
    assert "not with another" in done.exception.detail


def test_a_scan_of_a_folder_of_voices_has_nothing_that_the_registry_could_tell(tmp_path: Path) -> None:
    done = run("submit", str(report_of(tmp_path / "plain")), "--registry", NOWHERE)
    assert isinstance(done.exception, InvalidInputError)
    assert "searched no gallery file" in done.exception.detail


def test_it_has_to_be_filed_somewhere(made: Path) -> None:
    done = run("submit", str(made))
    assert (done.exit_code, "--registry" in done.stderr) == (2, True)
