"""The page on scanning works as it says, in English and in Korean: the same commands, each with its exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
import typer
from pages import ROOT, blocks
from shell import Ran, run_bash, workplace

from registry.cli.scan import app
from registry.scanning.changes import Cause
from registry.scanning.folder import ALWAYS_SIGNED, SIGNED_IF_THERE
from registry.scanning.results import ResultRow
from registry.scanning.verify import verify_scan

PAGES = {"en": ROOT / "docs" / "scanning.md", "ko": ROOT / "docs" / "ko" / "scanning.md"}
ENGLISH = PAGES["en"].read_text(encoding="utf-8")
CODE = re.compile(r"^(likeness .+?)\s+# (\d)$", re.MULTILINE)


def commands(language: str) -> str:
    page = PAGES[language].read_text(encoding="utf-8")
    return "".join(block.text for block in blocks(page) if block.language == "bash")


@dataclass(frozen=True)
class Followed:
    """The page as it was followed."""

    ran: Ran
    here: Path
    codes: list[str]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("scanning")
    script = CODE.sub(r"code=0; \1 || code=$?; echo $code >> codes", commands("en"))
    settings = {"LIKENESS_HOME": str(folder / "home"), "COLUMNS": "200"}
    ran = run_bash(script, cwd=workplace(folder / "here"), settings=settings)
    return Followed(ran, folder / "here", (folder / "here" / "codes").read_text().split())


def test_both_pages_have_the_same_commands() -> None:
    assert commands("en") == commands("ko")


def test_every_command_ends_as_the_page_shows(followed: Followed) -> None:
    assert followed.ran.code == 0, followed.ran
    assert followed.codes == [code for _, code in CODE.findall(commands("en"))], followed.ran


def test_what_was_changed_is_named_as_the_page_says(followed: Followed) -> None:
    assert "summary.json" in {problem.where for problem in verify_scan(followed.here / "changed").problems}
    assert verify_scan(followed.here / "second").holds


def test_the_smaller_gallery_is_why_findings_come_and_go(followed: Followed) -> None:
    told = json.loads((followed.here / "changes.json").read_text(encoding="utf-8"))
    assert list(told["setting"]) == ["gallery"]
    new = [one for one in told["differences"] if one["change"] == "new"]
    assert {one["performer"] for one in new} == {"slt"}
    assert all(one["causes"] == ["gallery"] for one in new)


def test_names_are_found_and_counted_apart(followed: Followed) -> None:
    summary = json.loads((followed.here / "set" / "training-summary.json").read_text(encoding="utf-8"))
    assert summary["names"]["found"] == {"Nora Vale": 2}
    assert [one["performer"] for one in summary["performers"]] == ["slt"]


def test_the_files_are_those_that_the_page_lists(followed: Followed) -> None:
    left = {path.name for path in (followed.here / "set").iterdir()}
    told = table("What it leaves behind")
    assert left <= {name.rstrip("/") for name in told}
    assert {*ALWAYS_SIGNED, *SIGNED_IF_THERE} <= set(re.findall(r"`([\w.-]+\.\w+)`", section("What it leaves behind")))


def section(title: str) -> str:
    return re.split(r"^## ", ENGLISH.split(f"## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def table(title: str) -> list[str]:
    """Answer everything in code in the first column of a section's tables."""
    rows = re.findall(r"^\| (`.+?) \|", section(title), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def options(name: str) -> Iterator[str]:
    group = typer.main.get_command(app)
    (command,) = [command for each, command in group.commands.items() if each == name]  # type: ignore[attr-defined]
    return (option for parameter in command.params for option in parameter.opts if option.startswith("--"))


def test_every_option_is_told_and_no_other() -> None:
    told, below = section("Options").split("\n\n`likeness scan verify`")
    assert set(re.findall(r"`(--[a-z-]+)`", told)) == set(options("source")) - {"--help"}
    verify, below = below.split("`likeness scan compare`")
    compare, submit = below.split("`likeness scan submit`")
    assert set(re.findall(r"`(--[a-z-]+)`", submit)) == set(options("submit")) - {"--help"}
    assert set(re.findall(r"`(--[a-z-]+)`", verify)) == set(options("verify")) - {"--help"}
    assert set(re.findall(r"`(--[a-z-]+)`", compare)) == set(options("compare")) - {"--help"}


def test_every_column_of_a_row_is_told_and_no_other() -> None:
    columns = {field.name for field in fields(ResultRow)}
    assert set(table("Rows")) | {"duplicate_of"} == columns
    assert "`duplicate_of`" in section("Rows")


def test_every_cause_is_told_in_both_languages() -> None:
    assert table("Comparing two") == [cause.value for cause in Cause]
    korean = PAGES["ko"].read_text(encoding="utf-8")
    assert all(f"`{cause.value}`" in korean for cause in Cause)


def test_the_claims_are_those_that_are_signed(followed: Followed) -> None:
    claims = json.loads((followed.here / "first" / "report.json").read_text(encoding="utf-8"))["report"]
    assert set(table("The signed statement")) == set(claims)
