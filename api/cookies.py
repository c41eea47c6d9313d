"""Cookies: the session of a browser, and the flow that it is in the middle of.

With TLS their names begin with ``__Host-``: a browser takes such a one only from this very host, over TLS, for all of
it, so that no neighbour under the same domain can set one (draft-ietf-httpbis-rfc6265bis, section 4.1.3). On this
machine alone, without TLS, they go without that name and without ``Secure``, which some browsers refuse there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Response, request

from api.state import context

SESSION: Final = "likeness-session"
FLOW: Final = "likeness-flow"
_HOST_ONLY = "__Host-"


def sent(name: str) -> str | None:
    """Answer the value of a cookie that a browser sent, if people can sign in here at all."""
    return None if context().sign_in.origin is None else request.cookies.get(_full(name))


def give(response: Response, name: str, value: str, life: timedelta) -> None:
    """Have a browser keep a value, where no script reads it, and send it along.

    ``Lax``: it comes along when somebody follows a link from elsewhere, or is sent back by an identity provider, and
    not with what another site sends or embeds.
    """
    response.set_cookie(
        _full(name),
        value,
        max_age=life,
        path="/",
        secure=_is_secure(),
        httponly=True,
        samesite="Lax",
    )


def take_back(response: Response, name: str) -> None:
    """Have a browser forget a value."""
    response.delete_cookie(_full(name), path="/", secure=_is_secure(), httponly=True, samesite="Lax")


def _full(name: str) -> str:
    return f"{_HOST_ONLY}{name}" if _is_secure() else name


def _is_secure() -> bool:
    origin = context().sign_in.origin
    return origin is None or origin.is_secure
