"""Pages: a template, its words in the reader's language, and headers by which nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, g, render_template, request
from jinja2 import FileSystemLoader, PrefixLoader
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from api import problems
from api.cross_site import FIELD
from api.pages import language as spoken
from api.pages.administrators import who_else_may
from api.pages.citations import cited
from api.pages.language import PAGES, PARAMETER, ROOMS, catalogue, keep_choice, language
from api.pages.menu import menu_of
from api.pages.plots import clock, lanes_of, style_nonce
from api.pages.refusals import said_of
from api.pages.static_files import StaticFile, static_files
from api.pages.tables import labelled
from api.pages.wording import called
from api.pages.zones import ZONE, from_utc, in_zone, keep_zone, time_zone, zone_choices
from api.state import context, principal, signed_in
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

ZONES: Final = "/time-zone"
"""Where a time zone is chosen."""

BACK: Final = "back"
"""The parameter of its address that says which page it is chosen for."""

DONE: Final = "done"
"""The parameter of an address that says what was just done."""

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
        "bdi": spoken.bdi,
        "day": spoken.shown_day,
        "money": spoken.money,
        "moment": spoken.shown_moment,
        "number": spoken.number,
        "percent": spoken.percent,
        "cited": cited,
        "clock": clock,
        "labelled": labelled,
    }
    app.jinja_env.globals |= {
        "called": called,
        "address_with": address_with,
        "lanes_of": lanes_of,
        "style_nonce": style_nonce,
        "zone_choices": zone_choices,
    }
    folders = {"pages": PAGES} | {room: PAGES / room for room in ROOMS}
    app.jinja_loader = PrefixLoader({name: FileSystemLoader(folder / "templates") for name, folder in folders.items()})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def address_with(**changed: str | None) -> str:
    """Answer the query of the page that is asked for, with some of it changed; None leaves a parameter out.

    What was just done, and a language or a time zone that was just chosen, are said once.
    """
    left = {*changed, PARAMETER, ZONE, DONE}
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in left]
    return urlencode([*kept, *((name, value) for name, value in changed.items() if value is not None)])


def _policy(*, scripts: bool) -> str:
    """Answer what a page may load; where its template has asked for a nonce, one style in a shadow of its own too."""
    policy = _SCRIPTED if scripts else _POLICY
    nonce = g.get("style_nonce")
    return policy if nonce is None else policy.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")


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
        template: its room and name, without ending, such as ``performer/findings``; ``pages`` is the room of all.
        status: of the answer.
        keep: what the page is asked for again with, in another language; None where it cannot be asked for again.
        scripts: whether it loads the scripts that make it easier to use.
        shown: what the template shows.
    """
    here = language()
    html = render_template(
        f"{template}.html",
        lang=here,
        languages=spoken.NAMES,
        ways=None if keep is None else {code: urlencode({**keep, PARAMETER: code}) for code in spoken.NAMES},
        zone=time_zone().key,
        from_utc=from_utc(in_zone(context().clock())),
        to_zones=_to_zones(keep, personal="account" in shown),
        csrf_field=FIELD,
        static=_static,
        scripts=scripts,
        **shown,
    )
    response = Response(html, status.value, mimetype="text/html")
    response.headers.update({**_HEADERS, "Content-Security-Policy": _policy(scripts=scripts)})
    keep_choice(response)
    keep_zone(response)
    return response


def _to_zones(keep: Mapping[str, str] | None, *, personal: bool) -> str | None:
    """Answer where a time zone is chosen, with the way back; None where the page cannot be asked for again.

    What the address of a page for anybody carries, such as a link that signs in once, goes into no other address.
    """
    if keep is None or (keep and not personal):
        return None
    return f"{ZONES}?{urlencode({BACK: f'{request.path}?{urlencode(keep)}' if keep else request.path})}"


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
    to_ask = _to_ask(error, status)
    response = page(
        "pages/refused",
        status,
        title=said.title,
        text=said.text,
        to_do=said.to_do if to_ask is None else to_ask,
        to=said.to,
        to_words=said.to_words,
        also=said.also,
        also_words=said.also_words,
        reference=g.get("request_id", ""),
        **_menu(),
    )
    for name in ("Retry-After", "RateLimit", "RateLimit-Policy"):
        if name in told.headers:
            response.headers[name] = told.headers[name]
    return response


def _to_ask(error: RegistryError | None, status: HTTPStatus) -> Markup | None:
    """Answer whom to ask for what the reader may not do and others of their studio may; None where there is nobody."""
    if error is None or status is not HTTPStatus.FORBIDDEN or signed_in() is None:
        return None
    return who_else_may(error.figures.get("scope"))


def _menu() -> dict[str, Any]:
    """Answer the menu of whoever is signed in, so that a refusal does not look as if they were not."""
    return {"account": True, "menu": menu_of(principal())} if signed_in() is not None else {}


def for_people(otherwise: Callable[[HTTPException], Response]) -> Callable[[HTTPException], Response]:
    """Answer an address that there is not as a page to a browser, and as a problem to everybody else."""

    def answer(error: HTTPException) -> Response:
        is_page = request.accept_mimetypes.best_match(["application/problem+json", "text/html"]) == "text/html"
        if not is_page or request.path.startswith("/v1/"):
            return otherwise(error)
        return _refused(otherwise(error), None)

    return answer
