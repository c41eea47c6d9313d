"""Who the caller is."""

from __future__ import annotations

from flask import Response

from api import cookies
from api.answers import answer
from api.schemas.me import CurrentSession, Me
from api.state import principal, signed_in
from api.v1.resource import new_resource
from registry.vault.tokens import csrf_token

resource = new_resource("me", "Who you are, and what your token may do.")


@resource.get("/me", responses={200: Me})
def get_me() -> Response:
    """Answer who you are, and what your token or your session may do."""
    return answer(Me.of(principal(), _session()))


def _session() -> CurrentSession | None:
    asking, text = signed_in(), cookies.sent(cookies.SESSION)
    if asking is None or text is None:
        return None
    return CurrentSession(
        id=asking.session.id,
        created_at=asking.session.created_at,
        idle_at=asking.idle_at,
        expires_at=asking.session.expires_at,
        csrf_token=csrf_token(text),
    )
