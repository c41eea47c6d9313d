"""A database that is away: every route says so with 503 and `Retry-After`, and goes on as soon as it is back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from house import House, assert_problem
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from walk import OPERATIONS

from api import create_app
from api.wsgi import require_schema
from registry.domain.ids import IdPrefix
from registry.errors import DatabaseNotReadyError, DatabaseUnavailableError
from registry.store.database import Database
from registry.vault.tokens import SESSION, new_token

NOWHERE = "postgresql://somebody:hunter2@127.0.0.1:1/registry"
"""Nothing listens there: a connection is refused at once."""

NEED_NO_DATABASE = {
    "GET /v1/keys",
    "GET /v1/retention-schedule",
    "POST /v1/verifications",
}
"""Whatever they answer is in the files of the registry; or they ask for a file first, and there is none."""


@pytest.fixture
def away(house: House) -> Iterator[FlaskClient]:
    database = Database(NOWHERE)
    yield create_app(replace(house.ctx, database=database)).test_client()
    database.dispose()


@pytest.fixture
def token(house: House) -> dict[str, str]:
    """A token of the right form: only the database could tell that there is none."""
    text, _ = new_token(house.ctx.ids.new(IdPrefix.TOKEN, house.clock()), os.urandom)
    return {"Authorization": f"Bearer {text}"}


def address(operation: str) -> tuple[str, str]:
    method, template = operation.split(" ")
    names = {"text_id": "monitoring.en.v1", "number": "1"}
    path = re.sub(r"{(\w+)}", lambda found: names.get(found[1], "chk_" + "0" * 26), template)
    asked = {"/v1/journal/proofs/inclusion": "?seq=3", "/v1/journal/proofs/consistency": "?first=1"}
    return method, path + asked.get(path, "")


def body_of(operation: str) -> Any:
    """Answer the example of a body in JSON, or nothing."""
    content = OPERATIONS[operation].get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("example")


def test_every_route_says_that_the_database_is_away(away: FlaskClient, token: dict[str, str]) -> None:
    assert len(OPERATIONS) > 100
    otherwise = {}
    for operation in OPERATIONS:
        method, path = address(operation)
        response = away.open(path, method=method, headers=token, json=body_of(operation))
        told = (response.status_code, (response.get_json(silent=True, force=True) or {}).get("code"))
        if told != (503, "database_unavailable"):
            otherwise[operation] = told
            continue
        assert response.headers["Retry-After"] == "5", operation
        assert_problem(response, 503, "database_unavailable")
        assert "hunter2" not in response.text
        assert "127.0.0.1" not in response.text
    assert otherwise.keys() <= NEED_NO_DATABASE, otherwise


@pytest.mark.parametrize("path", ["/journal", "/transparency", "/home"])
def test_a_page_says_it_in_words_and_when_to_come_back(away: FlaskClient, house: House, path: str) -> None:
    session, _ = new_token(house.ctx.ids.new(IdPrefix.SESSION, house.clock()), os.urandom, SESSION)
    away.set_cookie("__Host-likeness-session", session)
    told = away.get(path, headers={"Accept-Language": "ko"})
    assert (told.status_code, told.mimetype, told.headers["Retry-After"]) == (503, "text/html", "5")
    assert "몇 분 뒤에 다시 해 주세요" in told.text
    assert "hunter2" not in told.text


def test_who_watches_the_registry_is_told_which_part_is_away(away: FlaskClient) -> None:
    assert away.get("/healthz").status_code == 200
    ready = away.get("/readyz")
    body = assert_problem(ready, 503, "not_ready")
    assert [(part["name"], part["ok"]) for part in body["parts"]] == [("database", False)]
    assert "hunter2" not in ready.text
    assert ready.headers["Retry-After"] == "5"
    metrics = away.get("/metrics")
    assert "likeness_ready 0.0" in metrics.text
    assert "likeness_queue_depth" not in metrics.text, "what is not known is not 0"


def fail_once(engine: Engine, at: str, error: str) -> None:
    """Let the next statement that begins so find the connection gone."""

    def gone(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(at):
            event.remove(engine, "before_cursor_execute", gone)
            raise OperationalError(statement, {}, Exception(error))

    event.listen(engine, "before_cursor_execute", gone)


def test_a_connection_that_is_lost_in_the_middle_leaves_nothing_and_the_next_request_works(house: House) -> None:
    before = house.rows()
    fail_once(house.ctx.database.engine, "INSERT INTO journal_entries", "the server closed the connection")
    body = {"name": "Ada Lind", "identity_assurance": "self_declared"}
    response = house.operator.post("/v1/performers", body)
    assert_problem(response, 503, "database_unavailable")
    assert response.headers["Retry-After"] == "5"
    assert house.rows() == before
    assert house.operator.post("/v1/performers", body).status_code == 201


def test_an_sqlite_file_that_another_process_holds_is_503_and_not_500(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = house.ctx.database.url
    holding = Database(url)
    monkeypatch.setattr("registry.store.database.BUSY_TIMEOUT_S", 0.1)
    waiting = Database(url)
    client = create_app(replace(house.ctx, database=waiting)).test_client()
    body = {"name": "Ada Lind", "identity_assurance": "self_declared"}
    headers = {"Authorization": f"Bearer {house.operator.token}"}
    with holding.write():
        response = client.post("/v1/performers", json=body, headers=headers)
        assert_problem(response, 503, "database_unavailable")
        assert client.get("/v1/performers", headers=headers).status_code == 200, "who reads does not wait"
    assert client.post("/v1/performers", json=body, headers=headers).status_code == 201
    holding.dispose()
    waiting.dispose()


def test_a_server_that_starts_while_the_database_is_away_serves_once_it_is_back(house: House) -> None:
    path = Path(str(house.ctx.database.engine.url.database))
    elsewhere = path.with_name("away.sqlite3")
    app = create_app(house.ctx)
    house.ctx.database.dispose()
    path.rename(elsewhere)
    path.mkdir()  # a folder in its place: it cannot be opened
    require_schema(app, house.ctx.database)
    client, headers = app.test_client(), {"Authorization": f"Bearer {house.operator.token}"}
    assert_problem(client.get("/v1/performers", headers=headers), 503, "database_unavailable")
    assert client.get("/healthz").status_code == 200
    path.rmdir()
    elsewhere.rename(path)
    assert client.get("/v1/performers", headers=headers).status_code == 200


def test_a_server_refuses_a_schema_of_another_version_at_once(house: House, tmp_path: Path) -> None:
    bare = Database(f"sqlite:///{tmp_path / 'bare.sqlite3'}")
    with pytest.raises(DatabaseNotReadyError, match="likeness db upgrade") as caught:
        require_schema(create_app(replace(house.ctx, database=bare)), bare)
    assert not isinstance(caught.value, DatabaseUnavailableError)
    bare.dispose()
