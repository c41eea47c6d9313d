"""``likeness token``: API tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, one_line
from registry.cli.output import print_json, print_table, remark, words
from registry.cli.paging import every
from registry.domain.accounts import Scope
from registry.services import tokens as verbs
from registry.store.accounts import Token

app = Typer(help="API tokens.", no_args_is_help=True)

_OVERLAP_HOURS = int(verbs.LONGEST_OVERLAP.total_seconds()) // 3600


@app.command()
def issue(
    account_id: Annotated[str, Argument(metavar="ACCOUNT_ID", help="Whom it is for.")],
    *,
    name: Annotated[str, Option(parser=one_line, metavar="NAME", help="What it is for.")] = "command line",
    scope: Annotated[
        list[Scope] | None, Option(help="What it may do; may be repeated. By default all that the account's role may.")
    ] = None,
    days: Annotated[int, Option(min=1, max=verbs.LONGEST_TOKEN_LIFE.days, help="How long it lives.")] = 90,
    acting: Acting = None,
) -> None:
    """Issue a token and print it, this once: TOKEN=$(likeness token issue ACCOUNT_ID)."""
    with acting_operator(acting) as (ctx, principal):
        issued = verbs.issue_token(
            ctx, principal, account_id=account_id, name=name, scopes=scope or None, ttl=timedelta(days=days)
        )
    token = issued.token
    remark(f"issued {token.id} for {token.account_id}, good until {words(token.expires_at)}; it is not shown again")
    echo(issued.text)


@app.command()
def rotate(
    token_id: Annotated[str, Argument(metavar="TOKEN_ID", help="The token that is replaced.")],
    *,
    overlap_hours: Annotated[
        int, Option(min=0, max=_OVERLAP_HOURS, help="How long the old one still works; 0 revokes it.")
    ] = 24,
    days: Annotated[
        int | None,
        Option(min=1, max=verbs.LONGEST_TOKEN_LIFE.days, help="How long the new one lives; by default as the old one."),
    ] = None,
    acting: Acting = None,
) -> None:
    """Replace a token by a new one with its name and scopes, and print that, this once."""
    life = None if days is None else timedelta(days=days)
    with acting_operator(acting) as (ctx, principal):
        issued = verbs.rotate_token(ctx, principal, token_id, overlap=timedelta(hours=overlap_hours), ttl=life)
    token = issued.token
    remark(f"issued {token.id} in the place of {token_id}, good until {words(token.expires_at)}; it is not shown again")
    echo(issued.text)


@app.command("list")
def list_tokens(
    account_id: Annotated[str, Argument(metavar="ACCOUNT_ID", help="Whose.")],
    *,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List the tokens of an account, oldest first, without their secrets."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: verbs.list_tokens(ctx, principal, account_id=account_id, after=after, limit=limit)
            )
        )
        now = ctx.clock()
    if as_json:
        print_json([token_facts(token) for token in found])
        return
    rows = [(t.id, t.name, _state(t, now), t.expires_at, t.last_used_at, t.scopes) for t in found]
    print_table(("token", "name", "state", "expires", "last used", "scopes"), rows)


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if now >= token.expires_at else "in service"


@app.command()
def revoke(token_id: Annotated[str, Argument(metavar="TOKEN_ID")], *, acting: Acting = None) -> None:
    """Revoke a token: it does not work from this moment on."""
    with acting_operator(acting) as (ctx, principal):
        token = verbs.revoke_token(ctx, principal, token_id)
    echo(f"{token.id} is revoked")


def token_facts(token: Token) -> dict[str, object]:
    """Answer a token as JSON shows it, here and over HTTP, without its secret."""
    return {
        "id": token.id,
        "account_id": token.account_id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
