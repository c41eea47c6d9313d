"""Whatever a client sends, the API answers as its description says: no 500, no undocumented status, no other shape.

Every check that schemathesis has, over the committed description, against a server as it is run. A few requests for
each operation here; `docs/api.md` has the command that asks for as long as one likes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from house import Clock, House
from hypothesis import HealthCheck, Phase, given, settings
from over_wire import ROOT, furnish, serving
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from api import create_app
from api.document import _METHODS
from api.openapi import DOCUMENT
from registry.bootstrap import build_context
from registry.clock import utc_now

OPERATIONS = [
    (path, method, mode)
    for path, item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in item.items()
    if method in _METHODS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & operation.keys() or operation["security"]
]
"""Every operation, asked well and asked badly; what takes nothing from anybody cannot be asked badly."""

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
def asked(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    shutil.copy(sqlite_template, folder / "registry.sqlite3")
    registry = furnish(folder / "home", f"sqlite:///{folder / 'registry.sqlite3'}")
    with build_context(registry) as ctx:
        house = House(ctx, create_app(ctx), Clock(utc_now()))
        held = held_by(house)
    with serving(registry, **OFF, max_upload_bytes=str(2**20)) as served:
        served.await_ready()
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("TOKEN", house.operator.token)
            config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
        schema = schemathesis.openapi.from_path(DOCUMENT, config=config)
        schema.config.update(base_url=served.url)
        yield Asked(schema, held)


def held_by(house: House) -> dict[str, str]:
    """Fill a registry, and answer what it holds by name of parameter."""
    studio = house.studio()
    performer, performer_id = house.performer()
    return {
        "account_id": house.operator.account_id,
        "performer_id": performer_id,
        "text_id": "monitoring.en.v1",
        "explanation_id": house.explain(performer_id)["id"],
        "consent_id": house.consent(performer, performer_id)["id"],
        "licence_id": house.licence(studio, performer_id)["id"],
        "token_id": house.operator.made("/v1/tokens", {"name": "spare"})["id"],
    }


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
