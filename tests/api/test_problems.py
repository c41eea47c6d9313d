"""Every error is a problem of one shape, and says nothing of the registry's insides."""

from __future__ import annotations

import io

import pytest
from flask import Flask, Response
from house import House, assert_problem

from api.problems import install, problem, status_of
from api.schemas.me import Me
from api.v1.resource import new_resource
from registry.errors import ConflictError, RegistryError

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def every_class(root: type[RegistryError]) -> list[type[RegistryError]]:
    return [root, *(c for child in root.__subclasses__() for c in every_class(child))]


def test_the_shape_of_a_problem_is_pinned(house: House) -> None:
    body = house.operator.get("/v1/performers/perf_00000000000000000000000000").get_json()
    assert body == {
        "type": "urn:likeness-registry:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no such performer",
        "instance": "/v1/performers/perf_00000000000000000000000000",
        "code": "not_found",
        "request_id": body["request_id"],
    }


def test_an_address_that_does_not_exist_is_a_problem(house: House) -> None:
    for path in ("/nowhere", "/v1/performers/not-an-id", "/v1/checks/chk_%00", "/v1/checks/CHK_01"):
        assert_problem(house.operator.get(path), 404, "not_found")


def test_a_method_that_an_address_does_not_have_is_a_problem_that_names_those_it_has(house: House) -> None:
    response = house.operator.client.delete("/v1/performers")
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]
    assert "POST" in response.headers["Allow"]


def test_a_wrong_content_type_names_both(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.operator.token}"}
    response = house.client.post("/v1/performers", data="name=x", content_type="text/plain", headers=headers)
    assert_problem(response, 415, "unsupported_content_type", content_type="text/plain", expected="application/json")
    response = house.client.post("/v1/checks", json={}, headers=headers)
    assert_problem(response, 415, "unsupported_content_type", expected="multipart/form-data")


@pytest.mark.parametrize("body", [b"{", b'{"name": NaN}', b"\xff\xfe", b"[" * 5000, b'{"name": "\\ud800"}'])
def test_what_is_not_json_is_never_an_error_of_the_registry(house: House, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {house.operator.token}"}
    response = house.client.post("/v1/performers", data=body, content_type="application/json", headers=headers)
    assert response.status_code in {400, 422}
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("body", [b"[]", b'"{}"', b"3", b"null"])
def test_json_that_is_no_object_is_refused(house: House, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {house.operator.token}"}
    response = house.client.post("/v1/performers", data=body, content_type="application/json", headers=headers)
    assert_problem(response, 422, "unexpected_body")


def test_unknown_members_are_refused_and_each_is_pointed_at(house: House) -> None:
    body = {"name": "x", "identity_assurance": "self_declared", "vip": True, "a/b~c": 1}
    answer = assert_problem(house.operator.post("/v1/performers", body), 422, "validation_failed")
    assert [(e["in"], e["pointer"], e["code"]) for e in answer["errors"]] == [
        ("body", "#/vip", "extra_forbidden"),
        ("body", "#/a~1b~0c", "extra_forbidden"),
    ]
    assert house.rows()["performers"] == 0


def test_every_wrong_member_is_named_at_once(house: House) -> None:
    _, performer_id = house.performer()
    body = {"performer_id": performer_id, "title": "", "intended_use": "x", "terms": {"purposes": ["world_peace"]}}
    answer = assert_problem(house.operator.post("/v1/licences", body), 422, "validation_failed")
    pointers = {error["pointer"] for error in answer["errors"]}
    assert {"#/title", "#/terms/purposes/0", "#/terms/projects", "#/terms/pay"} <= pointers


def test_an_empty_body_names_what_is_missing(house: House) -> None:
    answer = assert_problem(house.operator.post("/v1/performers"), 422, "validation_failed")
    assert [error["pointer"] for error in answer["errors"]] == ["#/name", "#/identity_assurance"]


def test_unknown_and_impossible_parameters_are_named(house: House) -> None:
    answer = assert_problem(house.operator.get("/v1/performers?limit=0&colour=red"), 422, "validation_failed")
    assert {(e["in"], e["parameter"]) for e in answer["errors"]} == {("query", "limit"), ("query", "colour")}


def test_a_body_where_none_is_taken_is_refused(house: House) -> None:
    token = house.operator.made("/v1/tokens", {"name": "spare"})
    response = house.operator.post(f"/v1/tokens/{token['id']}/revoke", {"reason": "lost"})
    assert_problem(response, 422, "unexpected_body")
    assert house.operator.post(f"/v1/tokens/{token['id']}/revoke", {}).status_code == 200


def test_a_body_that_is_too_large_is_refused_unread(house: House) -> None:
    limit = 2**16
    response = house.operator.post("/v1/performers", {"name": "x" * limit, "identity_assurance": "self_declared"})
    assert_problem(response, 413, "body_too_large", max_bytes=limit)
    headers = {"Authorization": f"Bearer {house.operator.token}"}
    sent = {"content_type": "multipart/form-data; boundary=x", "headers": headers}
    response = house.client.post("/v1/checks", environ_overrides={"CONTENT_LENGTH": "99999999999"}, **sent)
    assert_problem(response, 413, "body_too_large", size_bytes=99_999_999_999)


def test_a_body_that_does_not_say_its_length_is_stopped_at_the_limit(house: House) -> None:
    stream = {"wsgi.input": io.BytesIO(b"x" * 2**17), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    headers = {"Authorization": f"Bearer {house.operator.token}", "Transfer-Encoding": "chunked"}
    response = house.client.post(
        "/v1/performers", content_type="application/json", headers=headers, environ_overrides=stream
    )
    assert_problem(response, 413, "body_too_large")


@pytest.mark.parametrize("error", every_class(RegistryError), ids=lambda c: c.__name__)
def test_every_error_of_the_registry_has_a_status_and_keeps_its_code(error: type[RegistryError]) -> None:
    app = Flask(__name__)
    install(app)
    app.add_url_rule("/", "fail", lambda: (_ for _ in ()).throw(error("the secret sentence", kilos=3)))
    response = app.test_client().get("/")
    body = response.get_json()
    assert response.status_code == status_of(error)
    assert body.keys() >= MEMBERS
    if response.status_code in {500, 503, 507}:  # 501 is of what was asked for, and says what would do it
        assert "secret" not in response.text
        assert "kilos" not in body
    else:
        assert (body["code"], body["detail"], body["kilos"]) == (error.slug, "the secret sentence", 3)
    waits = response.status_code in {429, 503, 507} or error.slug == "request_in_progress"
    assert ("Retry-After" in response.headers) == waits
    assert ("WWW-Authenticate" in response.headers) == (response.status_code == 401)


def test_an_error_that_nobody_expected_tells_nothing() -> None:
    app = Flask(__name__)
    install(app)
    app.add_url_rule("/", "fail", lambda: {}["postgresql://user:password@host"])
    response = app.test_client().get("/")
    assert (response.status_code, response.get_json()["code"]) == (500, "internal")
    assert "password" not in response.text


def test_an_answer_that_is_not_as_described_is_never_sent(house: House) -> None:
    resource = new_resource("broken", "An operation that answers something else than it says.")
    wrong = Response('{"account_id": 7, "secret": "x"}', mimetype="application/json")
    resource.get("/broken", responses={200: Me})(lambda: wrong)
    house.app.register_api(resource)
    response = house.operator.get("/v1/broken")
    assert_problem(response, 500, "internal")
    assert "secret" not in response.text


def test_a_figure_never_hides_a_member_of_the_problem() -> None:
    app = Flask(__name__)
    with app.test_request_context("/here"):
        body = problem(
            status_of(ConflictError), "conflict", "no", figures={"status": "odd", "state": "draft"}
        ).get_json()
    assert (body["status"], body["state"]) == (409, "draft")


def test_slugs_are_unique() -> None:
    slugs = [cls.slug for cls in every_class(RegistryError)]
    assert len(slugs) == len(set(slugs))
