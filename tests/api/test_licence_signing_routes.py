"""Signing, versions, suspensions and strikes over HTTP."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import TERMS, Caller, House, Sound, assert_problem

from registry.domain.signatures import key_registration
from registry.services.licence_versions import verify_signed_licence
from registry.vault.signing import canonical, read_jwks

Parties = tuple[Caller, Caller, str]
GUILD = {"representation": {"kind": "union", "name": "Voice Guild"}, "cba": {"name": "Interactive Agreement"}}


@pytest.fixture
def parties(house: House) -> Parties:
    """A studio, a performer who may be licensed, and the performer's id."""
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "licensing")
    return house.studio(), performer, performer_id


def offered(house: House, studio: Caller, performer_id: str, **terms: Any) -> str:
    path = f"/v1/licences/{house.licence(studio, performer_id, **terms)['id']}"
    studio.made(f"{path}/offer", None)
    return path


def active(house: House, parties: Parties, **terms: Any) -> str:
    studio, performer, performer_id = parties
    path = offered(house, studio, performer_id, **terms)
    studio.made(f"{path}/sign", {})
    performer.made(f"{path}/sign", {})
    return path


def text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def registered(who: Caller) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    public = text(key.public_key().public_bytes_raw())
    proof = key.sign(canonical(key_registration(who.account_id, public)))
    made = who.made("/v1/signing-keys", {"public_key": public, "proof": text(proof)})
    assert (made["custody"], made["public_key"]) == ("account", public)
    return key


def test_a_key_without_its_proof_is_not_registered(parties: Parties) -> None:
    _, performer, _ = parties
    key = Ed25519PrivateKey.generate()
    public = text(key.public_key().public_bytes_raw())
    body = {"public_key": public, "proof": text(key.sign(b"something else"))}
    assert_problem(performer.post("/v1/signing-keys", body), 422, "signature_invalid", step="signature")
    assert_problem(
        performer.post("/v1/signing-keys", {"public_key": public, "proof": "short"}), 422, "validation_failed"
    )
    assert performer.get("/v1/signing-keys").get_json()["items"] == []


def test_a_side_signs_the_canonical_text_with_its_own_key_and_the_file_proves_it(
    house: House, parties: Parties
) -> None:
    studio, performer, performer_id = parties
    path = offered(house, studio, performer_id)
    key = registered(performer)
    shown = performer.get(f"{path}/versions/1/agreement").get_json()
    content = shown["canonical"].encode()
    assert sha256(content).hexdigest() == shown["sha256"]
    assert json.loads(content) == shown["agreement"]
    assert_problem(performer.post(f"{path}/sign", {}), 422, "invalid_input")
    other = {"signature": text(key.sign(content + b" "))}
    assert_problem(
        performer.post(f"{path}/sign", other),
        422,
        "signature_invalid",
        step="signature",
        agreement_sha256=shown["sha256"],
        signed_sha256=None,
    )
    both = {"step": "agreement", "agreement_sha256": shown["sha256"], "signed_sha256": "0" * 64}
    for read_otherwise in ({"agreement_sha256": "0" * 64}, other | {"agreement_sha256": "0" * 64}):
        assert_problem(performer.post(f"{path}/sign", read_otherwise), 422, "signature_invalid", **both)
    performer.made(f"{path}/sign", {"signature": text(key.sign(content)), "agreement_sha256": shown["sha256"]})
    assert studio.made(f"{path}/sign", {})["state"] == "active"

    version = studio.get(f"{path}/versions/1").get_json()
    assert {s["side"]: s["method"] for s in version["signatures"]} == {
        "performer": "own_key",
        "studio": "registry_key",
    }
    signed = studio.get(f"{path}/versions/1/signed").get_json()["signed_licence"]
    keys = read_jwks(json.dumps(house.client.get("/v1/keys").get_json()))
    assert verify_signed_licence(signed, keys).is_proven
    file = Sound(studio.get(f"{path}/versions/1/signed").data, "licence.json")
    looked = studio.send("/v1/verifications", {"file": file}).get_json()
    assert (looked["kind"], looked["standing"]) == ("licence", "holds"), "as it was answered"


def test_the_text_in_both_languages_is_part_of_what_is_signed(house: House, parties: Parties) -> None:
    studio, _, performer_id = parties
    path = offered(house, studio, performer_id)
    agreement = studio.get(f"{path}/versions/1/agreement").get_json()["agreement"]
    for language in ("en", "ko"):
        shown = studio.get(f"{path}/versions/1/text?language={language}").get_json()
        assert shown["sha256"] == sha256(shown["text"].encode()).hexdigest() == agreement["text_sha256"][language]
        assert "Marta Calder" in shown["text"]
    assert_problem(studio.get(f"{path}/versions/1/text?language=fr"), 422, "invalid_input")
    assert_problem(studio.get(f"{path}/versions/2"), 404, "not_found")


def test_versions_are_seen_by_the_parties_only(house: House, parties: Parties) -> None:
    path = active(house, parties)
    for what in ("versions", "versions/1", "versions/1/agreement", "versions/1/text", "versions/1/signed"):
        assert_problem(house.studio("Stranger").get(f"{path}/{what}"), 404, "not_found")


def test_terms_that_contradict_are_named_one_by_one(parties: Parties) -> None:
    studio, _, performer_id = parties
    terms = TERMS | {
        "territories": ["GB", "XX"],
        "languages": ["en", "zz-ZZ"],
        "volume_caps": [{"unit": "real_time_hour", "limit": 5}],
        "approval": {"purposes": ["dubbing"]},
    }
    body = {"performer_id": performer_id, "title": "x", "intended_use": "y", "terms": terms}
    problem = assert_problem(studio.post("/v1/licences", body), 422, "terms_contradict")
    assert [found["term"] for found in problem["contradictions"]] == [
        "territories",
        "languages",
        "volume_caps",
        "approval",
    ]


def test_all_terms_are_shown_as_they_were_sent(house: House, parties: Parties) -> None:
    studio, _, performer_id = parties
    sent = {
        "replica_class": "employment_based",
        "use_modes": ["fixed", "real_time"],
        "intended_uses": ["One radio spot."],
        "volume_caps": [{"unit": "line", "limit": 20}],
        "approval": {"purposes": ["advertising"], "floor_minor": 500, "currency": "GBP"},
        "attribution": {"credit_line": "The voice: Marta Calder"},
        "sublicensing": "with_approval",
        "derived_voices": "permitted",
        "disclosure": {
            "markings": ["c2pa"],
            "labels": [{"language": "en", "text": "A machine made this."}],
            "artistic_exception": True,
        },
        "pay": {
            "rates": [{"basis": "per_line", "amount_minor": 900}, {"basis": "per_real_time_hour", "amount_minor": 7}],
            "currency": "GBP",
            "minimum_guarantee_minor": 10_000,
            "multipliers": [{"use_mode": "real_time", "factor": "7.5"}],
            "due_within_days": 14,
        },
    }
    shown = house.licence(studio, performer_id, **sent)["terms"]
    for name, value in sent.items():
        if name != "pay":
            assert shown[name] == value
    assert shown["pay"]["rates"] == sent["pay"]["rates"]  # type: ignore[index]
    assert (shown["pay"]["basis"], shown["pay"]["multipliers"][0]["factor"]) == ("per_line", "7.5")
    assert house.licence(studio, performer_id, **shown)["terms"] == shown


def test_a_licence_goes_out_as_odrl_and_comes_back_as_the_same_terms(house: House, parties: Parties) -> None:
    studio, _, performer_id = parties
    path = offered(house, studio, performer_id)
    policy = studio.get(f"{path}/versions/1/odrl").get_json()["odrl"]
    assert (policy["@type"], policy["conflict"]) == ("Offer", "prohibit")
    back = studio.made("/v1/odrl/terms", {"odrl": policy})
    version = studio.get(f"{path}/versions/1").get_json()
    assert (back["terms"], back["sha256"]) == (version["terms"], version["terms_sha256"])
    slow = json.loads(json.dumps(policy))
    slow["permission"][0]["lk:pay"]["due_within_days"] = 4_000
    refused = assert_problem(studio.post("/v1/odrl/terms", {"odrl": slow}), 422, "terms_contradict")
    (found,) = refused["contradictions"]
    assert (found["term"], found["amount"], found["most"]) == ("pay", "4000", 3_650)
    policy["permission"][0]["constraint"] = policy["permission"][0]["constraint"][1:]
    assert_problem(studio.post("/v1/odrl/terms", {"odrl": policy}), 422, "invalid_input")


def test_an_amendment_is_a_version_of_its_own(house: House, parties: Parties) -> None:
    studio, performer, _ = parties
    path = active(house, parties)
    amended = studio.post(f"{path}/amend", {"terms": TERMS | {"media": ["radio", "podcast"]}})
    assert (amended.status_code, amended.get_json()["open_number"]) == (201, 2)
    assert amended.headers["Location"] == f"{path}/versions/2"
    studio.made(f"{path}/offer", None)
    assert studio.made(f"{path}/sign", {})["terms"]["media"] == ["radio"]
    signed = performer.made(f"{path}/sign", {})
    assert (signed["number"], signed["open_number"], signed["terms"]["media"]) == (2, None, ["podcast", "radio"])
    assert [each["number"] for each in studio.get(f"{path}/versions").get_json()["items"]] == [1, 2]
    later = TERMS | {"starts_on": "2026-12-30"}
    studio.made(f"{path}/amend", {"terms": later})
    refused = assert_problem(studio.post(f"{path}/offer"), 422, "terms_contradict", starts_on="2026-12-30")
    assert [found["term"] for found in refused["contradictions"]] == ["starts_on"]
    studio.made(f"{path}/withdraw-amendment", None)
    studio.made(f"{path}/amend", {"title": "Summer"})
    assert performer.made(f"{path}/withdraw-amendment", None)["open_number"] is None
    assert_problem(performer.post(f"{path}/withdraw-amendment"), 409, "conflict", number=4)


def test_a_pause_without_admission_is_lifted_by_whom_it_was_made(house: House, parties: Parties) -> None:
    studio, performer, _ = parties
    path = active(house, parties)
    paused = studio.made(f"{path}/suspend", {"reason": "until the complaint is answered"})
    assert [hold["cause"] for hold in paused["holds"]] == ["pause_without_admission"]
    disputed = performer.made(f"{path}/suspend", {"reason": "used abroad", "cause": "dispute"})
    assert [(hold["cause"], hold["placed_by"]) for hold in disputed["holds"]] == [
        ("pause_without_admission", "studio"),
        ("dispute", "performer"),
    ]
    assert_problem(performer.post(f"{path}/suspend", {"reason": "x", "cause": "strike"}), 422, "invalid_input")
    assert studio.made(f"{path}/resume", None)["state"] == "suspended"
    assert_problem(studio.post(f"{path}/resume"), 403, "forbidden", suspended_by="performer")
    assert performer.made(f"{path}/resume", None)["state"] == "active"


def test_of_several_causes_one_can_be_lifted_by_itself(house: House, parties: Parties) -> None:
    _, performer, _ = parties
    path = active(house, parties)
    for cause in ("dispute", "security"):
        performer.made(f"{path}/suspend", {"reason": "x", "cause": cause})
    lifted = performer.made(f"{path}/resume?cause=dispute", None)
    assert (lifted["state"], [hold["cause"] for hold in lifted["holds"]]) == ("suspended", ["security"])
    assert_problem(performer.post(f"{path}/resume?cause=dispute"), 403, "forbidden")
    assert_problem(performer.post(f"{path}/resume?cause=weather"), 422, "validation_failed")
    assert performer.made(f"{path}/resume", None)["state"] == "active"


def test_an_exclusive_licence_in_the_way_is_told_to_the_performer_who_signs_and_names_no_other_studio(
    house: House, parties: Parties
) -> None:
    studio, performer, performer_id = parties
    exclusive = active(house, parties, exclusivity="exclusive")
    other = house.studio("Eastlight")
    draft = f"/v1/licences/{house.licence(other, performer_id)['id']}"
    assert other.made(f"{draft}/offer", None)["state"] == "offered"
    other.made(f"{draft}/sign", {})
    refused = performer.post(f"{draft}/sign", {})
    problem = assert_problem(refused, 409, "conflict", conflicting_terms=["2026-01-01 to 2026-12-31"])
    assert studio.account_id not in refused.get_data(as_text=True)
    assert exclusive.rpartition("/")[2] not in problem["detail"]
    free = f"/v1/licences/{house.licence(other, performer_id, media=['podcast'])['id']}"
    assert other.made(f"{free}/offer", None)["state"] == "offered"
    performer.made(f"{exclusive}/revoke", None)
    assert performer.made(f"{draft}/sign", {})["state"] == "active"


@pytest.mark.parametrize("cause", ["dispute", "non_payment", "security", "pause_without_admission"])
def test_each_cause_that_is_given_by_hand_is_told_to_who_asks_for_a_clearance_and_is_lifted(
    house: House, parties: Parties, cause: str
) -> None:
    studio, performer, performer_id = parties
    path = active(house, parties)
    use = {"kind": "generated", "purpose": "advertising", "project": "Spring", "medium": "radio", "territory": "GB"}
    question = {"performer_id": performer_id, "use": use | {"language": "en"}}
    assert studio.made("/v1/clearances", question)["decision"] == "permitted"
    assert performer.made(f"{path}/suspend", {"reason": "until it is settled", "cause": cause})["state"] == "suspended"
    assert_problem(performer.post(f"{path}/suspend", {"reason": "x", "cause": cause}), 409, "conflict", cause=cause)
    refused = studio.made("/v1/clearances", question)
    assert refused["decision"] == "refused"
    assert [reason["figures"]["cause"] for reason in refused["reasons"]] == [cause]
    assert performer.made(f"{path}/resume", None)["state"] == "active"
    assert studio.made("/v1/clearances", question)["decision"] == "permitted"


def test_a_strike_lets_what_it_covers_rest_until_it_is_lifted(house: House, parties: Parties) -> None:
    studio, performer, _ = parties
    path = active(house, parties, circumstances=GUILD)
    other = active(house, parties)
    body = {"scope": "agreement", "name": "interactive agreement", "note": "since midnight"}
    assert_problem(studio.post("/v1/strikes", body), 403, "forbidden")
    declared = house.operator.made("/v1/strikes", body)
    assert [f"/v1/licences/{each}" for each in declared["licences"]] == [path]
    strike = f"/v1/strikes/{declared['strike']['id']}"
    assert_problem(house.operator.post("/v1/strikes", body), 409, "duplicate")
    resting = performer.get(path).get_json()
    assert (resting["state"], resting["suspension_reason"]) == ("suspended", "since midnight")
    assert performer.get(other).get_json()["state"] == "active"
    assert [each["id"] for each in studio.get("/v1/strikes?on=true").get_json()["items"]] == [declared["strike"]["id"]]
    lifted = house.operator.made(f"{strike}/lift", None)
    assert (lifted["licences"], lifted["still_suspended"]) == (declared["licences"], [])
    assert performer.get(path).get_json()["state"] == "active"
    assert studio.get("/v1/strikes?on=true").get_json()["items"] == []
    assert studio.get(strike).get_json()["lifted_at"] is not None


def test_what_the_linter_calls_an_error_does_not_come_into_force(house: House, parties: Parties) -> None:
    studio, performer, performer_id = parties
    path = offered(house, studio, performer_id, territories=["IE"])
    studio.made(f"{path}/sign", {})
    problem = assert_problem(performer.post(f"{path}/sign", {}), 409, "licence_unsound")
    assert "eu_gdpr" in {finding["pack"] for finding in problem["findings"]}
    assert performer.get(path).get_json()["state"] == "offered"
