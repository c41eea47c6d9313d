"""Findings that were there before scans were stay as they are, and what each is of is told apart from then on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.store.database import Database

MOMENT = "2026-01-05 10:00:00+00:00"
CHECK = {
    "id": "chk_1",
    "organisation_id": "org_1",
    "submitted_by": "acc_1",
    "state": "done",
    "filename": "a.wav",
    "content_sha256": "a" * 64,
    "size_bytes": 1,
    "duration_s": 2.0,
    "kind": "generated",
    "purpose": "advertising",
    "project": "Spring",
    "medium": "radio",
    "territory": "GB",
    "claimed_licence_ids": "[]",
    "quantities": "[]",
    "verdict": "unlicensed_match",
    "created_at": MOMENT,
    "finished_at": MOMENT,
    "version": 2,
}
FINDING = {
    "id": "find_1",
    "check_id": "chk_1",
    "performer_id": "perf_1",
    "organisation_id": "org_1",
    "rank": 1,
    "outcome": "match",
    "log10_lr": 3.0,
    "engines": json.dumps({"ge2e": 3.0}),
    "cohort_percentile": 99.0,
    "segments": json.dumps([{"start_s": 0.0, "end_s": 2.0, "log10_lr": 3.0}]),
    "evidence_reasons": "[]",
    "verdict": "unlicensed_match",
    "reasons": json.dumps([{"code": "no_licence", "detail": "none", "figures": {}}]),
    "priority": "escalated",
    "created_at": MOMENT,
}
SCAN = {
    "id": "scan_1",
    "organisation_id": "org_1",
    "submitted_by": "acc_1",
    "origin": "server",
    "state": "done",
    "kind": "catalogue",
    "request": "{}",
    "rows": 1,
    "rows_done": 1,
    "audio_s": 2.0,
    "flagged": 1,
    "failed": 0,
    "findings": 1,
    "unresolved": 0,
    "created_at": MOMENT,
    "finished_at": MOMENT,
    "version": 1,
}
ROW = {
    "id": "srow_1",
    "scan_id": "scan_1",
    "number": 0,
    "name": "a.wav",
    "content_sha256": "a" * 64,
    "size_bytes": 5_000_000_000,
    "duration_s": 2.0,
    "speech_s": 1.0,
    "outcome": "match",
    "verdict": "unlicensed_match",
    "declared_use": "",
    "project": "",
    "licence": "",
}
PEOPLE: list[tuple[str, Mapping[str, Any]]] = [
    ("organisations", {"id": "org_1", "kind": "studio", "name": "Northlight", "created_at": MOMENT}),
    ("accounts", {"id": "acc_1", "role": "performer", "name": "Ada", "created_at": MOMENT, "version": 1}),
    (
        "performers",
        {
            "id": "perf_1",
            "name": "Ada",
            "identity_assurance": "self_declared",
            "created_by": "acc_1",
            "created_at": MOMENT,
            "version": 1,
        },
    ),
]
OF_THE_SCAN = FINDING | {"id": "find_2", "check_id": None, "scan_row_id": "srow_1", "basis": "reported"}


def write(database: Database, *rows: tuple[str, Mapping[str, Any]]) -> None:
    with database.engine.execution_options(likeness_mode="write").begin() as connection:
        for table, row in rows:
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608  (our own words)


def read(database: Database, query: str) -> list[Any]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def grown(bare_database: Database) -> Database:
    """A database in which there was a finding of a check before there were scans."""
    bare_database.upgrade("0007")
    write(bare_database, *PEOPLE, ("checks", CHECK), ("findings", FINDING))
    bare_database.upgrade("0008")
    return bare_database


def test_a_finding_of_a_check_stays_as_it_was_and_was_heard(grown: Database) -> None:
    query = "SELECT check_id, scan_row_id, basis, rank, log10_lr, priority, verdict FROM findings"
    assert read(grown, query) == [("chk_1", None, "heard", 1, 3.0, "escalated", "unlicensed_match")]


def test_a_finding_of_a_scan_stands_beside_it(grown: Database) -> None:
    write(grown, ("scans", SCAN), ("scan_rows", ROW), ("findings", OF_THE_SCAN))
    assert read(grown, "SELECT id, basis FROM findings ORDER BY id") == [("find_1", "heard"), ("find_2", "reported")]


@pytest.mark.parametrize(
    "changes",
    [
        {"scan_row_id": None},
        {"check_id": "chk_1"},
        {"check_id": "chk_1", "scan_row_id": None, "performer_id": "perf_1"},
        {"scan_row_id": "srow_none"},
        {"basis": "guessed"},
        {"priority": "first"},
        {"rank": 0},
    ],
)
def test_the_database_refuses_a_finding_of_both_of_none_or_of_another_form(
    grown: Database, changes: Mapping[str, Any]
) -> None:
    write(grown, ("scans", SCAN), ("scan_rows", ROW))
    with pytest.raises(DBAPIError):
        write(grown, ("findings", OF_THE_SCAN | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "reported"},
        {"request": None},
        {"state": "failed"},
        {"state": "running"},
        {"rows_done": 2},
        {"unresolved": -1},
        {"kind": "everything"},
    ],
)
def test_the_database_refuses_a_scan_that_cannot_be(grown: Database, changes: Mapping[str, Any]) -> None:
    with pytest.raises(DBAPIError):
        write(grown, ("scans", SCAN | changes))


def test_going_back_keeps_the_findings_of_checks_and_their_checks_of_values(grown: Database) -> None:
    write(grown, ("scans", SCAN), ("scan_rows", ROW), ("findings", OF_THE_SCAN))
    grown.downgrade("0007")
    assert read(grown, "SELECT id, check_id, priority FROM findings") == [("find_1", "chk_1", "escalated")]
    with pytest.raises(DBAPIError):
        write(grown, ("findings", FINDING | {"id": "find_3", "rank": 2, "priority": "first"}))
