"""Who may come in: organisations, accounts, tokens, and telling who is asking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from registry.domain.accounts import (
    ORGANISATION_OF_ROLE,
    PERMISSIONS,
    OrganisationKind,
    Principal,
    Role,
    Scope,
)
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix, is_id
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TokenExpiredError,
    UnauthenticatedError,
)
from registry.services.context import Context
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import accounts, performers
from registry.store.accounts import Account, Organisation, Token
from registry.vault import tokens as token_text

LONGEST_TOKEN_LIFE = timedelta(days=366)
_USE_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. ``text`` is shown this once and cannot be had again."""

    token: Token
    text: str


# --- telling who is asking -------------------------------------------------------------------------------------------


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
        principal = _principal(session, token, now)
    if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY:
        _note_use(ctx, token.id, now)
    return principal


def _principal(session: Session, token: Token, now: datetime) -> Principal:
    account = token.account
    scopes = frozenset(Scope(s) for s in token.scopes) & PERMISSIONS[account.role]
    acting = {m.performer_id: frozenset(Scope(s) for s in m.scopes) for m in _mandates(session, account, now)}
    own = performers.performer_of_account(session, account.id)
    if own is not None:
        acting[own.id] = PERMISSIONS[Role.PERFORMER]
    return Principal(account.id, account.role, scopes, account.organisation_id, acting)


def _mandates(session: Session, account: Account, now: datetime) -> Sequence[performers.Representative]:
    return performers.mandates_of(session, account.id, now) if account.role is Role.REPRESENTATIVE else ()


def _note_use(ctx: Context, token_id: str, now: datetime) -> None:
    with ctx.database.write() as session:
        token = session.get(Token, token_id)
        if token is not None:
            token.last_used_at = now
            session.commit()


def operator_principal(account: Account) -> Principal:
    """Answer the principal of an operator's account for use on the registry's own machine, without a token.

    Raises:
        ForbiddenError: the account is not an operator's, or is disabled.
    """
    if account.role is not Role.OPERATOR or account.disabled_at is not None:
        raise ForbiddenError(f"{account.id} is not the account of an operator in service", role=account.role.value)
    return Principal(account.id, account.role, PERMISSIONS[Role.OPERATOR], account.organisation_id, {})


# --- organisations and accounts --------------------------------------------------------------------------------------


def create_first_operator(ctx: Context, *, name: str, organisation_name: str | None = None) -> Account:
    """Create the first operator of a new registry, which nobody is there to authorise.

    Args:
        name: of the person or system.
        organisation_name: of the organisation that runs the registry; the operator's own name by default.

    Raises:
        ConflictError: there is an account already; ask its holder.
    """
    with unit_of_work(ctx) as unit:
        if accounts.page_of_accounts(unit.session, organisation_id=None, after=None, limit=1):
            raise ConflictError("this registry has accounts already: let an operator create further ones")
        organisation = _ensure_organisation(unit, OrganisationKind.OPERATOR, organisation_name or name)
        account = _add_account(unit, Role.OPERATOR, name, organisation)
        _record_created(unit, account, account.id)
        unit.commit()
    return account


def create_organisation(ctx: Context, principal: Principal, *, kind: OrganisationKind, name: str) -> Organisation:
    """Create a studio, an auditor or an operator. Operators only.

    Raises:
        ForbiddenError: not an operator.
        DuplicateError: the name is taken.
    """
    principal.require(Scope.ACCOUNTS_WRITE)
    _require_operator(principal)
    with unit_of_work(ctx) as unit:
        if accounts.organisation_named(unit.session, name) is not None:
            raise DuplicateError(f"there is an organisation named {name} already", name=name)
        organisation = _add_organisation(unit, kind, name, principal.account_id)
        unit.commit()
    return organisation


def create_account(
    ctx: Context,
    principal: Principal,
    *,
    role: Role,
    name: str,
    organisation_id: str | None = None,
    organisation_name: str | None = None,
) -> Account:
    """Create an account. An operator creates any; a studio's administrator creates members of their own studio.

    Args:
        role: of the account.
        name: of the person or system.
        organisation_id: the organisation it belongs to, or
        organisation_name: the same by name; an operator's call creates it when there is none.

    Raises:
        ForbiddenError: not allowed to create such an account.
        InvalidInputError: the role and the organisation do not go together.
        NotFoundError: no such organisation.
    """
    principal.require(Scope.ACCOUNTS_WRITE)
    with unit_of_work(ctx) as unit:
        organisation = _organisation_for(unit, principal, role, organisation_id, organisation_name)
        _require_may_create(principal, role, organisation)
        account = _add_account(unit, role, name, organisation)
        _record_created(unit, account, principal.account_id)
        unit.commit()
    return account


def _organisation_for(
    unit: Unit, principal: Principal, role: Role, organisation_id: str | None, name: str | None
) -> Organisation | None:
    kind = ORGANISATION_OF_ROLE[role]
    if kind is None:
        if organisation_id is not None or name is not None:
            raise InvalidInputError(
                f"an account with the role {role.value} belongs to no organisation", role=role.value
            )
        return None
    if organisation_id is None and name is None:
        if principal.is_operator:
            raise InvalidInputError(
                f"an account with the role {role.value} belongs to an organisation", role=role.value
            )
        organisation_id = principal.organisation_id
    if organisation_id is not None:
        organisation = unit.session.get(Organisation, organisation_id)
    else:
        organisation = accounts.organisation_named(unit.session, name or "")
        if organisation is None and principal.is_operator:
            return _add_organisation(unit, kind, name or "", principal.account_id)
    if organisation is None or not principal.may_see_organisation(organisation.id):
        raise NotFoundError("there is no such organisation")
    if organisation.kind is not kind:
        raise InvalidInputError(
            f"{organisation.name} is of the kind {organisation.kind.value}; the role {role.value} needs {kind.value}",
            kind=organisation.kind.value,
            required_kind=kind.value,
        )
    return organisation


def _require_may_create(principal: Principal, role: Role, organisation: Organisation | None) -> None:
    if principal.is_operator:
        return
    if organisation is None or role not in {Role.STUDIO_MEMBER, Role.STUDIO_ADMIN}:
        raise ForbiddenError(f"only an operator creates an account with the role {role.value}", role=role.value)


def _ensure_organisation(unit: Unit, kind: OrganisationKind, name: str) -> Organisation:
    return accounts.organisation_named(unit.session, name) or _add_organisation(unit, kind, name, "bootstrap")


def _add_organisation(unit: Unit, kind: OrganisationKind, name: str, actor_id: str) -> Organisation:
    organisation = Organisation(id=unit.new_id(IdPrefix.ORGANISATION), kind=kind, name=name, created_at=unit.now)
    unit.session.add(organisation)
    unit.session.flush()
    unit.record(EventType.ORGANISATION_CREATED, organisation.id, actor_id, kind=kind.value)
    return organisation


def _add_account(unit: Unit, role: Role, name: str, organisation: Organisation | None) -> Account:
    account = Account(
        id=unit.new_id(IdPrefix.ACCOUNT),
        role=role,
        name=name,
        organisation_id=organisation.id if organisation else None,
        organisation=organisation,
        created_at=unit.now,
        disabled_at=None,
        version=1,
    )
    unit.session.add(account)
    unit.session.flush()
    return account


def _record_created(unit: Unit, account: Account, actor_id: str) -> None:
    unit.record(
        EventType.ACCOUNT_CREATED,
        account.id,
        actor_id,
        role=account.role.value,
        organisation_id=account.organisation_id,
    )


def get_account(ctx: Context, principal: Principal, account_id: str) -> Account:
    """Answer an account: one's own, one of one's studio (its administrator), or any (an operator).

    Raises:
        NotFoundError: none that the caller may know of.
    """
    with ctx.database.read() as session:
        return _visible_account(session, principal, account_id)


def _visible_account(session: Session, principal: Principal, account_id: str) -> Account:
    account = session.get(Account, account_id)
    if account is not None and account.id == principal.account_id:
        return account
    in_reach = account is not None and (
        principal.is_operator
        or (principal.role is Role.STUDIO_ADMIN and account.organisation_id == principal.organisation_id)
    )
    if account is None or not in_reach:
        raise NotFoundError("there is no such account")
    return account


def list_accounts(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[Account]:
    """Answer a page of accounts: every one for an operator, those of the own studio for its administrator."""
    principal.require(Scope.ACCOUNTS_READ)
    organisation_id = None if principal.is_operator else principal.organisation_id or ""
    with ctx.database.read() as session:
        return accounts.page_of_accounts(session, organisation_id=organisation_id, after=after, limit=limit)


def disable_account(ctx: Context, principal: Principal, account_id: str, *, if_version: int | None = None) -> Account:
    """Disable an account; from this moment none of its tokens works.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is the caller's own, or disabled already.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.ACCOUNTS_WRITE)
    with unit_of_work(ctx) as unit:
        account = _visible_account(unit.session, principal, account_id)
        if account.id == principal.account_id:
            raise ConflictError("nobody disables the account they are using")
        if account.disabled_at is not None:
            raise ConflictError("the account is disabled already", state="disabled")
        require_version(account.version, if_version)
        account.disabled_at = unit.now
        account.version += 1
        unit.record(EventType.ACCOUNT_DISABLED, account.id, principal.account_id)
        unit.commit()
    return account


# --- tokens ----------------------------------------------------------------------------------------------------------


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

    Args:
        account_id: whom it is for.
        name: what it is for.
        scopes: what it may do, or None for all that the account's role may. A token for oneself never carries more
            than the token that asks for it.
        ttl: how long it lives, at most `LONGEST_TOKEN_LIFE`.

    Raises:
        NotFoundError: no such account that the caller may know of.
        InvalidInputError: a scope the role does not have, or a life of no length or too long.
        ConflictError: the account is disabled.
    """
    principal.require(Scope.TOKENS_WRITE)
    _require_life(ttl)
    with unit_of_work(ctx) as unit:
        account = _visible_account(unit.session, principal, account_id)
        if account.disabled_at is not None:
            raise ConflictError("the account is disabled", state="disabled")
        granted = _granted(principal, account, scopes)
        token_id = unit.new_id(IdPrefix.TOKEN)
        text, digest = token_text.new_token(token_id, ctx.random_bytes)
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
            principal.account_id,
            account_id=account.id,
            scopes=" ".join(token.scopes),
            expires_at=token.expires_at.isoformat(),
        )
        unit.commit()
    return IssuedToken(token, text)


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
        raise InvalidInputError("a token without any scope could do nothing")
    return granted


def list_tokens(
    ctx: Context, principal: Principal, *, account_id: str | None, after: str | None, limit: int
) -> Sequence[Token]:
    """Answer a page of an account's tokens (one's own by default), without their secrets.

    Raises:
        NotFoundError: no such account that the caller may know of.
    """
    with ctx.database.read() as session:
        account = _visible_account(session, principal, account_id or principal.account_id)
        return accounts.tokens_of(session, account.id, after=after, limit=limit)


def revoke_token(ctx: Context, principal: Principal, token_id: str) -> Token:
    """Revoke a token; it does not work from this moment on. Revoking it again changes nothing.

    Raises:
        NotFoundError: no such token that the caller may know of.
    """
    principal.require(Scope.TOKENS_WRITE)
    with unit_of_work(ctx) as unit:
        token = unit.session.get(Token, token_id) if is_id(token_id, IdPrefix.TOKEN) else None
        if token is None:
            raise NotFoundError("there is no such token")
        _require_token_in_reach(unit.session, principal, token)
        if token.revoked_at is None:
            token.revoked_at = unit.now
            unit.record(EventType.TOKEN_REVOKED, token.id, principal.account_id, account_id=token.account_id)
            unit.commit()
    return token


def _require_token_in_reach(session: Session, principal: Principal, token: Token) -> None:
    try:
        _visible_account(session, principal, token.account_id)
    except NotFoundError as error:
        raise NotFoundError("there is no such token") from error


def _require_operator(principal: Principal) -> None:
    if not principal.is_operator:
        raise ForbiddenError("only an operator does this", role=principal.role.value)
