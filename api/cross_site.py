"""Requests that another site makes a browser send: its cookies come along, its owner knows nothing of it.

Who asks with a token of their own is no browser that was talked into it; none of this concerns them.
"""

from __future__ import annotations

from hmac import compare_digest
from http import HTTPMethod

from flask import request

from api.errors import CrossSiteError
from api.state import context
from registry.vault.tokens import csrf_token

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
SAFE = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})


def require_own_request(session_text: str, token: str | None) -> None:
    """Refuse a request with a session that was not made by a page of this registry.

    1. Where the browser says from where it was made (``Sec-Fetch-Site``, ``Origin``), it was made here.
    2. It carries what only a page of this very session knows.

    Args:
        session_text: the session, as its browser sent it.
        token: what was sent along, in a header or a field.

    Raises:
        CrossSiteError: one of these does not hold; figure ``step``.
    """
    require_made_here()
    if token is None or not compare_digest(token.encode("utf-8", "replace"), csrf_token(session_text).encode()):
        raise CrossSiteError(f"send the session's csrf_token as {HEADER}; GET /v1/me answers it", step="csrf_token")


def require_made_here(*, must_say: bool = False) -> None:
    """Refuse a request of which the browser says that another site made it.

    Args:
        must_say: also refuse one that says nothing of it. Every browser has said so with a form since 2020.

    Raises:
        CrossSiteError: figure ``step``.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    here = context().sign_in.origin
    if site is not None and site != "same-origin":
        raise CrossSiteError("another site has made this request", step="sec_fetch_site")
    if origin is not None and origin != str(here):
        raise CrossSiteError(f"this was made by a page of {origin[:200]}; this registry is at {here}", step="origin")
    if must_say and site is None and origin is None:
        raise CrossSiteError("this request does not say which page has made it", step="origin")
