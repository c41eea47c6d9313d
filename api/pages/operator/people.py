"""People: accounts, letting somebody in and out again; and what is said of a performer by whoever runs the registry."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.account.scopes import SCOPES
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.lists import asked, cut
from api.pages.operator.proposals import proposed
from api.pages.operator.words import GROUNDS, REFUSALS
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version, told
from api.pages.wording import ROLES
from api.paging import PageQuery
from api.schemas.accounts import NewAccount
from api.schemas.misuse import NewPublicFigure
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.ids import IdPrefix
from registry.errors import RegistryError
from registry.services import accounts, performers, public_figures, representatives, sessions, sign_in_links
from registry.services import people as names

AT: Final = "/people"
_ACCOUNT: Final = "/v1/accounts/{account_id}"
_PERFORMER: Final = "/v1/performers/{performer_id}"
_LIST: Final = "GET /v1/accounts"


@personal.get(AT)
@stands_for(_LIST)
def list_people() -> Response:
    """Show accounts, oldest first: every one to an operator, those of the own studio to its administrator."""
    return _list()


def _list(error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    query = asked(PageQuery)
    found = accounts.list_accounts(context(), principal(), after=query.after(IdPrefix.ACCOUNT), limit=query.limit + 1)
    items, cursor = cut(found, query)
    return page_of(
        "operator/people",
        status,
        items=items,
        cursor=cursor,
        role_words=ROLES,
        roles=list(Role) if principal().is_operator else [Role.STUDIO_MEMBER, Role.STUDIO_ADMIN],
        is_operator=principal().is_operator,
        typed=request.form,
        problem=problem,
    )


@personal.post(AT)
@stands_for("POST /v1/accounts")
@once
def let_in() -> Response:
    """Create an account. Whoever it is for signs in by a link that is made for them."""
    form = request.form
    try:
        body = checked(
            NewAccount,
            role=form.get("role", ""),
            name=form.get("name", "").strip(),
            organisation_name=form.get("organisation_name", "").strip() or None,
        )
        made = accounts.create_account(context(), principal(), **body.model_dump())
    except RegistryError as error:
        return _list(error)
    return went_on(f"{AT}/{made.id}", done="created")


@personal.get(f"{AT}/<id:account_id>")
@stands_for(_LIST, f"GET {_ACCOUNT}")
def show_account_of(account_id: str) -> Response:
    """Show one account: what it may, since when, and what can be done with it."""
    return _account(account_id)


def _account(
    account_id: str, error: RegistryError | None = None, status: HTTPStatus = HTTPStatus.OK, **shown: Any
) -> Response:
    principal().require(Scope.ACCOUNTS_READ)
    problem = None
    if error is not None:
        status, problem = told(error, REFUSALS)
    return page_of(
        "operator/account",
        status,
        of=accounts.get_account(context(), principal(), account_id),
        own=account_id == principal().account_id,
        role_words=ROLES,
        problem=problem,
        **{"url": None, **shown},
    )


@personal.post(f"{AT}/<id:account_id>/link")
@stands_for(_LIST, f"POST {_ACCOUNT}/sign-in-links")
@once
def make_link(account_id: str) -> Response:
    """Make a link that signs somebody in, once, and show it this one time."""
    principal().require(Scope.ACCOUNTS_READ)
    issued = sign_in_links.issue_link(context(), principal(), account_id)
    response = _account(account_id, status=HTTPStatus.CREATED, url=issued.url)
    response.headers["Location"] = f"{AT}/{account_id}?done=linked"
    response.headers["Cache-Control"] = "no-store"
    return response


@personal.post(f"{AT}/<id:account_id>/sign-out")
@stands_for(_LIST, f"POST {_ACCOUNT}/sessions/end")
@once
def sign_out_everywhere(account_id: str) -> Response:
    """End every session of an account."""
    principal().require(Scope.ACCOUNTS_READ)
    sessions.end_every_session(context(), principal(), account_id)
    return went_on(f"{AT}/{account_id}", done="signed_out")


@personal.post(f"{AT}/<id:account_id>/close")
@stands_for(f"POST {_ACCOUNT}/disable")
@once
def close_account(account_id: str) -> Response:
    """Close an account: none of its tokens and sessions works from this moment."""
    try:
        accounts.disable_account(context(), principal(), account_id, if_version=seen_version())
    except RegistryError as error:
        return _account(account_id, error)
    return went_on(f"{AT}/{account_id}", done="closed")


# --- performers ------------------------------------------------------------------------------------------------------


@personal.get(f"{AT}/performers")
@stands_for("GET /v1/performers")
def list_performers() -> Response:
    """Show performers, newest first; and lead to the one whose id somebody has."""
    query = asked(PageQuery)
    found = performers.list_performers(
        context(), principal(), after=query.after(IdPrefix.PERFORMER), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    return page_of("operator/performers", items=items, cursor=cursor, is_operator=principal().is_operator)


@personal.get(f"{AT}/performers/<id:performer_id>")
@stands_for(f"POST {_PERFORMER}/public-figure", f"GET {_PERFORMER}", f"GET {_PERFORMER}/representatives")
def show_performer_of(performer_id: str) -> Response:
    """Show what whoever runs the registry says of a performer, and who acts for them."""
    return _performer(performer_id)


def _performer(performer_id: str, error: RegistryError | None = None) -> Response:
    principal().require(Scope.REVIEWS_WRITE)
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    of = performers.get_performer(context(), principal(), performer_id)
    said = public_figures.list_public_figure(context(), principal(), performer_id)
    mandates = representatives.list_representatives(context(), principal(), performer_id)
    who = {each.said_by for each in said} | {each.account_id for each in mandates} | {of.account_id}
    return page_of(
        "operator/performer",
        status,
        of=of,
        said=said,
        mandates=mandates,
        now=context().clock(),
        who=names.accounts_named(context(), who),
        grounds=GROUNDS,
        scope_words=SCOPES,
        typed=request.form,
        problem=problem,
    )


@personal.post(f"{AT}/performers/<id:performer_id>/public-figure")
@stands_for(f"POST {_PERFORMER}/public-figure")
@once
def say_public_figure(performer_id: str) -> Response:
    """Say whether a performer is a public figure: notices of one are read by two."""
    form = request.form
    try:
        body = checked(
            NewPublicFigure,
            is_public_figure={"yes": True, "no": False}.get(form.get("is_public_figure", "")),
            reason=form.get("reason", "").strip(),
        )
        public_figures.state_public_figure(
            context(), principal(), performer_id, is_public_figure=body.is_public_figure, reason=body.reason
        )
    except RegistryError as error:
        return _performer(performer_id, error)
    return went_on(f"{AT}/performers/{performer_id}", done="said")


@personal.post(f"{AT}/performers/<id:performer_id>/delete")
@stands_for("POST /v1/proposals", f"GET {_PERFORMER}")
@once
def propose_deletion(performer_id: str) -> Response:
    """Propose that a performer be deleted who has not asked for it. Another operator has to approve it."""
    form = request.form
    performers.get_performer(context(), principal(), performer_id)
    try:
        return proposed(
            {
                "kind": "performer_deletion",
                "performer_id": performer_id,
                "version": form.get("version", ""),
                "ground": form.get("ground", ""),
                "evidence_sha256": form.get("evidence_sha256", "").strip(),
            }
        )
    except RegistryError as error:
        return _performer(performer_id, error)
