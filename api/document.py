"""The description of the API: what flask-openapi collects, and what is true of every operation by rule.

By rule means read from the operation itself: every operation that needs a token can answer 401, every one that takes a
body 413 and 415, every one that names a thing 404, and so on. So none of it can be forgotten, and none can be wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from http import HTTPMethod, HTTPStatus
from types import FunctionType
from typing import Any, TypeVar

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.openapi import OpenAPI
from flask_openapi.types import ParametersTuple
from flask_openapi.utils import parse_parameters

from api import idempotency
from api.problems import MEDIA_TYPE
from api.schemas.problems import Problem

Json = dict[str, Any]
_METHODS = frozenset(method.value.lower() for method in HTTPMethod)

_KEY_PARAMETER: Json = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": (
        "1 to 255 visible ASCII characters that name this request. Sent again under the same key within 24 hours, the "
        "same request is not done again and gets the same answer, with `Idempotency-Replayed: true`."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_HEADERS: Json = {
    "X-Request-Id": {"description": "Names this request in the logs.", "schema": {"type": "string"}},
    "ETag": {"description": "Names this version; send it as `If-Match`.", "schema": {"type": "string"}},
    "Location": {"description": "Where the thing is.", "schema": {"type": "string"}},
    "Preference-Applied": {"description": "The preference that was followed.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Link": {"description": "`rel=next` leads to the next page.", "schema": {"type": "string"}},
}
_WHEN: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The request is not HTTP or JSON as it should be.",
    HTTPStatus.UNAUTHORIZED: "There is no token, or it is not valid any more.",
    HTTPStatus.FORBIDDEN: "The token is valid, but may not do this kind of thing.",
    HTTPStatus.NOT_FOUND: "There is no such thing, or none that you may know of.",
    HTTPStatus.CONFLICT: "The thing is not in a state in which this can be done.",
    HTTPStatus.PRECONDITION_FAILED: "The thing has changed since the version in `If-Match`.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than what is taken.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of another content type.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What was sent cannot be used; the problem says why, in numbers.",
    HTTPStatus.TOO_MANY_REQUESTS: "This was asked as often as is allowed; `Retry-After` says when to ask again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong inside the registry.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A part of the registry does not answer at the moment.",
    HTTPStatus.INSUFFICIENT_STORAGE: "There is no room to keep this; nothing of it was kept.",
}


View = TypeVar("View", bound=Callable[..., Any])
_DESCRIBING = threading.Lock()
"""Resources are one for all applications of a process. Of two threads that ask at once the second waits for the whole
description: there is one of it long before it is complete."""


def also_answers(*media_types: str) -> Callable[[View], View]:
    """Say that an operation answers other media types as well, where it is asked to."""

    def decorate(view: View) -> View:
        view.also_answers = media_types  # type: ignore[attr-defined]  # read by the description of the API
        return view

    return decorate


def answers_only(media_type: str) -> Callable[[View], View]:
    """Say that an operation answers one media type alone, whose form is documented elsewhere."""

    def decorate(view: View) -> View:
        view.answers_only = media_type  # type: ignore[attr-defined]  # read by the description of the API
        return view

    return decorate


def answers_a_range(media_type: str) -> Callable[[View], View]:
    """Say that an operation answers one media type alone, and a part of it where a range is asked for: 206."""

    def decorate(view: View) -> View:
        view.answers_a_range = True  # type: ignore[attr-defined]  # as above
        return answers_only(media_type)(view)

    return decorate


def depends_on_state(view: View) -> View:
    """Say that an operation that only reads cannot answer while things stand as they do: 409."""
    view.depends_on_state = True  # type: ignore[attr-defined]  # read by the description of the API
    return view


class Resource(APIBlueprint):
    """A blueprint whose description is made when somebody asks for it.

    It takes the schema of every model of every operation, which is as much work as all else that a process does before
    it serves. Few processes are ever asked.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._undescribed: list[tuple[str, FunctionType, dict[str, Any]]] = []

    def describe(self) -> None:
        """Make the description of every operation that has none yet: `paths`, `tags` and `components_schemas`."""
        while self._undescribed:
            rule, view, said = self._undescribed.pop(0)
            super()._collect_openapi_info(rule, view, **said)

    def _collect_openapi_info(self, rule: str, func: FunctionType, **said: Any) -> ParametersTuple:
        """Keep what is said of an operation; answer the models of what it takes, as flask-openapi asks."""
        self._undescribed.append((rule, func, said))
        return parse_parameters(func, doc_ui=False)


class DescribedAPI(OpenAPI):
    """An application whose description is complete, and made when it is asked for."""

    @property
    def api_doc(self) -> Json:
        """The whole description, as JSON has it."""
        with _DESCRIBING:
            document: Json = super().api_doc
        return document

    def generate_spec_json(self) -> None:
        """Collect the description, and add what is true by rule."""
        for resource in self._resources():
            resource.describe()
            self.tags.extend(tag for tag in resource.tags if tag not in self.tags)
            self.paths.update(resource.paths)
            self.components_schemas.update(resource.components_schemas)
        super().generate_spec_json()  # type: ignore[no-untyped-call]  # it has no annotations
        views = _operations_of(self)
        _put_media(self.spec_json, {v.__name__: v.answers_only for v in views if hasattr(v, "answers_only")})
        _put_ranges(self.spec_json, frozenset(v.__name__ for v in views if hasattr(v, "answers_a_range")))
        conflicting = frozenset(v.__name__ for v in views if hasattr(v, "depends_on_state"))
        idempotent = frozenset(v.__name__ for v in views if getattr(v, "idempotent", False))
        self.spec_json = complete(self.spec_json, idempotent, conflicting)
        _add_media(self.spec_json, {v.__name__: getattr(v, "also_answers", ()) for v in views})

    def _resources(self) -> list[Resource]:
        return [each for each in self.blueprints.values() if isinstance(each, Resource)]


def _operations_of(app: OpenAPI) -> list[Any]:
    """Answer the views of operations. A page's view may be called as one of them, and is none."""
    return [view for view in app.view_functions.values() if view.__module__.startswith("api.v1.")]


def _put_media(document: Json, media_types: Mapping[str, str]) -> None:
    """Give operations that answer one media type alone that one; its form is documented elsewhere."""
    for _, _, operation in _operations(document):
        if media_type := media_types.get(operation["operationId"]):
            content = {media_type: _undescribed(media_type)}
            operation["responses"]["200"] = {"description": HTTPStatus.OK.phrase, "content": content}


def _put_ranges(document: Json, names: frozenset[str]) -> None:
    """Say of operations that a part of what they answer can be asked for."""
    for _, _, operation in _operations(document):
        if operation["operationId"] in names:
            partial = HTTPStatus.PARTIAL_CONTENT
            whole = operation["responses"]["200"]
            operation["responses"][str(partial.value)] = deepcopy(whole) | {"description": partial.phrase}


def _add_media(document: Json, media_types: Mapping[str, tuple[str, ...]]) -> None:
    """Name the other media types of an answer; what they look like is said where the form is documented."""
    for _, _, operation in _operations(document):
        for media_type in media_types.get(operation["operationId"], ()):
            operation["responses"]["200"]["content"][media_type] = _undescribed(media_type)


def _undescribed(media_type: str) -> Json:
    """Answer what is said of an answer whose form is documented elsewhere."""
    if media_type == "application/json":
        return {"schema": {"type": "object"}, "example": {}}
    schema = {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}
    return {"schema": schema, "example": "…"}


def complete(collected: Json, idempotent: frozenset[str], conflicting: frozenset[str] = frozenset()) -> Json:
    """Answer the description with problems, headers, parameters and examples added to every operation.

    Args:
        collected: what flask-openapi made.
        idempotent: ids of the operations that honour idempotency keys.
        conflicting: ids of the operations that only read, and may find that they cannot.
    """
    document = deepcopy(collected)
    components = document["components"]
    components["schemas"] = dict(sorted(_named(components["schemas"]).items()))
    components["responses"] = {_component(status): _problem_response(status) for status in _WHEN}
    for path, method, operation in _operations(document):
        operation.setdefault("security", [])  # none: anybody may ask
        _mend_description(operation)
        _complete_parameters(operation, has_key=operation["operationId"] in idempotent)
        _complete_body(operation, components["schemas"])
        _complete_answers(operation, components["schemas"])
        _add_problems(operation, path, method)
        if operation["operationId"] in conflicting:
            operation["responses"]["409"] = {"$ref": f"#/components/responses/{_component(HTTPStatus.CONFLICT)}"}
    return document


def _named(schemas: Json) -> Json:
    """Answer the schemas with the problem's among them, and without the definitions that pydantic nests in each."""
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    nested = problem.pop("$defs", {})
    flat = {name: {k: v for k, v in schema.items() if k != "$defs"} for name, schema in schemas.items()}
    return {**flat, **nested, "Problem": problem}


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _mend_description(operation: Json) -> None:
    """Put the lines of a docstring together again; flask-openapi joins them with line breaks of HTML."""
    description = operation.pop("description", "").removeprefix("<br/>")
    if description:
        operation["description"] = description.replace("<br/><br/>", "\n\n").replace("<br/>", " ")


def _complete_parameters(operation: Json, *, has_key: bool) -> None:
    for parameter in operation.get("parameters", ()):
        examples = parameter.get("schema", {}).get("examples")
        if examples:
            parameter["example"] = examples[0]
    if has_key:
        example = f"{operation['operationId'].replace('_', '-')}-7f3a"
        operation.setdefault("parameters", []).append(deepcopy(_KEY_PARAMETER) | {"example": example})


def _complete_body(operation: Json, schemas: Json) -> None:
    """Give a body its example, and make it optional where nothing in it is required."""
    body = operation.get("requestBody")
    if body is None:
        return
    for media in body["content"].values():
        schema = _schema_of(media, schemas)
        media["example"] = schema["examples"][0]
        body["required"] = bool(schema.get("required"))


def _complete_answers(operation: Json, schemas: Json) -> None:
    responses = operation["responses"]
    responses.pop("422", None)  # flask-openapi's own, which is an array; ours is added with the other problems
    for status, response in responses.items():
        media = response["content"].get("application/json")
        if media is None or "$ref" not in media["schema"]:  # documented elsewhere
            response["headers"] = {"X-Request-Id": deepcopy(_HEADERS["X-Request-Id"])}
            continue
        schema = _schema_of(media, schemas)
        media["example"] = schema["examples"][0]
        response["headers"] = {name: deepcopy(_HEADERS[name]) for name in _headers_of(operation, status, schema)}


def _headers_of(operation: Json, status: str, schema: Json) -> Iterator[str]:
    """Name the headers that an answer carries."""
    yield "X-Request-Id"
    if "entity tag" in schema["properties"].get("version", {}).get("description", ""):
        yield "ETag"
    if status in {"201", "202"}:
        yield "Location"
    if "next_cursor" in schema["properties"]:
        yield "Link"
    if any(parameter["name"] == "Prefer" for parameter in operation.get("parameters", ())):
        yield "Preference-Applied"


def _schema_of(media: Json, schemas: Json) -> Json:
    schema: Json = schemas[media["schema"]["$ref"].rsplit("/", 1)[-1]]
    return schema


def _add_problems(operation: Json, path: str, method: str) -> None:
    for status in _possible(operation, path, method):
        operation["responses"][str(status.value)] = {"$ref": f"#/components/responses/{_component(status)}"}


def _possible(operation: Json, path: str, method: str) -> Iterator[HTTPStatus]:
    """Name the problems that an operation can answer with."""
    if operation["security"]:
        yield HTTPStatus.UNAUTHORIZED
        yield HTTPStatus.FORBIDDEN
    yield HTTPStatus.UNPROCESSABLE_ENTITY
    yield HTTPStatus.TOO_MANY_REQUESTS
    yield HTTPStatus.INTERNAL_SERVER_ERROR
    yield HTTPStatus.SERVICE_UNAVAILABLE
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    body = operation.get("requestBody")
    changes = method != "get"
    if "{" in path or changes or any(name.endswith("_id") for name in names):
        yield HTTPStatus.NOT_FOUND
    if changes:
        yield HTTPStatus.INSUFFICIENT_STORAGE
        yield HTTPStatus.CONFLICT
        yield HTTPStatus.BAD_REQUEST
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if body is not None:
        yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if "If-Match" in names:
        yield HTTPStatus.PRECONDITION_FAILED


def _component(status: HTTPStatus) -> str:
    return "".join(word.capitalize() for word in status.name.split("_"))


def _problem_response(status: HTTPStatus) -> Json:
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": Problem.example(status.value)}
    named = ["X-Request-Id", *(["Retry-After"] if status is HTTPStatus.TOO_MANY_REQUESTS else [])]
    return {
        "description": _WHEN[status],
        "headers": {name: deepcopy(_HEADERS[name]) for name in named},
        "content": {MEDIA_TYPE: media},
    }
