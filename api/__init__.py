"""HTTP: `create_app` builds the application. Nothing here knows SQL, and nothing here loads the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from werkzeug.routing import BaseConverter

from api import auth, headers, health, limits, pages, problems, rate_limits
from api.document import DescribedAPI
from api.limits import Takes
from api.state import ApiSettings, ApiState, attach
from api.v1 import blueprints
from api.v1.resource import SECURITY_SCHEME
from api.windows import windows_at
from registry.services.context import Context

API_VERSION = "1.0"
_DESCRIPTION = (
    "Whose voice is in a recording, and was that use licensed? Performers say what may be done with their voices; "
    "studios submit recordings with their declared use; every answer carries evidence, a verdict, and reasons."
)

__all__ = ["ApiSettings", "create_app"]


class IdConverter(BaseConverter):
    """The form of an id in an address: what has another form is not found, and no database is asked."""

    regex = r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}"


def create_app(ctx: Context, *, settings: ApiSettings | None = None) -> DescribedAPI:
    """Build the application.

    A request goes through: its id · the token, and how often it was used · the size and form of its body · the model
    of the operation · its idempotency key · one verb. What is refused on the way is answered as a problem.

    Args:
        ctx: what every verb takes; `registry.bootstrap` builds it.
        settings: of the API itself.

    Raises:
        SettingsError: there is no counting where the settings say.
    """
    app = _new_app()
    settings = settings or ApiSettings()
    attach(app, ApiState(ctx, settings))
    problems.install(app)
    headers.install(app)
    health.install(app, ctx)
    rate_limits.install(app, settings.rates, windows_at(settings.rate_storage), settings.trusted_proxies)
    auth.install(app)
    for blueprint in blueprints():
        app.register_api(blueprint)
    pages.install(app)
    limits.install(app, _takes_of(app))
    app.add_url_rule("/openapi.json", "openapi_document", _document(app))
    return app


class TextIdConverter(BaseConverter):
    """The form of the name of an explanation text: topic, language and version."""

    regex = r"[a-z_]{1,40}\.[A-Za-z0-9-]{2,35}\.[a-z0-9-]{1,40}"


def _new_app() -> DescribedAPI:
    app = DescribedAPI(
        __name__,
        info=Info(title="Likeness registry", version=API_VERSION, description=_DESCRIPTION),
        security_schemes={SECURITY_SCHEME: SecurityScheme(type="http", scheme="bearer")},
        validation_error_callback=problems.from_validation,
        validate_response=True,
        doc_ui=False,
        static_folder=None,
    )
    app.openapi_version = "3.1.0"  # flask-openapi says 3.2.0, which most tools do not read yet; nothing here needs it
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.url_map.strict_slashes = False
    app.url_map.converters["id"] = IdConverter
    app.url_map.converters["text"] = TextIdConverter
    return app


def _takes_of(app: DescribedAPI) -> Callable[[str], Takes]:
    """Answer what tells which body an endpoint takes."""

    def takes_of(endpoint: str) -> Takes:
        view = app.view_functions[endpoint]
        return pages.takes(view) if pages.has(endpoint) else limits.takes(view)

    return takes_of


def _document(app: DescribedAPI) -> Callable[[], ResponseReturnValue]:
    """Answer a view of the description, written once: it is large, and anybody may ask for it."""

    @cache
    def written() -> tuple[bytes, str]:
        text = app.json.dumps(app.api_doc).encode("utf-8")
        return text, hashlib.sha256(text).hexdigest()

    def openapi_document() -> ResponseReturnValue:
        text, digest = written()
        response = Response(text, mimetype="application/json")
        response.set_etag(digest)
        return response.make_conditional(request)

    return openapi_document
