"""Who is asking: a token or a session becomes a principal before anything else of a request is looked at.

A request with an ``Authorization`` header is judged by that alone, right or wrong. One without may carry the session of
a browser; where it changes something, it must show as well that a page of this registry has made it.
"""

from __future__ import annotations

from flask import Flask, g, request

from api import cookies, cross_site
from api.rate_limits import checked_token, spend_anonymously
from api.state import context
from registry.errors import UnauthenticatedError
from registry.services import sessions, tokens

PUBLIC = frozenset(
    {
        "health.healthz",
        "health.readyz",
        "health.metrics",
        "openapi_document",
        "keys.get_keys",
        "retention.get_retention_schedule",
        "retention.list_destruction_certificates",
        "journal.get_journal",
        "journal.get_checkpoint",
        "journal.list_checkpoints",
        "journal.list_leaf_hashes",
        "journal.prove_inclusion",
        "journal.prove_consistency",
        "journal.add_cosignatures",
    }
)
"""Endpoints that need no token. What is not named here needs one."""

PAGES = frozenset(
    {
        "pages.show_sign_in",
        "pages.show_link",
        "pages.use_link",
        "pages.go_to_provider",
        "pages.come_back",
        "pages.show_account",
        "pages.connect",
        "pages.sign_out",
    }
)
"""Pages for people. They look for a session themselves, and show where to sign in where there is none."""

_OPERATING = frozenset({"health.healthz", "health.readyz", "health.metrics"})
"""Asked by whatever watches over the registry, which must not be turned away."""


def install(app: Flask) -> None:
    """Let nobody past without a token or a session, but to the public endpoints and the pages."""
    app.before_request(_require_somebody)


def _require_somebody() -> None:
    """Tell who is asking, and count what they ask.

    Raises:
        UnauthenticatedError: no token and no session, or one that is not valid.
        TokenExpiredError: the token's time is over.
        SessionEndedError: the session is over.
        CrossSiteError: it comes with a session, and not from a page of this registry.
        RateLimitedError: the token, or the address, has asked as often as is allowed.
    """
    if request.endpoint in _OPERATING:
        return
    if request.routing_exception is not None or request.endpoint in PUBLIC | PAGES:
        spend_anonymously()
        return
    session_text = cookies.sent(cookies.SESSION) if "Authorization" not in request.headers else None
    if session_text is not None:
        g.signed_in = checked_token(session_text, lambda text: sessions.authenticate_session(context(), text))
        if request.method not in cross_site.SAFE:
            cross_site.require_own_request(session_text, request.headers.get(cross_site.HEADER))
        g.principal = g.signed_in.principal
        return
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        spend_anonymously()
        raise UnauthenticatedError("send your token as Authorization: Bearer …")
    g.principal = checked_token(sent.token, lambda token: tokens.authenticate(context(), token))
