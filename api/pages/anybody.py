"""Pages for anybody: they ask for no session, and lead on where there is one."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint
from werkzeug.exceptions import HTTPException

from api import cookies, problems
from api.pages.rendering import for_people, from_anything, from_error
from api.rate_limits import checked_token
from api.state import context
from registry.errors import RegistryError, UnauthenticatedError
from registry.services import sessions
from registry.services.sessions import SignedIn

pages: Final = Blueprint("pages", __name__)
pages.register_error_handler(Exception, from_anything)
pages.register_error_handler(HTTPException, for_people(problems.from_http))
pages.register_error_handler(RegistryError, from_error)


def here() -> tuple[SignedIn, str] | None:
    """Answer who is signed in in this browser, with the session's text; None where nobody is."""
    text = cookies.sent(cookies.SESSION)
    if text is None:
        return None
    try:
        return checked_token(text, lambda sent: sessions.authenticate_session(context(), sent)), text
    except UnauthenticatedError:
        return None


def provider() -> str | None:
    """Answer what the identity provider is called: its host."""
    found = context().provider
    return None if found is None else urlsplit(found.issuer).netloc
