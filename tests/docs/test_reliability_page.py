"""The page on reliability: every command that it names is there, and takes the options that it is given."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from pages import ROOT, blocks

from benchmarks import load

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
_INLINE = re.compile(r"`(python [^`]+)`")


def commands() -> list[str]:
    """Answer every command of the page, in the text and in its blocks."""
    fenced = [line.partition("#")[0].strip() for block in blocks(PAGE) for line in block.text.splitlines()]
    return [*_INLINE.findall(PAGE), *(line for line in fenced if line)]


def program(words: list[str]) -> tuple[Path, list[str]]:
    """Answer the file that a command runs, and what it is given."""
    assert words[0] == "python"
    if words[1] == "-m":
        return ROOT / Path(*words[2].split(".")).with_suffix(".py"), words[3:]
    return ROOT / words[1], words[2:]


@pytest.mark.parametrize("command", [each for each in commands() if " pytest " in each])
def test_every_test_that_is_named_is_there(command: str) -> None:
    _, _, _, *named = shlex.split(command)
    for path in (ROOT / each for each in named if not each.startswith("-")):
        tests = [path] if path.is_file() else sorted(path.glob("test_*.py"))
        assert tests, path
        assert all("def test_" in each.read_text(encoding="utf-8") for each in tests)


@pytest.mark.parametrize("command", [each for each in commands() if " pytest" not in each])
def test_every_program_is_there_and_knows_its_options(command: str) -> None:
    file, given = program(shlex.split(command))
    text = file.read_text(encoding="utf-8")
    assert [each for each in given if each.startswith("--") and f'"{each}"' not in text] == []


@pytest.mark.parametrize("command", [each for each in commands() if "benchmarks.load" in each])
def test_every_way_to_load_a_registry_can_be_asked_for(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", shlex.split(command)[2:])
    assert load.arguments().rates


def test_the_page_names_commands_at_all() -> None:
    assert len(commands()) > 20
    assert sum("benchmarks.load" in each for each in commands()) >= 4
