"""Who is asking: a bearer token becomes a principal before anything else of a request is looked at."""

from __future__ import annotations

from flask import Flask, g, request

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
    }
)
"""Endpoints that need no token. What is not named here needs one."""


def install(app: Flask) -> None:
    """Let nobody past without a token, but to the public endpoints."""
    app.before_request(_require_token)


def _require_token() -> None:
    """Tell who is asking.

    Raises:
        UnauthenticatedError: no token, or one that is not valid.
        TokenExpiredError: the token's time is over.
    """
    if request.routing_exception is not None or request.endpoint in PUBLIC:
        return
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise UnauthenticatedError("send your token as Authorization: Bearer …")
    g.principal = tokens.authenticate(context(), sent.token)
