"""The ledger: what each studio owes each performer under each licence, and how it came to that.

Every licence has six accounts in each of its currencies. An entry moves one amount from one account to another, so the
book balances whatever is written into it: the sum over all accounts of a licence is always 0. Entries are never
changed; a mistake is taken back by an entry that moves the same amount the other way.

==============  ==========  ==========  ===========================================================================
kind            debit       credit      what happened
==============  ==========  ==========  ===========================================================================
flat_fee        due         fees        the licence came into force, and its flat fee is owed
guarantee       due         guarantee   the licence came into force, and its minimum guarantee is owed in advance
usage           due         use         the voice was used
approval_fee    due         fees        a clearance was given on copy that was approved for a fee
recoupment      recouped    due         use is taken off the guarantee, which was owed already
payment         paid        due         the performer's side confirmed that money has arrived
==============  ==========  ==========  ===========================================================================

What is due is one account, of both sides: what the studio owes and what the performer is owed cannot differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.errors import InvalidInputError

LARGEST_AMOUNT = 2**53 - 1
"""The largest amount of one entry: the largest integer that every reader of JSON takes as it is (RFC 8785)."""


class LedgerAccount(StrEnum):
    """The accounts of a licence, in one currency."""

    DUE = "due"  # what the studio has to pay and the performer is to get
    FEES = "fees"  # earned: flat fees, and fees for approved copy
    USE = "use"  # earned: by use
    GUARANTEE = "guarantee"  # earned: guaranteed, whatever the use
    RECOUPED = "recouped"  # use that the guarantee had covered
    PAID = "paid"  # arrived


class EntryKind(StrEnum):
    """What happened. The list only grows."""

    FLAT_FEE = "flat_fee"
    GUARANTEE = "guarantee"
    USAGE = "usage"
    APPROVAL_FEE = "approval_fee"
    RECOUPMENT = "recoupment"
    PAYMENT = "payment"
    REVERSAL = "reversal"


_LEGS: Mapping[EntryKind, tuple[LedgerAccount, LedgerAccount]] = {
    EntryKind.FLAT_FEE: (LedgerAccount.DUE, LedgerAccount.FEES),
    EntryKind.GUARANTEE: (LedgerAccount.DUE, LedgerAccount.GUARANTEE),
    EntryKind.USAGE: (LedgerAccount.DUE, LedgerAccount.USE),
    EntryKind.APPROVAL_FEE: (LedgerAccount.DUE, LedgerAccount.FEES),
    EntryKind.RECOUPMENT: (LedgerAccount.RECOUPED, LedgerAccount.DUE),
    EntryKind.PAYMENT: (LedgerAccount.PAID, LedgerAccount.DUE),
}


@dataclass(frozen=True, slots=True)
class Movement:
    """One amount, from one account to another.

    Attributes:
        debit: the account that it goes to.
        credit: the account that it comes from.
        amount_minor: 1 to `LARGEST_AMOUNT`, in the minor unit of the currency.

    Raises:
        InvalidInputError: nothing is moved, or more than can be written down.
    """

    debit: LedgerAccount
    credit: LedgerAccount
    amount_minor: int

    def __post_init__(self) -> None:
        if self.debit is self.credit or not 1 <= self.amount_minor <= LARGEST_AMOUNT:
            raise InvalidInputError(
                f"an entry moves 1 to {LARGEST_AMOUNT} minor units between two accounts, not {self.amount_minor}",
                amount_minor=self.amount_minor,
            )

    @property
    def of_due(self) -> int:
        """What it adds to what is due; negative when it takes away."""
        if self.debit is LedgerAccount.DUE:
            return self.amount_minor
        return -self.amount_minor if self.credit is LedgerAccount.DUE else 0

    def reversed(self) -> Movement:
        """Answer the movement that takes this one back."""
        return Movement(self.credit, self.debit, self.amount_minor)


def movement(kind: EntryKind, amount_minor: int) -> Movement:
    """Answer the movement of a kind; a negative amount goes the other way, as when a guarantee covers use again.

    Raises:
        InvalidInputError: the amount is 0 or too large.
    """
    debit, credit = _LEGS[kind]
    return Movement(debit, credit, amount_minor) if amount_minor > 0 else Movement(credit, debit, -amount_minor)


Balances = Mapping[LedgerAccount, int]
"""Debits less credits, by account; an account that nothing has moved is 0."""


def balances(movements: Iterable[Movement]) -> Counter[LedgerAccount]:
    """Answer what movements come to. The sum over all accounts is 0."""
    sums: Counter[LedgerAccount] = Counter(dict.fromkeys(LedgerAccount, 0))
    for moved in movements:
        sums[moved.debit] += moved.amount_minor
        sums[moved.credit] -= moved.amount_minor
    return sums


def recoupment(of: Balances) -> int:
    """Answer the recoupment that is still to be posted, so that use is owed beyond the guarantee only.

    What is recouped is the smaller of guarantee and use. Negative: some is to be given back, because use or guarantee
    was taken back.
    """
    guaranteed, used = -of[LedgerAccount.GUARANTEE], -of[LedgerAccount.USE]
    return max(0, min(guaranteed, used)) - of[LedgerAccount.RECOUPED]


@dataclass(frozen=True, slots=True)
class Debt:
    """One amount that became due, or was taken off what is due.

    Attributes:
        of_due: what it adds to what is due; negative takes away.
        due_on: the last day to pay it; None for what takes away.
    """

    of_due: int
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Arrears:
    """What should have been paid.

    Attributes:
        since: the last day on which the oldest of it could have been paid.
        amount_minor: all of it.
    """

    since: date
    amount_minor: int


def arrears(debts: Sequence[Debt], today: date) -> Arrears | None:
    """Answer what is overdue: payments, and whatever else takes away, settle what was due first.

    Args:
        debts: of one licence in one currency, in any order; those that were taken back are left out by pairs.
        today: the day that counts. What is due today is not overdue.
    """
    settled = -sum(debt.of_due for debt in debts if debt.of_due < 0)
    owed = sorted((debt.due_on, debt.of_due) for debt in debts if debt.of_due > 0 and debt.due_on is not None)
    past = sum(amount for due_on, amount in owed if due_on < today)
    if past <= settled:
        return None
    for due_on, amount in owed:
        settled -= amount
        if settled < 0:
            return Arrears(due_on, past + sum(debt.of_due for debt in debts if debt.of_due < 0))
    raise AssertionError("more is past due than was ever owed")
