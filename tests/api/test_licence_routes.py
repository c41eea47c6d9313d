"""Licences over HTTP: terms that make sense, each side for itself, and what was offered stands."""

from __future__ import annotations

from typing import Any

import pytest
from house import TERMS, Caller, House, assert_problem

Parties = tuple[Caller, Caller, str]


@pytest.fixture
def parties(house: House) -> Parties:
    """A studio, a performer who may be licensed, and the performer's id."""
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "licensing")
    return house.studio(), performer, performer_id


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"ends_on": "2025-12-31"}, "invalid_input"),
        ({"pay": {"basis": "flat"}}, "invalid_input"),
        ({"pay": {"basis": "none", "amount_minor": 5, "currency": "GBP"}}, "invalid_input"),
        ({"pay": {"basis": "flat", "amount_minor": -5, "currency": "GBP"}}, "validation_failed"),
        ({"pay": {"basis": "flat", "amount_minor": 5, "currency": "pounds"}}, "validation_failed"),
        ({"territories": ["Britain"]}, "validation_failed"),
        ({"languages": []}, "validation_failed"),
        ({"purposes": []}, "validation_failed"),
        ({"starts_on": "2026-13-01"}, "validation_failed"),
        ({"exclusivity": "very"}, "validation_failed"),
        ({"extra": 1}, "validation_failed"),
    ],
)
def test_terms_that_make_no_sense_are_refused(house: House, parties: Parties, terms: dict[str, Any], code: str) -> None:
    studio, _, performer_id = parties
    body = {"performer_id": performer_id, "title": "x", "intended_use": "y", "terms": TERMS | terms}
    assert_problem(studio.post("/v1/licences", body), 422, code)
    assert house.rows()["licences"] == 0


def test_a_licence_goes_from_draft_to_its_end(parties: Parties, house: House) -> None:
    studio, performer, performer_id = parties
    path = f"/v1/licences/{house.licence(studio, performer_id)['id']}"
    assert_problem(studio.post(f"{path}/sign", {}), 409, "conflict", state="draft")
    assert studio.made(f"{path}/offer", None)["state"] == "offered"
    assert_problem(studio.patch(path, {"title": "Changed"}), 409, "conflict")
    assert_problem(studio.post(f"{path}/sign", {"side": "performer"}), 403, "forbidden", side="studio")
    assert_problem(house.operator.post(f"{path}/sign", {"side": "studio"}), 403, "forbidden")
    assert studio.made(f"{path}/sign", {})["state"] == "offered"
    assert_problem(studio.post(f"{path}/sign", {}), 409, "conflict", side="studio")
    assert performer.made(f"{path}/sign", {"side": "performer"})["state"] == "active"
    suspended = performer.made(f"{path}/suspend", {"reason": "used outside the campaign"})
    assert (suspended["state"], suspended["suspension_reason"]) == ("suspended", "used outside the campaign")
    assert performer.made(f"{path}/resume", None)["state"] == "active"
    assert_problem(studio.post(f"{path}/revoke"), 403, "forbidden")
    revoked = performer.made(f"{path}/revoke", None)
    assert revoked["state"] == "revoked"
    assert revoked["ended_at"] is not None


def test_a_draft_is_changed_in_part_and_at_the_version_that_was_seen(parties: Parties, house: House) -> None:
    studio, _, performer_id = parties
    drafted = house.licence(studio, performer_id)
    path = f"/v1/licences/{drafted['id']}"
    changed = studio.patch(path, {"title": "Radio only"}, headers={"If-Match": '"v1"'})
    assert changed.headers["ETag"] == '"v2"'
    assert changed.get_json() == drafted | {"title": "Radio only", "version": 2}
    assert_problem(studio.patch(path, {"title": "x"}, headers={"If-Match": '"v1"'}), 412, "stale_version")
    wider = studio.patch(path, {"terms": TERMS | {"territories": ["WORLD"], "languages": ["*"]}}).get_json()
    assert (wider["terms"]["territories"], wider["terms"]["languages"]) == (["WORLD"], ["*"])


def test_a_suspension_gives_its_reason(parties: Parties, house: House) -> None:
    studio, _, performer_id = parties
    path = f"/v1/licences/{house.licence(studio, performer_id)['id']}"
    answer = assert_problem(studio.post(f"{path}/suspend"), 422, "validation_failed")
    assert answer["errors"][0]["pointer"] == "#/reason"


def test_a_licence_is_seen_by_its_parties_only(parties: Parties, house: House) -> None:
    studio, performer, performer_id = parties
    stranger = house.studio("Another Studio")
    other, _ = house.performer("Somebody Else")
    licence = house.licence(studio, performer_id)
    path = f"/v1/licences/{licence['id']}"
    for caller in (stranger, other):
        assert_problem(caller.get(path), 404, "not_found")
        for action in ("offer", "revoke", "resume", "payment"):
            assert caller.post(f"{path}/{action}").status_code in {403, 404}
        assert caller.get("/v1/licences").get_json()["items"] == []
    for caller in (studio, performer, house.operator):
        assert [item["id"] for item in caller.get("/v1/licences?state=draft").get_json()["items"]] == [licence["id"]]
        assert caller.get("/v1/licences?state=active").get_json()["items"] == []


def test_a_payment_is_confirmed_by_whom_it_was_owed_to(parties: Parties, house: House) -> None:
    studio, performer, performer_id = parties
    pay = {"basis": "flat", "amount_minor": 100_00, "currency": "GBP"}
    path = f"/v1/licences/{house.licence(studio, performer_id, pay=pay)['id']}"
    studio.made(f"{path}/offer", None)
    studio.made(f"{path}/sign", {})
    performer.made(f"{path}/sign", {})
    assert_problem(studio.post(f"{path}/payment"), 403, "forbidden")
    assert performer.made(f"{path}/payment", None)["paid_at"] is not None


def test_without_consent_to_license_no_licence_comes_into_force(house: House) -> None:
    studio = house.studio()
    performer, performer_id = house.performer()
    path = f"/v1/licences/{house.licence(studio, performer_id)['id']}"
    studio.made(f"{path}/offer", None)
    studio.made(f"{path}/sign", {})
    assert_problem(performer.post(f"{path}/sign", {}), 409, "consent_missing", purpose="licensing", modality="voice")
