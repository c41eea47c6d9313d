"""The ledger."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import page
from api.schemas.ledger import (
    EntryOut,
    EntryPage,
    EntryPath,
    EntryQuery,
    LicenceAccountOut,
    LicenceAccountPage,
    Reversal,
)
from api.schemas.licences import LicencePath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import corrections, ledger

resource = new_resource("ledger", "What each studio owes each performer, by double entry, and how it came to that.")


@resource.get("/ledger-entries", responses={200: EntryPage})
def list_ledger_entries(query: EntryQuery) -> Response:
    """List the entries of licences that one is a party to, or all of them for an operator, oldest first."""
    found = ledger.list_entries(
        context(),
        principal(),
        licence_id=query.licence_id,
        after=query.after(IdPrefix.LEDGER_ENTRY),
        limit=query.limit + 1,
    )
    return page(found, query, EntryPage, EntryOut.of)


@resource.get("/ledger-entries/<id:entry_id>", responses={200: EntryOut})
def get_ledger_entry(path: EntryPath) -> Response:
    """Answer one entry."""
    return answer(EntryOut.of(ledger.get_entry(context(), principal(), path.entry_id)))


@resource.post("/ledger-entries/<id:entry_id>/reverse", responses={201: EntryOut})
@idempotent()
def reverse_ledger_entry(path: EntryPath, body: Reversal) -> Response:
    """Take an entry back by another: an operator alone, with the reason. Both stay."""
    reversal = corrections.reverse_entry(context(), principal(), path.entry_id, reason=body.reason)
    return created(EntryOut.of(reversal), f"/v1/ledger-entries/{reversal.id}")


@resource.get("/licences/<id:licence_id>/account", responses={200: LicenceAccountPage})
def get_licence_account(path: LicencePath) -> Response:
    """Say what a licence comes to: earned, paid, due, overdue, in each currency."""
    accounts = ledger.get_accounts(context(), principal(), path.licence_id)
    return answer(LicenceAccountPage(items=[LicenceAccountOut.of(account) for account in accounts], next_cursor=None))
