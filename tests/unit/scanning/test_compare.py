"""What changed from one scan to another, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scanned import candidate, copy_of, failed, heard, left_out, plan_of, scanned

from registry.scanning.changes import Cause, Change
from registry.scanning.compare import Comparison, compare
from registry.scanning.results import ResultRow


def compared(tmp_path: Path, before: list[ResultRow], now: list[ResultRow], **plan: Any) -> Comparison:
    return compare(scanned(tmp_path / "before", before), scanned(tmp_path / "now", now, **plan))


def the_only(comparison: Comparison) -> tuple[Change, str, tuple[Cause, ...]]:
    (one,) = comparison.differences
    return one.change, one.performer, one.causes


MATCH = candidate("p", verdict="unlicensed_match")
GALLERY = {"gallery": plan_of()["gallery"] | {"id": "cd" * 32}}
ENGINE = {"engine": plan_of()["engine"] | {"version": "4"}}
CALIBRATION = {"engine": plan_of()["engine"] | {"calibration_sha256": "00" * 32}}
RATE = {"operating_point": plan_of()["operating_point"] | {"target_fpir": 0.05}}


def test_the_same_scan_twice_changes_nothing(tmp_path: Path) -> None:
    rows = [heard(0, "a", MATCH), failed(1, "b"), left_out(2, "c"), heard(3, "d")]
    comparison = compared(tmp_path, rows, rows)
    assert comparison.differences == ()
    assert comparison.setting == {}
    assert comparison.unchanged == 4


def test_a_recording_is_known_again_by_its_bytes_under_another_name(tmp_path: Path) -> None:
    row = heard(0, "a", MATCH)
    assert compared(tmp_path, [row], [replace(row, name="moved/a", locator="/moved/a")]).differences == ()


def test_a_new_recording_with_a_match_is_a_new_finding(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [heard(0, "a")], [heard(0, "a"), heard(1, "b", MATCH)])
    assert the_only(comparison) == (Change.NEW, "p", (Cause.INPUT_ADDED,))


def test_a_recording_that_is_gone_resolves_its_finding(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [heard(0, "a"), heard(1, "b", MATCH)], [heard(0, "a")])
    assert the_only(comparison) == (Change.RESOLVED, "p", (Cause.INPUT_REMOVED,))
    assert comparison.differences[0].now is None


@pytest.mark.parametrize(
    ("plan", "cause"),
    [
        (GALLERY, Cause.GALLERY),
        (ENGINE, Cause.ENGINE),
        (CALIBRATION, Cause.CALIBRATION),
        (RATE, Cause.TARGET_RATE),
        ({}, Cause.UNEXPLAINED),
    ],
)
def test_other_evidence_comes_from_what_differs_in_the_setting(
    tmp_path: Path, plan: dict[str, Any], cause: Cause
) -> None:
    comparison = compared(tmp_path, [heard(0, "a")], [heard(0, "a", MATCH)], **plan)
    assert the_only(comparison) == (Change.NEW, "p", (cause,))


def test_several_causes_are_all_named(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [heard(0, "a", MATCH)], [heard(0, "a")], **GALLERY, **ENGINE)
    assert the_only(comparison) == (Change.RESOLVED, "p", (Cause.GALLERY, Cause.ENGINE))
    assert comparison.setting["engine"] == ("3", "4")


def test_another_verdict_on_the_same_evidence_comes_from_licences(tmp_path: Path) -> None:
    now = heard(0, "a", candidate("p", verdict="licensed_use", licence_id="lic_1"))
    assert the_only(compared(tmp_path, [heard(0, "a", MATCH)], [now], **GALLERY)) == (
        Change.RESOLVED,
        "p",
        (Cause.LICENCES,),
    )


def test_another_verdict_after_another_declaration_comes_from_that(tmp_path: Path) -> None:
    now = heard(0, "a", candidate("p", verdict="licensed_out_of_scope"), declared_use="advertising")
    assert the_only(compared(tmp_path, [heard(0, "a", MATCH)], [now])) == (Change.CHANGED, "p", (Cause.DECLARED,))


def test_other_bytes_under_the_same_name_are_said_to_be(tmp_path: Path) -> None:
    now = heard(0, "a", MATCH, sha256="ff" * 32)
    assert the_only(compared(tmp_path, [heard(0, "a")], [now])) == (Change.NEW, "p", (Cause.CONTENT_CHANGED,))


@pytest.mark.parametrize("before", [failed(0, "a"), left_out(0, "a")])
def test_what_was_not_read_before_explains_a_new_finding(tmp_path: Path, before: ResultRow) -> None:
    comparison = compared(tmp_path, [before], [heard(0, "a", MATCH)])
    assert the_only(comparison) == (Change.NEW, "p", (Cause.NOT_READ_BEFORE,))


def test_what_cannot_be_read_now_is_told_of_whom_it_hides(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [heard(0, "a", MATCH)], [failed(0, "a")])
    assert the_only(comparison) == (Change.RESOLVED, "p", (Cause.NOT_READ_NOW,))
    assert comparison.differences[0].now is not None
    assert comparison.differences[0].now.outcome == "media_empty"


def test_a_recording_without_anybody_may_change_too(tmp_path: Path) -> None:
    unsure = heard(0, "a", outcome="inconclusive", verdict="inconclusive", reasons="speech_too_short")
    comparison = compared(tmp_path, [heard(0, "a")], [unsure], **ENGINE)
    assert the_only(comparison) == (Change.CHANGED, "", (Cause.ENGINE,))


def test_a_match_that_is_no_longer_decided_is_resolved_as_inconclusive(tmp_path: Path) -> None:
    unsure = heard(0, "a", outcome="inconclusive", verdict="inconclusive", reasons="engines_disagree")
    (one,) = compared(tmp_path, [heard(0, "a", MATCH)], [unsure], **GALLERY).differences
    assert one.now is not None
    assert (one.change, one.performer, one.now.outcome) == (Change.RESOLVED, "p", "inconclusive")


def test_an_error_that_became_another_is_a_change(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [failed(0, "a")], [failed(0, "a", "media_unreadable")])
    assert the_only(comparison)[0] is Change.CHANGED


def test_a_sound_alike_that_became_a_match_is_a_new_finding_and_the_reverse_is_resolved(tmp_path: Path) -> None:
    alike = heard(0, "a", candidate("p", 0.9, "sound_alike", verdict="sound_alike_review"))
    assert the_only(compared(tmp_path / "1", [alike], [heard(0, "a", MATCH)], **RATE))[0] is Change.NEW
    assert the_only(compared(tmp_path / "2", [heard(0, "a", MATCH)], [alike], **RATE))[0] is Change.RESOLVED


def test_each_performer_and_each_content_is_told_once(tmp_path: Path) -> None:
    first = heard(0, "a", MATCH, candidate("q", verdict="unlicensed_match"))
    comparison = compared(tmp_path, [heard(0, "a")], [first, copy_of(1, "b", first)], **GALLERY)
    assert [one.performer for one in comparison.of(Change.NEW)] == ["p", "q"]


def test_the_json_counts_what_it_lists(tmp_path: Path) -> None:
    comparison = compared(tmp_path, [heard(0, "a"), heard(1, "b")], [heard(0, "a", MATCH), heard(1, "b")], **GALLERY)
    told = json.loads(json.dumps(comparison.as_json(), allow_nan=False))
    assert told["format"] == "likeness-scan-comparison"
    assert told["counts"] == {"new": 1, "resolved": 0, "changed": 0, "unchanged": 1}
    assert told["setting"]["gallery"] == {"before": "ab" * 32, "now": "cd" * 32}
    assert told["differences"][0]["causes"] == ["gallery"]
