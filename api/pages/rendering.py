"""Pages: a template, its words in the reader's language, and headers by which nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from api import problems
from api.cross_site import FIELD
from api.pages import language as spoken
from api.pages.language import PARAMETER, catalogue, keep_choice, language
from api.pages.refusals import said_of
from api.pages.static_files import StaticFile, static_files
from api.pages.wording import called
from registry.errors import RegistryError, SignInRefusedError

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""What every page may load: our own style, and pictures that stand in it (``data:``), such as its ticks."""

_SCRIPTED: Final = f"{_POLICY}; script-src 'self'; connect-src 'self'; media-src 'self' blob:"
"""What a page may load whose work a script makes easier. None stands in a page; each does without."""

_HEADERS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    # so that a browser says from where a form is sent, which with no-referrer it does not; a path is never told
    "Referrer-Policy": "strict-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
    "Vary": "Accept-Language, Cookie",
}

_log = structlog.get_logger()


def install(app: Flask) -> None:
    """Give an application's templates what they speak and load with."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        lambda text: catalogue().gettext(text),
        lambda one, many, count: catalogue().ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.filters |= {
        "day": spoken.day,
        "moment": spoken.moment,
        "number": spoken.number,
        "percent": spoken.percent,
    }
    app.jinja_env.globals["called"] = called
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def page(
    template: str,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    keep: Mapping[str, str] | None = None,
    scripts: bool = False,
    **shown: Any,
) -> Response:
    """Answer a page.

    Args:
        template: its name, without folder and ending.
        status: of the answer.
        keep: what the page is asked for again with, in another language; None where it cannot be asked for again.
        scripts: whether it loads the scripts that make it easier to use.
        shown: what the template shows.
    """
    here = language()
    html = render_template(
        f"pages/{template}.html",
        lang=here,
        languages=spoken.NAMES,
        ways=None if keep is None else {code: urlencode({**keep, PARAMETER: code}) for code in spoken.NAMES},
        csrf_field=FIELD,
        static=_static,
        scripts=scripts,
        **shown,
    )
    response = Response(html, status.value, mimetype="text/html")
    response.headers.update({**_HEADERS, "Content-Security-Policy": _SCRIPTED if scripts else _POLICY})
    keep_choice(response)
    return response


def _static(name: str) -> StaticFile:
    return static_files()[name]


def from_error(error: RegistryError) -> Response:
    """Answer an error as a page, with the status and the headers that it has as a problem."""
    if isinstance(error, SignInRefusedError):  # for who runs the registry; the page does not help whoever is refused
        _log.warning("sign-in refused", request_id=g.get("request_id"), detail=error.detail, **error.figures)
    return _refused(problems.from_error(error), error)


def from_anything(error: Exception) -> Response:
    """Answer what nobody expected as a page: it is logged, and the page has the number to ask by."""
    return _refused(problems.from_anything(error), None)


def _refused(told: Response, error: RegistryError | None) -> Response:
    status = HTTPStatus(told.status_code)
    said = said_of(error, status)
    response = page(
        "refused",
        status,
        title=said.title,
        text=said.text,
        to_do=said.to_do,
        to=said.to,
        to_words=said.to_words,
        reference=g.get("request_id", ""),
    )
    for name in ("Retry-After", "RateLimit", "RateLimit-Policy"):
        if name in told.headers:
            response.headers[name] = told.headers[name]
    return response


def for_people(otherwise: Callable[[HTTPException], Response]) -> Callable[[HTTPException], Response]:
    """Answer an address that there is not as a page to a browser, and as a problem to everybody else."""

    def answer(error: HTTPException) -> Response:
        is_page = request.accept_mimetypes.best_match(["application/problem+json", "text/html"]) == "text/html"
        if not is_page or request.path.startswith("/v1/"):
            return otherwise(error)
        return _refused(otherwise(error), None)

    return answer
