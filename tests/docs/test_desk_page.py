"""The page for the desk: its commands answer what it shows, and no command of the registry is told nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from on_a_registry import followed, furnished
from pages import ROOT, every_page
from typer.core import TyperGroup
from typer.main import get_command

from registry.cli.late import LateGroup
from registry.cli.main import app
from registry.cli.scan_report import SOURCE_COMMAND

PAGE = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_answers_what_it_shows(tmp_path: Path) -> None:
    ran, pairs = followed(PAGE, tmp_path, furnished(tmp_path / "home"))
    assert ran.code == 0, ran
    for said, shown in pairs:
        assert said == shown, ran


def commands(group: object, *names: str) -> Iterator[str]:
    """Yield every command that does something, with the names that lead to it."""
    if isinstance(group, TyperGroup):
        for name in group.list_commands(None):
            if isinstance(group, LateGroup):
                group.load(name)
            yield from commands(group.commands[name], *names, name)
    else:
        yield " ".join(names).removesuffix(f" {SOURCE_COMMAND}")  # which need not be said


def test_every_command_is_on_some_page() -> None:
    told = " ".join(" ".join(page.read_text(encoding="utf-8").split()) for page in every_page())
    known = set(commands(get_command(app)))
    assert {"doctor", "licence odrl import"} <= known
    assert {command for command in known if f"likeness {command}" not in told} == set()
