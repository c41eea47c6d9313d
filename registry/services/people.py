"""People: what organisations, performers and accounts are called, for whoever was shown them already.

A record names its parties by their ids. Whoever may read the record may know what they are called; each of these
answers for many at once, in one statement, and says nothing of an id that is nobody's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Role
from registry.domain.ids import IdPrefix, is_id
from registry.services.attestations import shown_as
from registry.services.context import Context
from registry.store.accounts import Account, Organisation
from registry.store.checks import Finding
from registry.store.licences import Licence, performers_licensed_to
from registry.store.parts import in_parts
from registry.store.performers import Performer

_STUDIOS = frozenset({Role.STUDIO_MEMBER, Role.STUDIO_ADMIN})
_PERFORMERS_SIDE = frozenset({Role.PERFORMER, Role.REPRESENTATIVE})
MOST_PARTNERS = 200
"""As many as one chooses from."""
_MOST_ADMINISTRATORS = 5


def organisations_named(ctx: Context, organisation_ids: Collection[str | None]) -> Mapping[str, str]:
    """Answer the names of organisations, by id; ids that are None are left out."""
    return _named(ctx, Organisation, organisation_ids)


def studios_among(ctx: Context, organisation_ids: Collection[str]) -> frozenset[str]:
    """Answer which of some organisations are studios: those that a case can be about."""
    query = select(Organisation.id).where(Organisation.kind == OrganisationKind.STUDIO)
    with ctx.database.read() as session:
        return frozenset(
            each
            for part in in_parts(sorted(organisation_ids))
            for each in session.scalars(query.where(Organisation.id.in_(part)))
        )


def performers_named(ctx: Context, performer_ids: Collection[str | None]) -> Mapping[str, str]:
    """Answer the names of performers, by id; ids that are None are left out."""
    return _named(ctx, Performer, performer_ids)


def accounts_named(ctx: Context, account_ids: Collection[str | None]) -> Mapping[str, str]:
    """Answer the names of accounts, by id; ids that are None, or that stand for the system, are left out."""
    return _named(ctx, Account, account_ids)


def colleagues_named(ctx: Context, principal: Principal, account_ids: Collection[str | None]) -> Mapping[str, str]:
    """Answer the names of those accounts that are of the caller's side, or of the registry, by id; to operators all.

    Whoever speaks for the other side of a dispute is not told by name: the record has their id.
    """
    wanted = sorted({each for each in account_ids if each is not None})
    if not wanted:
        return {}
    own = (
        Account.role.in_(_PERFORMERS_SIDE)
        if principal.organisation_id is None
        else Account.organisation_id == principal.organisation_id
    )
    query = select(Account.id, Account.name)
    if not principal.is_operator:
        query = query.where(or_(own, Account.role == Role.OPERATOR))
    with ctx.database.read() as session:
        return {
            row.id: row.name for part in in_parts(wanted) for row in session.execute(query.where(Account.id.in_(part)))
        }


def names_of(
    ctx: Context,
    *,
    performers: Collection[str | None] = (),
    organisations: Collection[str | None] = (),
    accounts: Collection[str | None] = (),
) -> Mapping[str, str]:
    """Answer the names of all who are asked about, by id, in one statement for each kind of which some are."""
    return {
        **performers_named(ctx, performers),
        **organisations_named(ctx, organisations),
        **accounts_named(ctx, accounts),
    }


def administrators_named(ctx: Context, principal: Principal) -> Sequence[str]:
    """Answer the names of those in service who administer the studio that the caller is a member of, in their order.

    At most five; none to whoever is of no studio.
    """
    if principal.role not in _STUDIOS or principal.organisation_id is None:
        return ()
    query = (
        select(Account.name)
        .where(Account.organisation_id == principal.organisation_id, Account.role == Role.STUDIO_ADMIN)
        .where(Account.disabled_at.is_(None))
        .order_by(Account.name, Account.id)
        .limit(_MOST_ADMINISTRATORS)
    )
    with ctx.database.read() as session:
        return tuple(session.scalars(query))


def licences_titled(ctx: Context, licence_ids: Collection[str | None]) -> Mapping[str, str]:
    """Answer the titles of licences, by id; ids that are None are left out."""
    wanted = sorted({each for each in licence_ids if each is not None})
    if not wanted:
        return {}
    with ctx.database.read() as session:
        return {
            row.id: row.title
            for part in in_parts(wanted)
            for row in session.execute(select(Licence.id, Licence.title).where(Licence.id.in_(part)))
        }


def _named(
    ctx: Context, table: type[Organisation | Performer | Account], ids: Collection[str | None]
) -> Mapping[str, str]:
    wanted = sorted({each for each in ids if each is not None})
    if not wanted:
        return {}
    with ctx.database.read() as session:
        return {
            row.id: row.name
            for part in in_parts(wanted)
            for row in session.execute(select(table.id, table.name).where(table.id.in_(part)))
        }


def partners_named(ctx: Context, principal: Principal) -> Mapping[str, str]:
    """Answer performers with whom the caller's studio has, or had, a licence in force, by id, in order of names.

    At most `MOST_PARTNERS`, those with whom something came into force last. A draft is no reason to be told a name: a
    studio writes one alone, about whomever it likes. A source under seal has no name: it is shown as its attestation.
    """
    if principal.organisation_id is None:
        return {}
    with ctx.database.read() as session:
        named = performers_licensed_to(session, principal.organisation_id, limit=MOST_PARTNERS)
    sealed = shown_as(ctx, principal, named)
    return {each: sealed.get(each, name) for each, name in named.items()}


def choices_named(ctx: Context, principal: Principal, chosen: str) -> Mapping[str, str]:
    """Answer whom one chooses from by name, by id: partners, and whom one has chosen, where one was told their name.

    Args:
        chosen: an id in any text, or nothing.
    """
    told = principal.role in _STUDIOS and is_id(chosen, IdPrefix.PERFORMER)
    named = parties_named(ctx, principal, {chosen}) if told else {}
    return {**partners_named(ctx, principal), **named}


def parties_named(ctx: Context, principal: Principal, performer_ids: Collection[str]) -> Mapping[str, str]:
    """Answer the names of performers whom records of the caller's are about, by id.

    To a studio only of those with whom it has, or had, a licence in force, and of those who were found in recordings
    that it had checked. What it writes by itself, such as an offer that nobody has answered, tells it no name.
    """
    if principal.role not in _STUDIOS:
        return performers_named(ctx, performer_ids)
    if principal.organisation_id is None or not performer_ids:
        return {}
    with ctx.database.read() as session:
        named = _known_to(session, principal.organisation_id, performer_ids)
    sealed = shown_as(ctx, principal, named)
    return {each: sealed.get(each, name) for each, name in named.items()}


def _known_to(session: Session, studio_id: str, performer_ids: Collection[str]) -> Mapping[str, str]:
    licensed = exists().where(
        Licence.performer_id == Performer.id, Licence.studio_id == studio_id, Licence.activated_at.is_not(None)
    )
    found = exists().where(
        Finding.performer_id == Performer.id, Finding.organisation_id == studio_id, Finding.check_id.is_not(None)
    )
    query = select(Performer.id, Performer.name).where(or_(licensed, found))
    return {
        row.id: row.name
        for part in in_parts(sorted(performer_ids))
        for row in session.execute(query.where(Performer.id.in_(part)))
    }
