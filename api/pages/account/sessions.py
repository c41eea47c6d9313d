"""Sessions: in which browsers one is signed in, ending one or all, and the identities that one signs in with."""

from __future__ import annotations

from typing import Final

from flask import Response

from api import cookies
from api.pages.forms import once
from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.schemas.sessions import SessionQuery
from api.state import context, principal, signed_in
from registry.domain.ids import IdPrefix
from registry.domain.sign_in import SignInMethod
from registry.services import accounts, identities, sessions

SESSIONS: Final = "/account/sessions"
_IDENTITIES: Final = 50
METHODS: Final = {SignInMethod.LINK: N_("with a one-time link"), SignInMethod.PROVIDER: N_("with an identity provider")}


@personal.get(SESSIONS)
@stands_for("GET /v1/sessions", "GET /v1/identities")
def show_sessions() -> Response:
    """Show where an account is and was signed in, for a month, and the identities it is connected to."""
    query = asked(SessionQuery)
    account_id = query.account_id or principal().account_id
    found = sessions.list_sessions(
        context(), principal(), account_id=account_id, after=query.after(IdPrefix.SESSION), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    here = signed_in()
    return page_of(
        "account/sessions",
        items=list(reversed(items)),
        cursor=cursor,
        here=None if here is None else here.session.id,
        whose=accounts.get_account(context(), principal(), account_id),
        is_own=account_id == principal().account_id,
        identities=identities.list_identities(
            context(), principal(), account_id=account_id, after=None, limit=_IDENTITIES
        ),
        methods=METHODS,
        now=context().clock(),
    )


def _list_of(account_id: str) -> str:
    return SESSIONS if account_id == principal().account_id else f"{SESSIONS}?account_id={account_id}"


@personal.post(f"{SESSIONS}/<id:session_id>/end")
@stands_for("POST /v1/sessions/{session_id}/end")
@once
def end_session(session_id: str) -> Response:
    """End a session. From this moment it does not work; where it is this one, one is signed out."""
    ended = sessions.end_session(context(), principal(), session_id)
    return _left(went_on(_list_of(ended.account_id), done="ended"), ended.id)


def _left(response: Response, session_id: str | None) -> Response:
    """Take the session back from this browser where it was its own that has ended."""
    here = signed_in()
    if here is not None and session_id in {None, here.session.id}:
        cookies.take_back(response, cookies.SESSION)
    return response


@personal.post("/account/<id:account_id>/sessions/end")
@stands_for("POST /v1/accounts/{account_id}/sessions/end")
@once
def end_every_session(account_id: str) -> Response:
    """End every session of an account, this one too where it is one's own, and make its unused links void."""
    sessions.end_every_session(context(), principal(), account_id)
    response = went_on(_list_of(account_id), done="all_ended")
    return _left(response, None) if account_id == principal().account_id else response


@personal.post("/account/identities/<id:identity_id>/disconnect")
@stands_for("POST /v1/identities/{identity_id}/disconnect")
@once
def disconnect_identity(identity_id: str) -> Response:
    """Disconnect an identity: nobody signs in by it any more, and the sessions it has opened end."""
    gone = identities.disconnect(context(), principal(), identity_id)
    return went_on(_list_of(gone.account_id), done="disconnected")
