"""A PostgreSQL that crashes and comes back: requests say so, what was committed stays, and whoever waits goes on."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from steps import Clock, Registry

from api import create_app
from benchmarks.load_house import Postgres
from registry.domain.accounts import Role
from registry.errors import DatabaseUnavailableError
from registry.services import accounts, tokens
from registry.services.context import Context
from registry.services.holding import LOOK_S, Hold
from registry.services.unit import unit_of_work
from registry.store.database import Database
from registry.store.performers import Performer
from registry.store.work import Work, WorkState


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server of this module's own: one that others use must not crash."""
    folder = Path(tempfile.mkdtemp(prefix="lk-pg-"))  # not below pytest's own, which only its owner may enter
    server = Postgres(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def registry(postgres: Postgres, context: Callable[[Database], Context], clock: Clock) -> Iterator[Registry]:
    database = Database(postgres.url)
    database.downgrade("base")
    database.upgrade()
    yield Registry(context(database), clock)
    database.dispose()


def rename(registry: Registry, performer_id: str, before_commit: Callable[[], None]) -> None:
    with unit_of_work(registry.ctx) as unit:
        unit.session.get_one(Performer, performer_id).name = "Somebody else"
        unit.session.flush()
        before_commit()
        unit.session.commit()


def performers_there(registry: Registry) -> set[str]:
    with registry.ctx.database.read() as session:
        return set(session.scalars(select(Performer.id)))


def test_requests_fail_clearly_while_it_is_away_and_go_on_when_it_is_back(
    registry: Registry, postgres: Postgres
) -> None:
    account = accounts.create_account(registry.ctx, registry.operator, role=Role.PERFORMER, name="Ada Lind")
    issued = tokens.issue_token(
        registry.ctx, registry.operator, account_id=account.id, name="t", scopes=None, ttl=timedelta(days=1)
    )
    client, headers = create_app(registry.ctx).test_client(), {"Authorization": f"Bearer {issued.text}"}
    assert client.get("/v1/performers", headers=headers).status_code == 200
    before = registry.performer()

    postgres.crash()
    for _ in range(3):
        response = client.get("/v1/performers", headers=headers)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert response.get_json()["code"] == "database_unavailable"
    assert client.get("/readyz").get_json()["parts"][0]["name"] == "database"

    postgres.start_again()
    assert client.get("/v1/performers", headers=headers).status_code == 200
    assert performers_there(registry) == {before}


def test_what_was_not_committed_when_it_crashed_is_gone_and_the_caller_knows(
    registry: Registry, postgres: Postgres
) -> None:
    performer_id = registry.performer()
    with pytest.raises(DatabaseUnavailableError):
        rename(registry, performer_id, postgres.crash)
    postgres.start_again()
    with registry.ctx.database.read() as session:
        assert session.get_one(Performer, performer_id).name == "Ada Lind"
    assert registry.performer("Bo Berg") in performers_there(registry)


def test_work_that_is_held_when_it_crashes_is_renewed_when_it_is_back_and_no_attempt_has_failed(
    registry: Registry, postgres: Postgres
) -> None:
    registry.submit(registry.studio())
    held = registry.lease()

    def away() -> None:
        raise DatabaseUnavailableError("for the test")

    with Hold(registry.ctx, [held], lease_s=0.3, meanwhile=lambda: None) as hold:
        postgres.crash()
        time.sleep(3 * LOOK_S)
        postgres.start_again()
        registry.clock.move(seconds=100)
        deadline = time.monotonic() + 60
        while row(registry).lease_expires_at != registry.clock() + timedelta(seconds=0.3):
            assert time.monotonic() < deadline, "the lease was not renewed"
            time.sleep(0.05)
        assert hold.attempt(held, away) == "given back: database_unavailable"
    assert (row(registry).state, row(registry).attempts) == (WorkState.QUEUED, 0)


def row(registry: Registry) -> Work:
    with registry.ctx.database.read() as session:
        return session.scalars(select(Work)).one()
