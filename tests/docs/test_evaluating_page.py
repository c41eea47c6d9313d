"""The page on evaluating: its example is understood, and its options are those of the command."""

from __future__ import annotations

import re
from pathlib import Path

import typer
from pages import ROOT, blocks

from registry.cli.evaluate import evaluate
from registry.cli.evaluation.labels import read_groups

PAGE = (ROOT / "docs" / "evaluating.md").read_text(encoding="utf-8")


def test_the_example_of_groups_is_understood(tmp_path: Path) -> None:
    (example,) = [block for block in blocks(PAGE) if block.language == "json"]
    file = tmp_path / "groups.json"
    file.write_text(example.text, encoding="utf-8")
    assert [group.name for group in read_groups(file)] == ["long and clean", "telephone", "new cloning systems"]


def test_the_groups_that_are_reported_are_understood() -> None:
    names = [group.name for group in read_groups(ROOT / "benchmarks" / "groups.json")]
    assert {"telephone", "acted emotion"} <= set(names)


def test_every_option_of_the_page_is_one_of_the_command() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(evaluate)
    known = {name for parameter in typer.main.get_command(app).params for name in parameter.opts}
    told = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", PAGE))
    assert told <= known
    assert known - told == {"--device", "--threads"}
