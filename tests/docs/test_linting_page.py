"""The page on linting: its commands answer what it shows, and its lists are those of the code."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import typer
from pages import ROOT, between, blocks
from shell import run_bash, workplace

from registry.cli.linting import lint as command
from registry.domain.linting import lint
from registry.domain.reading import Node
from registry.domain.rules.catalogue import FACTS, Contract
from registry.domain.rules.conditions import KNOWN, condition_of
from registry.domain.rules.contract_document import contract_of_json
from registry.domain.rules.operators import OPERATORS
from registry.domain.rules.shipped import shipped_packs

PAGE = (ROOT / "docs" / "linting.md").read_text(encoding="utf-8")
CONTRACTS = ROOT / "examples" / "licences"
README = (CONTRACTS / "README.md").read_text(encoding="utf-8")
ON = date(2026, 11, 24)


def test_every_command_of_the_page_answers_what_it_shows(tmp_path: Path) -> None:
    shown = "".join(block.text for block in blocks(PAGE) if block.language == "console")
    commands = re.findall(r"^\$ (.+)$", shown, re.MULTILINE)
    script = "\n".join(f"echo {_quoted('$ ' + each)}\n{each}" for each in commands)
    ran = run_bash(f"set +e +o pipefail\n{script}", cwd=workplace(tmp_path / "here"), settings={"COLUMNS": "200"})
    assert ran.code == 0, ran
    assert ran.out == shown


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def test_the_packs_of_the_page_are_those_that_are_shipped() -> None:
    rows = [
        f"| `{pack.id}` | {pack.title.en} | {pack.standing.value} | {_day(pack.dates.first)} | {_day(pack.dates.last)} "
        f"| {len(pack.rules)} | {_day(pack.checked_on)} |"
        for pack in shipped_packs()
    ]
    assert between(PAGE, "packs").splitlines()[2:] == rows


def _day(day: date | None) -> str:
    return "–" if day is None else day.isoformat()


def test_the_tests_of_a_fact_are_those_of_the_language() -> None:
    assert re.findall(r"`(\w+)`", between(PAGE, "tests")) == [KNOWN, *OPERATORS]


def test_the_example_of_a_rule_is_read() -> None:
    (example,) = [block for block in blocks(PAGE) if block.language == "toml"]
    (rule,) = tomllib.loads(example.text)["rules"]
    condition_of(Node(rule["broken_when"]), FACTS)


def test_every_option_of_the_command_is_told_and_no_other() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(command)
    known = {name for parameter in typer.main.get_command(app).params for name in parameter.opts if name[0] == "-"}
    assert set(re.findall(r"`(--[a-z]+)", PAGE)) == known - {"--help"}


# --- the contracts ---------------------------------------------------------------------------------------------------


def sections() -> dict[str, str]:
    parts = re.split(r"^## `(.+)`$", README, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_contract_is_told_of() -> None:
    assert sections().keys() == {path.name for path in CONTRACTS.glob("*.json")}


def _read(name: str) -> Contract:
    return contract_of_json(json.loads((CONTRACTS / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", sections())
def test_what_is_found_in_a_contract_is_what_is_told(name: str) -> None:
    found = lint(_read(name), on=ON, packs=shipped_packs()).findings
    rows = [f"| {each.severity.value} | `{each.pack}` | `{each.rule}` |" for each in found]
    assert [line for line in sections()[name].splitlines() if line.startswith("| ")][1:] == rows
    assert ("Nothing is found." in sections()[name]) is (not rows)


def test_one_contract_is_clean_and_two_would_not_come_into_force() -> None:
    names = (path.name for path in CONTRACTS.glob("*.json"))
    blocked = {name for name in names if lint(_read(name), on=ON, packs=shipped_packs()).blocks}
    assert blocked == {"everything-forever.json", "training-corpus.json"}
