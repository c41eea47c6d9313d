"""Leaves about one record with what opens them, for those who may see the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.ids import IdPrefix, is_id
from registry.errors import NotFoundError
from registry.services import approvals, attestations, checks, licences, payments, performers, usage_reports
from registry.services.context import Context
from registry.store import journal
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.store.journal import OpenedLeaf


def opened_leaves(ctx: Context, principal: Principal, subject_id: str) -> Sequence[OpenedLeaf]:
    """Answer every leaf about a record, oldest first, with salt and details where these were not erased.

    Whoever may read the record may read what the journal says of it; an operator whose token carries ``journal:read``,
    of any record.

    Raises:
        NotFoundError: no leaf is about such a record, or the caller may not see it.
        ForbiddenError: the token carries no scope to read records of this kind.
    """
    if principal.is_operator:
        principal.require(Scope.JOURNAL_READ)
    else:
        _require_sight(ctx, principal, subject_id)
    with ctx.database.read() as session:
        found = journal.opened_leaves(session, [subject_id])
    if not found:
        raise NotFoundError("the journal says nothing of such a record")
    return found


def _require_sight(ctx: Context, principal: Principal, subject_id: str) -> None:
    """Refuse whoever may not read a record, by the verb that reads it."""
    for prefix, read in _READ_BY.items():
        if is_id(subject_id, prefix):
            read(ctx, principal, subject_id)
            return
    with ctx.database.read() as session:
        performer_id = _performer_of(session, subject_id)
    if performer_id is None:
        raise NotFoundError("the journal says nothing of such a record")
    performers.get_performer(ctx, principal, performer_id)


def _performer_of(session: Session, subject_id: str) -> str | None:
    """Answer whose a consent or an enrolment is."""
    record: Consent | Enrolment | None = None
    if is_id(subject_id, IdPrefix.CONSENT):
        record = session.get(Consent, subject_id)
    elif is_id(subject_id, IdPrefix.ENROLMENT):
        record = session.get(Enrolment, subject_id)
    return None if record is None else record.performer_id


_READ_BY: Mapping[IdPrefix, Callable[[Context, Principal, str], object]] = {
    IdPrefix.PERFORMER: performers.get_performer,
    IdPrefix.LICENCE: licences.get_licence,
    IdPrefix.CHECK: checks.get_check,
    IdPrefix.APPROVAL: approvals.get_approval,
    IdPrefix.ATTESTATION: attestations.get_attestation,
    IdPrefix.USAGE_REPORT: usage_reports.get_report,
    IdPrefix.PAYMENT: payments.get_payment,
}
"""Records that others than operators may read, and the verb that says who."""
