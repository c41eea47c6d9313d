"""The page on comparing works as it says, on the voices that ship, and its table is the one that decides."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from pages import ROOT, blocks
from shell import Ran, run_bash, workplace
from typer.testing import CliRunner, Result

from registry.cli.compare import compare
from registry.domain.comparison import Role
from registry.domain.conclusions import TABLE, Band, Conclusion
from registry.engine.calibration import load_calibration
from registry.engine.decisions import OPPOSED, SOUND_ALIKE_RATE
from registry.engine.threeway import STRANGER_RATE
from registry.engine.validation_curves import shipped_curves
from registry.scanning.comparing import written

PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
CODE = re.compile(r"^(likeness .+?)\s+# (\d)$", re.MULTILINE)
ROW = re.compile(r"^\| (\w+) \|((?: `\w+` \|){5})$", re.MULTILINE)
VOICES = ROOT / "examples" / "voices"


@dataclass(frozen=True)
class Followed:
    """The page as it was followed, and the document that it left."""

    ran: Ran
    file: Path
    codes: list[str]

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return document


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    here = workplace(tmp_path_factory.mktemp("comparing"))
    shown = "".join(block.text for block in blocks(PAGE) if block.language == "bash")
    script = CODE.sub(r"code=0; \1 || code=$?; echo $code >> codes", shown)
    ran = run_bash(script, cwd=here, settings={"LIKENESS_HOME": str(here / "home"), "COLUMNS": "160"})
    return Followed(ran, here / "compared" / "comparison.json", (here / "codes").read_text().split())


def likeness_compare(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(compare)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_every_command_ends_as_the_page_shows(followed: Followed) -> None:
    assert followed.ran.code == 0, followed.ran
    assert followed.codes == [code for _, code in CODE.findall(PAGE)], followed.ran


def test_the_table_of_the_page_is_the_one_that_decides() -> None:
    rows = dict(ROW.findall(PAGE))
    across = (None, *Band)
    told = {
        (performer, source): Conclusion(word)
        for performer in Band
        for source, word in zip(across, re.findall(r"`(\w+)`", rows[performer.value]), strict=True)
    }
    assert told == TABLE


def test_the_marks_of_the_page_follow_from_the_calibration_that_ships() -> None:
    calibration = load_calibration()
    supported, resembles = (
        calibration.tail.threshold(rate, 1) for rate in (STRANGER_RATE, SOUND_ALIKE_RATE * STRANGER_RATE)
    )
    assert f"| supported | {supported:.2f} or more | {100 * STRANGER_RATE:g} % of strangers" in PAGE
    assert f"| resembles | {resembles:.2f} to {supported:.2f}" in PAGE
    assert f"| {100 * SOUND_ALIKE_RATE * STRANGER_RATE:g} % of strangers come as near |" in PAGE
    assert f"| opposed | {OPPOSED:.2f} or less".replace("-", "\N{MINUS SIGN}") in PAGE
    assert f"({calibration.lower:.2f} and {calibration.upper:.2f})".replace("-", "\N{MINUS SIGN}") in PAGE


def test_every_option_of_the_page_is_one_of_the_command() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(compare)
    known = {name for parameter in typer.main.get_command(app).params for name in parameter.opts}
    assert known - set(re.findall(r"--[a-z]+(?:-[a-z]+)*", PAGE)) == {"--threads"}


def test_the_source_explains_the_voice_and_the_answer_says_what_it_rests_on(followed: Followed) -> None:
    reading = followed.document["reading"]
    assert reading["conclusion"] == "explained_by_s"
    assert set(reading["by_cohort"]) == {"stated", "reference"}
    assert followed.ran.out.lstrip().startswith("explained_by_s")
    for said in ("What would change it", "no proof of identity", "0.1 % of strangers", "reference", "Q – S"):
        assert said in followed.ran.out
    assert "infring" not in followed.ran.out


def test_the_document_says_everything_that_is_needed_to_do_it_again(followed: Followed) -> None:
    document = followed.document
    table = PAGE.split("## The file")[1].split("\n## ")[0]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(document) == set(re.findall(r"`(\w+)`", first_cells))
    assert followed.file.read_bytes() == written(document)
    assert {"version", "spaces", "calibration_sha256", "weights"} <= set(document["engine"])
    assert {"validated", "not_validated_for", "bounds_log10_lr"} <= set(document["calibration_card"])
    parties, (cohort,) = document["inputs"]["parties"], document["inputs"]["cohorts"]
    assert [one["name"] for one in parties["source"]] == ["source 1"]
    assert set(parties) == set(Role)
    assert all(len(one["sha256"]) == 64 for files in parties.values() for one in files)
    assert (cohort["criteria"], cohort["voices"]) == ("English, made by code", 2)
    assert str(followed.file.parents[1]) not in followed.file.read_text(encoding="utf-8")


def test_what_the_voices_are_like_is_told_by_the_figures_that_the_page_names(followed: Followed) -> None:
    voices = followed.document["acoustics"]["voices"]
    named = set(re.findall(r"^\| `(\w+)` \| [^|]+\([^|]+\d{4}\)", PAGE, re.MULTILINE))
    for voice in voices.values():
        assert {name for name, figure in voice.items() if isinstance(figure, dict)} == named
        assert all(figure["quartiles"] for figure in voice.values() if isinstance(figure, dict))
    assert voices["performer"]["vocal_tract_cm"]["quartiles"][1] > voices["source"]["vocal_tract_cm"]["quartiles"][1]


def test_the_curves_are_those_that_ship(followed: Followed) -> None:
    assert followed.document["validation_curves"] == shipped_curves()
    assert [cohort["distribution"] for cohort in followed.document["cohorts"]] == [None, None]


def test_the_page_in_korean_names_the_same_conclusions_and_options_that_there_are() -> None:
    korean = (ROOT / "docs" / "ko" / "comparison.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", korean, re.MULTILINE)) == set(Conclusion)
    app = typer.Typer(add_completion=False)
    app.command()(compare)
    known = {name for parameter in typer.main.get_command(app).params for name in parameter.opts}
    assert set(re.findall(r"--[a-z]+(?:-[a-z]+)*", korean)) <= known


def test_what_is_stated_is_of_a_voice_and_of_a_figure_that_there_is(tmp_path: Path) -> None:
    given = (
        "--questioned",
        VOICES / "submissions" / "slt-game.flac",
        "--performer",
        VOICES / "enrolment" / "rms-1.flac",
    )
    (tmp_path / "cohort" / "somebody").mkdir(parents=True)
    for stated in ("source:language=Korean", "performer:age=40", "performer:language=", "language=Korean"):
        result = likeness_compare(
            *given, "--cohort", tmp_path / "cohort", "--out", tmp_path / "out", "--stated", stated
        )
        assert result.exit_code == 2, result.output
        assert "VOICE:FIGURE=VALUE" in result.output
    assert not (tmp_path / "out").exists()


def test_pitch_is_told_and_is_part_of_no_number(followed: Followed) -> None:
    acoustics = followed.document["acoustics"]
    low, high = (acoustics[role][0]["f0_hz"][1] for role in ("performer", "source"))
    assert 95 < low < 115
    assert 150 < high < 180
    assert "no log10 LR rests on it" in acoustics["use"]


def test_the_numbers_come_out_again_from_the_same_recordings_wherever_they_lie(followed: Followed) -> None:
    assert "5 recordings were heard again: every figure came out again." in followed.ran.out


def test_without_the_recordings_only_the_conclusion_is_checked(followed: Followed) -> None:
    assert "5 of 5 recordings are not at hand" in followed.ran.out
    assert followed.ran.out.count("explained_by_s follows from the numbers in it") == 2


def test_a_conclusion_that_was_changed_by_hand_is_noticed(followed: Followed, tmp_path: Path) -> None:
    document = followed.document
    document["reading"]["conclusion"] = "supports_p"
    (tmp_path / "forged.json").write_bytes(written(document))
    result = likeness_compare("--recompute", tmp_path / "forged.json")
    assert result.exit_code == 1
    assert "does NOT follow" in result.output


def test_one_recording_for_two_voices_is_refused(tmp_path: Path) -> None:
    questioned = VOICES / "submissions" / "slt-game.flac"
    (copy := tmp_path / "other name.flac").write_bytes(questioned.read_bytes())
    (tmp_path / "cohort" / "somebody").mkdir(parents=True)
    result = likeness_compare(
        *("--questioned", questioned, "--performer", copy),
        *("--cohort", tmp_path / "cohort", "--out", tmp_path / "out"),
    )
    assert "no recording is compared with itself" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_what_is_needed_is_asked_for(tmp_path: Path) -> None:
    result = likeness_compare("--questioned", VOICES / "submissions" / "slt-game.flac", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--performer" in result.output
