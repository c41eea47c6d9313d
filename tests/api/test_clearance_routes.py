"""Clearances, approvals, approaches and attestations over HTTP: to whom, in what form, and with which problems."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from house import USE, VOICES, Caller, House, Sound, assert_problem, second_operator
from on_record import TERMS, WITH_APPROVAL, OnRecord

from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.clearances import Decision
from registry.interchange.clearances import STATUS_TYPE, TOKEN_TYPE, ClearanceToken
from registry.vault.signing import read_jwks, verify

COPY = hashlib.sha256(b"Buy one, get one.").hexdigest()


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


@pytest.fixture
def performer(house: House) -> tuple[Caller, str]:
    return house.performer()


def licensed(house: House, studio: Caller, performer_id: str, *, approval: bool = False) -> str:
    """Put a consent and a licence on record; answer the licence's id."""
    record = OnRecord(house.ctx, house.operator.account_id)
    role = Role.STUDIO_ADMIN
    principal = Principal(studio.account_id, role, PERMISSIONS[role], studio.organisation_id, {})
    return record.ready(performer_id, principal, WITH_APPROVAL if approval else TERMS)[1]


def wanted(performer_id: str, **use: Any) -> dict[str, Any]:
    return {"performer_id": performer_id, "use": USE | use}


def test_a_permission_is_signed_and_verified_with_the_public_keys(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    licence_id = licensed(house, studio, performer[1])
    answered = studio.made("/v1/clearances", wanted(performer[1]))
    assert answered["decision"] == "permitted"
    assert answered["licence_id"] == licence_id
    keys = read_jwks(house.client.get("/v1/keys").get_data())
    token = ClearanceToken.of_claims(verify(answered["token"], keys, typ=TOKEN_TYPE))
    assert token.clearance_id == answered["id"]
    assert token.studio_id == studio.organisation_id
    shown = studio.get(f"/v1/clearances/{answered['id']}").get_json()
    assert shown["stands"]["standing"] == "holds"
    assert shown["token"] == answered["token"]
    assert shown["use"]["project"] == USE["project"]


def test_a_refusal_names_the_term_and_has_no_token(house: House, studio: Caller, performer: tuple[Caller, str]) -> None:
    licensed(house, studio, performer[1])
    answered = studio.made("/v1/clearances", wanted(performer[1], medium="game"))
    assert (answered["decision"], answered["token"], answered["expires_at"]) == ("refused", None, None)
    assert answered["reasons"][0]["figures"]["term"] == "media"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "validation_failed"),
        ({"performer_id": "perf_x", "use": USE}, "validation_failed"),
        ({"use": USE | {"territory": "Britain"}}, "validation_failed"),
        ({"use": USE | {"copy_sha256": "abc"}}, "validation_failed"),
        ({"use": USE | {"quantities": [{"unit": "line", "amount": 0}]}}, "validation_failed"),
        ({"use": USE | {"quantities": [{"unit": "line", "amount": 1}] * 2}}, "invalid_input"),
        ({"use": USE, "beyond": ["everything"]}, "validation_failed"),
        ({"use": USE, "extra": 1}, "validation_failed"),
    ],
)
def test_what_cannot_be_a_question_is_refused(house: House, studio: Caller, body: dict[str, Any], code: str) -> None:
    named = {"performer_id": "perf_" + "0" * 26} if "performer_id" not in body and body else {}
    assert_problem(studio.post("/v1/clearances", named | body), 422, code)
    assert house.rows()["clearances"] == 0


def test_only_studios_ask(house: House, performer: tuple[Caller, str]) -> None:
    for caller in (house.operator, performer[0]):
        assert_problem(caller.post("/v1/clearances", wanted(performer[1])), 403, "forbidden")


def test_a_question_sent_twice_under_one_key_is_asked_once(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    licensed(house, studio, performer[1])
    key = {"Idempotency-Key": "spot-1"}
    first = studio.post("/v1/clearances", wanted(performer[1]), headers=key)
    again = studio.post("/v1/clearances", wanted(performer[1]), headers=key)
    assert first.get_json() == again.get_json()
    assert house.rows()["clearances"] == 1


def test_many_questions_are_answered_in_their_order(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    licensed(house, studio, performer[1])
    items = [wanted(performer[1], medium="radio" if n % 2 else "game") for n in range(600)]
    assert len(json.dumps(items)) > 2**16  # more than this house takes of any other request
    answered = studio.made("/v1/clearances/batch", {"items": items})["items"]
    assert [each["decision"] for each in answered] == ["refused", "permitted"] * 300
    told = studio.made("/v1/clearances/status", {"tokens": [each["token"] for each in answered if each["token"]]})
    assert {each["standing"] for each in told["items"]} == {"holds"}
    keys = read_jwks(house.client.get("/v1/keys").get_data())
    assert len(verify(told["signed"], keys, typ=STATUS_TYPE)["clearances"]) == 300


@pytest.mark.parametrize("path", ["/v1/clearances/batch", "/v1/clearances/status"])
def test_no_question_and_too_many_are_refused(studio: Caller, path: str) -> None:
    member = "items" if path.endswith("batch") else "tokens"
    assert_problem(studio.post(path, {member: []}), 422, "validation_failed")
    assert_problem(studio.post(path, {member: ["x"] * 10_001}), 422, "validation_failed")


def test_a_withdrawal_reaches_every_clearance_at_once_and_names_its_holder(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    caller, performer_id = performer
    licensed(house, studio, performer_id)
    answered = studio.made("/v1/clearances", wanted(performer_id))
    (consent,) = caller.get(f"/v1/performers/{performer_id}/consents").get_json()["items"]
    withdrawn = caller.made(f"/v1/performers/{performer_id}/consents/{consent['id']}/withdraw", None)
    held = {holder["id"]: holder for holder in withdrawn["holders"]}
    assert held[answered["id"]]["kind"] == "clearance"
    (told,) = studio.made("/v1/clearances/status", {"tokens": [answered["token"]]})["items"]
    assert told["standing"] == "withdrawn"
    shown = caller.get(f"/v1/clearances/{answered['id']}").get_json()
    assert (shown["token"], shown["stands"]["standing"]) == (None, "withdrawn")


def test_lists_are_ones_own(house: House, studio: Caller, performer: tuple[Caller, str]) -> None:
    licensed(house, studio, performer[1])
    given = studio.made("/v1/clearances", wanted(performer[1]))
    studio.made("/v1/clearances", wanted(performer[1], medium="game"))
    listed = studio.get(f"/v1/clearances?decision={Decision.PERMITTED}").get_json()["items"]
    assert [(each["id"], each["token"]) for each in listed] == [(given["id"], None)]
    assert len(performer[0].get("/v1/clearances").get_json()["items"]) == 2
    assert house.studio("Southlight").get("/v1/clearances").get_json()["items"] == []
    assert_problem(house.studio("Eastlight").get(f"/v1/clearances/{given['id']}"), 404, "not_found")


# --- approvals -------------------------------------------------------------------------------------------------------


def test_exact_copy_is_asked_approved_and_cleared_once(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    caller, performer_id = performer
    licensed(house, studio, performer_id, approval=True)
    question = wanted(performer_id, copy_sha256=COPY)
    assert studio.made("/v1/clearances", question)["decision"] == "ask"
    offer = {"copy_text": "Buy one, get one.", "fee_minor": 45_000, "currency": "GBP"}
    low = studio.post("/v1/approvals", question | offer | {"fee_minor": 1})
    assert_problem(low, 422, "fee_below_floor", floor_minor=40_000, currency="GBP")
    other = studio.post("/v1/approvals", question | offer | {"copy_text": "Buy two."})
    assert_problem(other, 422, "invalid_input", copy_sha256=COPY)
    refused = studio.post("/v1/approvals", wanted(performer_id, copy_sha256=COPY, medium="game") | offer)
    assert_problem(refused, 409, "use_refused", reasons=["media_not_permitted"])
    asked = studio.made("/v1/approvals", question | offer)
    assert (asked["state"], asked["floor_minor"]) == ("requested", 40_000)
    path = f"/v1/approvals/{asked['id']}"
    assert_problem(studio.post(f"{path}/approve"), 403, "forbidden")
    assert caller.made(f"{path}/approve", None)["state"] == "approved"
    assert_problem(caller.post(f"{path}/refuse", {"reason": "no"}), 409, "conflict", state="approved")
    elsewhere = studio.made("/v1/clearances", wanted(performer_id, copy_sha256=COPY, project="Another campaign"))
    assert (elsewhere["decision"], elsewhere["reasons"][-1]["figures"]["differs"]) == ("ask", "project")
    given = studio.made("/v1/clearances", question)
    assert given["decision"] == "permitted"
    assert studio.made("/v1/clearances", question)["decision"] == "ask"
    shown = caller.get(path).get_json()
    assert (shown["state"], shown["clearance_id"]) == ("used", given["id"])


def test_an_expired_approval_is_a_problem_that_says_so(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    caller, performer_id = performer
    licensed(house, studio, performer_id, approval=True)
    question = wanted(performer_id, copy_sha256=COPY) | {"fee_minor": 45_000, "currency": "GBP"}
    asked = studio.made("/v1/approvals", question)
    house.clock.move(days=14)
    problem = assert_problem(caller.post(f"/v1/approvals/{asked['id']}/approve"), 409, "approval_expired")
    assert problem["expired_at"].startswith(asked["expires_at"][:19])
    assert caller.get(f"/v1/approvals/{asked['id']}").get_json()["state"] == "expired"


# --- approaches ------------------------------------------------------------------------------------------------------


def test_an_approach_is_recorded_by_the_performer_and_read_by_no_studio(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    caller, performer_id = performer
    path = f"/v1/performers/{performer_id}/approaches"
    said = {
        "studio_name": "northlight  GAMES",
        "asked_on": "2026-01-10",
        "purposes": ["assistant"],
        "scope": "My voice for an assistant.",
        "outcome": "declined",
    }
    entry = caller.made(path, said)
    assert entry["studio_id"] == studio.organisation_id
    assert_problem(caller.post(path, said | {"asked_on": "2099-01-01"}), 422, "invalid_input")
    assert_problem(caller.post(path, said | {"studio_id": studio.organisation_id}), 422, "invalid_input")
    house.clock.move(seconds=1)
    again = caller.made(path, said | {"amends_id": entry["id"], "outcome": "retracted"})
    assert_problem(caller.post(path, said | {"amends_id": entry["id"]}), 409, "conflict", amended_by=again["id"])
    assert [each["id"] for each in caller.get(path).get_json()["items"]] == [entry["id"], again["id"]]
    assert caller.get(f"{path}/{entry['id']}").get_json() == entry
    for address in (path, f"{path}/{entry['id']}"):
        assert studio.get(address).status_code in {403, 404}


# --- attestations ----------------------------------------------------------------------------------------------------


def attestation() -> dict[str, Any]:
    return {
        "product": "Voice 2",
        "made_on": "2026-03-01",
        "recordings": [{"sha256": "a" * 64, "recorded_on": "2026-02-01"}],
        "casting_sha256": ["b" * 64],
        "direction_sha256": "c" * 64,
        "mentions": [],
        "source": {"sealed": {"name": "Rosa Keel", "contact": "through her agent"}},
    }


def test_a_sealed_source_is_read_by_two_operators_and_in_no_other_answer(house: House, studio: Caller) -> None:
    made = studio.post("/v1/attestations", attestation(), headers={"Idempotency-Key": "voice-2"})
    assert made.status_code == 201
    assert "Rosa" not in made.text
    path = f"/v1/attestations/{made.get_json()['id']}"
    second = second_operator(house)
    asked = house.operator.made(f"{path}/unsealings", {"reason": "a dispute"})
    one = f"{path}/unsealings/{asked['id']}"
    assert_problem(house.operator.post(f"{one}/reveal"), 409, "conflict", state="requested")
    alone = house.operator.post(f"{one}/approve", {"reason": "me again"})
    assert_problem(alone, 403, "second_person_needed", first=house.operator.account_id)
    assert second.made(f"{one}/approve", {"reason": "the court asks"})["state"] == "approved"
    assert second.made(f"{one}/reveal", None)["name"] == "Rosa Keel"
    for caller in (studio, house.operator):
        for address in (path, "/v1/attestations", "/v1/performers"):
            assert "Rosa" not in caller.get(address).text
    assert_problem(studio.get(f"{path}/unsealings"), 403, "forbidden")
    assert_problem(studio.post(f"{path}/unsealings", {"reason": "we want to know"}), 403, "forbidden")


def test_one_operator_gets_no_token_to_be_the_second_with(house: House) -> None:
    second = second_operator(house)
    refused = house.operator.post("/v1/tokens", {"account_id": second.account_id, "name": "mine"})
    assert_problem(refused, 403, "forbidden", account_id=second.account_id)
    assert "--as" in refused.get_json()["detail"]
    own = second.made("/v1/tokens", {"account_id": second.account_id, "name": "another of my own"})
    assert own["account_id"] == second.account_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"made_on": "2099-01-01"}, "invalid_input"),
        ({"recordings": []}, "validation_failed"),
        ({"recordings": [{"sha256": "a" * 64, "recorded_on": "2026-03-02"}]}, "invalid_input"),
        ({"direction_sha256": None}, "invalid_input"),
        ({"source": {}}, "invalid_input"),
        ({"source": {"performer_id": "perf_" + "0" * 26}}, "source_unknown"),
        ({"source": {"attestation_id": "att_" + "0" * 26}}, "attestation_unknown"),
    ],
)
def test_an_attestation_that_cannot_be_true_is_refused(
    house: House, studio: Caller, changes: dict[str, Any], code: str
) -> None:
    assert_problem(studio.post("/v1/attestations", attestation() | changes), 422, code)
    assert house.rows()["source_attestations"] == 0


def test_a_check_may_declare_an_attestation_of_ones_own(house: House, studio: Caller) -> None:
    made = studio.made("/v1/attestations", attestation())
    path = VOICES / "submissions" / "slt-advert.flac"
    form = {
        **USE,
        "file": Sound(path.read_bytes(), path.name),
        "declared_source_id": made["id"],
        "quantities": "line:2",
    }
    check = studio.send("/v1/checks", form).get_json()
    assert check["use"]["declared_source_id"] == made["id"]
    assert {"unit": "line", "amount": 2} in check["use"]["quantities"]
    thief = house.studio("Southlight")
    form["file"] = Sound(path.read_bytes(), path.name)
    assert_problem(thief.send("/v1/checks", form), 422, "attestation_unknown", attestation_id=made["id"])
