"""Tokens: what programs act with in one's name. The text of one is shown once, when it is made, and never again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.account.refusals import refused
from api.pages.account.scopes import SCOPES
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.schemas.tokens import NewToken, Rotation, TokenQuery
from api.state import context, principal
from registry.domain.accounts import PERMISSIONS, Scope
from registry.domain.ids import IdPrefix
from registry.errors import RegistryError
from registry.services import accounts, tokens
from registry.services.tokens import IssuedToken

TOKENS: Final = "/account/tokens"
LIVES: Final = (7, 30, 90, 180, 366)
"""For how many days a token may be asked for on the page; the API takes any number in between."""


@personal.get(TOKENS)
@stands_for("GET /v1/tokens", "POST /v1/tokens")
def show_tokens() -> Response:
    """Show the tokens of an account, one's own where none is named, and the form for another."""
    principal().require(Scope.TOKENS_WRITE)
    return _page()


def _page(error: RegistryError | None = None) -> Response:
    status, why = refused(error)
    query = asked(TokenQuery)
    account_id = query.account_id or principal().account_id
    found = tokens.list_tokens(
        context(), principal(), account_id=account_id, after=query.after(IdPrefix.TOKEN), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    whose = accounts.get_account(context(), principal(), account_id)
    return page_of(
        "account/tokens",
        status,
        items=items,
        cursor=cursor,
        whose=whose,
        is_own=account_id == principal().account_id,
        scope_words=SCOPES,
        scopes={scope: SCOPES[scope] for scope in Scope if scope in PERMISSIONS[whose.role]},
        lives=LIVES,
        now=context().clock(),
        typed=request.form,
        **why,
    )


@personal.post(TOKENS)
@stands_for("POST /v1/tokens")
@once
def issue_token() -> Response:
    """Make a token, and show its text: here, and nowhere else. Sent again, the form leads to the list."""
    try:
        body = checked(NewToken, **_sent())
        issued = tokens.issue_token(
            context(),
            principal(),
            account_id=body.account_id or principal().account_id,
            name=body.name,
            scopes=body.scopes,
            ttl=timedelta(days=body.expires_in_days),
        )
    except RegistryError as error:
        return _page(error)
    return _shown_once(issued)


def _sent() -> dict[str, Any]:
    form = request.form
    every = form.get("reach") == "everything"
    return {
        "account_id": request.args.get("account_id") or None,
        "name": form.get("name", ""),
        "scopes": None if every else form.getlist("scopes"),
        "expires_in_days": form.get("expires_in_days", ""),
    }


def _shown_once(issued: IssuedToken) -> Response:
    """Answer the page that has the secret on it; what is kept of this answer is where it leads."""
    response = page_of(
        "account/token_shown",
        HTTPStatus.CREATED,
        issued=issued,
        back=_list_of(issued.token.account_id),
        scope_words=SCOPES,
    )
    response.headers["Location"] = _list_of(issued.token.account_id)
    response.headers["Cache-Control"] = "no-store"
    return response


def _list_of(account_id: str) -> str:
    return TOKENS if account_id == principal().account_id else f"{TOKENS}?account_id={account_id}"


@personal.post(f"{TOKENS}/<id:token_id>/rotate")
@stands_for("POST /v1/tokens/{token_id}/rotate")
@once
def rotate_token(token_id: str) -> Response:
    """Replace a token by a new one with the same name and scopes, and show its text once."""
    try:
        body = checked(Rotation, **_rotation(request.form))
        life = None if body.expires_in_days is None else timedelta(days=body.expires_in_days)
        overlap = timedelta(hours=body.overlap_hours)
        issued = tokens.rotate_token(context(), principal(), token_id, overlap=overlap, ttl=life)
    except RegistryError as error:
        return _page(error)
    return _shown_once(issued)


def _rotation(form: Mapping[str, str]) -> dict[str, Any]:
    return {"overlap_hours": form["overlap_hours"]} if form.get("overlap_hours") else {}


@personal.post(f"{TOKENS}/<id:token_id>/revoke")
@stands_for("POST /v1/tokens/{token_id}/revoke")
@once
def revoke_token(token_id: str) -> Response:
    """Revoke a token. From this moment it does not work."""
    revoked = tokens.revoke_token(context(), principal(), token_id)
    return went_on(_list_of(revoked.account_id), done="revoked")
