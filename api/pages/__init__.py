"""Pages for people: signing in, and out."""

from __future__ import annotations

from flask import Flask

from api.limits import FORM, Takes
from api.pages import sign_in

TAKES = {
    ("pages.use_link", "POST"): Takes(FORM),
    ("pages.connect", "POST"): Takes(FORM),
    ("pages.sign_out", "POST"): Takes(FORM),
}
"""What the forms of pages send."""


def install(app: Flask) -> None:
    """Serve the pages; what goes wrong on one is told as a page."""
    app.register_blueprint(sign_in.pages)
