"""What came of scans is read in every way that an auditor asks for: in order, by performer, compared, and drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from house import House, assert_problem
from test_scan_result_routes import Place, row

from api import create_app
from registry.domain.scan_requests import ScanPlaces, ScanRoot
from registry.domain.verdicts import Verdict
from registry.scanning.compare import compare
from registry.scanning.results import PLAN, RESULTS, SUMMARY, ResultRow, Status
from registry.scanning.served_differences import compare_tables
from registry.scanning.tables import write_rows
from registry.scanning.tally import Tally

PLANNED = {
    "expected_false_hits": 0.2,
    "gallery": {"id": "g", "performers": 2},
    "engine": {"version": "4", "spaces": ["a"], "calibration_sha256": "c" * 64},
    "operating_point": {"target_fpir": 0.01},
}


@pytest.fixture
def place(house: House, tmp_path: Path) -> Place:
    studio, folder = house.studio(), tmp_path / "scans"
    media = tmp_path / "media"
    media.mkdir()
    for name in ("a.wav", "b.wav", "c.txt"):
        (media / name).write_bytes(b"no recording")
    roots = {"media": ScanRoot("media", str(media), frozenset({str(studio.organisation_id)}))}
    client = create_app(replace(house.ctx, scan_places=ScanPlaces(folder, roots))).test_client()
    return Place(house, replace(studio, client=client), folder)


def heard(number: int, who: dict[str, tuple[str, float]], *, sha256: str = "", name: str = "") -> ResultRow:
    """A row in which performers are heard, each with an outcome and the strength of the evidence."""
    candidates = [
        {"performer": one, "outcome": outcome, "log10_lr": lr, "segments": [], "verdict": "unlicensed_match"}
        for one, (outcome, lr) in who.items()
    ]
    first, (outcome, lr) = next(iter(who.items()))
    return ResultRow(
        number,
        name or f"{number}.wav",
        f"media/{number}.wav",
        Status.ASSESSED,
        sha256 or f"{number:064x}",
        duration_s=float(number + 1),
        speech_s=1.0,
        outcome=outcome,
        verdict=Verdict.UNLICENSED_MATCH.value,
        performer=first,
        log10_lr=lr,
        evidence=json.dumps({"candidates": candidates}, separators=(",", ":")),
    )


def nobody(number: int, **more: Any) -> ResultRow:
    evidence = '{"candidates":[]}'
    told = {"outcome": "no_match", "verdict": "no_match", "evidence": evidence, "duration_s": 3.0, "speech_s": 1.0}
    known: dict[str, Any] = {"sha256": f"{number:064x}"} | told | more
    return ResultRow(number, f"{number}.wav", f"media/{number}.wav", Status.ASSESSED, **known)


def written(place: Place, rows: list[ResultRow], plan: dict[str, Any] | None = None) -> str:
    """A scan that is done, with its table, its plan and its counts."""
    scan_id = place.scan(rows=rows)
    (folder,) = place.folder.glob(f"*/{scan_id}")
    tally = Tally()
    for each in rows:
        tally.add(each)
    (folder / PLAN).write_text(json.dumps(PLANNED | (plan or {})), encoding="utf-8")
    (folder / SUMMARY).write_text(json.dumps(tally.as_json()), encoding="utf-8")
    return scan_id


def numbers(place: Place, path: str) -> list[int]:
    return [one["number"] for one in place.studio.get(path).get_json()["items"]]


# --- rows ------------------------------------------------------------------------------------------------------------


def test_the_strongest_and_the_longest_come_first_over_every_page(place: Place) -> None:
    rows = [heard(n, {"perf_a": ("match", float(n % 7))}) if n % 3 else nobody(n) for n in range(40)]
    at = f"/v1/scans/{written(place, rows)}/results"
    by_strength = sorted(range(40), key=lambda n: (-(rows[n].log10_lr if n % 3 else -99.0), n))
    seen, cursor = [], ""
    while True:
        page = place.studio.get(f"{at}?order=strongest&limit=7{cursor}").get_json()
        seen += [one["number"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == by_strength
    assert numbers(place, f"{at}?order=longest&limit=2&outcome=match") == [38, 37]


def test_rows_are_found_by_what_went_wrong_and_by_what_their_name_has_in_it(place: Place) -> None:
    at = f"/v1/scans/{written(place, [row(n) for n in range(30)])}/results"
    assert numbers(place, f"{at}?error=no_speech") == [0, 7, 14, 21, 28]
    assert numbers(place, f"{at}?text=1.WAV") == [1, 11, 21]
    assert numbers(place, f"{at}?text=1.WAV&error=no_speech") == [21]
    assert numbers(place, f"{at}?text=%25") == []
    assert_problem(place.studio.get(f"{at}?error=No%20speech"), 422, "validation_failed")
    assert_problem(place.studio.get(f"{at}?order=loudest"), 422, "validation_failed")


# --- coverage --------------------------------------------------------------------------------------------------------


def test_who_was_found_is_counted_beside_what_chance_may_bring(place: Place) -> None:
    rows = [
        heard(0, {"perf_a": ("match", 2.0)}),
        heard(1, {"perf_a": ("match", 4.0), "perf_b": ("sound_alike", 0.5)}),
        nobody(2),
    ]
    found = place.studio.get(f"/v1/scans/{written(place, rows)}/coverage").get_json()["items"]
    counted = [(one["performer"]["id"], one["matched_files"], one["resembled_files"]) for one in found]
    assert counted == [("perf_a", 2, 0), ("perf_b", 0, 1)]
    assert (found[0]["strongest_log10_lr"], found[0]["expected_false_hits"]) == (4.0, 0.1)


# --- differences -----------------------------------------------------------------------------------------------------


def test_a_scan_is_compared_with_another_and_not_with_itself(place: Place) -> None:
    scan_id = written(place, [nobody(0)])
    at = f"/v1/scans/{scan_id}/differences"
    assert_problem(place.studio.get(f"{at}?earlier={scan_id}"), 422, "invalid_input")
    assert_problem(place.studio.get(at), 422, "validation_failed")
    assert_problem(place.studio.get(f"{at}?earlier={scan_id[:-26]}{'0' * 26}"), 404, "not_found")


def test_what_differs_in_how_two_scans_were_made_stands_before_what_changed(place: Place) -> None:
    before = written(place, [nobody(0), heard(1, {"perf_a": ("match", 3.0)}), nobody(2)])
    now = written(place, [heard(0, {"perf_b": ("match", 3.0)}), nobody(1), nobody(2)], {"gallery": {"id": "other"}})
    page = place.studio.get(f"/v1/scans/{now}/differences?earlier={before}").get_json()
    assert page["setting"] == [{"name": "gallery", "before": "g", "now": "other"}]
    assert page["counts"] == {"new": 1, "resolved": 1, "changed": 0, "unchanged": 1}
    changes = [(one["name"], one["change"], one["performer_id"], one["causes"]) for one in page["items"]]
    assert changes == [("0.wav", "new", "perf_b", ["gallery"]), ("1.wav", "resolved", "perf_a", ["gallery"])]
    only = place.studio.get(f"/v1/scans/{now}/differences?earlier={before}&change=resolved&limit=1").get_json()
    assert [one["name"] for one in only["items"]] == ["1.wav"]
    assert only["next_cursor"] is None


CASES = {
    "added": ([nobody(0)], [nobody(0), heard(1, {"perf_a": ("match", 3.0)})]),
    "gone": ([heard(0, {"perf_a": ("match", 3.0)}), nobody(1)], [nobody(1)]),
    "renamed": ([heard(0, {"perf_a": ("match", 3.0)})], [heard(0, {"perf_a": ("match", 3.0)}, name="other.wav")]),
    "other bytes": (
        [heard(0, {"perf_a": ("match", 3.0)}, sha256="a" * 64)],
        [heard(0, {"perf_b": ("match", 3.0)}, sha256="b" * 64)],
    ),
    "failed": ([heard(0, {"perf_a": ("match", 3.0)})], [row(0)]),
    "another error": ([row(0)], [replace(row(0), error="media_truncated")]),
    "left out": ([row(0)], [replace(row(0), status=Status.NOT_SCANNED, error="")]),
    "inconclusive": ([nobody(0)], [nobody(0, outcome="inconclusive", verdict="inconclusive")]),
    "several": (
        [heard(0, {"perf_a": ("match", 3.0), "perf_b": ("sound_alike", 0.4)})],
        [heard(0, {"perf_a": ("match", 3.2), "perf_c": ("match", 2.5)})],
    ),
    "the same twice": ([nobody(0), nobody(1, sha256=f"{0:064x}")], [nobody(0)]),
}


@pytest.mark.parametrize("case", list(CASES))
def test_tables_are_compared_as_the_command_line_compares_folders(tmp_path: Path, case: str) -> None:
    folders = []
    for name, rows in zip(("before", "now"), CASES[case], strict=True):
        folder = tmp_path / name
        folder.mkdir()
        write_rows(folder / RESULTS, ResultRow, rows)
        (folder / PLAN).write_text(json.dumps(PLANNED), encoding="utf-8")
        folders.append(folder)
    before, now = folders
    by_rows = compare(before, now)
    by_tables = compare_tables(before / RESULTS, now / RESULTS, PLANNED, PLANNED)
    assert by_tables == by_rows


# --- samples ---------------------------------------------------------------------------------------------------------


def test_a_sample_has_of_each_stratum_its_share_and_is_drawn_again_by_its_seed(place: Place) -> None:
    rows = [heard(n, {"perf_a": ("match", 3.0)}) if n % 10 == 0 else nobody(n) for n in range(100)]
    rows.append(ResultRow(100, "100.wav", "media/100.wav", Status.FAILED, error="no_speech"))
    at = f"/v1/scans/{written(place, rows)}/sample"
    drawn = place.studio.get(f"{at}?size=20&seed=7").get_json()
    assert drawn["strata"] == [
        {"stratum": "no_match", "rows": 90, "drawn": 17},
        {"stratum": "match", "rows": 10, "drawn": 3},
    ]
    assert drawn == place.studio.get(f"{at}?size=20&seed=7").get_json()
    assert drawn != place.studio.get(f"{at}?size=20&seed=8").get_json()
    assert all(one["row"]["outcome"] == one["stratum"] for one in drawn["items"])
    longest = place.studio.get(f"{at}?size=200&by=duration").get_json()
    assert sum(one["drawn"] for one in longest["strata"]) == 100
    assert_problem(place.studio.get(f"{at}?by=mood"), 422, "validation_failed")


# --- before a scan is asked for --------------------------------------------------------------------------------------


def test_what_a_scan_would_come_to_is_said_before_it_is_asked_for(place: Place) -> None:
    place.house.performer()
    roots = place.studio.get("/v1/scan-roots").get_json()["items"]
    assert roots == [{"name": "media"}]
    told = place.studio.get("/v1/scan-estimate?root=media").get_json()
    assert (told["inputs"], told["files"], told["is_whole"]) == (3, 3, True)
    assert (told["target_fpir"], told["expected_false_hits"]) == (0.01, 0.03)
    stricter = place.studio.get("/v1/scan-estimate?root=media&limit=2&target_fpir=0.001").get_json()
    assert (stricter["files"], stricter["expected_false_hits"]) == (2, 0.0)


def test_no_scan_works_at_a_looser_rate_than_the_one_in_force(place: Place) -> None:
    for path in ("/v1/scan-estimate?root=media&target_fpir=0.02",):
        assert_problem(place.studio.get(path), 422, "invalid_input", in_force=0.01)
    refused = place.studio.send("/v1/scans", {"root": "media", "target_fpir": "0.02"})
    assert_problem(refused, 422, "invalid_input", in_force=0.01)
    asked = place.studio.send("/v1/scans", {"root": "media", "target_fpir": "0.001"})
    assert asked.get_json()["request"]["target_fpir"] == 0.001


def test_another_root_or_a_way_out_of_one_is_nothing_that_there_is(place: Place) -> None:
    stranger = replace(place.house.studio("Southgate Sound"), client=place.studio.client)
    assert stranger.get("/v1/scan-roots").get_json()["items"] == []
    for who, path in ((stranger, "root=media"), (place.studio, "root=media&path=../x"), (place.studio, "root=other")):
        assert_problem(who.get(f"/v1/scan-estimate?{path}"), 404, "not_found")
    assert_problem(place.studio.get("/v1/scan-estimate?root=media&path=nowhere"), 422, "source_unusable")
