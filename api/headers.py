"""Headers in and out: request ids, entity tags, preferences, and what keeps browsers and caches in their place."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, unbind_contextvars

from api.errors import PreconditionHeaderError
from api.schemas.base import Headers, omissible

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,20}")
_ENTITY_TAG = re.compile(r'"v([1-9][0-9]{0,8})(?:-[a-z]+)?"')

EVERYWHERE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer has, of the application and of the server before it, unless an operation sets its own."""


class ChangeHeaders(Headers):
    """Headers of an operation that changes something with a version."""

    if_match: str | None = omissible(
        alias="If-Match",
        description="The entity tag last seen. If the thing has changed since, the answer is 412 and nothing is done.",
        examples=['"v1"'],
    )

    def version(self) -> int | None:
        """Answer the version that the caller has seen, or None when any will do.

        Raises:
            PreconditionHeaderError: the header is not an entity tag of this API.
        """
        if self.if_match is None or self.if_match.strip() == "*":
            return None
        found = _ENTITY_TAG.fullmatch(self.if_match.strip())
        if found is None:
            raise PreconditionHeaderError('If-Match takes one entity tag, such as "v3", or *', if_match=self.if_match)
        return int(found[1])


class WaitHeaders(Headers):
    """Headers of an operation that may take a while."""

    prefer: str | None = omissible(
        alias="Prefer",
        description="`wait=10` (RFC 7240): answer with the result if it is there within so many seconds, at most 60.",
        examples=["wait=10"],
    )

    def wait(self, *, default_s: float, max_s: float) -> Wait:
        """Answer how long to wait. What cannot be understood is ignored, as RFC 7240 section 2 says."""
        preferences = _preferences(self.prefer or "")
        wanted = preferences.get("wait", "")
        if _SECONDS.fullmatch(wanted):
            seconds = min(float(wanted), max_s)
            return Wait(seconds, applied=f"wait={seconds:.0f}")
        if "respond-async" in preferences:
            return Wait(0.0, applied="respond-async")
        return Wait(default_s, applied=None)


def _preferences(sent: str) -> dict[str, str]:
    """Answer each preference's value; parameters are left out, and of two of one name the first counts."""
    found: dict[str, str] = {}
    for preference in sent.split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait for a result, and what to say of the preference that was followed."""

    seconds: float
    applied: str | None

    def headers(self) -> dict[str, str]:
        """Answer the header that tells the caller which preference was followed."""
        return {} if self.applied is None else {"Preference-Applied": self.applied}


def entity_tag(version: int, state: str | None = None) -> str:
    """Answer the tag of a version; with a state, where time alone can change what is shown."""
    return f"v{version}" if state is None else f"v{version}-{state}"


def install(app: Flask) -> None:
    """Give every request an id, and every answer its headers."""
    app.before_request(_take_request_id)
    app.after_request(_finish)
    app.teardown_request(_forget_request_id)


def _take_request_id() -> None:
    """Keep the caller's id where it is one that can stand in a log; make one otherwise."""
    offered = request.headers.get("X-Request-Id", "")
    g.request_id = offered if _REQUEST_ID.fullmatch(offered) else secrets.token_hex(12)
    bind_contextvars(request_id=g.request_id)


def _forget_request_id(error: BaseException | None) -> None:  # noqa: ARG001  (signature)
    unbind_contextvars("request_id")


def _finish(response: Response) -> Response:
    for name, value in EVERYWHERE.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response
