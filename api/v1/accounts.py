"""Accounts."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.schemas.accounts import AccountOut, AccountPage, AccountPath, NewAccount
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import accounts
from registry.store.accounts import Account

resource = new_resource("accounts", "Whoever acts: people and systems of studios, auditors, performers, the operator.")


@resource.post("/accounts", responses={201: AccountOut})
@idempotent()
def create_account(body: NewAccount) -> Response:
    """Create an account.

    An operator creates any; a studio's administrator creates members of their own studio.
    """
    account = accounts.create_account(context(), principal(), **body.model_dump())
    return created(_out(account), f"/v1/accounts/{account.id}", tag=entity_tag(account.version))


@resource.get("/accounts", responses={200: AccountPage})
def list_accounts(query: PageQuery) -> Response:
    """List accounts: every one for an operator, those of the own studio for its administrator."""
    after = query.after(IdPrefix.ACCOUNT)
    found = accounts.list_accounts(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, AccountPage, _out)


@resource.get("/accounts/<id:account_id>", responses={200: AccountOut})
def get_account(path: AccountPath) -> Response:
    """Answer one account."""
    return _answer(accounts.get_account(context(), principal(), path.account_id))


@resource.post("/accounts/<id:account_id>/disable", responses={200: AccountOut})
@idempotent()
def disable_account(path: AccountPath, header: ChangeHeaders) -> Response:
    """Disable an account. From this moment none of its tokens works."""
    account = accounts.disable_account(context(), principal(), path.account_id, if_version=header.version())
    return _answer(account)


def _answer(account: Account) -> Response:
    return answer(_out(account), tag=entity_tag(account.version))


def _out(account: Account) -> AccountOut:
    return AccountOut.model_validate(account)
