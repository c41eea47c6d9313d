"""Over HTTP: what takes two operators takes two, says what exactly, and answers a second time what was answered."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import rfc8785
from house import Caller, House, assert_problem, second_operator

STRICTER = {"kind": "engine_change", "target_fpir": 0.005, "replaces": 0}
WHY = "half as many missed"


@pytest.fixture
def second(house: House) -> Caller:
    return second_operator(house)


def made(house: House, **changes: Any) -> dict[str, Any]:
    return house.operator.made("/v1/proposals", {"proposal": STRICTER | changes, "reason": WHY})


def yes(proposal: dict[str, Any]) -> dict[str, str]:
    return {"content_sha256": proposal["content_sha256"], "reason": "I have read it"}


def in_force(house: House) -> dict[str, Any]:
    answer: dict[str, Any] = house.operator.get("/v1/engine-settings").get_json()
    return answer


def test_one_operator_alone_is_told_what_is_missing(house: House) -> None:
    alone = house.operator.post("/v1/proposals", {"proposal": STRICTER, "reason": WHY})
    assert_problem(alone, 403, "second_person_needed", operators=1, required=2)
    assert "another person" in alone.get_json()["detail"]
    assert in_force(house) == {"number": 0, "target_fpir": 0.01, "calibration_sha256": None}


def test_two_put_settings_in_force_and_one_does_not(house: House, second: Caller) -> None:
    proposal = made(house)
    path = f"/v1/proposals/{proposal['id']}"
    assert hashlib.sha256(rfc8785.dumps(proposal["content"])).hexdigest() == proposal["content_sha256"]
    assert_problem(house.operator.post(f"{path}/approve", yes(proposal)), 403, "second_person_needed")
    other = {"content_sha256": "f" * 64, "reason": "I have read another"}
    assert_problem(
        second.post(f"{path}/approve", other), 409, "proposal_changed", content_sha256=proposal["content_sha256"]
    )
    assert in_force(house)["number"] == 0
    done = second.made(f"{path}/approve", yes(proposal))
    assert (done["state"], done["answered_by"]) == ("approved", second.account_id)
    assert in_force(house) == {"number": 1, "target_fpir": 0.005, "calibration_sha256": None}
    assert_problem(second.post(f"{path}/approve", yes(proposal)), 409, "conflict", state="approved")


def test_an_approval_sent_twice_under_its_key_is_done_once(house: House, second: Caller) -> None:
    proposal = made(house)
    path, key = f"/v1/proposals/{proposal['id']}/approve", {"Idempotency-Key": "yes-1"}
    first, again = (second.post(path, yes(proposal), headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    stale = house.operator.post(
        f"/v1/proposals/{made(house, replaces=1, target_fpir=0.2)['id']}/withdraw",
        {"reason": "a slip"},
        headers={"If-Match": '"v7"'},
    )
    assert_problem(stale, 412, "stale_version")


def test_what_was_refused_withdrawn_or_lapsed_is_over(house: House, second: Caller) -> None:
    refused, withdrawn, lapsing = made(house), made(house), made(house)
    assert_problem(house.operator.post(f"/v1/proposals/{refused['id']}/refuse", {"reason": "x"}), 403, "forbidden")
    assert_problem(second.post(f"/v1/proposals/{withdrawn['id']}/withdraw", {"reason": "x"}), 403, "forbidden")
    second.made(f"/v1/proposals/{refused['id']}/refuse", {"reason": "too few people"})
    house.operator.made(f"/v1/proposals/{withdrawn['id']}/withdraw", {"reason": "a slip"})
    tag = house.operator.get(f"/v1/proposals/{lapsing['id']}").headers["ETag"]
    house.clock.move(hours=72)
    late = house.operator.get(f"/v1/proposals/{lapsing['id']}", headers={"If-None-Match": tag})
    assert (late.status_code, late.get_json()["state"]) == (200, "lapsed")
    for over, state in ((refused, "refused"), (withdrawn, "withdrawn"), (lapsing, "lapsed")):
        answer = second.post(f"/v1/proposals/{over['id']}/approve", yes(over))
        assert_problem(answer, 409, "conflict", state=state)
    assert in_force(house)["number"] == 0


def test_proposals_are_listed_newest_first_page_by_page_whatever_their_kind(house: House, second: Caller) -> None:
    assert second.account_id
    studio = house.studio()
    source = {"sealed": {"name": "Rosa Keel", "contact": "through her agent"}}
    said = {
        "product": "Voice 2",
        "made_on": "2026-03-01",
        "recordings": [{"sha256": "a" * 64, "recorded_on": "2026-02-01"}],
    }
    sealed = studio.made("/v1/attestations", said | {"source": source})
    unsealing = {"kind": "unsealing", "attestation_id": sealed["id"]}
    expected = []
    for body in (STRICTER, unsealing, STRICTER, unsealing):
        house.clock.move(seconds=1)
        expected.append(house.operator.made("/v1/proposals", {"proposal": body, "reason": WHY})["id"])
    found, path = [], "/v1/proposals?limit=1"
    while path:
        answer = house.operator.get(path).get_json()
        found += [each["id"] for each in answer["items"]]
        path = answer["next_cursor"] and f"/v1/proposals?limit=1&cursor={answer['next_cursor']}"
    assert found == expected[::-1]
    of_kind = house.operator.get("/v1/proposals?kind=unsealing").get_json()["items"]
    assert [each["id"] for each in of_kind] == [expected[3], expected[1]]
    shown = house.operator.get(f"/v1/attestations/{sealed['id']}/unsealings").get_json()["items"]
    assert [each["id"] for each in shown] == [expected[1], expected[3]]


@pytest.mark.parametrize(
    "proposal",
    [
        {"kind": "serving"},
        {"kind": "engine_change", "target_fpir": 0.7, "replaces": 0},
        {"kind": "engine_change", "target_fpir": 0.01, "calibration_sha256": "nothing", "replaces": 0},
        {
            "kind": "performer_deletion",
            "performer_id": "perf_01jd8x0zq2r4t6v8w0y2a4c6e8",
            "version": 1,
            "ground": "bored",
        },
        STRICTER | {"and": "more"},
    ],
)
def test_what_is_no_proposal_is_refused(house: House, second: Caller, proposal: dict[str, Any]) -> None:
    assert second.account_id
    answer = house.operator.post("/v1/proposals", {"proposal": proposal, "reason": WHY})
    assert_problem(answer, 422, "validation_failed")


def test_two_operators_delete_a_performer_and_the_answer_everywhere_is_the_same(house: House, second: Caller) -> None:
    performer, performer_id = house.performer("Quentin Vale")
    wanted = {
        "kind": "performer_deletion",
        "performer_id": performer_id,
        "version": 1,
        "ground": "registered_in_error",
        "evidence_sha256": "e" * 64,
    }
    proposal = house.operator.made("/v1/proposals", {"proposal": wanted, "reason": "the wrong person"})
    assert performer.get(f"/v1/performers/{performer_id}").status_code == 200
    second.made(f"/v1/proposals/{proposal['id']}/approve", yes(proposal))
    assert_problem(performer.get(f"/v1/performers/{performer_id}"), 401, "unauthenticated")
    shown = house.operator.get(f"/v1/performers/{performer_id}").get_json()
    assert (shown["name"], shown["deleted_at"] is None) == ("(deleted)", False)
    changed = house.operator.patch(f"/v1/performers/{performer_id}", {"name": "Quentin Vale"})
    assert_problem(changed, 409, "conflict", state="deleted")
