"""Signing in by a link or by the identity provider, connecting an identity, and signing out."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, after_this_request, request

from api import cookies
from api.cross_site import FIELD, require_made_here, require_own_request
from api.pages.rendering import from_error, page, words
from api.rate_limits import checked_token
from api.state import context
from registry.domain.sign_in import ProviderAnswer
from registry.errors import RegistryError, SignInRefusedError, UnauthenticatedError
from registry.services import accounts, identities, sessions, sign_in_links
from registry.services.identities import CALLBACK, FLOW_LIVES
from registry.services.sessions import OpenedSession, SignedIn
from registry.services.sign_in_links import PARAMETER, PATH
from registry.vault.tokens import csrf_token

pages = Blueprint("pages", __name__, template_folder="templates")
pages.register_error_handler(RegistryError, from_error)

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
ACCOUNT = "/account"
CONNECT = "/account/connect"
_TO_PROVIDER = "/sign-in/provider"


def _here() -> tuple[SignedIn, str] | None:
    """Answer who is signed in in this browser, with the session's text; None where nobody is."""
    text = cookies.sent(cookies.SESSION)
    if text is None:
        return None
    try:
        return checked_token(text, lambda sent: sessions.authenticate_session(context(), sent)), text
    except UnauthenticatedError:
        return None


def _provider() -> str | None:
    """Answer what the identity provider is called: its host."""
    provider = context().provider
    return None if provider is None else urlsplit(provider.issuer).netloc


@pages.get(SIGN_IN)
def show_sign_in() -> Response:
    """Show how one signs in."""
    return page("sign_in", keep={}, provider=_provider(), to_provider=_TO_PROVIDER)


# --- by a link -------------------------------------------------------------------------------------------------------


@pages.get(PATH)
def show_link() -> Response:
    """Show a button, and do nothing: mail programs and scanners open links before anybody reads them."""
    link = request.args.get(PARAMETER, "")
    return page("link", keep={PARAMETER: link}, action=PATH, parameter=PARAMETER, link=link)


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
    response = _to(ACCOUNT)
    cookies.give(response, cookies.SESSION, opened.text, context().sign_in.session_life)
    return response


def _to(path: str) -> Response:
    """Send the browser on; to a page of ours in the language that was chosen."""
    chosen = request.values.get("lang")
    ours = f"{path}?{urlencode({'lang': chosen})}" if chosen and path.startswith("/") else path
    return Response(status=HTTPStatus.SEE_OTHER.value, headers={"Location": ours, "Referrer-Policy": "no-referrer"})


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
    here = _here()
    if here is None:
        raise SignInRefusedError("the session that wanted to connect an identity is over", reason="flow")
    identities.connect(context(), here[0], flow, answer)
    text = words()["connected_text"].format(provider=_provider())
    return page("message", title=words()["connected_title"], text=text, to=ACCOUNT, to_words=words()["to_account"])


# --- who is signed in ------------------------------------------------------------------------------------------------


@pages.get(ACCOUNT)
def show_account() -> Response:
    """Show who is signed in; or, where nobody is, where to sign in."""
    here = _here()
    if here is None:
        return _to(SIGN_IN)
    signed_in, text = here
    return page(
        "account",
        keep={},
        account=accounts.get_account(context(), signed_in.principal, signed_in.principal.account_id),
        session=signed_in.session,
        csrf_token=csrf_token(text),
        provider=_provider(),
        connect=CONNECT,
        sign_out=SIGN_OUT,
    )


@pages.post(CONNECT)
def connect() -> Response:
    """Begin to connect an identity to the account that is signed in.

    The way to the provider is a link to be followed, and no redirect: a browser holds ``form-action`` against every
    address that a form leads through, and where a provider leads is its own affair.
    """
    here = _here()
    if here is None:
        return _to(SIGN_IN)
    signed_in, text = here
    require_own_request(text, request.form.get(FIELD))
    begun = identities.begin_flow(context(), session_id=signed_in.session.id)
    response = page("go", provider=_provider(), url=begun.url)
    cookies.give(response, cookies.FLOW, begun.kept, FLOW_LIVES)
    return response


@pages.post(SIGN_OUT)
def sign_out() -> Response:
    """End the session of this browser. Where it is over already, that is what was wanted."""
    here = _here()
    if here is not None:
        require_own_request(here[1], request.form.get(FIELD))
        sessions.sign_out(context(), here[1])
    response = page(
        "message",
        title=words()["signed_out_title"],
        text=words()["signed_out_text"],
        to=SIGN_IN,
        to_words=words()["again"],
    )
    cookies.take_back(response, cookies.SESSION)
    return response
