"""The page on gallery files names the options there are, the errors there are, and how a file can stand."""

from __future__ import annotations

import re

import typer
from pages import ROOT

from registry import errors
from registry.cli.gallery import app
from registry.domain.gallery_files import LONGEST_INTERVAL, LONGEST_LIFE, FileStanding

PAGE = (ROOT / "docs" / "gallery-files.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_column(title: str) -> set[str]:
    rows = re.findall(r"^\| (`.+?) \|", section(title), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def options(name: str) -> set[str]:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    found = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    return found - {"--help"}


def test_every_option_of_an_export_is_told_and_no_other() -> None:
    assert first_column("The registry issues a file") == options("export")
    assert set(re.findall(r"`?(--[a-z-]+)", section("The studio makes a key"))) == options("key")
    assert options("status") <= set(re.findall(r"(--[a-z-]+)", section("Does it still hold?")))


def test_every_reason_to_refuse_a_file_is_told_and_no_other() -> None:
    kinds = {kind.slug for kind in errors.GalleryFileError.__subclasses__()}
    assert first_column("The studio scans") == kinds


def test_every_standing_is_told_with_what_to_do() -> None:
    assert first_column("Does it still hold?") == {standing.value for standing in FileStanding}


def test_the_longest_term_and_interval_are_those_of_the_rules() -> None:
    assert f"within {LONGEST_LIFE.days} days" in PAGE
    assert f"{LONGEST_INTERVAL.total_seconds() / 3600:.0f} hours at most" in PAGE


def test_what_performers_are_told_by_the_shipped_texts_is_quoted_right() -> None:
    shipped = (ROOT / "registry/domain/explanations/texts/monitoring.en.v1.md").read_text(encoding="utf-8")
    assert "never given to a studio" in shipped
    assert "never given to a studio" in PAGE
