"""Signing in by a link or by the identity provider, connecting an identity, and signing out."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, after_this_request, request

from api import cookies
from api.cross_site import FIELD, require_made_here, require_own_request
from api.pages.administrators import ask_administrators
from api.pages.anybody import here, pages, provider
from api.pages.language import _
from api.pages.menu import menu_of
from api.pages.refusals import HOME, SIGN_IN
from api.pages.rendering import page
from api.pages.wording import ROLES
from api.rate_limits import checked_token
from api.state import context
from registry.domain.sign_in import ProviderAnswer
from registry.errors import SignInRefusedError
from registry.services import accounts, identities, sessions, sign_in_links
from registry.services.identities import CALLBACK, FLOW_LIVES
from registry.services.sessions import OpenedSession
from registry.services.sign_in_links import PARAMETER, PATH
from registry.vault.tokens import csrf_token

SIGN_OUT = "/sign-out"
ACCOUNT = "/account"
CONNECT = "/account/connect"
_TO_PROVIDER = "/sign-in/provider"


@pages.get(SIGN_IN)
def show_sign_in() -> Response:
    """Show how one signs in."""
    return page(
        "pages/sign_in", keep={}, provider=provider(), to_provider=_TO_PROVIDER, controller=context().controller
    )


# --- by a link -------------------------------------------------------------------------------------------------------


@pages.get(PATH)
def show_link() -> Response:
    """Show a button, and do nothing: mail programs and scanners open links before anybody reads them."""
    link = request.args.get(PARAMETER, "")
    return page("pages/link", keep={PARAMETER: link}, action=PATH, parameter=PARAMETER, link=link)


@pages.post(PATH)
def use_link() -> Response:
    """Sign in by a link, which never works again.

    1. A page of this registry sent the form: nobody is signed in as somebody else without noticing.
    2. The link is good, and is used up; one that is not counts as a token that is not valid.
    3. The browser gets a new session; the one that it had is ended.
    """
    require_made_here(must_say=True)
    opened = checked_token(request.form.get(PARAMETER, ""), lambda text: sign_in_links.use_link(context(), text))
    return _signed_in(opened)


def _signed_in(opened: OpenedSession) -> Response:
    before = cookies.sent(cookies.SESSION)
    if before is not None:
        sessions.sign_out(context(), before)
    response = _to(HOME)
    cookies.give(response, cookies.SESSION, opened.text, context().sign_in.session_life)
    return response


def _to(path: str) -> Response:
    """Send the browser on."""
    return Response(status=HTTPStatus.SEE_OTHER.value, headers={"Location": path, "Referrer-Policy": "no-referrer"})


# --- by the identity provider ----------------------------------------------------------------------------------------


@pages.get(_TO_PROVIDER)
def go_to_provider() -> Response:
    """Send the browser to the identity provider, with a flow that it keeps until it is back."""
    begun = identities.begin_flow(context())
    response = _to(begun.url)
    cookies.give(response, cookies.FLOW, begun.kept, FLOW_LIVES)
    return response


@pages.get(CALLBACK)
def come_back() -> Response:
    """Take in a browser that comes back from the identity provider: sign it in, or connect an identity.

    What is refused counts as a token that is not valid. The flow is over in any case.
    """
    after_this_request(_end_flow)
    kept = cookies.sent(cookies.FLOW) or ""
    return checked_token(f"{cookies.FLOW} {kept}", lambda _: _taken_in(kept), SignInRefusedError)


def _end_flow(response: Response) -> Response:
    cookies.take_back(response, cookies.FLOW)
    return response


def _taken_in(kept: str) -> Response:
    answer = ProviderAnswer(
        state=request.args.get("state", ""),
        code=request.args.get("code"),
        error=request.args.get("error"),
        issuer=request.args.get("iss"),
    )
    flow = identities.read_flow(context(), kept, answer)
    if flow.session_id is None:
        return _signed_in(identities.sign_in(context(), flow, answer))
    found = here()
    if found is None:
        raise SignInRefusedError("the session that wanted to connect an identity is over", reason="flow")
    identities.connect(context(), found[0], flow, answer)
    text = _("From now on you can sign in with %(provider)s.") % {"provider": provider()}
    return page("pages/message", title=_("Connected"), text=text, to=ACCOUNT, to_words=_("To your account"))


# --- who is signed in ------------------------------------------------------------------------------------------------


@pages.get(ACCOUNT)
def show_account() -> Response:
    """Show who is signed in; or, where nobody is, where to sign in."""
    found = here()
    if found is None:
        return _to(SIGN_IN)
    signed_in, text = found
    return page(
        "pages/account",
        keep={},
        account=(account := accounts.get_account(context(), signed_in.principal, signed_in.principal.account_id)),
        menu=menu_of(signed_in.principal),
        role_word=_(ROLES[account.role]),
        may=lambda scope: scope in signed_in.principal.scopes,
        to_ask=ask_administrators(signed_in.principal),
        session=signed_in.session,
        csrf_token=csrf_token(text),
        provider=provider(),
        connect=CONNECT,
        sign_out=SIGN_OUT,
    )


@pages.post(CONNECT)
def connect() -> Response:
    """Begin to connect an identity to the account that is signed in.

    The way to the provider is a link to be followed, and no redirect: a browser holds ``form-action`` against every
    address that a form leads through, and where a provider leads is its own affair.
    """
    found = here()
    if found is None:
        return _to(SIGN_IN)
    signed_in, text = found
    require_own_request(text, request.form.get(FIELD))
    begun = identities.begin_flow(context(), session_id=signed_in.session.id)
    response = page("pages/go", provider=provider(), url=begun.url)
    cookies.give(response, cookies.FLOW, begun.kept, FLOW_LIVES)
    return response


@pages.post(SIGN_OUT)
def sign_out() -> Response:
    """End the session of this browser. Where it is over already, that is what was wanted."""
    found = here()
    if found is not None:
        require_own_request(found[1], request.form.get(FIELD))
        sessions.sign_out(context(), found[1])
    response = page(
        "pages/message",
        title=_("You are signed out"),
        text=_("In this browser. At an identity provider you may still be signed in."),
        to=SIGN_IN,
        to_words=_("Sign in again"),
    )
    cookies.take_back(response, cookies.SESSION)
    return response
