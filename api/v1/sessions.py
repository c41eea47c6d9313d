"""Sessions, and the one-time links that open them."""

from __future__ import annotations

from flask import Response

from api import cookies
from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import page
from api.schemas.accounts import AccountPath
from api.schemas.sessions import (
    SessionOut,
    SessionPage,
    SessionPath,
    SessionQuery,
    SessionsEndedOut,
    SignInLinkOut,
)
from api.state import context, principal, signed_in
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import sessions, sign_in_links
from registry.store.sessions import SignInSession

resource = new_resource("sessions", "People who are signed in, and how they are let in.")


@resource.post("/accounts/<id:account_id>/sign-in-links", responses={201: SignInLinkOut})
def issue_sign_in_link(path: AccountPath) -> Response:
    """Issue a link that lets an account in once.

    The secret is in this answer and nowhere else, so `Idempotency-Key` is not honoured here: if the answer is lost,
    issue another, which makes the first one void.
    """
    issued = sign_in_links.issue_link(context(), principal(), path.account_id)
    link = issued.link
    shown = SignInLinkOut(
        id=link.id,
        account_id=link.account_id,
        created_at=link.created_at,
        expires_at=link.expires_at,
        url=issued.url,
    )
    return created(shown, f"/v1/sessions?account_id={link.account_id}")


@resource.get("/sessions", responses={200: SessionPage})
def list_sessions(query: SessionQuery) -> Response:
    """List the sessions of an account, those that have ended among them, for a month."""
    found = sessions.list_sessions(
        context(),
        principal(),
        account_id=query.account_id,
        after=query.after(IdPrefix.SESSION),
        limit=query.limit + 1,
    )
    return page(found, query, SessionPage, _out)


@resource.post("/sessions/<id:session_id>/end", responses={200: SessionOut})
@idempotent()
def end_session(path: SessionPath) -> Response:
    """End a session: sign out, where it is one's own. From this moment it does not work."""
    ended = sessions.end_session(context(), principal(), path.session_id)
    response = answer(_out(ended))
    asking = signed_in()
    if asking is not None and asking.session.id == ended.id:
        cookies.take_back(response, cookies.SESSION)
    return response


@resource.post("/accounts/<id:account_id>/sessions/end", responses={200: SessionsEndedOut})
@idempotent()
def end_every_session(path: AccountPath) -> Response:
    """End every session of an account, and make its unused sign-in links void."""
    ended = sessions.end_every_session(context(), principal(), path.account_id)
    return answer(SessionsEndedOut(account_id=path.account_id, ended=ended))


def _out(session: SignInSession) -> SessionOut:
    return SessionOut(
        id=session.id,
        account_id=session.account_id,
        method=session.method,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        ended_at=session.ended_at,
    )
