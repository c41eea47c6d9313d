"""What is refused before there is a request: the same problems, with the same headers, as everything else has."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus

from gunicorn.http import errors

from api.headers import EVERYWHERE
from api.problems import MEDIA_TYPE, RETRY_AFTER_S, problem_of

_STATUSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], HTTPStatus, str], ...] = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, "the request line has more than {line} bytes"),
    (
        errors.LimitRequestHeaders,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "there are more than {fields} header fields, or one has more than {field} bytes",
    ),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, "Expect can only be 100-continue"),
    (
        errors.UnsupportedTransferCoding,
        HTTPStatus.NOT_IMPLEMENTED,
        "the only transfer coding is chunked, given once, with HTTP/1.1",
    ),
    (errors.InvalidHTTPVersion, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "this is not HTTP/1.0 or HTTP/1.1"),
    ((errors.ParseException, errors.ConfigurationProblem), HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request"),
)
LIMITS = {"line": 8190, "fields": 100, "field": 8190}
"""Bytes of a request line, fields of a head, bytes of a field."""

HEAD_BYTES = 64 * 2**10
"""Bytes of a head: request line and fields together."""

TOO_LATE = (HTTPStatus.REQUEST_TIMEOUT, "the head of the request did not come within {head_s:.0f} s")
TOO_LARGE = (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the head of the request has more than {HEAD_BYTES} bytes")


FULL = (HTTPStatus.SERVICE_UNAVAILABLE, "as many requests as can wait are waiting already; try again")


def code_of(status: HTTPStatus) -> str:
    """Answer the code of a problem that is told before there is a request."""
    return status.phrase.lower().replace(" ", "_").replace("-", "_")


def codes() -> Mapping[str, HTTPStatus]:
    """Answer every code that is told before there is a request, with its status."""
    statuses = {*(status for _, status, _ in _STATUSES), TOO_LATE[0], TOO_LARGE[0], FULL[0]}
    return {code_of(status): status for status in statuses}


def refusal_of(error: Exception) -> tuple[HTTPStatus, str] | None:
    """Answer the status and the sentence for what the parser refused; None for what is no refusal of it."""
    for kind, status, detail in _STATUSES:
        if isinstance(error, kind):
            return status, detail.format(**LIMITS)
    return None


def answer_bytes(status: HTTPStatus, detail: str) -> bytes:
    """Answer a problem as the whole answer of a connection that ends with it."""
    request_id = secrets.token_hex(12)
    body = json.dumps(problem_of(status, code_of(status), detail, instance="", request_id=request_id)).encode("utf-8")
    retry = {"Retry-After": str(RETRY_AFTER_S)} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    fields = {
        "Connection": "close",
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "X-Request-Id": request_id,
        **retry,
        **EVERYWHERE,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode("ascii") + body
