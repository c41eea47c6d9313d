"""Whatever a client sends, the API answers as its description says: no 500, no undocumented status, no other shape.

Every check that schemathesis has, over the committed description, against a server as it is run. A few requests for
each operation here; `docs/api.md` has the command that asks for as long as one likes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from crowded import Crowded
from house import Clock, House, SlowParts, build_house, seeded_bytes
from hypothesis import HealthCheck, Phase, given, settings
from over_wire import ROOT, furnish, serving
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from unflushed import unflushed

from api.document import _METHODS
from api.openapi import DOCUMENT
from registry.bootstrap import build_keyring
from registry.clock import utc_now
from registry.services.accounts import operator_principal
from registry.services.tokens import issue_token
from registry.store.accounts import Account
from registry.store.database import Database

OPERATIONS = [
    (path, method, mode)
    for path, item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in item.items()
    if method in _METHODS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & operation.keys() or operation["security"]
]
"""Every operation, asked well and asked badly; what takes nothing from anybody cannot be asked badly."""

BEFORE = datetime(2026, 3, 14, tzinfo=UTC)
"""When what the registry holds came into it, which no day of a run changes."""

OFF = {
    f"rate_{name}": "off"
    for name in ("reads", "writes", "anonymous", "failed_tokens", "checks", "scans", "clearances", "names")
}


@dataclass
class Asked:
    """A registry that is asked everything: its description, and things it holds by name of parameter."""

    schema: Any
    held: dict[str, str]


@pytest.fixture(scope="module")
def asked(sqlite_template: Path, slow_parts: SlowParts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    shutil.copy(sqlite_template, folder / "registry.sqlite3")
    registry = furnish(folder / "home", f"sqlite:///{folder / 'registry.sqlite3'}")
    database = unflushed(Database(registry.resolved_database_url))
    parts = replace(slow_parts, keys=build_keyring(registry))
    house = build_house(database, parts, Clock(BEFORE), seeded_bytes(), registry.home)
    held, token = held_by(house), operators_token_of_now(house)
    database.dispose()
    with serving(registry, **OFF, max_upload_bytes=str(2**20)) as served:
        served.await_ready()
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("TOKEN", token)
            config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
        schema = schemathesis.openapi.from_path(DOCUMENT, config=config)
        schema.config.update(base_url=served.url)
        yield Asked(schema, held)


def held_by(house: House) -> dict[str, str]:
    """Fill a registry with one of everything, and answer what it holds by name of parameter."""
    crowd = Crowded(house, 1)
    return crowd.ids | {
        "text_id": "monitoring.en.v1",
        "explanation_id": house.explain(crowd.performer_id)["id"],
        "token_id": house.operator.made("/v1/tokens", {"name": "spare"})["id"],
    }


def operators_token_of_now(house: House) -> str:
    """Answer a token that has not ended by the time of the server."""
    ctx = replace(house.ctx, clock=utc_now)
    with ctx.database.read() as session:
        operator = operator_principal(session.get_one(Account, house.operator.account_id))
    life = timedelta(days=1)
    return issue_token(ctx, operator, account_id=operator.account_id, name="now", scopes=None, ttl=life).text


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS, ids=lambda each: getattr(each, "value", each))
def test_an_answer_is_always_one_that_is_described(asked: Asked, path: str, method: str, mode: GenerationMode) -> None:
    names = {name.strip("{}") for name in path.split("/") if name.startswith("{")}
    known = {name: asked.held.get(name, f"{name[:3]}_{'0' * 26}") for name in names}
    cases = asked.schema[path][method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=3,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = known
        case.call_and_validate(checks=CHECKS.get_all())

    ask()
