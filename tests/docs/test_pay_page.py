"""The page on pay: its commands answer what it shows, and its lists are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

from on_a_registry import followed, furnished
from pages import ROOT

from api.openapi import text
from registry.domain.ledger import _LEGS, EntryKind
from registry.domain.uses import UsageUnit

PAGE = (ROOT / "docs" / "pay.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_answers_what_it_shows(tmp_path: Path) -> None:
    variables = furnished(tmp_path / "home")
    ran, pairs = followed(PAGE, tmp_path, variables)
    assert ran.code == 0, ran
    for said, shown in pairs:
        assert said == shown, ran


def test_the_kinds_of_entry_are_those_of_the_ledger_with_their_legs() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w*) ?\| (\w*) ?\|", PAGE, re.MULTILINE)
    legs = {kind.value: (debit.value, credit.value) for kind, (debit, credit) in _LEGS.items()}
    assert {kind: (debit, credit) for kind, debit, credit in rows} == legs | {EntryKind.REVERSAL.value: ("", "")}


def test_the_units_are_those_that_are_counted() -> None:
    (line,) = re.findall(r"^Units: (.+?)\.", PAGE, re.MULTILINE | re.DOTALL)
    assert re.findall(r"`(\w+)`", line) == [unit.value for unit in UsageUnit]


def test_the_operations_are_those_of_the_api() -> None:
    document = json.loads(text())
    tags = {"usage reports", "ledger", "payments", "pay statements"}
    described = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if tags & set(operation["tags"])
    }
    assert set(re.findall(r"`((?:GET|POST) /v1/[^`]+)`", PAGE)) == described
