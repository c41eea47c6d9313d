"""Gallery files over HTTP: who is told of them and of how they stand, who gets one, and with which problems."""

from __future__ import annotations

import json
from typing import Any

import pytest
from house import Caller, House, assert_problem
from issued import issued

from registry.interchange.gallery_files import STATUS_TYPE, GalleryStatus
from registry.vault.signing import read_jwks, verify

FILES = "/v1/gallery-files"
STATUS = f"{FILES}/status"
SEALED = bytes(range(256)) * 2000
UNKNOWN = "gal_" + "0" * 26


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


def test_a_studio_is_told_of_its_files_signed_and_of_no_other(house: House, studio: Caller) -> None:
    performer, performer_id = house.performer()
    house.consent(performer, performer_id)
    file_id, entry_id = issued(house, studio, performer_id)
    body = {"gallery_file_ids": [UNKNOWN, file_id]}
    told = studio.made(STATUS, body)
    assert [item["standing"] for item in told["items"]] == ["unknown", "holds"]
    withdrawn = performer.made(f"/v1/performers/{performer_id}/consents/withdraw", {})
    (holder,) = [each for each in withdrawn["holders"] if each["kind"] == "gallery_file"]
    assert (holder["id"], holder["organisation_id"]) == (file_id, studio.organisation_id)
    told = studio.made(STATUS, body)
    assert told["items"][1]["drop"] == [entry_id]
    keys = read_jwks(house.client.get("/v1/keys").get_data())
    signed = GalleryStatus.of_claims(verify(told["signed"], keys, typ=STATUS_TYPE))
    assert signed.organisation_id == studio.organisation_id
    assert {name: stands.standing.value for name, stands in signed.files.items()} == {
        UNKNOWN: "unknown",
        file_id: "replaced",
    }
    other = house.studio("Southlight")
    assert other.made(STATUS, body)["items"][1]["standing"] == "unknown"
    assert performer_id not in json.dumps(told)


@pytest.mark.parametrize(
    "body",
    [{}, {"gallery_file_ids": []}, {"gallery_file_ids": ["clr_" + "0" * 26]}, {"gallery_file_ids": [UNKNOWN] * 101}],
)
def test_what_names_no_file_is_refused(studio: Caller, body: dict[str, Any]) -> None:
    assert_problem(studio.post(STATUS, body), 422, "validation_failed")


def test_who_has_no_files_may_not_ask(house: House) -> None:
    performer, _ = house.performer()
    assert_problem(performer.post(STATUS, {"gallery_file_ids": [UNKNOWN]}), 403, "forbidden")


# --- fetching one ----------------------------------------------------------------------------------------------------


@pytest.fixture
def performer(house: House) -> tuple[Caller, str]:
    caller, performer_id = house.performer()
    house.consent(caller, performer_id)
    return caller, performer_id


def test_a_studio_lists_its_files_and_fetches_one_whole(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    handed_over, _ = issued(house, studio, performer[1])
    house.clock.move(seconds=1)
    file_id, _ = issued(house, studio, performer[1], SEALED)
    listed = studio.get(FILES).get_json()["items"]
    assert [(item["id"], item["standing"], item["offered_bytes"]) for item in listed] == [
        (file_id, "holds", len(SEALED)),
        (handed_over, "holds", None),
    ]
    fetched = studio.get(f"{FILES}/{file_id}/content")
    assert (fetched.status_code, fetched.mimetype) == (200, "application/octet-stream")
    assert fetched.get_data() == SEALED
    assert fetched.headers["Content-Length"] == str(len(SEALED))
    assert fetched.headers["Cache-Control"] == "no-store"
    assert f"{file_id}.gallery" in fetched.headers["Content-Disposition"]
    shown = studio.get(f"{FILES}/{file_id}").get_json()
    assert shown["fetched_at"] is not None
    assert shown | {"fetched_at": None} == listed[0]
    assert performer[1] not in json.dumps(shown)
    assert_problem(studio.get(f"{FILES}/{handed_over}/content"), 404, "not_found")


def test_a_file_that_was_replaced_is_given_to_nobody(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    caller, performer_id = performer
    file_id, _ = issued(house, studio, performer_id, SEALED)
    caller.made(f"/v1/performers/{performer_id}/consents/withdraw", {})
    assert house.spooled() == []
    assert_problem(studio.get(f"{FILES}/{file_id}/content"), 409, "gallery_file_replaced", standing="replaced")
    shown = studio.get(f"{FILES}/{file_id}").get_json()
    assert (shown["standing"], shown["offered_bytes"], shown["fetched_at"]) == ("replaced", None, None)


def test_a_file_of_somebody_else_is_not_there(house: House, studio: Caller, performer: tuple[Caller, str]) -> None:
    file_id, _ = issued(house, studio, performer[1], SEALED)
    other = house.studio("Southlight")
    for path in (
        f"{FILES}/{file_id}",
        f"{FILES}/{file_id}/content",
        f"{FILES}/{UNKNOWN}",
        f"{FILES}/{UNKNOWN}/content",
    ):
        assert_problem(other.get(path), 404, "not_found")
    assert other.get(FILES).get_json()["items"] == []
    assert [item["id"] for item in house.operator.get(FILES).get_json()["items"]] == [file_id]
    assert_problem(house.operator.get(f"{FILES}/{file_id}/content"), 403, "forbidden")
    for path in (FILES, f"{FILES}/{file_id}", f"{FILES}/{file_id}/content"):
        assert_problem(performer[0].get(path), 403, "forbidden")
        assert house.client.get(path).status_code == 401


def test_a_token_that_may_not_read_checks_gets_no_file(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    file_id, _ = issued(house, studio, performer[1], SEALED)
    body = {"account_id": studio.account_id, "name": "scans", "scopes": ["licences:read"], "expires_in_days": 1}
    token = house.operator.made("/v1/tokens", body)["token"]
    narrow = Caller(house.client, studio.account_id, token, studio.organisation_id)
    assert_problem(narrow.get(f"{FILES}/{file_id}/content"), 403, "forbidden")
