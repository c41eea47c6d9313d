"""The page on trust: its commands say what it shows, and it names every flaw of a journal, in the words of the code."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from on_a_registry import followed, furnished
from pages import ROOT, between

from registry.journal import flaws
from registry.journal.flaws import FlawKind

PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def rows_of_flaws() -> list[str]:
    """Answer the table, from the enum and the line below each of its members."""
    (kinds,) = [
        node
        for node in ast.parse(inspect.getsource(flaws)).body
        if isinstance(node, ast.ClassDef) and node.name == FlawKind.__name__
    ]
    said = [ast.literal_eval(node.value) for node in kinds.body[1:] if isinstance(node, ast.Expr)]
    assert len(said) == len(FlawKind)
    rows = [f"| `{kind.value}` | {means} |" for kind, means in zip(FlawKind, said, strict=True)]
    return ["| said | means |", "|---|---|", *rows]


def test_every_flaw_of_a_journal_is_named_with_what_it_means() -> None:
    assert between(PAGE, "flaws").splitlines() == rows_of_flaws()


def test_every_command_of_the_page_says_what_it_shows(tmp_path: Path) -> None:
    ran, pairs = followed(PAGE, tmp_path, furnished(tmp_path / "home"))
    assert ran.code == 0, ran
    assert pairs
    for said, shown in pairs:
        assert _DIGEST.sub("…", said) == _DIGEST.sub("…", shown), ran
