"""Who else there is in one's organisation: adding somebody, letting them in, and disabling an account."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.account.refusals import refused
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version
from api.pages.wording import ROLES
from api.paging import PageQuery
from api.schemas.accounts import NewAccount
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.ids import IdPrefix
from registry.errors import RegistryError
from registry.services import accounts, sign_in_links

TEAM: Final = "/account/team"


@personal.get(TEAM)
@stands_for("GET /v1/accounts")
def show_team() -> Response:
    """Show the accounts of one's organisation; of all, to an operator."""
    return _page()


def _page(error: RegistryError | None = None) -> Response:
    status, why = refused(error)
    query = asked(PageQuery)
    found = accounts.list_accounts(context(), principal(), after=query.after(IdPrefix.ACCOUNT), limit=query.limit + 1)
    items, cursor = cut(found, query)
    return page_of(
        "account/team",
        status,
        items=items,
        cursor=cursor,
        roles=ROLES,
        may_add=Scope.ACCOUNTS_WRITE in principal().scopes,
        may_choose=principal().is_operator,
        typed=request.form,
        **why,
    )


@personal.post(TEAM)
@stands_for("POST /v1/accounts")
@once
def create_account() -> Response:
    """Add an account: a studio's administrator a member of their studio, an operator any."""
    principal().require(Scope.ACCOUNTS_WRITE)
    try:
        sent = {name: request.form.get(name, "").strip() or None for name in ("name", "organisation_name")}
        role = request.form.get("role") or (Role.STUDIO_MEMBER.value if not principal().is_operator else "")
        body = checked(NewAccount, role=role, **sent)
        accounts.create_account(context(), principal(), **body.model_dump())
    except RegistryError as error:
        return _page(error)
    return went_on(TEAM, done="added")


@personal.post("/account/<id:account_id>/disable")
@stands_for("POST /v1/accounts/{account_id}/disable")
@once
def disable_account(account_id: str) -> Response:
    """Disable an account. From this moment none of its tokens works, and nobody is signed in as it."""
    try:
        accounts.disable_account(context(), principal(), account_id, if_version=seen_version())
    except RegistryError as error:
        return _page(error)
    return went_on(TEAM, done="disabled")


@personal.post("/account/<id:account_id>/link")
@stands_for("POST /v1/accounts/{account_id}/sign-in-links")
@once
def issue_sign_in_link(account_id: str) -> Response:
    """Make a link that lets an account in once, and show it: here, and nowhere else."""
    issued = sign_in_links.issue_link(context(), principal(), account_id)
    account = accounts.get_account(context(), principal(), account_id)
    response = page_of("account/link_shown", HTTPStatus.CREATED, issued=issued, whose=account)
    response.headers["Location"] = TEAM if Scope.ACCOUNTS_READ in principal().scopes else "/account"
    response.headers["Cache-Control"] = "no-store"
    return response
