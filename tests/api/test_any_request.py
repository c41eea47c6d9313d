"""Whatever a client sends, the API answers as its description says: no 500, no undocumented status, no other shape."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from house import Clock, SlowParts, build_house, seeded_bytes
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.document import _METHODS
from api.openapi import DOCUMENT
from registry.store.database import Database

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


OPERATIONS = [
    (path, method, mode)
    for path, item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in item.items()
    if method in _METHODS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & operation.keys() or operation["security"]
]
"""Every operation, asked well and asked badly; what takes nothing from anybody cannot be asked badly."""


@dataclass
class Asked:
    """A registry that is asked everything: its description, things it holds by name of parameter, and a token."""

    schema: Any
    held: dict[str, str]
    token: str


@pytest.fixture(scope="module")
def asked(sqlite_template: Path, slow_parts: SlowParts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    shutil.copy(sqlite_template, folder / "registry.sqlite3")
    database = Database(f"sqlite:///{folder / 'registry.sqlite3'}")
    house = build_house(database, slow_parts, Clock(datetime(2026, 3, 14, tzinfo=UTC)), seeded_bytes(), folder)
    studio = house.studio()
    performer, performer_id = house.performer()
    held = {
        "account_id": house.operator.account_id,
        "performer_id": performer_id,
        "text_id": "monitoring.en.v1",
        "explanation_id": house.explain(performer_id)["id"],
        "consent_id": house.consent(performer, performer_id)["id"],
        "licence_id": house.licence(studio, performer_id)["id"],
        "token_id": house.operator.made("/v1/tokens", {"name": "spare"})["id"],
    }
    yield Asked(schemathesis.openapi.from_wsgi("/openapi.json", house.app), held, house.operator.token)
    database.dispose()


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS, ids=lambda each: getattr(each, "value", each))
def test_an_answer_is_always_one_that_is_described(asked: Asked, path: str, method: str, mode: GenerationMode) -> None:
    names = {name.strip("{}") for name in path.split("/") if name.startswith("{")}
    known = {name: asked.held.get(name, f"{name[:3]}_{'0' * 26}") for name in names}
    cases = asked.schema[path][method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=8,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def ask(case: Any) -> None:
        case.path_parameters = known
        case.call_and_validate(headers={"Authorization": f"Bearer {asked.token}"}, checks=CHECKS)

    ask()
