from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from likeness_commands import Commands


@pytest.fixture(scope="module")
def lines(likeness: Commands, voices: Path, synthetic_gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("out") / "lines.jsonl"
    nonsense = tmp_path_factory.mktemp("in") / "notes.txt"
    nonsense.write_text("not a recording", encoding="utf-8")
    result = likeness(
        "identify", "--gallery", synthetic_gallery, "--out", out, voices / "submissions", voices / "problems", nonsense
    )
    assert result.exit_code == 3, result.output
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len({row["file"] for row in rows}) == len(rows)
    return {Path(row["file"]).name: row for row in rows}


def matched(line: dict) -> set[str]:
    return {candidate["performer"] for candidate in line["candidates"] if candidate["outcome"] == "match"}


def test_a_stranger_is_no_match(lines: dict) -> None:
    assert lines["kal16-stranger.flac"]["outcome"] == "no_match"
    assert matched(lines["kal16-stranger.flac"]) == set()


def test_enrolled_voices_are_found_and_nobody_else(lines: dict) -> None:
    assert matched(lines["slt-advert.flac"]) == {"slt"}
    assert matched(lines["slt-game.flac"]) == {"slt"}
    assert matched(lines["rms-story.flac"]) == {"rms"}


def test_the_same_actor_by_another_synthesiser_is_found(lines: dict) -> None:
    assert matched(lines["slt-hts.flac"]) == {"slt"}


def test_both_voices_of_a_dialogue_are_found_with_their_turns(lines: dict) -> None:
    line = lines["dialogue-slt-awb.flac"]
    assert matched(line) == {"slt", "awb"}
    spans = [
        (segment["start_s"], segment["end_s"])
        for candidate in line["candidates"]
        if candidate["outcome"] == "match"
        for segment in candidate["segments"]
    ]
    assert len(spans) > 2
    ordered = sorted(spans)
    assert all(left[1] <= right[0] + 0.05 for left, right in pairwise(ordered))


def test_what_cannot_be_assessed_has_a_line_that_says_why(lines: dict) -> None:
    slugs = {name: lines[name]["error"]["slug"] for name in ("silence.flac", "music.flac", "short.flac", "notes.txt")}
    assert slugs["silence.flac"] == "recording_silent"
    assert slugs["music.flac"] == "no_speech"
    assert slugs["short.flac"] == "speech_too_short"
    assert slugs["notes.txt"].startswith("media_")


def test_every_other_line_keeps_the_contract(lines: dict) -> None:
    for line in lines.values():
        if "error" in line:
            continue
        assert {"file", "duration_s", "speech_s", "outcome", "reasons", "candidates"} <= set(line)
        assert len(line["candidates"]) == 3
        for candidate in line["candidates"]:
            assert set(candidate["engines"]) == {"ge2e", "campplus"}
            assert {"performer", "outcome", "log10_lr", "cohort_percentile", "segments"} <= set(candidate)


def test_short_enrolments_are_named_in_a_warning_and_used(likeness: Commands, voices: Path, tmp_path: Path) -> None:
    performer = tmp_path / "gallery" / "somebody"
    performer.mkdir(parents=True)
    (performer / "one.flac").symlink_to(voices / "problems" / "too-short-enrolment.flac")
    result = likeness(
        "identify",
        "--gallery",
        tmp_path / "gallery",
        "--out",
        tmp_path / "out.jsonl",
        voices / "submissions" / "slt-advert.flac",
    )
    assert result.exit_code == 1, result.output
    assert "somebody" in result.output
    assert "better" in result.output


def test_a_folder_that_is_not_there_is_a_usage_error(likeness: Commands, tmp_path: Path) -> None:
    result = likeness("identify", "--gallery", tmp_path / "absent", "--out", tmp_path / "out.jsonl", tmp_path)
    assert result.exit_code == 2
