"""What has happened under licences, gathered from the ledger, the approvals and the clearances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.approvals import ApprovalState
from registry.domain.licence_facts import AttestedWork, LicenceFacts
from registry.domain.uses import CopyUse
from registry.services.ledger import overdue_since
from registry.services.usage import used_quantities
from registry.store import approvals, clearances


def facts_of(
    session: Session,
    licence_ids: Collection[str],
    *,
    now: datetime,
    projects: Collection[str],
    apart_from: str | None = None,
    as_of: datetime | None = None,
) -> Mapping[str, LicenceFacts]:
    """Answer what has happened under some licences; what nothing was written down of has not happened.

    Args:
        session: to read in.
        licence_ids: of which.
        now: the moment of the question.
        projects: of which it is to be known on which days clearances were given.
        apart_from: SHA-256 of a recording that is checked again: what it has used itself is not held against it.
        as_of: a moment; what was written down after it is left out. None for all of it.
    """
    used = used_quantities(session, licence_ids, apart_from=apart_from, until=as_of)
    overdue = overdue_since(session, licence_ids, now, until=as_of)
    approved = _approved_copies(session, licence_ids, now, as_of)
    attested = _attested(session, licence_ids, projects, as_of)
    return {
        licence_id: LicenceFacts(
            used=used.get(licence_id, {}),
            approved_copies=frozenset(approved[licence_id]),
            attested=frozenset(attested[licence_id]),
            overdue_since=overdue.get(licence_id),
        )
        for licence_id in licence_ids
    }


def _approved_copies(
    session: Session, licence_ids: Collection[str], now: datetime, as_of: datetime | None
) -> Mapping[str, set[CopyUse]]:
    """Answer the copies that performers have approved, each for its use, whether or not a clearance was given since."""
    found: dict[str, set[CopyUse]] = defaultdict(set)
    for row in approvals.approvals_under(session, licence_ids):
        if as_of is not None and (row.answered_at is None or row.answered_at > as_of):
            continue
        approval = row.value()
        of_copy = approval.use.copy_use
        if of_copy is not None and approval.state_at(now) in {ApprovalState.APPROVED, ApprovalState.USED}:
            found[approval.licence_id].add(of_copy)
    return found


def _attested(
    session: Session, licence_ids: Collection[str], projects: Collection[str], as_of: datetime | None
) -> Mapping[str, set[AttestedWork]]:
    found: dict[str, set[AttestedWork]] = defaultdict(set)
    if projects:
        for licence_id, project, decided_at in clearances.cleared_projects(session, licence_ids, projects):
            if as_of is None or decided_at <= as_of:
                found[licence_id].add(AttestedWork(project, decided_at.date()))
    return found
