"""Pages for people: what anybody may read, signing in, and a room for each reader. All work without a script."""

from __future__ import annotations

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


def takes_of(app: Flask) -> dict[tuple[str, str], Takes]:
    """Answer what the form of each page sends: fields, unless it says otherwise."""
    forms = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in {"pages", PERSONAL} and "POST" in (rule.methods or ())
    }
    return {(each, "POST"): getattr(app.view_functions[each], "takes", Takes(FORM)) for each in forms}
