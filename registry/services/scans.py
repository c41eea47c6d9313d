"""Reading scans: those that organisations have reported, and those that the registry's workers run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from registry.domain.accounts import Principal, Scope
from registry.errors import NotFoundError
from registry.services.context import Context
from registry.store import scans
from registry.store.scans import Scan


def get_scan(ctx: Context, principal: Principal, scan_id: str) -> Scan:
    """Answer a scan of one's own organisation, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.SCANS_READ)
    with ctx.database.read() as session:
        scan = session.get(Scan, scan_id)
    if scan is None or not principal.may_see_organisation(scan.organisation_id):
        raise NotFoundError("there is no such scan")
    return scan


def who_changes(principal: Principal) -> Principal:
    """Answer somebody who may write about scans as one who may see what they write about.

    Raises:
        ForbiddenError: they may not write.
    """
    principal.require(Scope.SCANS_WRITE)
    return replace(principal, scopes=principal.scopes | {Scope.SCANS_READ})


def list_scans(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[Scan]:
    """Answer a page of scans, newest first: those of one's own organisation, or all to an operator."""
    principal.require(Scope.SCANS_READ)
    organisation_id = None if principal.is_operator else principal.organisation_id or ""
    with ctx.database.read() as session:
        return scans.page_of_scans(session, organisation_id=organisation_id, after=after, limit=limit)
