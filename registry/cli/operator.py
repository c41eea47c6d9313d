"""Who acts at the command line: an operator, on the registry's own machine, who needs no token.

Whoever can run these commands can read the database and the keyring as well; a token would protect nothing. What they
do is journalled under the account of an operator all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from registry.bootstrap import build_context
from registry.domain.accounts import Principal
from registry.errors import ConflictError, NotFoundError
from registry.services.accounts import operator_principal
from registry.services.context import Context
from registry.settings import load_settings
from registry.store import accounts
from registry.store.accounts import Account


@contextmanager
def opened_registry() -> Iterator[Context]:
    """Open the registry that the settings name, for one command.

    Raises:
        SettingsError, KeyringError, DatabaseNotReadyError: something is missing; the sentence says what to do.
    """
    with build_context(load_settings()) as ctx:
        ctx.database.require_current_schema()
        yield ctx


@contextmanager
def acting_operator(account_id: str | None) -> Iterator[tuple[Context, Principal]]:
    """Open the registry as an operator.

    Args:
        account_id: the operator's account, or None when there is only one.

    Raises:
        NotFoundError: there is no such account, or no operator at all.
        ConflictError: there are several operators, and none was named; figure ``operators``.
        ForbiddenError: the account is not that of an operator in service.
        SettingsError, KeyringError, DatabaseNotReadyError: as `opened_registry`.
    """
    with opened_registry() as ctx:
        yield ctx, choose_operator(ctx, account_id)


def choose_operator(ctx: Context, account_id: str | None) -> Principal:
    """Answer the operator who is named, or the only one in service; raises as `acting_operator`."""
    with ctx.database.read() as session:
        if account_id is None:
            return operator_principal(_only_one(accounts.operators_in_service(session)))
        account = session.get(Account, account_id)
    if account is None:
        raise NotFoundError(f"there is no account {account_id}", account_id=account_id)
    return operator_principal(account)


def is_new(ctx: Context) -> bool:
    """Whether the registry has no account yet, so that its first operator may be made without one."""
    with ctx.database.read() as session:
        return not accounts.page_of_accounts(session, organisation_id=None, after=None, limit=1)


def _only_one(operators: Sequence[Account]) -> Account:
    if not operators:
        raise NotFoundError(
            "there is no operator yet: make the first with `likeness account create --role operator --name NAME`"
        )
    if len(operators) > 1:
        listed = [account.id for account in operators]
        raise ConflictError(
            f"there are {len(listed)} operators in service: say which one acts, with --as and one of "
            f"{', '.join(listed)}",
            operators=listed,
        )
    return operators[0]
