"""Over HTTP: being forgotten, and who decides for a minor or for somebody who has died."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from house import Caller, House, Sound, assert_problem, recording
from noticing import ADVERT, CONSIDERED, ELEMENTS, Noticed
from sqlalchemy import select

from registry.domain.explanations.shipped import shipped_texts
from registry.store import models
from registry.store.stay_down import StayDownEntry

EVIDENCE = "e" * 64
FORGET = shipped_texts()["forget_me.en.v1"]
WISH = {"text_id": FORGET.id, "text_sha256": FORGET.text_sha256}
BORN = date(2011, 5, 9)  # 14 at the moment of the tests


def everything(house: House) -> str:
    """Answer every value in every table, as text."""
    with house.ctx.database.read() as session:
        rows = [row for table in models.metadata.tables.values() for row in session.execute(select(table))]
    return "\n".join(str(tuple(row)) for row in rows)


def keyed(caller: Caller, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    response = caller.post(path, body, headers={"Idempotency-Key": key})
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def acting(house: House, performer_id: str, kind: str, *, evidence: str | None = EVIDENCE) -> Caller:
    """Let an operator appoint somebody who acts for a performer."""
    caller = house.admit("representative", f"A {kind}")
    body = {
        "account_id": caller.account_id,
        "kind": kind,
        "scopes": ["performers:read", "consents:write"],
        "expires_at": "2030-01-01T00:00:00Z",
    } | ({"evidence_sha256": evidence} if evidence else {})
    house.operator.made(f"/v1/performers/{performer_id}/representatives", body)
    return caller


# --- being forgotten -------------------------------------------------------------------------------------------------


def test_a_forgotten_name_is_in_no_row_of_any_table(either_house: House) -> None:
    house, name = either_house, "Zwynthia Oberquell"
    account = keyed(house.operator, "/v1/accounts", {"role": "performer", "name": name}, "one")
    token = house.operator.made("/v1/tokens", {"account_id": account["id"], "name": "own", "expires_in_days": 30})
    performer = Caller(house.client, account["id"], token["token"])
    body = {"name": name, "identity_assurance": "self_declared"}
    performer_id = keyed(performer, "/v1/performers", body, "two")["id"]
    path = f"/v1/performers/{performer_id}"
    signed = house.signature(performer_id) | {"signed_by": name}
    keyed(performer, f"{path}/consents", signed, "three")
    takes = [Sound(recording(f"enrolment/slt-{n}.flac").data, f"Zwynthia {n}.flac") for n in (1, 2, 3)]
    form = {"recordings": takes, "labels": [f"Zwynthia reading {n}" for n in (1, 2, 3)]}
    enrolled = performer.send(f"{path}/enrolments", form, headers={"Prefer": "wait=0"})
    assert enrolled.status_code in {201, 202}, enrolled.text
    assert "Zwynthia" in everything(house)
    done = performer.made(f"{path}/forget", WISH | {"also_known_as": ["Z. Oberquell"]})
    assert [consent["state"] for consent in done["consents"]] == ["withdrawn"]
    assert "Zwynthia" not in everything(house)
    assert "Oberquell" not in everything(house)
    (enrolment,) = performer.get(f"{path}/enrolments").get_json()["items"]
    assert [each["filename"] for each in enrolment["recordings"]] == ["recording 1", "recording 2", "recording 3"]
    voice, _ = performer.get(f"{path}/standing").get_json()["modalities"]
    assert (voice["presence"], voice["in_force"]) == ("forget_me", [])
    again = house.operator.post("/v1/performers", body, headers={"Idempotency-Key": "two"})
    assert_problem(again, 409, "name_refused")


def test_notices_say_nothing_any_more_of_somebody_forgotten_unless_they_were_served(either_house: House) -> None:
    noticed = Noticed(either_house)
    noticed.serve()
    served, sent = noticed.path, noticed.performer.get(f"{noticed.path}/document").data
    listed = noticed.performer.send(f"{served}/stay-down", {"file": recording(ADVERT)})
    assert listed.status_code == 201, listed.text
    secret = [{"key": "signature", "text": "Zwynthia Oberquell"}, *ELEMENTS[1:]]
    drafts = []
    mistaken = {"reason": "Another.", "ground": "mistaken"}
    for step, body in ((None, {}), ("complete", {"reason": "It is all there."}), ("withdraw", mistaken)):
        noticed.draft(elements=secret, considered=[each | {"reason": "As Zwynthia says."} for each in CONSIDERED])
        if step is not None:
            noticed.done(noticed.performer, step, body)
        drafts.append(noticed.path)
    assert "Zwynthia" in everything(either_house)
    done = noticed.performer.made(f"/v1/performers/{noticed.performer_id}/forget", WISH)
    assert (done["notices_emptied"], done["notices_kept"]) == (3, 1)
    assert "Zwynthia" not in everything(either_house)
    for path, ground in zip(drafts, ("other", "other", "mistaken"), strict=True):
        noticed.path = path
        left = noticed.shown()
        assert (left["state"], left["ground"]) == ("withdrawn", ground)
        assert (left["elements"], left["document_sha256"]) == ([], None)
        assert "Marta Calder" not in noticed.performer.get(f"{path}/document").get_data(as_text=True)
    noticed.path = served
    assert noticed.shown()["state"] == "served"
    assert noticed.studio.get(f"{served}/document").data == sent
    (entry,) = noticed.entries()
    assert (entry["ending"], entry["algorithm"]) == ("withdrawn", None)
    with either_house.ctx.database.read() as session:
        assert session.scalars(select(StayDownEntry.fingerprint)).all() == [None]


def test_of_somebody_who_was_forgotten_nothing_is_listed_again(house: House) -> None:
    noticed = Noticed(house)
    noticed.serve()
    noticed.counter()
    noticed.conclude("second")
    noticed.decide()
    noticed.performer.made(f"/v1/performers/{noticed.performer_id}/forget", WISH)
    assert noticed.done(noticed.second, "uphold", {"reason": "It stands."})["state"] == "served"
    assert [each["ended_at"] is None for each in noticed.entries()] == [False]


def test_after_being_forgotten_everything_is_explained_anew(house: House) -> None:
    performer, performer_id = house.performer()
    path = f"/v1/performers/{performer_id}"
    body = house.signature(performer_id)
    house.clock.move(minutes=1)
    performer.made(f"{path}/forget", WISH)
    assert_problem(performer.post(f"{path}/consents", body), 409, "conflict", state="forgotten")
    house.clock.move(minutes=1)
    performer.made(f"{path}/remember", {"name": "Marta Calder"})
    assert_problem(
        performer.post(f"{path}/consents", body), 422, "explanation_incomplete", topics=["monitoring", "withdrawal"]
    )
    assert performer.made(f"{path}/consents", house.signature(performer_id))["state"] == "active"


def test_no_studio_is_cleared_to_use_somebody_who_was_forgotten(house: House) -> None:
    performer, performer_id = house.performer()
    studio = house.studio()
    performer.made(f"/v1/performers/{performer_id}/forget", WISH)
    use = {
        "kind": "generated",
        "purpose": "advertising",
        "project": "Spring",
        "medium": "radio",
        "territory": "GB",
        "language": "en",
    }
    asked = studio.made("/v1/clearances", {"performer_id": performer_id, "use": use})
    assert (asked["decision"], asked["token"]) == ("refused", None)


# --- minors ----------------------------------------------------------------------------------------------------------


def test_a_guardian_says_yes_for_a_minor_and_the_minor_says_no(house: House) -> None:
    minor, performer_id = house.performer("Mina Seo")
    path = f"/v1/performers/{performer_id}"
    shown = minor.made(f"{path}/birth-date", {"birth_date": BORN.isoformat()})
    assert shown["minor_until"] == "2029-05-09"
    assert BORN.isoformat() not in everything(house)
    yes = house.signature(performer_id)
    assert_problem(minor.post(f"{path}/consents", yes), 409, "representative_required", required="guardian")
    body = {"account_id": minor.account_id, "kind": "guardian", "scopes": ["consents:write"]}
    ends = {"expires_at": "2030-01-01T00:00:00Z"}
    account = house.admit("representative", "A parent").account_id
    unshown = house.operator.post(f"{path}/representatives", body | ends | {"account_id": account})
    assert_problem(unshown, 422, "evidence_required", evidence="evidence_sha256")
    guardian = acting(house, performer_id, "guardian")
    consent = guardian.made(f"{path}/consents", yes | {"signed_by": "A parent"})
    assert (consent["signed_as"], consent["expires_at"]) == ("guardian", "2029-05-09T00:00:00Z")
    (mandate,) = minor.get(f"{path}/representatives").get_json()["items"]
    dismissed = minor.post(f"{path}/representatives/{mandate['id']}/dismiss")
    assert_problem(dismissed, 403, "forbidden", kind="guardian")
    assert minor.made(f"{path}/consents/{consent['id']}/withdraw", None)["keys_destroyed"] == 0
    assert minor.made(f"{path}/forget", WISH)["already"] is False
    assert_problem(
        minor.post(f"{path}/remember", {"name": "Mina Seo"}), 409, "representative_required", required="guardian"
    )
    assert guardian.made(f"{path}/remember", {"name": "Mina Seo"})["name"] == "Mina Seo"


# --- estates ---------------------------------------------------------------------------------------------------------


def test_an_estate_decides_for_who_has_died_and_an_operator_writes_it_down_with_evidence(house: House) -> None:
    performer, performer_id = house.performer("Iris Vale")
    path = f"/v1/performers/{performer_id}"
    death = {"died_on": "2026-01-31", "evidence_sha256": EVIDENCE}
    assert_problem(performer.post(f"{path}/death", death), 403, "forbidden")
    assert_problem(house.operator.post(f"{path}/death", {"died_on": "2026-01-31"}), 422, "validation_failed")
    house.operator.made(f"{path}/death", death)
    for caller in (performer, house.operator):
        assert_problem(caller.post(f"{path}/forget", WISH), 409, "representative_required", required="estate")
    estate = acting(house, performer_id, "estate")
    yes = house.signature(performer_id) | {"signed_by": "The estate of Iris Vale"}
    assert_problem(performer.post(f"{path}/consents", yes), 409, "representative_required", required="estate")
    assert estate.made(f"{path}/consents", yes)["signed_as"] == "estate"
    needed = {"evidence": "signature_evidence_sha256"}
    assert_problem(house.operator.post(f"{path}/forget", WISH), 422, "evidence_required", **needed)
    house.operator.made(f"{path}/forget", WISH | {"signature_evidence_sha256": EVIDENCE})
    back = {"name": "Iris Vale"}
    assert_problem(house.operator.post(f"{path}/remember", back), 422, "evidence_required", **needed)
    known = house.operator.made(f"{path}/remember", back | {"signature_evidence_sha256": EVIDENCE})
    assert known["name"] == "Iris Vale"


@pytest.mark.parametrize("kind", ["agent", "guild"])
def test_an_operator_appoints_nobody_without_the_mandate(house: House, kind: str) -> None:
    _, performer_id = house.performer()
    with pytest.raises(AssertionError, match="evidence_required"):
        acting(house, performer_id, kind, evidence=None)
    assert house.rows()["representatives"] == 0
