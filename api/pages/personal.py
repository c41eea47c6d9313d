"""Pages about somebody: a session opens them, each does what operations of the API do, and may what these may.

A page has no rights of its own. It names the operations that it stands for (`stands_for`), calls the very services that
they call, as whoever is signed in, and is answered by these; a test walks every page as it walks every operation.

A form is sent as follows: a browser says that a page of this registry sent it (`api.auth`) · it is of a size and form
that is taken (`api.limits`) · it has what only a page of this session knows · it is done once (`api.pages.forms`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from api import cross_site, problems
from api.auth import PERSONAL
from api.errors import CrossSiteError
from api.limits import FORM, Takes
from api.pages.forms import KEY, new_key
from api.pages.language import PARAMETER
from api.pages.menu import menu_of
from api.pages.refusals import SIGN_IN
from api.pages.rendering import DONE, for_people, from_anything, from_error, page
from api.pages.wording import called, called_of_them
from api.pages.zones import ZONE
from api.state import context, principal, settings
from registry.domain.accounts import Role
from registry.errors import NotFoundError, RegistryError, UnauthenticatedError
from registry.services import accounts, performers
from registry.store.performers import Performer
from registry.vault.tokens import csrf_token

personal = Blueprint(PERSONAL, __name__)
personal.register_error_handler(Exception, from_anything)
personal.register_error_handler(HTTPException, for_people(problems.from_http))
personal.register_error_handler(RegistryError, from_error)

View = TypeVar("View", bound=Callable[..., Response])
_LONGEST_KEPT: Final = 64
"""Fields of a form that are kept while somebody signs in again."""


def stands_for(*operations: str) -> Callable[[View], View]:
    """Name the operations of the API that a page stands for: who may do all of them may open it, nobody else.

    Args:
        operations: by method and address, such as ``GET /v1/performers/{performer_id}``.
    """

    def name(view: View) -> View:
        view.stands_for = operations  # type: ignore[attr-defined]  # read by the walk of permissions
        return view

    return name


def takes(body: Takes) -> Callable[[View], View]:
    """Say what a form sends, where that is not fields alone."""

    def note(view: View) -> View:
        view.takes = body  # type: ignore[attr-defined]  # read when the pages are installed
        return view

    return note


def page_of(template: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    """Answer a page with who is signed in, and what its forms carry."""
    return page(
        template,
        status,
        keep={name: value for name, value in request.args.items() if name not in {PARAMETER, ZONE, DONE}},
        account=_account(),
        menu=menu_of(principal()),
        csrf_token=csrf_token(g.session_text),
        key_field=KEY,
        new_key=new_key,
        **shown,
    )


def page_about(performer: Performer, template: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    """Answer a page about a performer; whoever acts for somebody else sees for whom at all times."""
    mine = principal().role is Role.PERFORMER
    words = called if mine else called_of_them
    reads = {each.value for each in principal().scopes if principal().may_act_for(performer.id, each)}
    return page_of(
        template, status, performer=performer, acting=not mine, called=words, reads=reads, done=_done(), **shown
    )


def _account() -> object:
    return accounts.get_account(context(), principal(), principal().account_id)


def _done() -> str:
    """Answer the word by which a page says what was just done; a page knows what to say of it, or says nothing."""
    return request.args.get(DONE, "")


def performer_of(performer_id: str) -> Performer:
    """Answer the performer that a page is about.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    return performers.get_performer(context(), principal(), performer_id)


def went_on(path: str, **said: str) -> Response:
    """Send the browser on to a page of ours after a form."""
    to = f"{path}{'&' if '?' in path else '?'}{urlencode(said)}" if said else path
    return Response(status=HTTPStatus.SEE_OTHER.value, headers={"Location": to})


# --- before and instead of a page ------------------------------------------------------------------------------------


@personal.before_request
def _require_token_of_session() -> None:
    """Refuse a form that no page of this very session has made. By now it was looked at how large it is, and read."""
    if request.method in cross_site.SAFE:
        return
    sent = request.form.get(cross_site.FIELD) or request.headers.get(cross_site.HEADER)
    cross_site.require_own_request(g.session_text, sent)


@personal.before_request
def _require_an_address_of_something() -> None:
    """Answer an address with a zero byte in it as one of what there is not: no database takes it for text.

    Raises:
        NotFoundError: there is one.
    """
    if b"%00" in request.query_string:
        raise NotFoundError("nothing is called by a zero byte")


@personal.errorhandler(UnauthenticatedError)
def _sign_in_first(error: UnauthenticatedError) -> Response:
    """Lead to where one signs in; what somebody had typed into a form stays on their page meanwhile."""
    if request.method in cross_site.SAFE:
        response = Response(status=HTTPStatus.SEE_OTHER.value, headers={"Location": SIGN_IN})
        response.headers["Vary"] = "Cookie"
        return response
    kept = _kept()
    if kept is None:
        return from_error(error)
    return page("pages/session_over", HTTPStatus.UNAUTHORIZED, action=_here(), kept=kept, sign_in=SIGN_IN)


@personal.errorhandler(CrossSiteError)
def _send_again(error: CrossSiteError) -> Response:
    """Let somebody who has signed in anew send what they had typed before; another site's form is refused."""
    kept = _kept() if error.figures.get("step") == "csrf_token" and "session_text" in g else None
    if kept is None:
        return from_error(error)
    return page_of("pages/send_again", HTTPStatus.FORBIDDEN, action=_here(), kept=kept)


def _here() -> str:
    return request.full_path if request.query_string else request.path


def _kept() -> Mapping[str, list[str]] | None:
    """Answer what was typed into a form of ours; None where that cannot be kept, as files cannot."""
    length = request.content_length or 0
    if request.mimetype != FORM or not 0 < length <= settings().max_json_bytes:
        return None
    fields = {name: values for name, values in request.form.lists() if name not in {cross_site.FIELD, KEY}}
    return fields if len(fields) <= _LONGEST_KEPT else None
