"""Where a gallery file is searched, rows say nothing of whoever is not heard, and nothing once the file is stale."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from scanned import candidate

from registry.errors import GalleryFileStaleError
from registry.scanning.evidence_lines import columns_of
from registry.scanning.judging import LICENCES_NOT_ASKED
from registry.scanning.results import ResultRow, Status
from registry.scanning.sealed import SealedJudge

NOW = datetime(2026, 3, 14, 15, tzinfo=UTC)


def fresh(_: datetime) -> None:
    """Let everything go on."""


def stale(_: datetime) -> None:
    raise GalleryFileStaleError("the last word does not count any more")


def row(outcome: str, *candidates: dict[str, object]) -> ResultRow:
    line = {
        "duration_s": 10.0,
        "speech_s": 9.0,
        "outcome": outcome,
        "reasons": [],
        "candidates": [one | {"reasons": []} for one in candidates],
        "threshold_log10_lr": 2.0,
        "overlaps": [],
    }
    return ResultRow(number=0, name="a", locator="/a", status=Status.ASSESSED, **columns_of(line))


def judged(given: ResultRow) -> tuple[ResultRow, list[str]]:
    (found,) = SealedJudge(fresh, lambda: NOW).judge([given])
    return found, [one["performer"] for one in json.loads(found.evidence)["candidates"]]


def test_only_those_who_are_heard_resembled_or_cannot_be_told_are_left() -> None:
    found, left = judged(
        row(
            "match",
            candidate("gent_1"),
            candidate("gent_2", 0.9, "sound_alike"),
            candidate("gent_3", 0.4, "inconclusive"),
            candidate("gent_4", -0.4, "inconclusive"),
            candidate("gent_5", -2.0, "no_match"),
        )
    )
    assert left == ["gent_1", "gent_2", "gent_3"]
    assert (found.performer, found.verdict) == ("gent_1", "not_assessed")
    assert LICENCES_NOT_ASKED in found.reasons


def test_a_stranger_is_near_nobody() -> None:
    found, left = judged(row("no_match", candidate("gent_5", -2.0, "no_match")))
    assert (left, found.performer, found.verdict) == ([], "", "no_match")
    assert "gent_5" not in json.dumps(found.as_record())


def test_a_row_without_evidence_stays_as_it_is() -> None:
    failed = ResultRow(number=0, name="a", locator="/a", status=Status.FAILED, error="media_empty")
    assert SealedJudge(fresh, lambda: NOW).judge([failed]) == [failed]


def test_no_shard_is_judged_once_the_file_is_stale() -> None:
    with pytest.raises(GalleryFileStaleError):
        SealedJudge(stale, lambda: NOW).judge([])
