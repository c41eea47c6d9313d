"""Bodies: how large, of what type, and of what form, before any of it is read into a model.

What an operation takes is read from the models that its function names (`takes`), as its description is, so that the
document and the gate cannot differ.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPMethod
from typing import IO, Any, cast, get_type_hints

from flask import Flask, Request, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage

from api.errors import (
    BodyTooLargeError,
    MalformedJsonError,
    RepeatedFieldError,
    TooManyFilesError,
    UnexpectedBodyError,
    WrongContentTypeError,
)
from api.state import settings
from registry.domain.reading import parse_json
from registry.verifying.files import LARGEST

JSON = "application/json"
MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"
_MAX_FORM_PARTS = 200
_ONLY_READ = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})
IN_MEMORY = frozenset({"verifications.verify_file", "pages.verify_file"})
"""Endpoints whose uploads are promised to stay in memory."""
_MOST_IN_MEMORY = LARGEST + 65_536
"""Bytes of such a body: a file, and the form around it."""
_BATCH = 1_000
"""A body with a list of up to so many things, or more, may be as large as a batch."""


class RegistryRequest(Request):
    """A request whose uploads never have a name on disk, and whose missing JSON body is an empty object."""

    max_form_parts = _MAX_FORM_PARTS
    stays_in_memory = False
    """Whether an upload is never written to a disk, not even without a name."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002  (signature)
        content_type: str | None,  # noqa: ARG002  (signature)
        filename: str | None = None,  # noqa: ARG002  (signature)
        content_length: int | None = None,  # noqa: ARG002  (signature)
    ) -> IO[bytes]:
        """Write an upload to a file without a name: when this process dies, nothing of it is left behind."""
        if self.stays_in_memory:
            return io.BytesIO()
        stream = tempfile.TemporaryFile("w+b")  # noqa: SIM115  (it is closed with the request)
        self._streams.append(stream)
        return stream

    @property
    def _streams(self) -> list[IO[bytes]]:
        opened: list[IO[bytes]] = self.__dict__.setdefault("_opened", [])
        return opened

    def close(self) -> None:
        """Close every upload, also of a form that could not be read to its end."""
        super().close()
        for stream in self._streams:
            with suppress(OSError):  # what it has left to write has no room
                stream.close()

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002
        """Answer the JSON body; an empty body is an empty object, so that required members are named as missing."""
        if not self.get_data(cache=True):
            return {}
        return super().get_json(force=force, silent=silent, cache=cache)


@dataclass(frozen=True, slots=True)
class Takes:
    """What body an operation takes.

    Attributes:
        content_type: `JSON`, `MULTIPART`, `FORM`, or None when it takes none.
        single: form fields that may be given once.
        max_files: files together, where each file field may be given once; None where one may be repeated.
        is_batch: whether it takes JSON about thousands of things at once.
    """

    content_type: str | None = None
    single: frozenset[str] = field(default_factory=frozenset)
    max_files: int | None = None
    is_batch: bool = False


def takes(view: Callable[..., Any]) -> Takes:
    """Read what body an operation takes from the models that its function names."""
    hints = get_type_hints(view)
    form: type[BaseModel] | None = hints.get("form")
    body: type[BaseModel] | None = hints.get("body")
    if form is not None:
        properties = form.model_json_schema()["properties"]
        single = frozenset(key for key, value in properties.items() if value.get("type") != "array")
        files = [key for key, value in properties.items() if _is_file(value) or _is_file(value.get("items") or {})]
        return Takes(MULTIPART, single, len(files) if set(files) <= single else None)
    if body is not None:
        schema = body.model_json_schema()
        return Takes(JSON, is_batch=any(each.get("maxItems", 0) >= _BATCH for each in _properties(schema)))
    return Takes()


def _properties(schema: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties") or {}
    return properties.values()


def _is_file(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "binary"


def install(app: Flask, takes_of: Callable[[str], Takes]) -> None:
    """Look at each body before the operation does.

    Args:
        app: the application.
        takes_of: answers what an endpoint takes, where it is asked to change something. It is asked once for each.
    """
    app.request_class = RegistryRequest
    app.before_request(_gate(cache(takes_of)))


def _gate(takes_of: Callable[[str], Takes]) -> Callable[[], ResponseReturnValue | None]:
    def look_at_body() -> None:
        if request.endpoint is None or request.routing_exception is not None:
            return
        expected = Takes() if request.method in _ONLY_READ else takes_of(request.endpoint)
        _require_size(expected)
        if expected.content_type == MULTIPART:
            _require_form(expected)
        elif expected.content_type == JSON:
            _require_json()
        elif expected.content_type == FORM:
            _require_fields()
        elif request.method not in _ONLY_READ:
            _require_nothing()

    return look_at_body


def _require_size(expected: Takes) -> None:
    """Refuse a body that says it is too large before any of it is read; one that does not say, while it is read."""
    limit = _limit(expected)
    if request.endpoint in IN_MEMORY:
        limit = min(limit, _MOST_IN_MEMORY)
        cast("RegistryRequest", request).stays_in_memory = True
    if request.content_length is not None and request.content_length > limit:
        raise BodyTooLargeError(
            f"the request has {request.content_length} bytes, {limit} are taken",
            size_bytes=request.content_length,
            max_bytes=limit,
        )
    request.max_content_length = limit


def _limit(expected: Takes) -> int:
    if expected.content_type == MULTIPART:
        return settings().max_body_bytes
    return settings().max_batch_bytes if expected.is_batch else settings().max_json_bytes


def _require_form(expected: Takes) -> None:
    """Refuse another content type, more files than one where one is taken, and single fields given twice."""
    if request.mimetype != MULTIPART or "boundary" not in request.mimetype_params:
        raise _wrong_type(MULTIPART)
    uploads = [upload for _, each in request.files.lists() for upload in each]
    if expected.max_files is not None and len(uploads) > expected.max_files:
        raise TooManyFilesError(
            f"the request has {len(uploads)} files, {expected.max_files} is taken: send one request for each",
            files=len(uploads),
            max_files=expected.max_files,
            filenames=[_name(upload) for upload in uploads],
        )
    given = Counter(name for name, _ in [*request.form.items(multi=True), *request.files.items(multi=True)])
    for name in expected.single & given.keys():
        if given[name] > 1:
            raise RepeatedFieldError(
                f"the field {name} was given {given[name]} times, it is taken once", field=name, times=given[name]
            )


def _name(upload: FileStorage) -> str:
    return (upload.filename or "")[:200]


def _require_json() -> None:
    data = _whole_body()
    if not data:
        return
    if not request.is_json:
        raise _wrong_type(JSON)
    if not isinstance(_parsed(data), dict):
        raise UnexpectedBodyError("the body is JSON, but not an object")


def _require_fields() -> None:
    """Refuse another content type than that of a form without files."""
    _whole_body()
    if request.mimetype != FORM:
        raise _wrong_type(FORM)


def _parsed(data: bytes) -> Any:
    """Parse JSON as RFC 8259 has it: no NaN, no infinity, and UTF-8."""
    try:
        return parse_json(data.decode("utf-8"), constant=_refuse_constant)
    except ValueError as error:
        raise MalformedJsonError(f"the body is not JSON: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _require_nothing() -> None:
    if _whole_body().strip() not in {b"", b"{}"}:
        raise UnexpectedBodyError("this operation takes no body")


def _whole_body() -> bytes:
    """Read a body. One that did not say its length and reaches the limit was cut there by Werkzeug: it is refused."""
    data = request.get_data(cache=True)
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(data) >= limit:
        raise BodyTooLargeError(f"the request has {limit} bytes or more, fewer are taken", max_bytes=limit)
    return data


def _wrong_type(expected: str) -> WrongContentTypeError:
    sent = request.mimetype or None
    return WrongContentTypeError(
        f"the body is {sent or 'of no declared type'}; this operation takes {expected}",
        content_type=sent,
        expected=expected,
    )
