"""The page on operating: its options are those of the commands, and its numbers those of the code."""

from __future__ import annotations

import re

import typer
from pages import ROOT, blocks

from registry.cli.calibrate import calibrate
from registry.engine.training.people import HELD_OUT_SHARE, Least, require_enough, roles_of
from registry.settings import Settings

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## A calibration of your own\n", 1)[1].split("\n## ", 1)[0]


def test_every_option_of_calibrate_is_told_and_no_other() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(calibrate)
    known = {name for parameter in typer.main.get_command(app).params for name in parameter.opts}
    assert set(re.findall(r"--[a-z]+(?:-[a-z]+)*", SECTION)) == known - {"--help"}


def test_the_numbers_of_people_are_those_that_are_asked_for() -> None:
    least = Least()
    told = " ".join(SECTION.split())
    assert f"{least.fitted} people to fit on, {least.several} of them with two recordings or more" in told
    assert f"{least.enrolled} people with two or more and {least.strangers} strangers" in told
    assert f"{HELD_OUT_SHARE:g} by default" in told


def test_the_examples_of_what_is_enough_are_enough() -> None:
    for several, single in ((50, 22), (100, 0)):
        recordings = {f"a{number}": 2 for number in range(several)} | {f"b{number}": 1 for number in range(single)}
        require_enough(recordings, roles_of(recordings, HELD_OUT_SHARE), Least())


def test_the_settings_that_activate_are_settings() -> None:
    (shown,) = [block.text for block in blocks(SECTION) if block.language == "bash"]
    names = {name.removeprefix("LIKENESS_").lower() for name in re.findall(r"LIKENESS_[A-Z0-9_]+", shown)}
    assert names == {"calibration", "calibration_sha256"} <= set(Settings.model_fields)
