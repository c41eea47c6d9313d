"""Two documents that are compared: what counts as the same, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry.domain.comparison import Role
from registry.engine.calibration import CALIBRATION_SHA256
from registry.engine.validation_curves import shipped_curves
from registry.errors import InvalidInputError, ScanMismatchError
from registry.interchange.comparisons import read_again
from registry.scanning.compared_again import (
    curves_again,
    differences,
    differences_in_part,
    part_at_hand,
    require_engine,
    wanted_by,
)
from registry.scanning.compared_inputs import Inputs, files_of

MEASURED: dict[str, Any] = {
    "marks": {"supported": 1.98},
    "materials": {},
    "cohorts": [{"performer": {"log10_lr": 2.5, "verbal": "strong", "engines_disagree": False}}],
    "recordings": [],
    "said_to_hold": [],
    "reading": {"conclusion": "supports_p", "reasons": [{"code": "supports_performer", "detail": "2.50"}]},
}


def changed(name: str, value: object) -> dict[str, Any]:
    performer = MEASURED["cohorts"][0]["performer"] | {name: value}
    return MEASURED | {"cohorts": [{"performer": performer}]}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("log10_lr", 2.502, "#/cohorts/0/performer/log10_lr: it was 2.5, and now is 2.502"),
        ("engines_disagree", True, "#/cohorts/0/performer/engines_disagree: it was no, and now is yes"),
        ("rank", {"voices": 3}, "#/cohorts/0/performer/rank: it was None, and now is 1 entries"),
    ],
)
def test_a_difference_is_named_with_its_place(name: str, value: object, said: str) -> None:
    assert differences(MEASURED, changed(name, value)) == [said]


@pytest.mark.parametrize(("name", "value"), [("log10_lr", 2.5009), ("verbal", "very strong")])
def test_the_last_digits_and_the_words_for_them_may_differ(name: str, value: object) -> None:
    assert differences(MEASURED, changed(name, value)) == []


def test_one_more_cohort_is_a_difference() -> None:
    more = MEASURED | {"cohorts": MEASURED["cohorts"] * 2}
    assert differences(MEASURED, more) == ["#/cohorts: it was 1 entries, and now is 2 entries"]


def test_numbers_of_another_engine_are_not_compared() -> None:
    engine = {"version": "3", "spaces": ["one", "other"], "device": "cpu"}
    require_engine({"engine": engine}, engine | {"device": "cuda"})
    with pytest.raises(ScanMismatchError, match="not the one of the comparison: version") as refused:
        require_engine({"engine": engine | {"version": "2"}}, engine)
    assert refused.value.figures["differs"] == ["version"]
    with pytest.raises(ScanMismatchError):
        require_engine({}, engine)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format": "likeness-comparison", "version": 2},
        {"format": "likeness-comparison", "version": 1},
        {"format": "likeness-comparison", "version": 1, **MEASURED},
        {"format": "likeness-comparison", "version": 1, **MEASURED, "materials": [1]},
    ],
)
def test_what_is_no_comparison_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        read_again(document)


def test_inputs_that_are_not_said_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="does not say what its inputs were"):
        wanted_by({"inputs": {"parties": []}}, [])
    with pytest.raises(InvalidInputError, match="cannot be read"):
        files_of([tmp_path / "gone.flac"])


def test_the_same_bytes_twice_are_one_recording(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(b"the same")
    assert [file.name for file in files_of([tmp_path / "one", tmp_path / "other"])] == ["one"]
    assert [file.name for file in files_of([tmp_path / "one"], called="source")] == ["source 1"]
    assert Inputs({}, ()).require_apart() is None


# What came later, and what is for information.


def test_what_an_older_file_does_not_say_is_not_compared() -> None:
    now = changed("rank", None) | {"validation_curves": {"same_speaker": []}, "acoustics": {"voices": {}}}
    now["cohorts"][0]["distribution"] = {"counts": [12]}
    before = changed("rank", None)
    assert differences(before, now) == []
    before["cohorts"][0]["distribution"] = {"counts": [11]}
    assert differences(before, now) == ["#/cohorts/0/distribution/counts/0: it was 11, and now is 12"]


def test_curves_are_those_that_ship_or_it_is_said() -> None:
    engine = {"calibration_sha256": CALIBRATION_SHA256}
    assert curves_again({"engine": engine}) == []
    assert curves_again({"engine": engine, "validation_curves": shipped_curves()}) == []
    moved = shipped_curves() | {"trials": {"same": 183, "different": 20497}}
    (said,) = curves_again({"engine": engine, "validation_curves": moved})
    assert said.startswith("#/validation_curves/trials/same")
    assert curves_again({"engine": {"calibration_sha256": "0" * 64}, "validation_curves": shipped_curves()})
    assert curves_again({"engine": engine, "validation_curves": "none"})


@pytest.mark.parametrize(
    ("now", "named"),
    [
        ({"quartiles": [100.0, 121.0, 130.0], "count": 9, "why": None}, []),
        ({"quartiles": [100.0, 125.0, 130.0], "count": 9, "why": None}, ["#/acoustics/voices/performer/f0_hz"]),
        ({"quartiles": None, "count": 0, "why": "unvoiced"}, ["#/acoustics/voices/performer/f0_hz"]),
    ],
)
def test_figures_for_information_may_differ_as_processors_do(now: dict[str, Any], named: list[str]) -> None:
    figure = {"quartiles": [100.0, 120.0, 130.0], "count": 10, "why": None}
    before = MEASURED | {"acoustics": {"voices": {"performer": {"f0_hz": figure, "voiced_s": 9.0}}}}
    after = MEASURED | {"acoustics": {"voices": {"performer": {"f0_hz": now, "voiced_s": 9.1}}}}
    assert [said.split(":")[0] for said in differences(before, after)] == named


def test_a_voice_of_which_nothing_is_told_is_not_held_against_what_is_measured() -> None:
    left_out = {"recordings": 0, "f0_hz": {"quartiles": None, "count": 0, "why": "no_recording"}}
    heard = {"recordings": 1, "f0_hz": {"quartiles": [100.0, 120.0, 130.0], "count": 10, "why": None}}
    before = MEASURED | {"acoustics": {"voices": {"source": left_out}}}
    assert differences(before, MEASURED | {"acoustics": {"voices": {"source": heard}}}) == []


# What a registry keeps.

KEPT = {"from": "registry", "name": "enrolled 1", "sha256": None, "error": None}


def partly_kept(files: dict[str, str], kept: set[str]) -> dict[str, Any]:
    def entry(name: str) -> list[dict[str, Any]]:
        return [KEPT] if name in kept else [{"name": name, "sha256": files[name], "error": None}]

    members = [{"name": "one", "files": entry("member")}]
    cohort = {"name": "stated", "criteria": "any", "members": members} | (
        {"from": "registry"} if "member" in kept else {}
    )
    return {
        "inputs": {"parties": {role.value: entry(role.value) for role in Role}, "cohorts": [cohort]},
        "materials": {role.value: {"sealed": role is Role.SOURCE, "speech_s": 9.0} for role in Role},
        "said_to_hold": [],
        "marks": {"supported": 1.98},
        "cohorts": [
            {"name": name, "performer": {"log10_lr": 1.0}, "source": {"log10_lr": 2.0}, "set_aside": []}
            for name in ("stated", "reference")
        ],
        "recordings": [{"performer": {"log10_lr": 1.0}, "source": {"log10_lr": 2.0}}],
    }


@pytest.fixture
def at_hand(tmp_path: Path) -> tuple[list[Path], dict[str, str]]:
    names = [*(role.value for role in Role), "member"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    paths = [tmp_path / name for name in names]
    return paths, {file.name: file.sha256 for file in files_of(paths)}


def test_voiceprints_of_a_registry_are_never_at_hand_and_are_named(at_hand: tuple[list[Path], dict[str, str]]) -> None:
    paths, files = at_hand
    wanted = wanted_by(partly_kept(files, {"performer", "member"}), paths)
    assert wanted.kept == ("performer", "stated")
    assert (wanted.missing, wanted.total) == ((), 2)
    assert wanted.inputs is None
    assert wanted.at_hand
    assert set(wanted.at_hand.parties) == {Role.QUESTIONED, Role.SOURCE}
    assert wanted.at_hand.cohorts == []
    missing = wanted_by(partly_kept(files, {"performer"}), [])
    assert (missing.inputs, len(missing.missing)) == (None, 3)


@pytest.mark.parametrize("kept", [{"questioned"}, {"performer", "source"}])
def test_without_the_questioned_voice_or_anybody_to_hold_it_against_there_is_no_part(
    at_hand: tuple[list[Path], dict[str, str]], kept: set[str]
) -> None:
    paths, files = at_hand
    wanted = wanted_by(partly_kept(files, kept), paths)
    assert wanted.at_hand
    assert part_at_hand(wanted.at_hand) is None


def of_part(document: dict[str, Any], log10_lr: float) -> dict[str, Any]:
    """What is measured of the source alone, who is asked about as the performer is."""
    cohorts = [one | {"performer": {"log10_lr": log10_lr}, "source": None} for one in document["cohorts"]]
    materials = {role: document["materials"][role] for role in ("questioned", "performer")}
    return document | {
        "cohorts": cohorts,
        "materials": materials,
        "recordings": [{"performer": {"log10_lr": log10_lr}, "source": None}],
    }


def test_what_does_not_rest_on_what_is_kept_is_compared(at_hand: tuple[list[Path], dict[str, str]]) -> None:
    paths, files = at_hand
    document = partly_kept(files, {"performer"})
    part = part_at_hand(wanted_by(document, paths).at_hand)
    assert part
    assert part.roles == {Role.QUESTIONED: Role.QUESTIONED, Role.PERFORMER: Role.SOURCE}
    assert differences_in_part(document, of_part(document, 2.0), part) == ([], [])
    found, said = differences_in_part(document, of_part(document, 2.5), part)
    assert found == [
        "#/cohorts/stated/source/log10_lr: it was 2.0, and now is 2.5",
        "#/cohorts/reference/source/log10_lr: it was 2.0, and now is 2.5",
        "#/recordings/0/source/log10_lr: it was 2.0, and now is 2.5",
    ]
    assert said == []


def test_a_cohort_with_other_rivals_is_not_compared_and_that_is_said(
    at_hand: tuple[list[Path], dict[str, str]],
) -> None:
    paths, files = at_hand
    document = partly_kept(files, {"performer"})
    document["cohorts"][0]["set_aside"] = ["one"]
    part = part_at_hand(wanted_by(document, paths).at_hand)
    assert part
    now = of_part(document, 2.0)
    now["cohorts"][0]["set_aside"] = []
    found, said = differences_in_part(document, now, part)
    assert found == []
    assert [one.split(":")[0] for one in said] == ["stated"]
