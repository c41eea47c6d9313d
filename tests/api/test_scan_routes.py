"""Scans over HTTP: a report is filed, its scan and its findings are read, and nobody sees what is another's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from filing import Filing, enrolled
from house import Caller, House, Sound, assert_problem
from reporting import Scanned, files_of, heard, unreadable
from sqlalchemy import select
from steps import Registry, candidate
from werkzeug.test import TestResponse

from api.idempotency import HEADER, REPLAYED
from registry.domain.accounts import Principal, Role
from registry.services import accounts, tokens
from registry.store.accounts import Account


class Housed(Registry):
    """The registry of a house, whose operator is there."""

    def __post_init__(self) -> None:
        with self.ctx.database.read() as session:
            operator = session.scalars(select(Account).where(Account.role == Role.OPERATOR)).one()
        self.operator = accounts.operator_principal(operator)


@dataclass
class Place:
    """A house with a gallery file, and the folder of a scan that was made with it."""

    house: House
    filing: Filing
    performer_id: str
    folder: Path

    def caller(self, principal: Principal) -> Caller:
        issued = tokens.issue_token(
            self.house.ctx,
            self.filing.registry.operator,
            account_id=principal.account_id,
            name="http",
            scopes=None,
            ttl=timedelta(days=30),
        )
        return Caller(self.house.client, principal.account_id, issued.text, principal.organisation_id)

    def performer(self, name: str, performer_id: str) -> Caller:
        return self.caller(self.filing.registry.principal(Role.PERFORMER, name, performer_id=performer_id))

    def form(self) -> dict[str, Sound]:
        sent = files_of(self.folder)
        return {"report": Sound(sent["report"], "report.json"), "findings": Sound(sent["findings"], "findings.jsonl")}


def place_in(house: House, tmp_path: Path) -> Place:
    filing = Filing(Housed(house.ctx, house.clock), tmp_path)  # type: ignore[arg-type]  # the clocks are alike
    performer_id = enrolled(filing.registry, "Ada Lind")
    scan = Scanned(filing, filing.export().manifest)
    house.clock.move(hours=1)
    rows = [heard(0, *scan.hear(candidate(performer_id))), heard(1), unreadable(2)]
    return Place(house, filing, performer_id, scan.write(tmp_path / "scan", rows))


@pytest.fixture
def place(house: House, tmp_path: Path) -> Place:
    return place_in(house, tmp_path)


@pytest.fixture
def studio(place: Place) -> Caller:
    return place.caller(place.filing.studio)


def filed(studio: Caller, place: Place, **more: Any) -> TestResponse:
    return studio.send("/v1/scans", place.form(), **more)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"report": Sound(b"{}", "report.json")},
        {"findings": Sound(b"", "findings.jsonl")},
        {"report": Sound(b"{}", "report.json"), "findings": Sound(b"", "findings.jsonl"), "root": "media"},
        {"report": Sound(b"{}", "report.json"), "root": "media"},
        {"path": "2026"},
        {"root": "media", "seed": "-1"},
        {"root": "media", "another": "field"},
        {"report": "{}", "findings": ""},
    ],
)
def test_what_is_neither_a_report_nor_a_request_is_refused(place: Place, studio: Caller, form: dict[str, Any]) -> None:
    assert_problem(studio.send("/v1/scans", form), 422, "validation_failed")
    assert place.house.rows()["scans"] == 0


def test_a_report_that_cannot_be_taken_is_refused_with_what_is_wrong(place: Place, studio: Caller) -> None:
    other = place.caller(place.filing.registry.studio("Southlight"))
    assert_problem(filed(other, place), 422, "gallery_file_unknown")
    short = place.form() | {"findings": Sound(b"", "findings.jsonl")}
    assert_problem(studio.send("/v1/scans", short), 422, "scan_report_unusable", bytes=0)
    broken = place.form() | {"report": Sound(b"no JSON", "report.json")}
    assert_problem(studio.send("/v1/scans", broken), 422, "scan_report_unusable")
    place.house.clock.move(hours=-2)
    assert_problem(filed(studio, place), 422, "scan_out_of_time")
    assert_problem(filed(place.house.operator, place), 403, "forbidden")
    assert place.house.rows()["scans"] == 0


def test_a_report_is_filed_read_and_filed_again(either_house: House, tmp_path: Path) -> None:
    place = place_in(either_house, tmp_path)
    studio = place.caller(place.filing.studio)
    made = filed(studio, place)
    assert made.status_code == 201, made.text
    scan = made.get_json()
    assert (scan["origin"], scan["state"], scan["rows"], scan["failed"]) == ("reported", "done", 3, 1)
    assert (scan["findings"], scan["flagged"], scan["unresolved"]) == (1, 1, 0)
    assert made.headers["Location"] == f"/v1/scans/{scan['id']}"
    again = filed(studio, place)
    assert (again.status_code, again.get_json()) == (200, scan)
    assert studio.get(f"/v1/scans/{scan['id']}").get_json() == scan
    assert [each["id"] for each in studio.get("/v1/scans").get_json()["items"]] == [scan["id"]]
    (found,) = studio.get("/v1/findings", query_string={"scan_id": scan["id"]}).get_json()["items"]
    assert (found["scan_id"], found["check_id"], found["basis"]) == (scan["id"], None, "reported")
    assert found["recording"] == {"sha256": "0" * 64, "name": "reel/0.wav", "number": 0}
    assert found["performer"] == {"id": place.performer_id, "name": "Ada Lind"}
    assert studio.get(f"/v1/findings/{found['id']}").get_json() == found


def test_a_request_under_one_key_is_answered_with_the_scan_that_there_is(place: Place, studio: Caller) -> None:
    first = filed(studio, place, headers={HEADER: "report-1"})
    again = filed(studio, place, headers={HEADER: "report-1"})
    assert (again.status_code, again.headers[REPLAYED]) == (200, "true")
    assert again.get_json() == first.get_json()
    assert place.house.rows()["scans"] == 1


def test_a_performer_sees_what_is_about_them_without_what_the_studio_calls_it(place: Place, studio: Caller) -> None:
    scan = filed(studio, place).get_json()
    own = place.performer("Ada Lind", place.performer_id)
    (found,) = own.get("/v1/findings").get_json()["items"]
    assert (found["scan_id"], found["recording"]["name"]) == (scan["id"], None)
    assert found["recording"]["sha256"] == "0" * 64
    assert_problem(own.get(f"/v1/scans/{scan['id']}"), 403, "forbidden")
    another = place.performer("Bo Falk", place.filing.registry.performer("Bo Falk"))
    assert another.get("/v1/findings").get_json()["items"] == []
    assert_problem(another.get(f"/v1/findings/{found['id']}"), 404, "not_found")


def test_another_studio_is_told_of_no_scan_and_the_operator_of_every_one(place: Place, studio: Caller) -> None:
    scan = filed(studio, place).get_json()
    other = place.caller(place.filing.registry.studio("Southlight"))
    assert_problem(other.get(f"/v1/scans/{scan['id']}"), 404, "not_found")
    assert other.get("/v1/scans").get_json()["items"] == []
    assert other.get("/v1/findings", query_string={"scan_id": scan["id"]}).get_json()["items"] == []
    assert place.house.operator.get(f"/v1/scans/{scan['id']}").get_json() == scan


def test_scans_come_in_pages_newest_first(place: Place, studio: Caller) -> None:
    first = filed(studio, place).get_json()
    scan = Scanned(place.filing, place.filing.export("two.gallery").manifest)
    place.house.clock.move(hours=1)
    place.folder = scan.write(place.folder.parent / "scan-two", [heard(0)])
    second = filed(studio, place).get_json()
    page = studio.get("/v1/scans?limit=1").get_json()
    assert [each["id"] for each in page["items"]] == [second["id"]]
    rest = studio.get("/v1/scans", query_string={"limit": 1, "cursor": page["next_cursor"]}).get_json()
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == ([first["id"]], None)
