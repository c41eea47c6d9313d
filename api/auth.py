"""Who is asking: a bearer token becomes a principal before anything else of a request is looked at."""

from __future__ import annotations

from flask import Flask, g, request

from api.rate_limits import checked_token, spend_anonymously
from api.state import context
from registry.errors import UnauthenticatedError
from registry.services import tokens

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

_OPERATING = frozenset({"health.healthz", "health.readyz", "health.metrics"})
"""Asked by whatever watches over the registry, which must not be turned away."""


def install(app: Flask) -> None:
    """Let nobody past without a token, but to the public endpoints."""
    app.before_request(_require_token)


def _require_token() -> None:
    """Tell who is asking, and count what they ask.

    Raises:
        UnauthenticatedError: no token, or one that is not valid.
        TokenExpiredError: the token's time is over.
        RateLimitedError: the token, or the address, has asked as often as is allowed.
    """
    if request.endpoint in _OPERATING:
        return
    if request.routing_exception is not None or request.endpoint in PUBLIC:
        spend_anonymously()
        return
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        spend_anonymously()
        raise UnauthenticatedError("send your token as Authorization: Bearer …")
    g.principal = checked_token(sent.token, lambda token: tokens.authenticate(context(), token))
