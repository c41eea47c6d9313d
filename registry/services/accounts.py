"""Who there is: organisations and accounts."""

from __future__ import annotations

from collections.abc import Sequence

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
from registry.domain.ids import IdPrefix
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from registry.services.context import Context
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import accounts, sessions, sign_in_links
from registry.store.accounts import Account, Organisation


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
        ForbiddenError: it is not one's own, and the token carries no scope to read others.
        NotFoundError: none that the caller may know of.
    """
    require_own_or_scope(principal, account_id)
    with ctx.database.read() as session:
        return visible_account(session, principal, account_id)


def require_own_or_scope(principal: Principal, account_id: str) -> None:
    """Refuse to read of another's account with a token that carries no scope for that.

    Raises:
        ForbiddenError: figures ``scope`` and ``role``.
    """
    if account_id != principal.account_id:
        principal.require(Scope.ACCOUNTS_READ)


def visible_account(session: Session, principal: Principal, account_id: str) -> Account:
    """Answer an account that the caller may know of.

    Raises:
        NotFoundError: there is none.
    """
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
    """Disable an account; from this moment none of its tokens, sessions and sign-in links works.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is the caller's own, or disabled already.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.ACCOUNTS_WRITE)
    with unit_of_work(ctx) as unit:
        account = visible_account(unit.session, principal, account_id)
        if account.id == principal.account_id:
            raise ConflictError("nobody disables the account they are using")
        if account.disabled_at is not None:
            raise ConflictError("the account is disabled already", state="disabled")
        require_version(account.version, if_version)
        account.disabled_at = unit.now
        account.version += 1
        sign_in_links.void_links_of(unit.session, account.id, unit.now)
        sessions.end_sessions_of(unit.session, account.id, unit.now)
        unit.record(EventType.ACCOUNT_DISABLED, account.id, principal.account_id)
        unit.commit()
    return account


def _require_operator(principal: Principal) -> None:
    if not principal.is_operator:
        raise ForbiddenError("only an operator does this", role=principal.role.value)
