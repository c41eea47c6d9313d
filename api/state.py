"""What a request may reach: the registry's context, the API's own settings, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from flask import Flask, current_app, g

from api.rates import DEFAULT_RATES, Rates
from registry.domain.accounts import Principal
from registry.domain.time_zones import DEFAULT as DEFAULT_ZONE
from registry.services.context import Context
from registry.services.sessions import SignedIn

_EXTENSION = "likeness_registry"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the API behaves.

    Attributes:
        max_body_bytes: of a request that carries media.
        max_json_bytes: of a request that carries JSON.
        max_batch_bytes: of a request that carries JSON about thousands of things at once.
        max_wait_s: the longest that ``Prefer: wait`` is followed.
        enrolment_wait_s: how long an enrolment is waited for when nothing else is asked.
        rates: how often it may be asked, by what.
        rate_storage: URL of where that is counted; None for this process.
        trusted_proxies: how many proxies are believed about from where they were asked.
        time_zone: in which pages tell of moments to whoever has chosen none.
    """

    max_body_bytes: int = 513 * 2**20  # the decoder's limit on a file, and room for the form around it
    max_json_bytes: int = 2**20
    max_batch_bytes: int = 32 * 2**20  # ten thousand tokens, or uses with every member
    max_wait_s: float = 60.0
    enrolment_wait_s: float = 30.0
    rates: Rates = field(default_factory=lambda: DEFAULT_RATES)
    rate_storage: str | None = None
    trusted_proxies: int = 0
    time_zone: str = DEFAULT_ZONE


@dataclass(frozen=True, slots=True)
class ApiState:
    """What `create_app` was given."""

    ctx: Context
    settings: ApiSettings


def attach(app: Flask, state: ApiState) -> None:
    """Give an application its context and settings."""
    app.extensions[_EXTENSION] = state


def context() -> Context:
    """Answer the context that every verb takes; with the deed, where the request is done under an idempotency key."""
    ctx = _state().ctx
    return ctx if "deed" not in g else replace(ctx, deed=g.deed)


def settings() -> ApiSettings:
    """Answer the API's own settings."""
    return _state().settings


def principal() -> Principal:
    """Answer who is asking. Only an operation behind the gate of `api.auth` has somebody to answer with."""
    return cast("Principal", g.principal)


def signed_in() -> SignedIn | None:
    """Answer the session of whoever is asking; None where they ask with a token."""
    return cast("SignedIn | None", g.get("signed_in"))


def _state() -> ApiState:
    return cast("ApiState", current_app.extensions[_EXTENSION])
