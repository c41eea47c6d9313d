"""Nobody passes without a token that is theirs, alive, and carries the scope."""

from __future__ import annotations

import re

import pytest
from house import House, assert_problem

from api.auth import PAGES, PERSONAL, PUBLIC

SOME = {"id": "acc_00000000000000000000000000", "int": "1", "text": "monitoring.en.v1"}
"""Something that each kind of argument of an address takes."""
FILES = {"files.get_file"}
"""Public, and not there under a name that is made up."""


def test_every_address_but_the_public_ones_and_the_pages_needs_a_token(house: House) -> None:
    for rule in house.app.url_map.iter_rules():
        path = rule.rule
        for converter, argument in re.findall(r"<(\w+):(\w+)>", path):
            path = path.replace(f"<{converter}:{argument}>", SOME[converter])
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            response = house.client.open(path, method=method)
            if rule.endpoint in PUBLIC:
                assert response.status_code in ({404} if rule.endpoint in FILES else {200, 415, 422, 503}), path
            elif rule.endpoint in PAGES:
                assert response.mimetype == "text/html", path
                assert "session" not in response.headers.get("Set-Cookie", ""), path
            elif rule.endpoint.startswith(f"{PERSONAL}."):
                assert response.status_code == (303 if method == "GET" else 403), path
                assert response.headers.get("Location", "/sign-in") == "/sign-in", path
            else:
                assert_problem(response, 401, "unauthenticated")
                assert response.headers["WWW-Authenticate"] == 'Bearer realm="likeness-registry"'


def test_the_token_is_asked_for_before_anything_else_is_looked_at(house: House) -> None:
    response = house.client.post("/v1/performers", data=b"not json", content_type="text/plain")
    assert_problem(response, 401, "unauthenticated")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer nonsense", "Bearer \x7f", "bearer lkr_a_b"]
)
def test_what_is_not_a_token_is_refused(house: House, header: str) -> None:
    assert_problem(house.client.get("/v1/me", headers={"Authorization": header}), 401, "unauthenticated")


def test_a_token_with_one_letter_changed_is_refused(house: House) -> None:
    token = house.operator.token
    forged = token[:-1] + ("a" if token[-1] != "a" else "b")
    response = house.client.get("/v1/me", headers={"Authorization": f"Bearer {forged}"})
    assert_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="likeness-registry", error="invalid_token"'


def test_an_expired_token_says_that_it_expired_and_when(house: House) -> None:
    studio = house.studio()
    house.clock.move(days=301)
    answer = assert_problem(studio.get("/v1/me"), 401, "token_expired")
    assert answer["expired_at"].startswith("2027-01-08")


def test_a_revoked_token_is_refused_at_once(house: House) -> None:
    spare = house.operator.made("/v1/tokens", {"name": "spare"})
    headers = {"Authorization": f"Bearer {spare['token']}"}
    assert house.client.get("/v1/me", headers=headers).status_code == 200
    house.operator.made(f"/v1/tokens/{spare['id']}/revoke", {})
    assert_problem(house.client.get("/v1/me", headers=headers), 401, "unauthenticated")


def test_a_disabled_account_is_locked_out_at_once(house: House) -> None:
    studio = house.studio()
    house.operator.made(f"/v1/accounts/{studio.account_id}/disable", None)
    assert_problem(studio.get("/v1/me"), 401, "unauthenticated")


def test_a_token_does_no_more_than_its_scopes(house: House) -> None:
    reading = house.operator.made("/v1/tokens", {"name": "reading", "scopes": ["performers:read"]})["token"]
    headers = {"Authorization": f"Bearer {reading}"}
    assert house.client.get("/v1/performers", headers=headers).status_code == 200
    body = {"name": "x", "identity_assurance": "self_declared"}
    response = house.client.post("/v1/performers", json=body, headers=headers)
    assert_problem(response, 403, "forbidden", scope="performers:write", role="operator")


def test_who_asks_is_told_who_they_are(house: House) -> None:
    performer, performer_id = house.performer()
    answer = performer.get("/v1/me").get_json()
    assert (answer["account_id"], answer["role"]) == (performer.account_id, "performer")
    assert [each["performer_id"] for each in answer["performers"]] == [performer_id]
    assert "consents:write" in answer["scopes"]


def test_the_secret_of_a_token_is_in_one_answer_only(house: House) -> None:
    issued = house.operator.made("/v1/tokens", {"name": "spare"})
    listed = house.operator.get("/v1/tokens")
    assert issued["id"] in listed.text
    assert issued["token"] not in listed.text
    with house.ctx.database.read() as session:
        kept = "".join(str(row) for row in session.connection().exec_driver_sql("SELECT * FROM tokens"))
    assert issued["token"] not in kept
