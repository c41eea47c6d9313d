"""Problems: every error as RFC 9457 ``application/problem+json``, and the one place that knows statuses.

A problem has ``type, title, status, detail, instance, code``, the request's id, whatever figures the error carries, and
``errors`` when several fields are wrong. What went wrong inside the registry is logged, never told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from api import errors as http
from api.locations import located
from registry import errors

URN = "urn:likeness-registry:problem:"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_REALM = "likeness-registry"

_STATUSES: tuple[tuple[type[errors.RegistryError], HTTPStatus], ...] = (
    (http.BodyTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (http.WrongContentTypeError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (http.MalformedJsonError, HTTPStatus.BAD_REQUEST),
    (errors.InvalidInputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (errors.ForbiddenError, HTTPStatus.FORBIDDEN),
    (errors.NotFoundError, HTTPStatus.NOT_FOUND),
    (errors.ConflictError, HTTPStatus.CONFLICT),
    (errors.GalleryFileReplacedError, HTTPStatus.CONFLICT),
    (errors.RateLimitedError, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.StaleVersionError, HTTPStatus.PRECONDITION_FAILED),
    (errors.PrintingUnavailableError, HTTPStatus.NOT_IMPLEMENTED),
    (errors.EngineUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.ProviderUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.DatabaseNotReadyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.DecoderUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.BlobStoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.KeysUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.KeyringError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.StorageFullError, HTTPStatus.INSUFFICIENT_STORAGE),
)
"""The first class that fits decides; an error of no class here is the registry's own fault: 500."""

_UNAVAILABLE = "a part of the registry does not answer at the moment; try again"
_FULL = "there is no room to keep this: nothing of it was kept; the registry goes on when its operator has made room"
_AGAIN_LATER = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE})
_INTERNAL = "something went wrong inside the registry; it was logged under this request's id"
_SLUGS_BY_STATUS = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: http.BodyTooLargeError.slug,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: http.WrongContentTypeError.slug,
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal",
}
_OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id", "errors"})

_log = structlog.get_logger()


def install(app: Flask) -> None:
    """Answer every error of an application as a problem."""
    app.register_error_handler(errors.RegistryError, from_error)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, from_anything)


def problem(
    status: HTTPStatus, code: str, detail: str, *, figures: Mapping[str, object] | None = None, **members: object
) -> Response:
    """Answer one problem.

    Args:
        status: of the answer.
        code: the stable slug.
        detail: one sentence for a person, with the numbers in it.
        figures: the same numbers for a machine; one that would hide a member of the problem itself is left out.
        members: further members, such as ``errors``.
    """
    body = problem_of(status, code, detail, instance=request.path, request_id=g.get("request_id"))
    body |= {name: value for name, value in (figures or {}).items() if name not in _OWN_MEMBERS} | members
    return Response(json.dumps(body, ensure_ascii=False), status.value, mimetype=MEDIA_TYPE)


def problem_of(
    status: HTTPStatus, code: str, detail: str, *, instance: str, request_id: str | None
) -> dict[str, object]:
    """Answer the members that every problem has."""
    return {
        "type": f"{URN}{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status.value,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }


def from_error(error: errors.RegistryError) -> Response:
    """Answer one of our own errors: the caller's as it is, the machine's without its insides."""
    status = _status_of_error(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return from_anything(error)
    if status in _AGAIN_LATER:
        _log.error("unavailable", request_id=g.get("request_id"), slug=error.slug, detail=error.detail)
        told = _FULL if status is HTTPStatus.INSUFFICIENT_STORAGE else _UNAVAILABLE
        response = problem(status, error.slug, told)
    else:
        response = problem(status, error.slug, error.detail, figures=error.figures)
    _add_headers(response, error)
    return response


def from_validation(error: ValidationError) -> Response:
    """Answer what a model refused: each field with where it is and what is wrong with it."""
    found = located(error)
    where = ", ".join(item["pointer"] if "pointer" in item else item["parameter"] for item in found)
    fields = "1 field is" if len(found) == 1 else f"{len(found)} fields are"
    detail = f"{fields} not valid: {where}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "validation_failed", detail, errors=found)


def from_refusal(stored: Mapping[str, object], *, status: HTTPStatus | None = None, **members: object) -> Response:
    """Answer the problem that a worker wrote down: ``slug``, ``detail`` and ``figures``."""
    slug = str(stored["slug"])
    figures = stored.get("figures")
    return problem(
        status or _status_of_slug(slug),
        slug,
        str(stored["detail"]),
        figures=figures if isinstance(figures, Mapping) else None,
        **members,
    )


def status_of(error: type[errors.RegistryError]) -> HTTPStatus:
    """Answer the status that a class of errors is told with."""
    fitting = (status for cls, status in _STATUSES if issubclass(error, cls))
    return next(fitting, HTTPStatus.INTERNAL_SERVER_ERROR)


def _status_of_error(error: errors.RegistryError) -> HTTPStatus:
    """Answer the status of an error: that of its class, but too many bytes are told apart from too many seconds."""
    if isinstance(error, errors.MediaTooLargeError) and "size_bytes" in error.figures:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return status_of(type(error))


def _status_of_slug(slug: str) -> HTTPStatus:
    """Answer the status of an error of which only the slug is left."""
    waiting: list[type[errors.RegistryError]] = [errors.RegistryError]
    while waiting:
        candidate = waiting.pop()
        if candidate.slug == slug:
            return status_of(candidate)
        waiting.extend(candidate.__subclasses__())
    return HTTPStatus.UNPROCESSABLE_ENTITY


def _add_headers(response: Response, error: errors.RegistryError) -> None:
    if isinstance(error, errors.UnauthenticatedError):
        # RFC 6750 section 3: no error attribute where no credentials were sent at all
        attributes = ', error="invalid_token"' if request.authorization else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="{_REALM}"{attributes}'
    if isinstance(error, errors.RequestInProgressError) or response.status_code in _AGAIN_LATER:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, errors.RateLimitedError):
        response.headers["Retry-After"] = str(error.figures.get("retry_after_s", RETRY_AFTER_S))


def from_http(error: HTTPException) -> Response:
    """Answer what Flask and Werkzeug refuse by themselves: no such route, wrong method, too large."""
    if error.response is not None:  # an answer that somebody has made already
        return error.response if isinstance(error.response, Response) else Response(status=error.code)
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = _SLUGS_BY_STATUS.get(status, status.phrase.lower().replace(" ", "_"))
    response = problem(status, code, _detail(error, status))
    for name, value in error.get_headers():
        if name in {"Allow", "Location", "Retry-After"}:
            response.headers[name] = value
    return response


def _detail(error: HTTPException, status: HTTPStatus) -> str:
    if status is HTTPStatus.NOT_FOUND:
        return "there is nothing at this address"
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not a method of this address"
    return _INTERNAL if status is HTTPStatus.INTERNAL_SERVER_ERROR else error.description or status.phrase


def from_anything(error: Exception) -> Response:
    """Log what nobody expected, and say nothing of it but that it happened; a full disk can show itself anywhere."""
    if isinstance(error, OSError) and error.errno in errors.NO_ROOM:
        return from_error(errors.StorageFullError(str(error)))
    _log.error("request failed", request_id=g.get("request_id"), exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", _INTERNAL)
