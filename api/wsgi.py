"""What gunicorn runs: ``gunicorn 'api.wsgi:build()'``, in each HTTP process, after it was forked."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import structlog
from flask import Flask, request

from api import ApiSettings, create_app
from api.document import DescribedAPI
from api.health import HEALTH
from api.rates import rates_of
from api.serving.turns import pause
from registry import memory, starting
from registry.bootstrap import build_context
from registry.errors import DatabaseUnavailableError
from registry.hardening import leave_no_core
from registry.logs import configure_logs
from registry.settings import Settings, load_settings
from registry.store.database import Database

_FORM_BYTES = 2**20
"""Room for what stands around the files in a form."""

_WARM_DECODERS = 2

log = structlog.get_logger()


def build() -> DescribedAPI:
    """Build the application from the environment.

    Raises:
        KeyringError, SettingsError, DatabaseNotReadyError: the registry cannot serve; the sentence says what to do. A
            database that is away at the moment is no reason: requests are answered so until it is back.
    """
    leave_no_core()
    memory.bound_arenas()
    settings = load_settings()
    configure_logs(settings.log_level)
    with ExitStack() as stack:
        ctx = stack.enter_context(build_context(settings, warm_decoders=_WARM_DECODERS, hears=True))
        app = create_app(replace(ctx, pause=pause), settings=api_settings(settings))
        require_schema(app, ctx.database)
        atexit.register(stack.pop_all().close)
    starting.loaded(seldom=True)
    return app


def require_schema(app: Flask, database: Database) -> None:
    """Refuse to serve with a schema that does not serve this version: now, or as soon as the database is there.

    Raises:
        DatabaseNotReadyError: it has another schema.
    """
    try:
        database.require_current_schema()
    except DatabaseUnavailableError as error:
        log.warning("the database is away", detail=error.detail)
        app.before_request(_once_seen(database))


def _once_seen(database: Database) -> Callable[[], None]:
    """Look at the schema before each request, until it was seen to serve."""
    seen = threading.Event()

    def look() -> None:
        if not seen.is_set() and request.blueprint != HEALTH:
            database.require_current_schema()
            seen.set()

    return look


def api_settings(settings: Settings) -> ApiSettings:
    """Answer how the API behaves."""
    return ApiSettings(
        max_body_bytes=settings.max_upload_bytes + _FORM_BYTES,
        rates=rates_of(lambda name: str(getattr(settings, name))),
        rate_storage=settings.rate_storage,
        trusted_proxies=settings.trusted_proxies,
        time_zone=settings.time_zone,
    )
