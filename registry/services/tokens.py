"""Tokens: issuing them, and telling from one who is asking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from registry.domain.accounts import PERMISSIONS, Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix, is_id
from registry.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    NotFoundError,
    StorageFullError,
    TokenExpiredError,
    UnauthenticatedError,
)
from registry.services.accounts import require_own_or_scope, visible_account
from registry.services.context import Context
from registry.services.principals import account_to_let_in, principal_of
from registry.services.unit import Unit, unit_of_work
from registry.store import accounts
from registry.store.accounts import Account, Token
from registry.vault import tokens as token_text

LONGEST_TOKEN_LIFE = timedelta(days=366)
LONGEST_OVERLAP = timedelta(days=7)
"""How long a token works on, at most, that another has taken the place of."""
_USE_NOTED_EVERY = timedelta(minutes=5)
_THEIRS = (
    "a token of another operator is theirs to ask for: on the registry's own machine, "
    "`likeness token issue {account_id} --as {account_id}`"
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. ``text`` is shown this once and cannot be had again."""

    token: Token
    text: str


def authenticate(ctx: Context, text: str) -> Principal:
    """Tell who holds a token.

    1. The text has the form of a token and its checksum fits (no database is asked about anything else).
    2. The token is known, and the secret's digest is the one kept, compared in constant time.
    3. It is neither revoked nor expired, and the account is not disabled.
    4. The principal's scopes are those of the token that its role still has.

    Raises:
        UnauthenticatedError: any of 1 to 3 fails; which one is not said, but for expiry.
        TokenExpiredError: the token is real and its time is over.
    """
    token_id, digest = token_text.parse(text)
    now = ctx.clock()
    with ctx.database.read() as session:
        token = session.get(Token, token_id)
        if token is None or not token_text.same_digest(token.secret_sha256, digest):
            raise UnauthenticatedError("this token is not known")
        if token.revoked_at is not None or token.account.disabled_at is not None:
            raise UnauthenticatedError("this token was revoked")
        if now >= token.expires_at:
            raise TokenExpiredError(
                f"this token expired at {token.expires_at.isoformat()}", expired_at=token.expires_at.isoformat()
            )
        principal = principal_of(session, token.account, frozenset(Scope(s) for s in token.scopes), now)
    if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY:
        _note_use(ctx, token.id, now)
    return principal


def _note_use(ctx: Context, token_id: str, now: datetime) -> None:
    """Note when a token was last used. As best effort: who only reads needs nobody's turn at writing, and no room."""
    try:
        with ctx.database.write() as session:
            token = session.get(Token, token_id)
            if token is not None:
                token.last_used_at = now
                session.commit()
    except (DatabaseUnavailableError, StorageFullError) as error:
        log.warning("use of a token not noted", token=token_id, slug=error.slug)


def issue_token(
    ctx: Context,
    principal: Principal,
    *,
    account_id: str,
    name: str,
    scopes: Collection[Scope] | None,
    ttl: timedelta,
) -> IssuedToken:
    """Issue a token for an account: one's own, one of one's studio (its administrator), or any (an operator).

    Of an operator's account nobody has a token issued but that operator: what takes two operators must not be done by
    one with a token for the other. The first one is made on the registry's own machine, where no token is needed.

    Args:
        account_id: whom it is for.
        name: what it is for.
        scopes: what it may do, or None for all that the account's role may. A token for oneself never carries more
            than the token that asks for it.
        ttl: how long it lives, at most `LONGEST_TOKEN_LIFE`.

    Raises:
        NotFoundError: no such account that the caller may know of.
        InvalidInputError: a scope the role does not have, or a life of no length or too long.
        ForbiddenError: the account is another operator's; figure ``account_id``.
        ConflictError: the account is disabled.
    """
    principal.require(Scope.TOKENS_WRITE)
    _require_life(ttl)
    with unit_of_work(ctx) as unit:
        account = account_to_let_in(unit.session, principal, account_id, by=_THEIRS)
        granted = _granted(principal, account, scopes)
        issued = _add_token(unit, account, principal.account_id, name=name, granted=granted, ttl=ttl)
        unit.commit()
    return issued


def _add_token(
    unit: Unit, account: Account, actor_id: str, *, name: str, granted: Collection[Scope], ttl: timedelta
) -> IssuedToken:
    token_id = unit.new_id(IdPrefix.TOKEN)
    text, digest = token_text.new_token(token_id, unit.random_bytes)
    token = Token(
        id=token_id,
        account_id=account.id,
        account=account,
        name=name,
        secret_sha256=digest,
        scopes=sorted(scope.value for scope in granted),
        created_at=unit.now,
        expires_at=unit.now + ttl,
        last_used_at=None,
        revoked_at=None,
    )
    unit.session.add(token)
    unit.record(
        EventType.TOKEN_ISSUED,
        token.id,
        actor_id,
        account_id=account.id,
        scopes=" ".join(token.scopes),
        expires_at=token.expires_at.isoformat(),
    )
    return IssuedToken(token, text)


def rotate_token(
    ctx: Context, principal: Principal, token_id: str, *, overlap: timedelta, ttl: timedelta | None = None
) -> IssuedToken:
    """Issue a token in the place of another, with its name and scopes; both work for a while, then the old one ends.

    A lost answer is no harm: the old token works on, is rotated again, and what nobody has received is revoked or ends.

    Args:
        token_id: of the token that is replaced.
        overlap: how long it still works, at most `LONGEST_OVERLAP` and never past its own end; none at all revokes it.
        ttl: how long the new one lives; as long as the old one was to, when None.

    Raises:
        NotFoundError: no such token that the caller may know of.
        InvalidInputError: it carries more than the caller's own token, or than its role has by now; an overlap or a
            life that is too long.
        ForbiddenError: it is another operator's; figure ``account_id``.
        ConflictError: it has ended, or its account is disabled.
    """
    principal.require(Scope.TOKENS_WRITE)
    _require_overlap(overlap)
    with unit_of_work(ctx) as unit:
        old = _token_in_reach(unit.session, principal, token_id)
        accounts.lock_token(unit.session, old)
        if old.revoked_at is not None or unit.now >= old.expires_at:
            raise ConflictError("a token that has ended is not rotated: issue another", state="ended")
        life = ttl or old.expires_at - old.created_at
        _require_life(life)
        account = account_to_let_in(unit.session, principal, old.account_id, by=_THEIRS)
        granted = _granted(principal, account, [Scope(scope) for scope in old.scopes])
        issued = _add_token(unit, account, principal.account_id, name=old.name, granted=granted, ttl=life)
        if overlap:
            old.expires_at = min(old.expires_at, unit.now + overlap)
        else:
            old.revoked_at = unit.now
        unit.record(
            EventType.TOKEN_ROTATED,
            old.id,
            principal.account_id,
            account_id=account.id,
            replaced_by=issued.token.id,
            ends_at=(old.revoked_at or old.expires_at).isoformat(),
        )
        unit.commit()
    return issued


def _require_overlap(overlap: timedelta) -> None:
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInputError(
            f"an old token works on for 0 to {LONGEST_OVERLAP.days} days, not {overlap}",
            longest_days=LONGEST_OVERLAP.days,
        )


def _require_life(ttl: timedelta) -> None:
    if not timedelta(0) < ttl <= LONGEST_TOKEN_LIFE:
        raise InvalidInputError(
            f"a token lives for more than 0 and at most {LONGEST_TOKEN_LIFE.days} days, not {ttl}",
            longest_days=LONGEST_TOKEN_LIFE.days,
        )


def _granted(principal: Principal, account: Account, wanted: Collection[Scope] | None) -> frozenset[Scope]:
    allowed = PERMISSIONS[account.role]
    if account.id == principal.account_id:
        allowed &= principal.scopes
    granted = allowed if wanted is None else frozenset(wanted)
    if excess := granted - allowed:
        listed = sorted(scope.value for scope in excess)
        raise InvalidInputError(f"the token may not carry {', '.join(listed)}", scopes=listed, role=account.role.value)
    if not granted:
        raise InvalidInputError("a token without any scope could do nothing", scopes=[])
    return granted


def list_tokens(
    ctx: Context, principal: Principal, *, account_id: str | None, after: str | None, limit: int
) -> Sequence[Token]:
    """Answer a page of an account's tokens (one's own by default), without their secrets.

    Raises:
        ForbiddenError: the account is not one's own, and the token carries no scope to read others.
        NotFoundError: no such account that the caller may know of.
    """
    wanted = account_id or principal.account_id
    require_own_or_scope(principal, wanted)
    with ctx.database.read() as session:
        account = visible_account(session, principal, wanted)
        return accounts.tokens_of(session, account.id, after=after, limit=limit)


def revoke_token(ctx: Context, principal: Principal, token_id: str) -> Token:
    """Revoke a token; it does not work from this moment on. Revoking it again changes nothing.

    Raises:
        NotFoundError: no such token that the caller may know of.
    """
    principal.require(Scope.TOKENS_WRITE)
    with unit_of_work(ctx) as unit:
        token = _token_in_reach(unit.session, principal, token_id)
        if token.revoked_at is None:
            token.revoked_at = unit.now
            unit.record(EventType.TOKEN_REVOKED, token.id, principal.account_id, account_id=token.account_id)
            unit.commit()
    return token


def _token_in_reach(session: Session, principal: Principal, token_id: str) -> Token:
    token = session.get(Token, token_id) if is_id(token_id, IdPrefix.TOKEN) else None
    if token is None:
        raise NotFoundError("there is no such token")
    try:
        visible_account(session, principal, token.account_id)
    except NotFoundError as error:
        raise NotFoundError("there is no such token") from error
    return token
