"""``likeness account``: who may come in, and how they sign in."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator, choose_operator, is_new, opened_registry
from registry.cli.options import Acting, AsJson, one_line
from registry.cli.output import print_facts, print_json, print_table, remark, words
from registry.cli.paging import every
from registry.domain.accounts import Role
from registry.services import accounts as verbs
from registry.services import identities, sessions, sign_in_links
from registry.services.context import Context
from registry.store.accounts import Account
from registry.store.identities import Identity
from registry.store.sessions import SignInSession

app = Typer(help="Accounts: who may come in.", no_args_is_help=True)

AccountId = Annotated[str, Argument(metavar="ACCOUNT_ID")]


@app.command()
def create(
    *,
    role: Annotated[Role, Option(help="What the account may do.")],
    name: Annotated[str, Option(parser=one_line, metavar="NAME", help="Of the person or the system.")],
    organisation: Annotated[
        str | None,
        Option(parser=one_line, metavar="NAME", help="The studio, auditor or operator it belongs to; made if new."),
    ] = None,
    acting: Acting = None,
) -> None:
    """Create an account, and print its id. The first one must be an operator's, and needs nobody to make it."""
    with opened_registry() as ctx:
        account = _create(ctx, role, name, organisation, acting)
    remark(f"made the account of {account.name}, {account.role.value}{_of_organisation(account)}")
    echo(account.id)


def _create(ctx: Context, role: Role, name: str, organisation: str | None, acting: str | None) -> Account:
    if role is Role.OPERATOR and acting is None and is_new(ctx):
        return verbs.create_first_operator(ctx, name=name, organisation_name=organisation)
    principal = choose_operator(ctx, acting)
    own = principal.organisation_id if role is Role.OPERATOR and organisation is None else None
    return verbs.create_account(
        ctx, principal, role=role, name=name, organisation_id=own, organisation_name=organisation
    )


def _of_organisation(account: Account) -> str:
    organisation = account.organisation
    return f" of {organisation.name} ({organisation.id})" if organisation else ""


@app.command("list")
def list_accounts(*, as_json: AsJson = False, acting: Acting = None) -> None:
    """List every account, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(every(lambda after, limit: verbs.list_accounts(ctx, principal, after=after, limit=limit)))
    if as_json:
        print_json([account_facts(account) for account in found])
        return
    rows = [
        (a.id, a.role, a.name, a.organisation and a.organisation.name, f"disabled {words(a.disabled_at)}")
        if a.disabled_at
        else (a.id, a.role, a.name, a.organisation and a.organisation.name, "in service")
        for a in found
    ]
    print_table(("account", "role", "name", "organisation", "state"), rows)


@app.command()
def show(account_id: AccountId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """Show one account."""
    with acting_operator(acting) as (ctx, principal):
        account = verbs.get_account(ctx, principal, account_id)
    facts = account_facts(account)
    if as_json:
        print_json(facts)
        return
    organisation = account.organisation
    print_facts(facts | {"organisation": organisation and f"{organisation.name} ({organisation.id})"})


@app.command()
def disable(account_id: AccountId, *, acting: Acting = None) -> None:
    """Disable an account: from this moment none of its tokens and sessions works."""
    with acting_operator(acting) as (ctx, principal):
        account = verbs.disable_account(ctx, principal, account_id)
    echo(f"{account.id} is disabled; none of its tokens and sessions works any more")


@app.command()
def link(account_id: AccountId, *, acting: Acting = None) -> None:
    """Issue a link that lets an account in once, and print it, this once. Earlier ones of it become void."""
    with acting_operator(acting) as (ctx, principal):
        issued = sign_in_links.issue_link(ctx, principal, account_id)
    until = words(issued.link.expires_at)
    remark(f"whoever opens it first is signed in as {account_id}; good until {until}, and not shown again")
    echo(issued.url)


@app.command("sessions")
def list_sessions(account_id: AccountId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """List the sessions of an account, oldest first, those that are over among them."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: sessions.list_sessions(
                    ctx, principal, account_id=account_id, after=after, limit=limit
                )
            )
        )
    if as_json:
        print_json([session_facts(each) for each in found])
        return
    rows = [(s.id, s.method, s.created_at, s.last_seen_at, s.expires_at, s.ended_at) for s in found]
    print_table(("session", "by", "signed in", "last seen", "expires", "ended"), rows)


@app.command("end-sessions")
def end_sessions(account_id: AccountId, *, acting: Acting = None) -> None:
    """End every session of an account, and make its unused links void."""
    with acting_operator(acting) as (ctx, principal):
        ended = sessions.end_every_session(ctx, principal, account_id)
    echo(f"ended {ended} session{'' if ended == 1 else 's'} of {account_id}")


@app.command()
def connect(
    account_id: AccountId,
    subject: Annotated[str, Argument(metavar="SUBJECT", help="Who it is at the identity provider: `sub`, exactly.")],
    *,
    acting: Acting = None,
) -> None:
    """Connect an identity at the identity provider to an account, and print its id."""
    with acting_operator(acting) as (ctx, principal):
        identity = identities.connect_by_hand(ctx, principal, account_id, subject)
    remark(f"who that is at {identity.issuer} signs in as {account_id} from now on")
    echo(identity.id)


@app.command("identities")
def list_identities(account_id: AccountId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """List the identities of an account, oldest first, without who they are at the provider."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: identities.list_identities(
                    ctx, principal, account_id=account_id, after=after, limit=limit
                )
            )
        )
    if as_json:
        print_json([identity_facts(each) for each in found])
        return
    print_table(
        ("identity", "issuer", "connected", "by"), [(i.id, i.issuer, i.connected_at, i.connected_by) for i in found]
    )


@app.command()
def disconnect(identity_id: Annotated[str, Argument(metavar="IDENTITY_ID")], *, acting: Acting = None) -> None:
    """Disconnect an identity: nobody signs in by it any more, and the sessions it has opened end."""
    with acting_operator(acting) as (ctx, principal):
        identity = identities.disconnect(ctx, principal, identity_id)
    echo(f"{identity.id} is disconnected from {identity.account_id}")


def session_facts(session: SignInSession) -> dict[str, object]:
    """Answer a session as JSON shows it, here and over HTTP."""
    return {
        "id": session.id,
        "account_id": session.account_id,
        "method": session.method.value,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "ended_at": session.ended_at,
    }


def identity_facts(identity: Identity) -> dict[str, object]:
    """Answer an identity as JSON shows it, here and over HTTP."""
    return {
        "id": identity.id,
        "account_id": identity.account_id,
        "issuer": identity.issuer,
        "connected_by": identity.connected_by,
        "connected_at": identity.connected_at,
    }


def account_facts(account: Account) -> dict[str, object]:
    """Answer an account as JSON shows it, here and over HTTP."""
    organisation = account.organisation
    return {
        "id": account.id,
        "role": account.role.value,
        "name": account.name,
        "organisation": organisation
        and {"id": organisation.id, "kind": organisation.kind.value, "name": organisation.name},
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
        "version": account.version,
    }
