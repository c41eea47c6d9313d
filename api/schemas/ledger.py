"""The ledger: entries, and what a licence comes to."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Body, LicenceId, Moment, Note, Page, Path, omissible
from api.schemas.examples import Example
from registry.domain.ledger import EntryKind, LedgerAccount
from registry.services.ledger import Account
from registry.store.ledger import LedgerEntry

_ENTRY: Example = {
    "id": examples.LEDGER_ENTRY,
    "kind": "usage",
    "debit": "due",
    "credit": "use",
    "amount_minor": 1250,
    "currency": "GBP",
    "licence_id": examples.LICENCE,
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "due_on": "2026-04-01",
    "reverses_id": None,
    "reason": None,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
}
_ACCOUNT: Example = {
    "currency": "GBP",
    "due_minor": 1250,
    "fees_minor": 0,
    "use_minor": 1250,
    "guarantee_minor": 0,
    "recouped_minor": 0,
    "paid_minor": 0,
    "overdue_since": None,
    "overdue_minor": 0,
}


class EntryPath(Path):
    """Which entry."""

    entry_id: str = Field(examples=[examples.LEDGER_ENTRY])


class EntryQuery(PageQuery):
    """Which entries."""

    licence_id: LicenceId | None = omissible(description="Only those of this licence.")


class Reversal(Body):
    """Why an entry is taken back; both parties read it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the cheque bounced"}]})

    reason: Note


class EntryOut(Answer):
    """One amount, moved from one account of a licence to another. It is never changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY]})

    id: str
    kind: EntryKind
    debit: LedgerAccount = Field(description="The account that the amount goes to.")
    credit: LedgerAccount = Field(description="The account that it comes from.")
    amount_minor: int = Field(ge=1, description="In the minor unit of the currency.")
    currency: str
    licence_id: str
    performer_id: str
    studio_id: str
    due_on: date | None = Field(description="The last day to pay it, where it adds to what is due.")
    reverses_id: str | None
    reason: str | None
    recorded_by: str
    recorded_at: Moment

    @classmethod
    def of(cls, entry: LedgerEntry) -> EntryOut:
        """Describe an entry."""
        return cls.model_validate(entry)


class EntryPage(Page):
    """Entries, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_ENTRY], "next_cursor": None}]})

    items: list[EntryOut]


class LicenceAccountOut(Answer):
    """What a licence comes to in one currency, in its minor unit."""

    currency: str
    due_minor: int = Field(description="To be paid; below 0 when more was paid than is owed.")
    fees_minor: int = Field(description="Earned by flat fees.")
    use_minor: int = Field(description="Earned by use.")
    guarantee_minor: int = Field(description="Guaranteed, whatever the use.")
    recouped_minor: int = Field(description="Use that the guarantee has covered.")
    paid_minor: int = Field(description="Arrived, as the performer's side has confirmed.")
    overdue_since: date | None = Field(description="The last day to pay the oldest of what is overdue.")
    overdue_minor: int = Field(description="All that is overdue.")

    @classmethod
    def of(cls, account: Account) -> LicenceAccountOut:
        """Describe an account; what was earned is shown as a positive amount."""
        balances = account.balances
        return cls(
            currency=account.currency,
            due_minor=balances[LedgerAccount.DUE],
            fees_minor=-balances[LedgerAccount.FEES],
            use_minor=-balances[LedgerAccount.USE],
            guarantee_minor=-balances[LedgerAccount.GUARANTEE],
            recouped_minor=balances[LedgerAccount.RECOUPED],
            paid_minor=balances[LedgerAccount.PAID],
            overdue_since=account.arrears.since if account.arrears else None,
            overdue_minor=account.arrears.amount_minor if account.arrears else 0,
        )


class LicenceAccountPage(Page):
    """What a licence comes to, one item for each currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_ACCOUNT], "next_cursor": None}]})

    items: list[LicenceAccountOut]
