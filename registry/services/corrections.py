"""Corrections of the ledger by an operator: an entry is taken back, with the use or the payment that it stands for."""

from __future__ import annotations

from sqlalchemy import select

from registry.domain.accounts import Principal, Scope
from registry.domain.ledger import EntryKind
from registry.domain.usage import Period
from registry.errors import ConflictError, ForbiddenError, NotFoundError
from registry.services.context import Context
from registry.services.ledger import licence_to_post, note_whether_paid, settle_guarantee, take_back
from registry.services.unit import Unit, unit_of_work
from registry.services.usage import void
from registry.services.usage_reports import bring_up
from registry.store import usage
from registry.store.ledger import LedgerEntry
from registry.store.licences import Licence
from registry.store.usage import UsageLine


def reverse_entry(ctx: Context, principal: Principal, entry_id: str, *, reason: str) -> LedgerEntry:
    """Take an entry back by another, with the reason. Both stay, and both parties see them.

    Use goes with its line: it counts against no cap any more, and the same recording is not counted again. A payment
    that is taken back (a cheque that bounced) is due again. What is recouped settles itself and is not taken back.

    Args:
        ctx: what verbs work with.
        principal: an operator.
        entry_id: of the entry.
        reason: in words; both parties read it.

    Returns:
        The entry that takes it back.

    Raises:
        ForbiddenError: not an operator.
        NotFoundError: there is no such entry.
        ConflictError: it was taken back already, takes another back, or settles a guarantee.
    """
    principal.require(Scope.LEDGER_WRITE)
    if not principal.is_operator:
        raise ForbiddenError("only an operator corrects the ledger", role=principal.role.value)
    with unit_of_work(ctx) as unit:
        entry = unit.session.get(LedgerEntry, entry_id)
        if entry is None:
            raise NotFoundError("there is no such entry")
        if entry.kind is EntryKind.RECOUPMENT:
            raise ConflictError("what is recouped settles itself, and is not taken back", kind=entry.kind.value)
        licence = licence_to_post(unit, entry.licence_id)
        if entry.kind is EntryKind.USAGE:
            reversal = _take_use_back(unit, licence, entry, reason, principal)
        else:
            reversal = take_back(unit, entry, reason=reason, actor_id=principal.account_id)
            settle_guarantee(unit, licence, reversal)
            note_whether_paid(unit, licence)
        unit.commit()
    return reversal


def _take_use_back(unit: Unit, licence: Licence, entry: LedgerEntry, reason: str, principal: Principal) -> LedgerEntry:
    """Take a line of use back; a report that speaks of its day still says as much as it said."""
    line = unit.session.scalars(select(UsageLine).where(UsageLine.entry_id == entry.id)).one_or_none()
    if line is None or line.voided_at is not None:
        raise ConflictError("the use was taken back already, or the entry only rounds", kind=entry.kind.value)
    reversal = void(unit, licence, line, reason=reason, actor_id=principal.account_id)
    unit.session.flush()
    if line.finding_id is not None:
        for report in usage.reports_on_days(unit.session, [licence.id], Period(line.used_from, line.used_to)):
            bring_up(unit, licence, report, principal.account_id)
    if reversal is None:
        raise AssertionError("use that has an entry is taken back by another")
    return reversal
