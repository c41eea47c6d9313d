"""Who is asking: a token or a session becomes a principal before anything else of a request is looked at.

A request with an ``Authorization`` header is judged by that alone, right or wrong. One without may carry the session of
a browser; where it changes something, it must show as well that a page of this registry has made it.
"""

from __future__ import annotations

from flask import Flask, g, request

from api import cookies, cross_site
from api.rate_limits import checked_token, spend_anonymously
from api.rates import Budget
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
        "transparency.get_transparency",
        "journal.get_journal",
        "journal.get_checkpoint",
        "journal.list_checkpoints",
        "journal.list_leaf_hashes",
        "journal.prove_inclusion",
        "journal.prove_consistency",
        "journal.add_cosignatures",
        "verifications.verify_file",
        "files.get_file",
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
        "pages.show_front",
        "pages.show_voiceprints",
        "pages.show_retention",
        "pages.show_journal",
        "pages.show_transparency",
        "pages.show_time_zones",
        "pages.show_verify",
        "pages.verify_file",
    }
)
"""Pages for anybody. They look for a session themselves, and show where to sign in where there is none."""

PERSONAL = "personal"
"""The blueprint of pages about somebody: a session opens them, and nothing else does; see `api.pages.personal`."""

_COUNTED_APART = {
    "verifications.verify_file": (Budget.VERIFICATIONS,),
    "pages.verify_file": (Budget.VERIFICATIONS,),
}
"""Of what anybody may ask, what costs more than an answer; it is counted before anything of the file is read."""

_NOT_COUNTED = frozenset({"health.healthz", "health.readyz", "health.metrics", "files.get_file"})
"""Asked by whatever watches over the registry, which must not be turned away; and what lies ready in memory."""


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
    if request.endpoint in _NOT_COUNTED:
        return
    if request.routing_exception is not None or request.endpoint in PUBLIC | PAGES:
        spend_anonymously(*_COUNTED_APART.get(request.endpoint or "", ()))
        return
    if request.blueprint == PERSONAL:
        _require_session()
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


def _require_session() -> None:
    """Tell who is signed in in the browser that asks for a page, or sends one's form.

    Of a form, it is looked at here whether a page of this registry sent it. What only a page of this very session knows
    stands among its fields: that is looked at when these have been read (`api.pages.personal`).

    Raises:
        UnauthenticatedError: nobody is signed in in this browser.
        SessionEndedError, RateLimitedError: as above.
        CrossSiteError: another site has sent the form, or its browser does not say who has.
    """
    if request.method not in cross_site.SAFE:
        cross_site.require_made_here(must_say=True)
    text = cookies.sent(cookies.SESSION)
    if text is None:
        spend_anonymously()
        raise UnauthenticatedError("nobody is signed in in this browser")
    g.signed_in = checked_token(text, lambda sent: sessions.authenticate_session(context(), sent))
    g.session_text, g.principal = text, g.signed_in.principal
