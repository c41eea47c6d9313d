"""The description of the API is current, whole and true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from importlib import import_module
from pkgutil import iter_modules
from threading import Barrier
from typing import Any, cast

import pytest
from house import House
from pydantic import BaseModel

import api.schemas
from api import create_app
from api.document import _METHODS
from api.openapi import DOCUMENT, run, text
from api.schemas.base import Answer, Body, Form
from registry.services.context import Context

PUBLIC_PATHS = {
    "/v1/keys",
    "/v1/retention-schedule",
    "/v1/destruction-certificates",
    "/v1/transparency",
    "/v1/journal",
    "/v1/journal/checkpoint",
    "/v1/journal/checkpoints",
    "/v1/journal/leaf-hashes",
    "/v1/journal/proofs/inclusion",
    "/v1/journal/proofs/consistency",
    "/v1/journal/cosignatures",
    "/v1/verifications",
}
"""What anybody may ask, without a token."""

COMMITTED: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in COMMITTED["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def named(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ())}


def models_with_examples() -> list[type[BaseModel]]:
    """Every model with examples; forms hold files, which JSON cannot show."""
    modules = [import_module(f"api.schemas.{module.name}") for module in iter_modules(api.schemas.__path__)]
    models = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    found = {m for m in models if issubclass(m, Body | Answer) and not issubclass(m, Form)}
    return sorted((m for m in found if m.model_config.get("json_schema_extra")), key=lambda m: m.__name__)


def test_the_committed_description_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text(), "run python -m api.openapi"
    assert run(["--check"]) == 0


def test_the_running_application_serves_it(house: House) -> None:
    assert house.client.get("/openapi.json").get_json() == COMMITTED


def test_every_route_of_the_application_is_described(house: House) -> None:
    described = {(path, method) for path, method, _ in operations()}
    routes = {
        (re.sub(r"<\w+:", "{", rule.rule).replace(">", "}"), method.lower())
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1")
    }
    assert described == routes


def test_every_operation_says_what_it_is_who_may_and_what_can_go_wrong() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation["summary"].endswith("."), where
        assert len(operation["tags"]) == 1, where
        public = path in PUBLIC_PATHS
        assert operation["security"] == ([] if public else [{"token": []}]), where
        assert {"422", "500", "503"} <= operation["responses"].keys(), where
        assert public or {"401", "403"} <= operation["responses"].keys(), where
        assert ("404" in operation["responses"]) or "{" not in path, where
        assert ("412" in operation["responses"]) == ("If-Match" in named(operation)), where
        assert ("415" in operation["responses"]) == ("requestBody" in operation), where


def test_every_body_and_every_answer_has_an_example() -> None:
    for path, method, operation in operations():
        bodies = list(operation.get("requestBody", {"content": {}})["content"].values())
        answers = [r for r in operation["responses"].values() if "$ref" not in r]
        for media in bodies + [media for answer in answers for media in answer["content"].values()]:
            assert "example" in media, f"{method} {path}"
    for response in COMMITTED["components"]["responses"].values():
        assert response["content"]["application/problem+json"]["example"]["status"] >= 400


@pytest.mark.parametrize("model", models_with_examples(), ids=lambda m: m.__name__)
def test_every_example_is_one_that_the_model_takes(model: type[BaseModel]) -> None:
    extra: Any = model.model_config["json_schema_extra"]
    for example in extra["examples"]:
        assert model.model_validate_json(json.dumps(example))


def test_every_post_honours_an_idempotency_key_but_those_whose_answer_is_kept_nowhere() -> None:
    without = {
        operation["operationId"]
        for _, method, operation in operations()
        if method == "post" and "Idempotency-Key" not in named(operation)
    }
    # a secret, a sealed name, and how tokens or files stand now: an answer of a while ago would be none
    kept_nowhere = {"issue_token", "rotate_token", "issue_sign_in_link", "reveal_source"}
    kept_nowhere |= {"ask_clearance_status", "ask_gallery_status"}
    # from anybody, without an account; the same cosignature again changes nothing, and a look at a file nothing at all
    assert without == kept_nowhere | {"add_cosignatures", "verify_file"}


def test_nothing_unknown_is_taken_anywhere() -> None:
    for path, method, operation in operations():
        for media in operation.get("requestBody", {"content": {}})["content"].values():
            schema = COMMITTED["components"]["schemas"][media["schema"]["$ref"].rsplit("/", 1)[-1]]
            assert schema["additionalProperties"] is False, f"{method} {path}"


def test_no_two_schemas_have_one_name() -> None:
    """The description lists schemas by the names of their classes: of two, one would stand for both."""
    models = Counter(
        name
        for found in iter_modules(api.schemas.__path__)
        for name, each in vars(import_module(f"api.schemas.{found.name}")).items()
        if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__.endswith(f".{found.name}")
    )
    assert len(models) > 100
    assert models.most_common(1)[0][1] == 1


def test_what_two_models_call_by_one_name_is_one_thing() -> None:
    """Enumerations too, wherever they come from: of two, the description would show one in the place of both."""
    meant: dict[str, set[str]] = defaultdict(set)
    for found in iter_modules(api.schemas.__path__):
        for each in vars(import_module(f"api.schemas.{found.name}")).values():
            if isinstance(each, type) and issubclass(each, Body | Answer):
                for name, schema in each.model_json_schema().get("$defs", {}).items():
                    meant[name].add(json.dumps(schema, sort_keys=True))
    assert len(meant) > 50
    assert [name for name, schemas in meant.items() if len(schemas) > 1] == []


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(COMMITTED)):
        node = COMMITTED
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_the_http_process_never_loads_torch() -> None:
    program = "import sys, api.openapi, api.wsgi; api.openapi.text(); print(*({'torch', 'av'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == []


def test_of_several_that_ask_first_at_once_each_gets_the_whole_description() -> None:
    app = create_app(cast("Context", None))
    together = Barrier(4)

    def asked() -> dict[str, Any]:
        together.wait()
        described: dict[str, Any] = app.api_doc
        return deepcopy(described)

    with ThreadPoolExecutor(4) as pool:
        answers = [each.result() for each in [pool.submit(asked) for _ in range(4)]]
    assert [each == COMMITTED for each in answers] == [True] * 4
