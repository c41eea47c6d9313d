"""The page on operating: its options are those of the commands, and its numbers those of the code."""

from __future__ import annotations

import re

import typer
from pages import ROOT, blocks

from registry.cli.calibrate import calibrate
from registry.cli.serve import KEPT_ALIVE_S
from registry.engine.training.people import HELD_OUT_SHARE, Least, require_enough, roles_of
from registry.settings import Settings
from registry.worker import Pauses

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## A calibration of your own\n", 1)[1].split("\n## ", 1)[0]

WORKERS = PAGE.split("## Workers\n", 1)[1].split("\n## ", 1)[0]


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


def test_what_is_told_of_pauses_and_connections_is_what_the_code_does() -> None:
    told = " ".join(WORKERS.split())
    shortest_ms, longest_ms = (round(1000 * seconds) for seconds in (Pauses.SHORTEST_S, Pauses.LONGEST_S))
    assert f"every {shortest_ms} ms for two seconds" in told
    assert f"at least every {longest_ms} ms" in told
    assert f"stays open for {KEPT_ALIVE_S} s" in told


def test_the_settings_of_batches_are_settings() -> None:
    names = set(re.findall(r"LIKENESS_(CHECKS_[A-Z_]+)", WORKERS))
    assert names == {name.upper() for name in Settings.model_fields if name.startswith("checks_")}


def test_the_settings_that_activate_are_settings() -> None:
    (shown,) = [block.text for block in blocks(SECTION) if block.language == "bash"]
    names = {name.removeprefix("LIKENESS_").lower() for name in re.findall(r"LIKENESS_[A-Z0-9_]+", shown)}
    assert names == {"calibration", "calibration_sha256"} <= set(Settings.model_fields)
