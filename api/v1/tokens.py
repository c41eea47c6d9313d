"""API tokens. No idempotency keys here: an answer with a secret in it is not kept."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import page
from api.schemas.tokens import IssuedTokenOut, NewToken, Rotation, TokenOut, TokenPage, TokenPath, TokenQuery
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import tokens
from registry.store.accounts import Token

resource = new_resource("tokens", "Secrets that requests are made with.")


@resource.post("/tokens", responses={201: IssuedTokenOut})
def issue_token(body: NewToken) -> Response:
    """Issue a token.

    The secret is in this answer and nowhere else, so `Idempotency-Key` is not honoured here: if the answer is lost,
    revoke the token and issue another.
    """
    issued = tokens.issue_token(
        context(),
        principal(),
        account_id=body.account_id or principal().account_id,
        name=body.name,
        scopes=body.scopes,
        ttl=timedelta(days=body.expires_in_days),
    )
    shown = IssuedTokenOut(**_out(issued.token).model_dump(), token=issued.text)
    return created(shown, f"/v1/tokens?account_id={issued.token.account_id}")


@resource.post("/tokens/<id:token_id>/rotate", responses={201: IssuedTokenOut})
def rotate_token(path: TokenPath, body: Rotation) -> Response:
    """Replace a token by a new one with the same name and scopes. Both work until the old one ends.

    The secret is in this answer and nowhere else, so `Idempotency-Key` is not honoured here: if the answer is lost,
    rotate the old token again.
    """
    life = None if body.expires_in_days is None else timedelta(days=body.expires_in_days)
    issued = tokens.rotate_token(
        context(), principal(), path.token_id, overlap=timedelta(hours=body.overlap_hours), ttl=life
    )
    shown = IssuedTokenOut(**_out(issued.token).model_dump(), token=issued.text)
    return created(shown, f"/v1/tokens?account_id={issued.token.account_id}")


@resource.get("/tokens", responses={200: TokenPage})
def list_tokens(query: TokenQuery) -> Response:
    """List the tokens of an account, without their secrets."""
    found = tokens.list_tokens(
        context(),
        principal(),
        account_id=query.account_id,
        after=query.after(IdPrefix.TOKEN),
        limit=query.limit + 1,
    )
    return page(found, query, TokenPage, _out)


@resource.post("/tokens/<id:token_id>/revoke", responses={200: TokenOut})
@idempotent()
def revoke_token(path: TokenPath) -> Response:
    """Revoke a token. From this moment it does not work."""
    return answer(_out(tokens.revoke_token(context(), principal(), path.token_id)))


def _out(token: Token) -> TokenOut:
    return TokenOut.model_validate(token)
