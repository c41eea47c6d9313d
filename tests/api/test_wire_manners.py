"""Request ids, entity tags, pages, preferences, and the headers that every answer has."""

from __future__ import annotations

import re

import pytest
from house import House, assert_problem
from hypothesis import given
from hypothesis import strategies as st

from api.headers import EVERYWHERE, WaitHeaders

FOR_CACHES = "/v1/transparency"
"""What anybody may keep for a while."""

BODY = {"name": "Marta Calder", "identity_assurance": "self_declared"}


@pytest.mark.parametrize("offered", ["a b", "x" * 65, "<script>", "ü", ""])
def test_a_request_id_that_cannot_stand_in_a_log_is_replaced(house: House, offered: str) -> None:
    response = house.client.get("/healthz", headers={"X-Request-Id": offered.encode().decode("latin-1")})
    assert response.headers["X-Request-Id"] != offered
    assert len(response.headers["X-Request-Id"]) == 24


def test_a_request_id_comes_back(house: House) -> None:
    response = house.client.get("/healthz", headers={"X-Request-Id": "render-7.a_B"})
    assert response.headers["X-Request-Id"] == "render-7.a_B"


@pytest.mark.parametrize("path", ["/healthz", "/v1/me", "/nowhere", "/openapi.json", "/metrics"])
def test_every_answer_keeps_caches_and_browsers_in_their_place(house: House, path: str) -> None:
    headers = house.client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_no_answer_of_any_route_and_no_refusal_is_without_them(house: House) -> None:
    """Every route: without a token; by an operator with a body of a wrong kind; one, with a method that it has not."""
    of_no_page = EVERYWHERE.items() - {("Content-Security-Policy", EVERYWHERE["Content-Security-Policy"])}
    token = {"Authorization": f"Bearer {house.operator.token}"}
    seen = set()
    for rule in house.app.url_map.iter_rules():
        path = re.sub(r"<id:\w+>", "acc_00000000000000000000000000", rule.rule)
        path = re.sub(r"<(?:int:)?\w+>", "1", re.sub(r"<text:\w+>", "monitoring.en.v1", path))
        (method, *_) = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        other = [("PUT", token)] if rule.rule == "/v1/me" else []
        for asked, headers in ((method, {}), (method, token), *other):
            answer = house.client.open(path, method=asked, data=b"<", content_type="text/xml", headers=headers)
            seen.add(answer.status_code)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'"), path
            assert "frame-ancestors 'none'" in policy, path
            expected = of_no_page
            if path == FOR_CACHES and answer.status_code == 200:
                expected = of_no_page - {("Cache-Control", EVERYWHERE["Cache-Control"])}
                assert answer.headers["Cache-Control"].startswith("public, max-age="), path
            assert answer.mimetype == "text/html" or expected <= {*answer.headers.items()}, path
            assert not [name for name, _ in answer.headers.items() if name.lower().startswith("access-control-")], path
    assert {200, 401, 404, 405, 415} <= seen


# --- entity tags -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["v1", '"v0"', '"1"', 'W/"v1"', '"v1", "v2"', '"v1234567890"'])
def test_an_if_match_that_is_no_tag_of_ours_changes_nothing(house: House, tag: str) -> None:
    made = house.operator.made("/v1/performers", BODY)
    response = house.operator.patch(f"/v1/performers/{made['id']}", {"name": "Other"}, headers={"If-Match": tag})
    assert_problem(response, 422, "invalid_if_match")
    assert house.operator.get(f"/v1/performers/{made['id']}").get_json()["name"] == "Marta Calder"


def test_a_change_of_a_version_that_is_gone_is_refused_with_both_versions(house: House) -> None:
    made = house.operator.post("/v1/performers", BODY)
    path, tag = made.headers["Location"], made.headers["ETag"]
    assert tag == '"v1"'
    assert house.operator.patch(path, {"name": "One"}, headers={"If-Match": tag}).headers["ETag"] == '"v2"'
    response = house.operator.patch(path, {"name": "Two"}, headers={"If-Match": tag})
    assert_problem(response, 412, "stale_version", version=1, current_version=2)
    assert house.operator.patch(path, {"name": "Three"}, headers={"If-Match": "*"}).status_code == 200
    assert house.operator.patch(path, {"name": "Four"}).status_code == 200


def test_what_was_seen_already_is_not_sent_again(house: House) -> None:
    made = house.operator.post("/v1/performers", BODY)
    path, tag = made.headers["Location"], made.headers["ETag"]
    again = house.operator.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    house.operator.patch(path, {"name": "Other"})
    assert house.operator.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_time_alone_changes_the_tag_where_it_changes_the_answer(house: House) -> None:
    studio = house.studio()
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "licensing")
    licence = house.licence(studio, performer_id, ends_on="2026-04-01")
    path = f"/v1/licences/{licence['id']}"
    studio.made(f"{path}/offer", None)
    studio.made(f"{path}/sign", {})
    assert performer.made(f"{path}/sign", {})["state"] == "active"
    tag = studio.get(path).headers["ETag"]
    house.clock.move(days=60)
    later = studio.get(path, headers={"If-None-Match": tag})
    assert (later.status_code, later.get_json()["state"]) == (200, "expired")
    assert later.headers["ETag"] != tag
    refused = studio.post(f"{path}/suspend", {"reason": "x"}, headers={"If-Match": later.headers["ETag"]})
    assert refused.status_code not in {412, 422}, "the tag is understood"


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cursor", ["x", "MTo=", "####", "MTphY2NfMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "ü"])
def test_a_cursor_that_was_not_made_here_for_this_list_is_refused(house: House, cursor: str) -> None:
    response = house.operator.get("/v1/performers", query_string={"cursor": cursor})
    assert_problem(response, 422, "invalid_cursor")


def test_following_the_links_sees_everything_once_and_in_order(house: House) -> None:
    made = []
    for number in range(7):
        made.append(house.operator.made("/v1/performers", BODY | {"name": f"Performer {number}"})["id"])
        house.clock.move(seconds=1)
    seen, path = [], "/v1/performers?limit=3"
    sizes = []
    while path:
        response = house.operator.get(path)
        items = response.get_json()["items"]
        sizes.append(len(items))
        seen += [item["id"] for item in items]
        path = response.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert bool(path) == (response.get_json()["next_cursor"] is not None)
    assert (seen, sizes) == (made, [3, 3, 1])


def test_a_page_that_holds_all_has_no_next(house: House) -> None:
    house.operator.made("/v1/performers", BODY)
    response = house.operator.get("/v1/performers?limit=1")
    assert (len(response.get_json()["items"]), response.get_json()["next_cursor"]) == (1, None)
    assert "Link" not in response.headers


# --- preferences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefer", "seconds", "applied"),
    [
        (None, 3.0, None),
        ("wait=10", 10.0, "wait=10"),
        ('wait="10"', 10.0, "wait=10"),
        ("WAIT = 10", 10.0, "wait=10"),
        ("wait=0", 0.0, "wait=0"),
        ("wait=600", 60.0, "wait=60"),
        ("wait=99999999999999999999", 60.0, "wait=60"),
        ("return=minimal, wait=7", 7.0, "wait=7"),
        ("wait=5; strict", 5.0, "wait=5"),
        ("respond-async", 0.0, "respond-async"),
        ("respond-async, wait=9", 9.0, "wait=9"),
        ("wait=-1", 3.0, None),
        ("wait=ten", 3.0, None),
        ("wait=٣", 3.0, None),
        ("wait", 3.0, None),
        ("", 3.0, None),
    ],
)
def test_a_preference_is_followed_or_ignored(prefer: str | None, seconds: float, applied: str | None) -> None:
    wait = WaitHeaders.model_validate({"Prefer": prefer}).wait(default_s=3.0, max_s=60.0)
    assert (wait.seconds, wait.applied) == (seconds, applied)


@given(st.text())
def test_no_preference_is_an_error_or_waits_longer_than_the_most(prefer: str) -> None:
    wait = WaitHeaders.model_validate({"Prefer": prefer}).wait(default_s=3.0, max_s=60.0)
    assert 0 <= wait.seconds <= 60
