"""The schedule and the certificates are public, and an export is the performer's own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

import pytest
from house import House, assert_problem

from registry.domain.retention import SCHEDULE, schedule_sha256


@pytest.mark.parametrize(("language", "word"), [("en", "Voiceprints and the key"), ("ko", "성문과 그것을 여는 열쇠")])
def test_anybody_reads_what_is_kept_and_for_how_long(house: House, language: str, word: str) -> None:
    told = house.client.get(f"/v1/retention-schedule?language={language}").get_json()
    assert told["sha256"] == schedule_sha256()
    assert [rule["id"] for rule in told["rules"]] == [rule.id.value for rule in SCHEDULE]
    assert any(word in rule["what"] for rule in told["rules"])


def test_anybody_reads_the_certificates(house: House) -> None:
    assert house.client.get("/v1/destruction-certificates").get_json() == {"items": [], "next_cursor": None}
    assert_problem(house.client.get("/v1/destruction-certificates?rule=everything"), 422, "validation_failed")


def test_an_export_is_for_the_performers_side_and_an_operator(house: House) -> None:
    caller, performer_id = house.performer()
    other, _ = house.performer("Jonas Brandt")
    path = f"/v1/performers/{performer_id}/export"
    assert_problem(other.get(path), 404, "not_found")
    assert_problem(house.studio().get(path), 403, "forbidden")
    assert_problem(house.client.get(path), 401, "unauthenticated")
    for allowed in (caller, house.operator):
        assert allowed.get(path).get_json()["performer_id"] == performer_id


def test_the_zip_holds_the_same_as_the_json_and_its_digests_are_right(house: House) -> None:
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "licensing")
    answer = caller.get(f"/v1/performers/{performer_id}/export?format=zip")
    assert answer.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    for line in archive.read("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    written = json.loads(archive.read("export.json"))
    asked = caller.get(f"/v1/performers/{performer_id}/export").get_json()
    assert written["tables"].keys() == asked["tables"].keys()
    assert written["tables"]["consents"] == asked["tables"]["consents"]
    rows = list(csv.DictReader(io.StringIO(archive.read("tables/consents.csv").decode())))
    assert [row["id"] for row in rows] == [consent["id"] for consent in written["tables"]["consents"]]
