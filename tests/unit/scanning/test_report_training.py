"""The summary of training data: what a scan knows, and what it leaves open."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scanned import ASKED, candidate, copy_of, heard, input_of, left_out, scanned

from registry.domain.ids import RandomBytes
from registry.scanning import training
from registry.scanning.names import NameList
from registry.scanning.report import write_report
from registry.scanning.results import ResultRow
from registry.scanning.signing import scan_key
from registry.scanning.training import markdown, training_summary, write_training
from registry.scanning.verify import verify_scan


@pytest.fixture
def rows() -> list[ResultRow]:
    first = heard(0, "a", candidate("p", verdict="opted_out_match"), project="game|one", licence="lic_1")
    return [
        first,
        copy_of(1, "b", first),
        heard(2, "c", candidate("q", verdict="licensed_use", licence_id="lic_2")),
        heard(3, "d", candidate("r", 0.9, "sound_alike", verdict="sound_alike_review")),
        left_out(4, "e"),
    ]


def test_performers_are_listed_with_seconds_files_and_cover(tmp_path: Path, rows: list[ResultRow]) -> None:
    found = training_summary(scanned(tmp_path / "out", rows), None)
    assert [(one["performer"], one["covered"], one["files"], one["seconds"]) for one in found["performers"]] == [
        ("p", False, 2, 5.0),
        ("q", True, 1, 2.5),
    ]
    assert found["performers"][0]["distinct_seconds"] == 2.5


def test_opt_outs_are_counted_where_licences_were_asked(tmp_path: Path, rows: list[ResultRow]) -> None:
    rights = training_summary(scanned(tmp_path / "out", rows, licences=ASKED), None)["reservations_of_rights"]
    assert (rights["licences_were_asked"], rights["opt_outs_found"]) == (True, 1)
    assert rights["checked_at"] == ASKED["as_of"]


def test_opt_outs_are_not_said_to_be_checked_where_nobody_asked(tmp_path: Path) -> None:
    summary = training_summary(scanned(tmp_path / "out", [heard(0, "a", candidate("p"))]), None)
    assert summary["reservations_of_rights"]["licences_were_asked"] is False
    assert summary["reservations_of_rights"]["opt_outs_found"] is None
    assert "No licences or opt-outs were asked" in markdown(summary)


def test_how_performers_stand_is_told_where_licences_were_asked(tmp_path: Path, rows: list[ResultRow]) -> None:
    licence = {"licence_id": "lic_2", "state": "active", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    standing = {
        "at": "2026-03-14T00:00:00Z",
        "licensing_consent": "given",
        "decided_on": "2026-01-01",
        "training": "allow",
        "opted_out": False,
        "licensed_for_training": True,
        "licences": [licence | {"permits_training": True}],
    }
    out = scanned(tmp_path / "out", rows, licences=ASKED)
    summary = training_summary(out, None, {"q": [standing]})
    assert {one["performer"]: one["coverage"] for one in summary["performers"]} == {"p": [], "q": [standing]}
    assert "lic_2: active, 2026-01-01 to 2026-12-31, with training" in markdown(summary)
    without = training_summary(out, None)
    assert {one["coverage"] for one in without["performers"]} == {None}
    assert "Consent and licences" not in markdown(without)


def test_sources_are_told_by_project_and_claim_with_their_sizes(tmp_path: Path, rows: list[ResultRow]) -> None:
    sources = training_summary(scanned(tmp_path / "out", rows), None)["data_sources"]
    assert [(one["project"], one["licence_claimed"], one["inputs"], one["seconds"]) for one in sources] == [
        (None, None, 3, 20.0),
        ("game|one", "lic_1", 2, 10.0),
    ]


def test_too_many_sources_are_put_together_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MOST_SOURCES", 3)
    rows = [heard(number, str(number), project=f"p{number}") for number in range(10)]
    sources = training_summary(scanned(tmp_path / "out", rows), None)["data_sources"]
    assert sum(one["inputs"] for one in sources) == 10
    assert (sources[0]["project"], sources[0]["inputs"]) == ("(others)", 7)


def test_what_only_the_provider_knows_is_left_open(tmp_path: Path, rows: list[ResultRow]) -> None:
    summary = training_summary(scanned(tmp_path / "out", rows), None)
    assert "1.1 provider" in summary["open"]
    assert "1.1 provider" in markdown(summary)


def test_names_in_texts_are_told_apart_from_voices(tmp_path: Path, rows: list[ResultRow]) -> None:
    inputs = [replace(input_of(row), text="Say it like NORA  CALDER" if row.number == 4 else "") for row in rows]
    out = scanned(tmp_path / "out", rows, inputs)
    write_training(out, NameList([("Nora Calder", "Nora Calder")]))
    summary = json.loads((out / "training-summary.json").read_text(encoding="utf-8"))
    assert summary["names"]["found"] == {"Nora Calder": 1}
    assert summary["names"]["rows"] == [{"number": 4, "input": "e", "names": ["Nora Calder"]}]
    assert "Nora Calder" not in [one["performer"] for one in summary["performers"]]


def test_the_markdown_takes_nothing_for_markup(tmp_path: Path) -> None:
    rows = [heard(0, "a", candidate("<b>|*x*\u202e", verdict="unlicensed_match"), project="[a](http://x)\n# b")]
    page = markdown(training_summary(scanned(tmp_path / "out", rows), None))
    assert "\\<b\\>\\|\\*x\\*" in page
    assert "\\[a\\](http://x)\\\\u000a\\# b" in page
    assert "\u202e" not in page


def test_the_summary_is_signed_and_shown_with_the_report(
    tmp_path: Path, rows: list[ResultRow], random_bytes: RandomBytes
) -> None:
    out = scanned(tmp_path / "out", rows, kind="training")
    write_training(out, NameList([("Nora", "Nora")]))
    write_report(out, scan_key(tmp_path / "key.json", random_bytes))
    assert verify_scan(out).holds
    assert "training-summary.json" in (out / "report.html").read_text(encoding="utf-8")
    (out / "training-summary.md").write_text("# all is well\n")
    assert [problem.where for problem in verify_scan(out).problems] == ["training-summary.md"]
