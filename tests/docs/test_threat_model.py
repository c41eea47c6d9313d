"""The threat model names what shows that something holds: a test or a page that exists, or a command that runs."""

from __future__ import annotations

import ast
import re

from pages import ROOT, between

PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split(" | ") for line in between(PAGE, "threats").splitlines()[2:]]
SHOWN = re.compile(r"`([^`]+)`")
ATTACKERS = {
    "member of a studio",
    "former agent of a performer",
    "one operator, alone",
    "thief of the database or a backup",
    "thief of a host",
    "on the network",
    "sender of a malicious file",
    "supply chain",
    "somebody who claims another's voice",
    "a state, or a court's order",
}


def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_everybody_who_may_attack_is_there() -> None:
    assert {name for row in ROWS for name in re.findall(r"\*\*(.+?)\*\*", row[0])} >= ATTACKERS


def test_every_row_says_what_shows_it() -> None:
    assert [row for row in ROWS if len(row) != 4 or not re.search(r"`[^`]+`|\]\(", row[3])] == []


def test_every_test_that_is_named_is_there() -> None:
    missing = []
    for row in ROWS:
        for shown in SHOWN.findall(row[3]):
            path, _, name = shown.partition("::")
            if path.startswith("tests/"):
                there = (ROOT / path).is_file() and named_in(path)
                missing += [shown] if not there or (name and name not in there) else []
    assert missing == []


def test_every_command_that_is_named_is_one() -> None:
    commands = [shown for row in ROWS for shown in SHOWN.findall(row[3]) if shown.startswith("python ")]
    for command in commands:
        words = command.split()
        script = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
        assert (ROOT / script).is_file(), command
        assert '__name__ == "__main__"' in (ROOT / script).read_text(encoding="utf-8"), command


def test_what_does_not_hold_is_said_in_its_row() -> None:
    assert len([row for row in ROWS if "does not hold" in row[2]]) >= 4
