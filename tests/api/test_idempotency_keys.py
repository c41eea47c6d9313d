"""A request that is sent twice under one key is done once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from house import USE, Caller, House, assert_problem, recording
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from api.idempotency import HEADER, REPLAYED
from registry.domain.performers import IdentityAssurance
from registry.errors import DatabaseNotReadyError, IdempotencyKeyReusedError, RequestInProgressError
from registry.services import accounts, idempotency
from registry.services.idempotency import KeptAnswer
from registry.services.performers import register_performer
from registry.store.accounts import Account
from registry.store.database import Database
from registry.store.idempotency import Deed

BODY = {"name": "Marta Calder", "identity_assurance": "self_declared"}
KEY = {HEADER: "order-1"}


def performers(house: House) -> int:
    return house.rows()["performers"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ü"])
def test_a_key_that_is_none_is_refused_before_anything_is_done(house: House, key: str) -> None:
    headers = {HEADER: key.encode().decode("latin-1")}
    assert_problem(house.operator.post("/v1/performers", BODY, headers=headers), 422, "bad_request")
    assert performers(house) == 0


def test_the_same_key_for_another_request_is_refused(either_house: House) -> None:
    house = either_house
    assert house.operator.post("/v1/performers", BODY, headers=KEY).status_code == 201
    other_body = house.operator.post("/v1/performers", BODY | {"name": "Other"}, headers=KEY)
    assert_problem(other_body, 422, "idempotency_key_reused", idempotency_key="order-1")
    other_path = house.operator.post("/v1/licences", None, headers=KEY)
    assert_problem(other_path, 422, "validation_failed")
    account = {"role": "performer", "name": "x"}
    assert_problem(house.operator.post("/v1/accounts", account, headers=KEY), 422, "idempotency_key_reused")
    assert performers(house) == 1


def test_the_same_request_gets_the_same_answer_and_is_not_done_again(either_house: House) -> None:
    house = either_house
    first = house.operator.post("/v1/performers", BODY, headers=KEY)
    same = {"identity_assurance": "self_declared", "name": "Marta Calder"}
    second = house.operator.post("/v1/performers", same, headers=KEY)
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    assert (second.status_code, second.get_json()) == (first.status_code, first.get_json())
    assert [second.headers[name] for name in ("Location", "ETag")] == [
        first.headers[name] for name in ("Location", "ETag")
    ]
    assert performers(house) == 1


def test_without_a_key_each_request_is_done(house: House) -> None:
    for _ in range(2):
        assert house.operator.post("/v1/performers", BODY).status_code == 201
    assert performers(house) == 2


def test_a_refusal_is_kept_too(house: House) -> None:
    body = {"role": "performer", "name": "x", "organisation_name": "A studio"}
    first = house.operator.post("/v1/accounts", body, headers=KEY)
    second = house.operator.post("/v1/accounts", body, headers=KEY)
    assert_problem(first, 422, "invalid_input")
    assert second.headers[REPLAYED] == "true"
    assert (second.mimetype, second.get_json()) == ("application/problem+json", first.get_json())


def test_keys_of_different_accounts_have_nothing_to_do_with_each_other(house: House) -> None:
    one, _ = house.performer("One")
    body = {"name": "x", "scopes": ["findings:read"]}
    assert one.post("/v1/tokens", body, headers=KEY).status_code == 201
    assert house.operator.post("/v1/performers", BODY, headers=KEY).status_code == 201


def test_an_answer_is_forgotten_after_a_day(house: House) -> None:
    house.operator.post("/v1/performers", BODY, headers=KEY)
    house.clock.move(hours=23, minutes=59)
    assert REPLAYED in house.operator.post("/v1/performers", BODY, headers=KEY).headers
    house.clock.move(minutes=1)
    assert REPLAYED not in house.operator.post("/v1/performers", BODY, headers=KEY).headers
    assert performers(house) == 2


def test_a_secret_is_never_kept_so_tokens_are_issued_each_time(house: House) -> None:
    body = {"name": "render farm"}
    first = house.operator.post("/v1/tokens", body, headers=KEY)
    second = house.operator.post("/v1/tokens", body, headers=KEY)
    assert first.get_json()["token"] != second.get_json()["token"]
    assert REPLAYED not in second.headers


def begun(house: House, request_sha256: str) -> Deed:
    """Take a key, and insist that it was free."""
    deed = idempotency.begin(house.ctx, house.operator.account_id, "k", request_sha256)
    assert isinstance(deed, Deed)
    return deed


def test_a_request_whose_first_is_not_answered_yet_is_told_to_come_back(either_house: House) -> None:
    ctx, account_id = either_house.ctx, either_house.operator.account_id
    deed = begun(either_house, "a" * 64)
    with pytest.raises(RequestInProgressError):
        idempotency.begin(ctx, account_id, "k", "a" * 64)
    with pytest.raises(IdempotencyKeyReusedError):
        idempotency.begin(ctx, account_id, "k", "b" * 64)
    idempotency.finish(ctx, deed, KeptAnswer(201, {"Location": "/x"}, {"id": "x"}))
    assert idempotency.begin(ctx, account_id, "k", "a" * 64) == KeptAnswer(201, {"Location": "/x"}, {"id": "x"})


def test_over_http_it_is_a_conflict_that_says_when_to_come_back(house: House) -> None:
    house.operator.post("/v1/performers", BODY, headers=KEY)
    with house.ctx.database.write() as session:
        session.connection().exec_driver_sql("UPDATE idempotent_answers SET status = NULL, body = NULL")
        session.commit()
    response = house.operator.post("/v1/performers", BODY, headers=KEY)
    assert_problem(response, 409, "request_in_progress", retry_after_s=5)
    assert response.headers["Retry-After"] == "5"


def test_a_key_whose_request_nobody_finished_is_free_again_after_a_while(either_house: House) -> None:
    begun(either_house, "a" * 64)
    either_house.clock.move(minutes=10)
    begun(either_house, "b" * 64)


def test_an_abandoned_key_is_free_at_once_and_an_answered_one_is_not(either_house: House) -> None:
    ctx, account_id = either_house.ctx, either_house.operator.account_id
    idempotency.abandon(ctx, begun(either_house, "a" * 64))
    deed = begun(either_house, "b" * 64)
    idempotency.finish(ctx, deed, KeptAnswer(200, {}, {}))
    idempotency.abandon(ctx, deed)
    assert idempotency.begin(ctx, account_id, "k", "b" * 64) == KeptAnswer(200, {}, {})


def test_of_many_at_once_one_is_let_through(either_house: House) -> None:
    ctx, account_id = either_house.ctx, either_house.operator.account_id
    let_through: list[str] = []

    def try_it() -> None:
        try:
            if isinstance(idempotency.begin(ctx, account_id, "k", "a" * 64), Deed):
                let_through.append("yes")
        except RequestInProgressError:
            let_through.append("no")

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_through) == ["no"] * 5 + ["yes"]


def test_an_answer_that_is_the_registrys_fault_is_not_kept(house: House) -> None:
    studio = house.studio()
    folder = Path(str(house.ctx.spool._root))
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"a file where the spool's folder should be")
    assert_problem(_check(studio), 503, "blob_store")
    folder.unlink()
    again = _check(studio)
    assert again.status_code == 202
    assert REPLAYED not in again.headers


def _check(studio: Caller, **changes: Any) -> TestResponse:
    return studio.send("/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")} | changes, headers=KEY)


def test_the_content_of_a_file_is_part_of_what_the_request_is(house: House) -> None:
    studio = house.studio()
    first = _check(studio)
    assert first.status_code == 202, first.text
    again = _check(studio)
    assert again.headers[REPLAYED] == "true"
    assert again.get_json()["id"] == first.get_json()["id"]
    other = _check(studio, file=recording("submissions/slt-game.flac"))
    assert_problem(other, 422, "idempotency_key_reused")
    assert_problem(_check(studio, project="Autumn"), 422, "idempotency_key_reused")
    assert house.rows()["checks"] == 1


def test_fields_of_a_form_may_come_in_any_order(house: House) -> None:
    studio = house.studio()
    first = _check(studio)
    turned = dict(reversed([*USE.items()])) | {"file": recording("submissions/slt-advert.flac")}
    again = studio.send("/v1/checks", turned, headers=KEY)
    assert again.get_json()["id"] == first.get_json()["id"]


# --- done once, whatever happens in between ---------------------------------------------------------------------------


class Broken:
    """A database that is there for so many more transactions that write, and then away for one."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
        self._left = after
        self._write = database.write
        monkeypatch.setattr(database, "write", self)

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        self._left -= 1
        if self._left == -1:
            raise DatabaseNotReadyError("the database does not answer")
        with self._write() as session:
            yield session


def made(house: House) -> TestResponse:
    return house.operator.post("/v1/performers", BODY, headers=KEY)


def test_what_was_done_and_not_answered_is_never_done_again(
    either_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token's last use, the key, the deed; then the database is away, and neither answer nor release is written."""
    house = either_house
    assert house.operator.get("/v1/me").status_code == 200
    with monkeypatch.context() as broken:
        Broken(house.ctx.database, broken, after=2)
        assert_problem(made(house), 503, "database_not_ready")
    assert performers(house) == 1
    assert_problem(made(house), 409, "request_in_progress")
    house.clock.move(minutes=2)
    (record,) = house.operator.get("/v1/performers").get_json()["items"]
    told = assert_problem(made(house), 409, "answer_lost", records=[record["id"]])
    assert record["id"] in told["detail"]
    house.clock.move(hours=23)
    assert_problem(made(house), 409, "answer_lost")
    assert performers(house) == 1


def test_what_goes_on_after_its_answer_was_lost_is_shown_as_it_stands(
    either_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = either_house
    studio = house.studio()
    assert studio.get("/v1/me").status_code == 200
    with monkeypatch.context() as broken:
        Broken(house.ctx.database, broken, after=2)
        assert_problem(_check(studio), 503, "database_not_ready")
    again = _check(studio)
    assert (again.status_code, again.headers[REPLAYED]) == (202, "true")
    (check,) = studio.get("/v1/checks").get_json()["items"]
    assert check["id"] == again.get_json()["id"]


def test_a_request_so_slow_that_another_was_given_its_key_does_nothing(either_house: House) -> None:
    house = either_house
    slow = begun(house, "a" * 64)
    house.clock.move(minutes=10)
    quick = begun(house, "a" * 64)
    with house.ctx.database.read() as session:
        operator = accounts.operator_principal(session.get_one(Account, house.operator.account_id))
    wanted: Any = {"name": "Marta Calder", "identity_assurance": IdentityAssurance.SELF_DECLARED}
    with pytest.raises(RequestInProgressError, match="given to another"):
        register_performer(replace(house.ctx, deed=slow), operator, **wanted)
    assert performers(house) == 0
    register_performer(replace(house.ctx, deed=quick), operator, **wanted)
    idempotency.finish(house.ctx, slow, KeptAnswer(201, {}, {"of": "another"}))
    assert isinstance(idempotency.begin(house.ctx, house.operator.account_id, "k", "a" * 64), idempotency.Done)


def test_of_many_at_once_over_http_one_is_done_and_all_get_its_answer(either_house: House) -> None:
    house = either_house

    def until_answered() -> TestResponse:
        client = house.app.test_client()
        caller = Caller(client, house.operator.account_id, house.operator.token)
        while (response := caller.post("/v1/performers", BODY, headers=KEY)).status_code == 409:
            assert response.headers["Retry-After"] == "5"
        return response

    with ThreadPoolExecutor(8) as pool:
        told = [each.result() for each in [pool.submit(until_answered) for _ in range(8)]]
    assert {each.status_code for each in told} == {201}
    assert all(each.get_json() == told[0].get_json() for each in told)
    assert sorted(each.headers.get(REPLAYED, "no") for each in told) == ["no"] + ["true"] * 7
    assert performers(house) == 1
