"""Linting: what the dated rule packs find in a licence or in terms, on a day. Nothing is changed by asking."""

from __future__ import annotations

from datetime import date

from registry.domain.accounts import Principal, Scope
from registry.domain.linting import LintReport, lint
from registry.domain.rules.catalogue import Contract, Parties
from registry.domain.rules.shipped import shipped_packs
from registry.services.context import Context
from registry.services.licences import get_licence, may_learn_of_performer
from registry.services.soundness import report_on
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer


def lint_licence(ctx: Context, principal: Principal, licence_id: str, *, on: date | None = None) -> LintReport:
    """Answer what is found in a licence: to its parties, or to an operator.

    To a studio, while the performer's side has signed nothing of it, what is on record of the performer counts as
    unknown: whether they are a minor, or have died.

    Args:
        licence_id: of the licence.
        on: the day asked for: the rules of that day, over the terms that were in force then. None for today, over the
            newest terms that are, or may still come, in force.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    licence = get_licence(ctx, principal, licence_id)
    with ctx.database.read() as session:
        performer = session.get_one(Performer, licence.performer_id)
    version = _newest(licence) if on is None else _version_on(licence, on)
    day = on or ctx.clock().date()
    if not may_learn_of_performer(principal, licence):
        return lint(Contract(version.terms(), Parties(), version.intended_use), on=day, packs=shipped_packs())
    return report_on(version, performer, day)


def lint_contract(ctx: Context, principal: Principal, contract: Contract, *, on: date | None = None) -> LintReport:
    """Answer what is found in a contract that is no licence yet: to whoever may draft one.

    Args:
        contract: its terms, and what the caller says of the parties.
        on: the day asked for; None for today.

    Raises:
        ForbiddenError: the caller drafts no licences.
    """
    principal.require(Scope.LICENCES_WRITE)
    return lint(contract, on=on or ctx.clock().date(), packs=shipped_packs())


def _newest(licence: Licence) -> LicenceVersion:
    return licence.newest if licence.newest.is_open else licence.current


def _version_on(licence: Licence, day: date) -> LicenceVersion:
    """Answer the version in force on a day; before the first was, the first; while none ever was, the newest."""
    in_force = [each for each in licence.versions if each.in_force_at is not None]
    by_then = [each for each in in_force if each.in_force_at is not None and each.in_force_at.date() <= day]
    return (by_then or in_force[:1] or licence.versions)[-1]
