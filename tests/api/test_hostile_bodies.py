"""Bodies, queries and forms that mean harm: each is refused in words, changes nothing, and is no server error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from house import Clock, House, SlowParts, assert_problem, build_house, seeded_bytes
from unflushed import unflushed

from registry.store.database import Database

NAMED = b'{"name": "%s", "identity_assurance": "self_declared"}'
BODIES: dict[str, tuple[bytes, int, str]] = {
    "larger than is taken": (b'{"name": "' + b"a" * 2**16 + b'"}', 413, "body_too_large"),
    "nested 20,000 deep": (b'{"name":' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400, "malformed_json"),
    "objects 5,000 deep": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, "malformed_json"),
    "a number of 60,000 digits": (b'{"name": ' + b"9" * 60_000 + b"}", 400, "malformed_json"),
    "a number beyond a float": (b'{"name": 1e999}', 422, "validation_failed"),
    "not a number": (b'{"name": NaN}', 400, "malformed_json"),
    "infinity": (b'{"name": -Infinity}', 400, "malformed_json"),
    "without an end": (b'{"name": "x', 400, "malformed_json"),
    "two documents": (b"{}{}", 400, "malformed_json"),
    "not UTF-8": (b'{"name": "\xff\xfe"}', 400, "malformed_json"),
    "UTF-16": ('{"name": "x"}'.encode("utf-16"), 400, "malformed_json"),
    "a mark of its byte order": (b'\xef\xbb\xbf{"name": "x"}', 400, "malformed_json"),
    "a list": (b"[]", 422, "unexpected_body"),
    "a word": (b'"name"', 422, "unexpected_body"),
    "nothing": (b"null", 422, "unexpected_body"),
    "a zero byte in a name": (
        b'{"name": "a\\u0000b", "identity_assurance": "self_declared"}',
        422,
        "validation_failed",
    ),
    "half a letter in a name": (
        b'{"name": "\\ud800", "identity_assurance": "self_declared"}',
        422,
        "validation_failed",
    ),
    "a name of spaces": (b'{"name": "   ", "identity_assurance": "self_declared"}', 422, "validation_failed"),
    "members of objects' insides": (
        b'{"__class__": "x", "name": "x", "identity_assurance": "self_declared"}',
        422,
        "validation_failed",
    ),
}


@pytest.fixture(scope="module")
def house(sqlite_template: Path, slow_parts: SlowParts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One registry for all of them: nothing here changes it."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(sqlite_template, folder / "registry.sqlite3")
    database = unflushed(Database(f"sqlite:///{folder / 'registry.sqlite3'}"))
    yield build_house(database, slow_parts, Clock(datetime(2026, 3, 14, tzinfo=UTC)), seeded_bytes(), folder)
    database.dispose()


@pytest.mark.parametrize(("data", "status", "code"), BODIES.values(), ids=BODIES)
def test_a_body_that_means_harm_is_refused_and_changes_nothing(
    house: House, data: bytes, status: int, code: str
) -> None:
    before = house.rows()
    headers = {"Authorization": f"Bearer {house.operator.token}", "Content-Type": "application/json"}
    assert_problem(house.client.post("/v1/performers", data=data, headers=headers), status, code)
    assert house.rows() == before


def test_of_two_members_of_one_name_none_is_taken_for_the_other(house: House) -> None:
    """RFC 8259 leaves open which counts: the same one is validated and kept."""
    data = b'{"name": "One", "name": "Two", "identity_assurance": "self_declared"}'
    headers = {"Authorization": f"Bearer {house.operator.token}", "Content-Type": "application/json"}
    made = house.client.post("/v1/performers", data=data, headers=headers)
    assert (made.status_code, made.get_json()["name"]) == (201, "Two")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=1e9",
        "limit=%00",
        "limit=" + "9" * 5000,
        "cursor=%ff%fe",
        "cursor=%00",
        "cursor=../../etc/passwd",
        "unknown=1",
        "limit[]=1",
    ],
)
def test_a_query_that_means_harm_is_refused(house: House, query: str) -> None:
    response = house.operator.get(f"/v1/performers?{query}")
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/performers/%00",
        "/v1/performers/..%2f..%2fmetrics",
        "/v1/performers/perf_%E2%80%AE0000000000000000000000000",
        "/v1//performers",
        "/v1/performers/" + "a" * 4000,
        "/v1/performers/perf_00000000000000000000000000;a=b",
        "/%2e%2e/healthz",
    ],
)
def test_an_address_that_means_harm_is_nowhere(house: House, path: str) -> None:
    response = house.operator.get(path)
    assert response.status_code in {308, 404}
    assert "Location" not in response.headers or response.headers["Location"].startswith(("/", "http://localhost/"))


FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
FORMS: dict[str, tuple[str, bytes, int]] = {
    "more parts than are taken": (FORM, PART * 201 + b"--b--\r\n", 413),
    "no boundary": ("multipart/form-data", PART + b"--b--\r\n", 415),
    "another boundary": ("multipart/form-data; boundary=c", PART + b"--b--\r\n", 422),
    "no end": (FORM, PART, 422),
    "a part without a name": (FORM, b"--b\r\nContent-Disposition: form-data\r\n\r\nb\r\n--b--\r\n", 422),
    "a part with fields without end": (FORM, b"--b\r\n" + b"X-A: a\r\n" * 20_000, 422),
    "a boundary of 100,000 letters": (f"multipart/form-data; boundary={'b' * 100_000}", b"", 422),
    "a field of a megabyte": (
        FORM,
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n' + b"a" * 2**20 + b"\r\n--b--\r\n",
        413,
    ),
}


@pytest.mark.parametrize(("content_type", "data", "status"), FORMS.values(), ids=FORMS)
def test_a_form_that_means_harm_is_refused(house: House, content_type: str, data: bytes, status: int) -> None:
    studio = house.studio()
    headers = {"Authorization": f"Bearer {studio.token}", "Content-Type": content_type}
    response = house.client.post("/v1/checks", data=data, headers=headers)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    assert house.rows()["checks"] == 0
    assert house.spooled() == []
