"""Pages for people: what anybody may read, signing in, and a room for each reader. All work without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from api import problems
from api.auth import PERSONAL
from api.limits import FORM, Takes
from api.pages import (  # noqa: F401  (each puts its pages onto its blueprint)
    account,
    anybody,
    auditor,
    disputes,
    home,
    operator,
    performer,
    personal,
    public,
    rendering,
    sign_in,
    static_files,
    studio,
    verify,
)


def install(app: Flask) -> None:
    """Serve the pages; what goes wrong on one is told as a page."""
    rendering.install(app)
    app.register_blueprint(static_files.files)
    app.register_blueprint(anybody.pages)
    app.register_blueprint(personal.personal)
    for status in (404, 405):
        app.register_error_handler(status, rendering.for_people(problems.from_http))


def has(endpoint: str) -> bool:
    """Tell whether an endpoint is one of the pages'."""
    return endpoint.partition(".")[0] in {"pages", PERSONAL}


def takes(view: Callable[..., Any]) -> Takes:
    """Answer what the form of a page sends: fields, unless it says otherwise."""
    found: Takes = getattr(view, "takes", Takes(FORM))
    return found
