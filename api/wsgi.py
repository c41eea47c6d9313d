"""What gunicorn runs: ``gunicorn 'api.wsgi:build()'``, in each HTTP process, after it was forked."""

from __future__ import annotations

import atexit
import gc
from contextlib import ExitStack

from api import ApiSettings, create_app
from api.document import DescribedAPI
from api.rates import rates_of
from registry.bootstrap import build_context
from registry.logs import configure_logs
from registry.settings import Settings, load_settings

_FORM_BYTES = 2**20
"""Room for what stands around the files in a form."""

_WARM_DECODERS = 2
_GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""How much is made before the collector looks: a request about ten thousand things makes millions of objects, and by
default two fifths of its time go to looking through them again and again (`benchmarks.clearances`)."""


def build() -> DescribedAPI:
    """Build the application from the environment.

    Raises:
        KeyringError, SettingsError, DatabaseNotReadyError: the registry cannot serve; the sentence says what to do.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    with ExitStack() as stack:
        ctx = stack.enter_context(build_context(settings, warm_decoders=_WARM_DECODERS))
        ctx.database.require_current_schema()
        app = create_app(ctx, settings=api_settings(settings))
        atexit.register(stack.pop_all().close)
    collect_seldom()
    return app


def collect_seldom() -> None:
    """Let the collector look less often, and never again at what is there for good: modules, models, routes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def api_settings(settings: Settings) -> ApiSettings:
    """Answer how the API behaves."""
    return ApiSettings(
        max_body_bytes=settings.max_upload_bytes + _FORM_BYTES,
        rates=rates_of(lambda name: str(getattr(settings, name))),
        rate_storage=settings.rate_storage,
        trusted_proxies=settings.trusted_proxies,
    )
