"""The page on gallery files names the options there are, the errors there are, and how a file can stand."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import typer
from pages import ROOT, blocks
from shell import Ran, run_bash

sys.path += [str(ROOT / "tests" / folder) for folder in ("e2e", "unit/services", "unit/media")]

from gallery_place import made_place, serving, studio_token

from registry import errors
from registry.cli import scan
from registry.cli.gallery import app
from registry.domain.gallery_files import LONGEST_INTERVAL, LONGEST_LIFE, FileStanding
from registry.scanning.folder import result_rows

PAGES = {"en": ROOT / "docs" / "gallery-files.md", "ko": ROOT / "docs" / "ko" / "gallery-files.md"}
PAGE = PAGES["en"].read_text(encoding="utf-8")
CODE = re.compile(r"^(likeness (?:.*\\\n)*.+?)\s+# (\d)$", re.MULTILINE)


def commands(language: str) -> list[tuple[str, str]]:
    """Answer on whose machine each block of commands is run, and the block."""
    page = PAGES[language].read_text(encoding="utf-8")
    return [(block.mark, block.text) for block in blocks(page) if block.language == "bash"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """Follow the page at a registry where three people are enrolled who were told of such files."""
    place = made_place(tmp_path_factory.mktemp("place"))
    here = place.studio
    (here / "in").rename(here / "recordings")
    (here / "token").write_text(studio_token(place))
    (here / "token").chmod(0o600)
    homes = {"registry": place.settings.home, "studio": here / "home"}
    script = "".join(
        f"export LIKENESS_HOME={homes[mark]}\n" + CODE.sub(r"code=0; \1 || code=$?; echo $code >> codes", text)
        for mark, text in commands("en")
    )
    with serving(place) as (url, _):
        settings = {"REGISTRY": url, "STUDIO": place.studio_id, "COLUMNS": "200"}
        return run_bash(script, cwd=here, settings=settings), here


def test_both_pages_have_the_same_commands() -> None:
    assert commands("en") == commands("ko")


def test_every_command_ends_as_the_page_shows(ran: tuple[Ran, Path]) -> None:
    done, here = ran
    shown = [code for _, text in commands("en") for _, code in CODE.findall(text)]
    assert (done.code, (here / "codes").read_text().split()) == (0, shown), done
    assert len(shown) == sum(text.count("likeness ") for _, text in commands("en"))


def test_both_ways_to_scan_find_the_same(ran: tuple[Ran, Path]) -> None:
    _, here = ran
    found, again = (list(result_rows(here / name)) for name in ("found", "again"))
    assert [(row.name, row.outcome) for row in found] == [(row.name, row.outcome) for row in again]


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_column(title: str) -> set[str]:
    rows = re.findall(r"^\| (`.+?) \|", section(title), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def options(name: str, of: typer.Typer = app) -> set[str]:
    command = typer.main.get_command(of).commands[name]  # type: ignore[attr-defined]
    found = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    return found - {"--help"}


def test_every_option_of_an_export_is_told_and_no_other() -> None:
    assert first_column("The registry issues a file") == options("export")
    assert set(re.findall(r"`?(--[a-z-]+)", section("The studio makes a key"))) == options("key")
    assert options("status") <= set(re.findall(r"(--[a-z-]+)", section("Does it still hold?")))


def test_every_reason_to_refuse_a_file_is_told_and_no_other() -> None:
    kinds = {kind.slug for kind in errors.GalleryFileError.__subclasses__()}
    assert first_column("The studio scans with a file") == kinds


def test_every_option_of_asking_a_registry_is_told_and_is_one() -> None:
    told = first_column("The studio asks the registry")
    assert (
        {"--registry", "--token-file", "--ca-file", "--gallery-file", "--submit"} <= told <= options("source", scan.app)
    )
    assert {"--registry", "--token-file", "--ca-file"} <= options("submit", scan.app)


def test_every_standing_is_told_with_what_to_do() -> None:
    assert first_column("Does it still hold?") == {standing.value for standing in FileStanding}


def test_the_longest_term_and_interval_are_those_of_the_rules() -> None:
    assert f"within {LONGEST_LIFE.days} days" in PAGE
    assert f"{LONGEST_INTERVAL.total_seconds() / 3600:.0f} hours at most" in PAGE


def test_what_performers_are_told_by_the_shipped_texts_is_quoted_right() -> None:
    shipped = (ROOT / "registry/domain/explanations/texts/monitoring.en.v1.md").read_text(encoding="utf-8")
    assert "never given to a studio" in shipped
    assert "never given to a studio" in PAGE
