"""Two documents that are compared: what counts as the same, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry.errors import InvalidInputError, ScanMismatchError
from registry.interchange.comparisons import read_again
from registry.scanning.compared_again import differences, require_engine, wanted_by
from registry.scanning.comparing import Inputs, files_of

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
