"""Accounts, tokens, performers and who acts for them, over HTTP."""

from __future__ import annotations

import pytest
from house import Caller, House, assert_problem

NOBODY = "acc_00000000000000000000000000"


def test_an_administrator_of_a_studio_reaches_its_own_studio_only(house: House) -> None:
    one, other = house.studio("One"), house.studio("Other")
    member = one.made("/v1/accounts", {"role": "studio_member", "name": "Editor"})
    assert member["organisation"]["name"] == "One"
    assert one.get(f"/v1/accounts/{member['id']}").status_code == 200
    for path in (f"/v1/accounts/{member['id']}", f"/v1/accounts/{NOBODY}"):
        assert_problem(other.get(path), 404, "not_found")
    assert_problem(other.post(f"/v1/accounts/{member['id']}/disable"), 404, "not_found")
    listed = {item["id"] for item in one.get("/v1/accounts").get_json()["items"]}
    assert listed == {one.account_id, member["id"]}
    assert_problem(one.post("/v1/accounts", {"role": "operator", "name": "x"}), 422, "invalid_input")
    assert_problem(one.post("/v1/accounts", {"role": "performer", "name": "x"}), 403, "forbidden")


def test_a_role_and_its_organisation_must_go_together(house: House) -> None:
    body = {"role": "auditor", "name": "x", "organisation_name": "One"}
    house.studio("One")
    answer = assert_problem(house.operator.post("/v1/accounts", body), 422, "invalid_input")
    assert (answer["kind"], answer["required_kind"]) == ("studio", "auditor")


def test_an_account_is_disabled_once_and_at_the_version_that_was_seen(house: House) -> None:
    studio = house.studio()
    path = f"/v1/accounts/{studio.account_id}"
    stale = house.operator.post(f"{path}/disable", headers={"If-Match": '"v7"'})
    assert_problem(stale, 412, "stale_version", version=7, current_version=1)
    assert house.operator.post(f"{path}/disable", headers={"If-Match": '"v1"'}).headers["ETag"] == '"v2"'
    assert_problem(house.operator.post(f"{path}/disable"), 409, "conflict")


def test_tokens_of_others_are_not_there(house: House) -> None:
    one, other = house.studio("One"), house.studio("Other")
    token = one.made("/v1/tokens", {"name": "spare", "expires_in_days": 1})
    assert_problem(other.post(f"/v1/tokens/{token['id']}/revoke"), 404, "not_found")
    assert_problem(other.get(f"/v1/tokens?account_id={one.account_id}"), 404, "not_found")
    assert token["id"] not in other.get("/v1/tokens").text
    assert_problem(other.post("/v1/tokens", {"name": "x", "account_id": one.account_id}), 404, "not_found")
    names = [item["name"] for item in one.get("/v1/tokens").get_json()["items"]]
    assert names == ["test", "spare"]


def test_a_token_asks_for_no_scope_that_its_role_lacks_and_lives_no_longer_than_a_year(house: House) -> None:
    studio = house.studio()
    body = {"name": "x", "scopes": ["performers:write"]}
    assert studio.post("/v1/tokens", body).status_code in {403, 422}
    answer = assert_problem(studio.post("/v1/tokens", {"name": "x", "expires_in_days": 367}), 422, "validation_failed")
    assert answer["errors"][0]["pointer"] == "#/expires_in_days"


# --- performers ------------------------------------------------------------------------------------------------------


def agent_for(house: House, performer: Caller, performer_id: str, *scopes: str) -> tuple[Caller, str]:
    agent = house.admit("representative", "Agent")
    body = {
        "account_id": agent.account_id,
        "kind": "agent",
        "scopes": list(scopes),
        "expires_at": "2026-12-31T00:00:00+01:00",
    }
    mandate = performer.made(f"/v1/performers/{performer_id}/representatives", body)
    assert mandate["expires_at"] == "2026-12-30T23:00:00Z"
    return agent, mandate["id"]


def test_a_performer_is_seen_by_themselves_their_agent_and_the_operator(house: House) -> None:
    performer, performer_id = house.performer()
    other, _ = house.performer("Somebody Else")
    agent, _ = agent_for(house, performer, performer_id, "performers:read")
    studio = house.studio()
    path = f"/v1/performers/{performer_id}"
    for caller in (performer, agent, house.operator):
        assert caller.get(path).get_json()["name"] == "Marta Calder"
    assert_problem(other.get(path), 404, "not_found")
    assert_problem(studio.get(path), 403, "forbidden", scope="performers:read")
    assert [item["id"] for item in agent.get("/v1/performers").get_json()["items"]] == [performer_id]


def test_an_agent_acts_in_what_was_named_until_dismissed(house: House) -> None:
    performer, performer_id = house.performer()
    agent, mandate_id = agent_for(house, performer, performer_id, "performers:read", "licences:read")
    path = f"/v1/performers/{performer_id}"
    assert_problem(agent.patch(path, {"name": "Stolen"}), 403, "forbidden")
    body = {"account_id": agent.account_id, "kind": "agent", "scopes": ["findings:read"]}
    expiring = body | {"expires_at": "2026-12-31T00:00:00Z"}
    assert_problem(agent.post(f"{path}/representatives", expiring), 403, "forbidden")
    ended = performer.made(f"{path}/representatives/{mandate_id}/dismiss", None)
    assert ended["dismissed_at"] is not None
    assert_problem(agent.get(path), 404, "not_found")
    assert_problem(performer.post(f"{path}/representatives/{mandate_id}/dismiss"), 409, "conflict")


def test_a_mandate_without_an_end_in_the_future_or_a_zone_is_refused(house: House) -> None:
    performer, performer_id = house.performer()
    agent = house.admit("representative", "Agent")
    body = {"account_id": agent.account_id, "kind": "agent", "scopes": ["findings:read"]}
    path = f"/v1/performers/{performer_id}/representatives"
    for moment, code in (
        ("2020-01-01T00:00:00Z", "invalid_input"),
        ("2030-01-01T00:00:00", "validation_failed"),
        ("9999-12-31T23:59:59-23:59", "validation_failed"),
    ):
        assert_problem(performer.post(path, body | {"expires_at": moment}), 422, code)
    assert house.rows()["representatives"] == 0


def test_who_vouches_for_whom_is_not_for_the_performer_to_say(house: House) -> None:
    performer, performer_id = house.performer()
    response = performer.patch(f"/v1/performers/{performer_id}", {"identity_assurance": "document_checked"})
    assert_problem(response, 403, "forbidden")


@pytest.mark.parametrize("name", ["نورا السيد", "김하늘", "Zoë Ó Briain-Łęcki", "Ng"])
def test_names_of_every_script_are_names(house: House, name: str) -> None:
    _, performer_id = house.performer(name)
    assert house.operator.get(f"/v1/performers/{performer_id}").get_json()["name"] == name


@pytest.mark.parametrize("turned", ["Ada\u202edlaK", "Ada\u2066", "Ada\u2029Lind", "Ada\x85Lind"])
def test_a_name_that_reads_otherwise_than_it_is_is_refused(house: House, turned: str) -> None:
    body = {"name": turned, "identity_assurance": "self_declared"}
    assert_problem(house.operator.post("/v1/performers", body), 422, "validation_failed")
