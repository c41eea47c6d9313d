"""The ledger: what an entry may be, what entries come to, and what of it is overdue."""

from __future__ import annotations

from datetime import date

import pytest

from registry.domain.ledger import (
    LARGEST_AMOUNT,
    Arrears,
    Debt,
    EntryKind,
    LedgerAccount,
    Movement,
    arrears,
    balances,
    movement,
    recoupment,
)
from registry.errors import InvalidInputError

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize("amount", [0, -1, LARGEST_AMOUNT + 1])
def test_nothing_less_than_nothing_and_more_than_can_be_written_is_no_movement(amount: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Movement(LedgerAccount.DUE, LedgerAccount.USE, amount)
    assert refused.value.figures["amount_minor"] == amount


def test_an_amount_does_not_move_from_an_account_to_itself() -> None:
    with pytest.raises(InvalidInputError):
        Movement(LedgerAccount.DUE, LedgerAccount.DUE, 1)


def test_a_reversal_has_no_legs_of_its_own() -> None:
    with pytest.raises(KeyError):
        movement(EntryKind.REVERSAL, 1)


@pytest.mark.parametrize("kind", sorted(set(EntryKind) - {EntryKind.REVERSAL}))
def test_every_kind_changes_what_is_due_and_its_reversal_changes_it_back(kind: EntryKind) -> None:
    moved = movement(kind, 700)
    takes_away = kind in {EntryKind.PAYMENT, EntryKind.RECOUPMENT}
    assert moved.of_due == (-700 if takes_away else 700)
    assert moved.of_due + moved.reversed().of_due == 0
    assert movement(kind, -700) == moved.reversed()


@pytest.mark.parametrize(
    ("guaranteed", "used", "recouped", "expected"),
    [
        (0, 500, 0, 0),  # no guarantee: every use is owed
        (1000, 0, 0, 0),
        (1000, 400, 0, 400),
        (1000, 400, 400, 0),
        (1000, 1400, 400, 600),  # beyond the guarantee, use is owed
        (1000, 100, 400, -300),  # use was taken back: some is to be given back
        (0, 1400, 400, -400),  # the guarantee was taken back
    ],
)
def test_use_is_taken_off_the_guarantee_and_off_nothing_else(
    guaranteed: int, used: int, recouped: int, expected: int
) -> None:
    of = {LedgerAccount.GUARANTEE: -guaranteed, LedgerAccount.USE: -used, LedgerAccount.RECOUPED: recouped}
    assert recoupment(of) == expected


def test_a_guarantee_that_use_exceeds_costs_what_the_use_costs() -> None:
    moved = [movement(EntryKind.GUARANTEE, 1000), movement(EntryKind.USAGE, 1400)]
    moved.append(movement(EntryKind.RECOUPMENT, recoupment(balances(moved))))
    assert balances(moved)[LedgerAccount.DUE] == 1400


# --- arrears ---------------------------------------------------------------------------------------------------------

EARLY, YESTERDAY = date(2026, 5, 1), date(2026, 6, 14)


@pytest.mark.parametrize(
    ("debts", "expected"),
    [
        ([], None),
        ([Debt(100, TODAY)], None),  # what is due today is not overdue
        ([Debt(100, YESTERDAY)], Arrears(YESTERDAY, 100)),
        ([Debt(100, YESTERDAY), Debt(-100)], None),
        ([Debt(100, YESTERDAY), Debt(-99)], Arrears(YESTERDAY, 1)),
        ([Debt(100, EARLY), Debt(50, YESTERDAY), Debt(-100)], Arrears(YESTERDAY, 50)),
        ([Debt(50, YESTERDAY), Debt(-20), Debt(100, EARLY)], Arrears(EARLY, 130)),
        ([Debt(100, EARLY), Debt(900, TODAY), Debt(-100)], None),
        ([Debt(100, EARLY), Debt(-250)], None),  # paid in advance
    ],
)
def test_payments_settle_what_was_due_first(debts: list[Debt], expected: Arrears | None) -> None:
    assert arrears(debts, TODAY) == expected
    assert arrears(debts[::-1], TODAY) == expected
