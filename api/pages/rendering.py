"""Pages: a template, its words in the reader's language, and headers under which a browser runs and loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import structlog
from flask import Response, g, render_template, request

from api import problems
from api.cross_site import FIELD
from api.pages.words import DEFAULT, LANGUAGES, Words, refusal
from registry.errors import RegistryError, SignInRefusedError

STYLE: Final = (
    ":root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}"
    "body{margin:0 auto;max-width:34rem;padding:1rem 1.25rem 3rem;overflow-wrap:anywhere;word-break:keep-all}"
    "header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;font-size:.9rem;"
    "border-bottom:1px solid GrayText;padding-bottom:.5rem}"
    "nav a,nav span{margin-left:.75rem}nav :first-child{margin-left:0}"
    "h1{font-size:1.5rem;line-height:1.25;margin:1.75rem 0 .75rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}"
    "dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.35rem 1rem}dt{opacity:.8}dd{margin:0}"
    "button,.button{display:inline-block;box-sizing:border-box;min-height:2.75rem;padding:.6rem 1.1rem;font:inherit;"
    "font-weight:600;color:#fff;background:#1b4f8f;border:1px solid transparent;border-radius:.4rem;cursor:pointer;"
    "text-decoration:none}"
    "button.quiet{color:inherit;background:none;border-color:currentColor;font-weight:400}"
    ":focus-visible{outline:3px solid #d97a00;outline-offset:2px}small{opacity:.8}"
)
"""All of it stands in each page, so that nothing else is fetched; the policy allows just these characters."""

_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    # so that a browser says from where a form is sent, which with no-referrer it does not; a path is never told
    "Referrer-Policy": "strict-origin",
    "Vary": "Accept-Language, Cookie",
}

_log = structlog.get_logger()


def language() -> str:
    """Answer the language of the reader: as chosen on the page, or as their browser asks for."""
    chosen = request.values.get("lang", "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match([*LANGUAGES], DEFAULT) or DEFAULT


def words() -> Words:
    """Answer the words of the reader's language."""
    return LANGUAGES[language()]


def page(
    template: str, status: HTTPStatus = HTTPStatus.OK, *, keep: Mapping[str, str] | None = None, **shown: object
) -> Response:
    """Answer a page.

    Args:
        template: its name, without folder and ending.
        status: of the answer.
        keep: what the page is asked for again with, in another language; None where it cannot be asked for again.
        shown: what the template shows.
    """
    html = render_template(
        f"pages/{template}.html",
        style=STYLE,
        lang=language(),
        languages={code: each["language"] for code, each in LANGUAGES.items()},
        words=words(),
        ways=None if keep is None else {code: urlencode({**keep, "lang": code}) for code in LANGUAGES},
        csrf_field=FIELD,
        **shown,
    )
    response = Response(html, status.value, mimetype="text/html")
    response.headers.update(_HEADERS)
    return response


def from_error(error: RegistryError) -> Response:
    """Answer an error as a page, with the status and the headers that it has as a problem."""
    told = problems.from_error(error)
    if isinstance(error, SignInRefusedError):  # for who runs the registry; the page does not help whoever is refused
        _log.warning("sign-in refused", request_id=g.get("request_id"), detail=error.detail, **error.figures)
    said = refusal(words(), error.slug, error.figures.get("reason"))
    response = page(
        "message",
        HTTPStatus(told.status_code),
        title=words()["refused_title"],
        text=said,
        to="/sign-in",
        to_words=words()["again"],
        reference=g.get("request_id", ""),
    )
    for name in ("Retry-After", "RateLimit", "RateLimit-Policy"):
        if name in told.headers:
            response.headers[name] = told.headers[name]
    return response
