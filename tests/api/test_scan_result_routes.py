"""What came of a scan is shown to those who may see it: from the folder that workers left, or as it was filed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from house import Caller, House, assert_problem

from api import create_app
from registry.domain.gallery_files import SearchPurpose
from registry.domain.ids import IdPrefix
from registry.domain.scan_requests import ScanPlaces, ScanRequest
from registry.domain.scans import ScanOrigin, ScanState
from registry.scanning.results import RESULTS, ResultRow, Status
from registry.scanning.tables import write_rows
from registry.store.scans import Scan

ROWS = 20_000
"""More than two groups of rows in one table."""


def row(number: int) -> ResultRow:
    if number % 7 == 0:
        return ResultRow(number, f"{number}.wav", f"media/{number}.wav", Status.FAILED, error="no_speech")
    verdict = "unlicensed_match" if number % 5000 == 2 else "no_match"
    outcome = "match" if verdict == "unlicensed_match" else "no_match"
    evidence = '{"candidates":[]}'
    return ResultRow(
        number,
        f"{number}.wav",
        f"media/{number}.wav",
        Status.ASSESSED,
        "a" * 64,
        10,
        duration_s=2.0,
        speech_s=1.5,
        outcome=outcome,
        verdict=verdict,
        evidence=evidence,
    )


@dataclass
class Place:
    """A registry with a folder of scans, and a studio that has some."""

    house: House
    studio: Caller
    folder: Path

    def scan(self, state: ScanState = ScanState.DONE, rows: Sequence[ResultRow] | None = None, **more: Any) -> str:
        """Put a scan on record, and its rows in its folder."""
        now: datetime = self.house.clock.now
        ids = self.house.ctx.ids
        scan = Scan(
            id=ids.new(IdPrefix.SCAN, now),
            organisation_id=str(self.studio.organisation_id),
            submitted_by=self.studio.account_id,
            origin=ScanOrigin.SERVER,
            state=state,
            kind=SearchPurpose.CATALOGUE,
            request=ScanRequest("media").as_json(),
            problem={"slug": "x", "detail": "y", "figures": {}} if state is ScanState.FAILED else None,
            created_at=now,
            finished_at=None if state in {ScanState.QUEUED, ScanState.RUNNING} else now,
        )
        for name, value in more.items():
            setattr(scan, name, value)
        with self.house.ctx.database.write() as session:
            session.add(scan)
            session.commit()
        if rows is not None:
            out = self.folder / scan.organisation_id / scan.id
            out.mkdir(parents=True)
            write_rows(out / RESULTS, ResultRow, rows)
        return scan.id


@pytest.fixture
def place(house: House, tmp_path: Path) -> Place:
    studio, folder = house.studio(), tmp_path / "scans"
    client = create_app(replace(house.ctx, scan_places=ScanPlaces(folder))).test_client()
    return Place(house, replace(studio, client=client), folder)


@pytest.mark.parametrize("state", [ScanState.QUEUED, ScanState.RUNNING, ScanState.FAILED, ScanState.CANCELLED])
def test_a_scan_that_is_not_done_has_no_results(place: Place, state: ScanState) -> None:
    at = f"/v1/scans/{place.scan(state, [row(0)])}"
    for path in ("/report", "/report.html", "/results", "/results.parquet"):
        assert_problem(place.studio.get(at + path), 409, "conflict", state=state.value)


def test_what_is_not_kept_any_more_is_not_there(place: Place) -> None:
    at = f"/v1/scans/{place.scan()}"
    for path in ("/report", "/report.html", "/results", "/results.parquet"):
        assert_problem(place.studio.get(at + path), 404, "not_found")


def test_rows_are_found_in_every_group_of_a_long_table(place: Place) -> None:
    at = f"/v1/scans/{place.scan(rows=[row(number) for number in range(ROWS)])}/results"
    last = place.studio.get(f"{at}?limit=3&cursor={_cursor(ROWS - 3)}").get_json()
    assert [one["number"] for one in last["items"]] == [ROWS - 2, ROWS - 1]
    assert last["next_cursor"] is None
    across = place.studio.get(f"{at}?limit=4&cursor={_cursor(8189)}").get_json()
    assert [one["number"] for one in across["items"]] == [8190, 8191, 8192, 8193]
    found = place.studio.get(f"{at}?verdict=unlicensed_match").get_json()
    assert [one["number"] for one in found["items"]] == [2, 5002, 10_002, 15_002]
    page = place.studio.get(f"{at}?verdict=unlicensed_match&limit=2").get_json()
    rest = place.studio.get(f"{at}?verdict=unlicensed_match&limit=2&cursor={page['next_cursor']}").get_json()
    assert [one["number"] for one in page["items"] + rest["items"]] == [2, 5002, 10_002, 15_002]
    assert rest["next_cursor"] is None
    assert place.studio.get(f"{at}?outcome=sound_alike").get_json() == {"items": [], "next_cursor": None}
    both = place.studio.get(f"{at}?status=failed&verdict=no_match").get_json()
    assert both["items"] == []


def test_a_row_that_was_not_heard_has_nothing_where_nothing_was_measured(place: Place) -> None:
    at = f"/v1/scans/{place.scan(rows=[row(0), row(1)])}/results"
    failed, assessed = place.studio.get(at).get_json()["items"]
    for name in ("sha256", "duplicate_of", "duration_s", "speech_s", "outcome", "verdict", "log10_lr", "evidence"):
        assert failed[name] is None, name
    assert (failed["error"], assessed["error"]) == ("no_speech", None)
    assert assessed["evidence"] == {"candidates": []}
    assert not {"locator", "path"} & assessed.keys()


def test_a_cursor_of_another_list_is_refused(place: Place) -> None:
    at = f"/v1/scans/{place.scan(rows=[row(0)])}/results"
    for cursor in ("x", "MTp4", "bjE6LTE=", "bjE6OTk5OTk5OTk5OQ=="):
        assert_problem(place.studio.get(f"{at}?cursor={cursor}"), 422, "invalid_cursor")


def test_nobody_else_is_shown_anything(place: Place) -> None:
    scan_id = place.scan(rows=[row(0)])
    stranger = replace(place.house.studio("Somebody else"), client=place.studio.client)
    performer, _ = place.house.performer()
    for path in ("", "/report", "/report.html", "/results", "/results.parquet"):
        assert_problem(stranger.get(f"/v1/scans/{scan_id}{path}"), 404, "not_found")
        answer = replace(performer, client=place.studio.client).get(f"/v1/scans/{scan_id}{path}")
        assert_problem(answer, 403, "forbidden")
    operator = replace(place.house.operator, client=place.studio.client)
    assert operator.get(f"/v1/scans/{scan_id}/results").status_code == 200


def _cursor(number: int) -> str:
    return urlsafe_b64encode(f"n1:{number}".encode()).decode()
