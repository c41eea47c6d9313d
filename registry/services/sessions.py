"""Sessions: who is signed in in a browser. Opening one and signing out are not journalled, ending another's is.

A leaf of the journal stays for good: one for each time that somebody came and went would be a record of people's days
that nobody could ever erase. Who let whom in is journalled, by the link or the identity that a session is opened by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from registry.domain.accounts import PERMISSIONS, Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix, is_id
from registry.domain.sign_in import SignInMethod
from registry.errors import NotFoundError, SessionEndedError, UnauthenticatedError
from registry.services.accounts import require_own_or_scope, visible_account
from registry.services.context import Context
from registry.services.principals import principal_of
from registry.services.unit import unit_of_work
from registry.store import sessions, sign_in_links
from registry.store.accounts import Account
from registry.store.sessions import SignInSession
from registry.vault import tokens as token_text

_USE_NOTED_EVERY = timedelta(minutes=1)
_FRACTION_OF_IDLENESS = 10
"""A use is noted more often where sessions end soon: what is not noted must not make up much of the time."""


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """Somebody who is signed in.

    Attributes:
        principal: who.
        session: their session.
        idle_at: when it ends if nothing more is asked.
    """

    principal: Principal
    session: SignInSession
    idle_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class OpenedSession:
    """A new session. ``text`` goes to the browser that signed in, and nowhere else."""

    session: SignInSession
    text: str


def authenticate_session(ctx: Context, text: str) -> SignedIn:
    """Tell who is signed in.

    1. The text has the form of a session and its checksum fits (no database is asked about anything else).
    2. The session is known, and the secret's digest is the one kept, compared in constant time.
    3. It has not ended, its time is not over, it was used not too long ago, and the account is not disabled.
    4. The principal's scopes are those that its role has now.

    Raises:
        UnauthenticatedError: 1 or 2 fails.
        SessionEndedError: 3 fails; figure ``reason``.
    """
    session_id, digest = token_text.parse(text, token_text.SESSION)
    now = ctx.clock()
    with ctx.database.read() as session:
        found = session.get(SignInSession, session_id)
        if found is None or not token_text.same_digest(found.secret_sha256, digest):
            raise UnauthenticatedError("this session is not known: sign in again")
        _require_going_on(ctx, found, now)
        principal = principal_of(session, found.account, PERMISSIONS[found.account.role], now)
    if now - found.last_seen_at >= min(_USE_NOTED_EVERY, ctx.sign_in.session_idle / _FRACTION_OF_IDLENESS):
        _note_use(ctx, session_id, now)
    return SignedIn(principal, found, min(now + ctx.sign_in.session_idle, found.expires_at))


def _require_going_on(ctx: Context, found: SignInSession, now: datetime) -> None:
    if found.ended_at is not None or found.account.disabled_at is not None:
        raise SessionEndedError("this session was ended: sign in again", reason="ended")
    if now >= found.expires_at:
        raise SessionEndedError("this session is over: sign in again", reason="expired")
    idle = ctx.sign_in.session_idle
    if now - found.last_seen_at >= idle:
        minutes = int(idle.total_seconds() // 60)
        raise SessionEndedError(f"nothing was asked for {minutes} minutes: sign in again", reason="idle")


def _note_use(ctx: Context, session_id: str, now: datetime) -> None:
    with ctx.database.write() as session:
        found = session.get(SignInSession, session_id)
        if found is not None and found.ended_at is None:
            found.last_seen_at = now
            found.account.signed_in_at = now
            session.commit()


def add_session(
    ctx: Context,
    session: Session,
    account: Account,
    *,
    method: SignInMethod,
    opened_by_sha256: str,
    identity_id: str | None = None,
) -> OpenedSession:
    """Add a session to a transaction. Its id is new, whatever the browser sent: none can be set from outside.

    Raises:
        IntegrityError: the same has opened one already, which `sessions.opened_by` would have said.
    """
    now = ctx.clock()
    session_id = ctx.ids.new(IdPrefix.SESSION, now)
    text, digest = token_text.new_token(session_id, ctx.random_bytes, token_text.SESSION)
    opened = SignInSession(
        id=session_id,
        account_id=account.id,
        account=account,
        secret_sha256=digest,
        method=method,
        identity_id=identity_id,
        opened_by_sha256=opened_by_sha256,
        created_at=now,
        last_seen_at=now,
        expires_at=now + ctx.sign_in.session_life,
        ended_at=None,
    )
    account.signed_in_at = now
    session.add(opened)
    session.flush()
    return OpenedSession(opened, text)


def sign_out(ctx: Context, text: str) -> None:
    """End the session that a browser holds. What is no session, or has ended, is left as it is."""
    try:
        session_id, digest = token_text.parse(text, token_text.SESSION)
    except UnauthenticatedError:
        return
    with ctx.database.write() as session:
        found = session.get(SignInSession, session_id)
        if found is not None and token_text.same_digest(found.secret_sha256, digest) and found.ended_at is None:
            found.ended_at = ctx.clock()
            session.commit()


def list_sessions(
    ctx: Context, principal: Principal, *, account_id: str | None, after: str | None, limit: int
) -> Sequence[SignInSession]:
    """Answer a page of an account's sessions (one's own by default), those that have ended among them.

    Raises:
        ForbiddenError: the account is not one's own, and there is no scope to read others.
        NotFoundError: no such account that the caller may know of.
    """
    wanted = account_id or principal.account_id
    require_own_or_scope(principal, wanted)
    with ctx.database.read() as session:
        account = visible_account(session, principal, wanted)
        return sessions.sessions_of(session, account.id, after=after, limit=limit)


def end_session(ctx: Context, principal: Principal, session_id: str) -> SignInSession:
    """End a session: it does not work from this moment on. Ending it again changes nothing.

    Raises:
        NotFoundError: no such session that the caller may know of.
    """
    principal.require(Scope.TOKENS_WRITE)
    with unit_of_work(ctx) as unit:
        found = unit.session.get(SignInSession, session_id) if is_id(session_id, IdPrefix.SESSION) else None
        if found is None:
            raise NotFoundError("there is no such session")
        _require_in_reach(unit.session, principal, found)
        if found.ended_at is None:
            found.ended_at = unit.now
            if found.account_id != principal.account_id:
                unit.record(EventType.SESSION_ENDED, found.id, principal.account_id, account_id=found.account_id)
            unit.commit()
    return found


def _require_in_reach(session: Session, principal: Principal, found: SignInSession) -> None:
    try:
        visible_account(session, principal, found.account_id)
    except NotFoundError as error:
        raise NotFoundError("there is no such session") from error


def end_every_session(ctx: Context, principal: Principal, account_id: str) -> int:
    """End every session of an account, make its unused links void, and answer how many sessions went on until now.

    Raises:
        NotFoundError: no such account that the caller may know of.
    """
    principal.require(Scope.TOKENS_WRITE)
    with unit_of_work(ctx) as unit:
        account = visible_account(unit.session, principal, account_id)
        sign_in_links.void_links_of(unit.session, account.id, unit.now)  # first: whoever uses one now is waited for
        ended = sessions.end_sessions_of(unit.session, account.id, unit.now)
        unit.record(EventType.SESSIONS_ENDED, account.id, principal.account_id, sessions=ended)
        unit.commit()
    return ended
