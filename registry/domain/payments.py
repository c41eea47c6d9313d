"""Payments: what a studio says it has paid, and what the performer's side says of it.

States::

    reported ──confirm──▶ confirmed      the performer's side, or an operator with evidence; only now is it posted
        └──────dispute──▶ disputed       it has not arrived; report it anew once it has
"""

from __future__ import annotations

from enum import StrEnum

from registry.errors import ConflictError, CurrencyMismatchError, PaymentExceedsDueError


class PaymentState(StrEnum):
    """Where a reported payment is in its life."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


def require_undecided(state: PaymentState) -> None:
    """Refuse to decide on a payment a second time.

    Raises:
        ConflictError: figure ``state``.
    """
    if state is not PaymentState.REPORTED:
        raise ConflictError(f"the payment is {state.value} already", state=state.value)


def require_payable(amount_minor: int, currency: str, agreed: str | None, due_minor: int) -> None:
    """Refuse a payment that does not settle what is due: of another currency, or of more.

    Raises:
        CurrencyMismatchError: figures ``currency`` and ``agreed_currency``.
        PaymentExceedsDueError: figures ``amount_minor``, ``due_minor`` and ``currency``.
    """
    if currency != agreed:
        raise CurrencyMismatchError(
            f"the licence is paid in {agreed or 'nothing'}, not in {currency}",
            currency=currency,
            agreed_currency=agreed,
        )
    if amount_minor > due_minor:
        raise PaymentExceedsDueError(
            f"{amount_minor} minor units of {currency} are more than the {due_minor} that are due",
            amount_minor=amount_minor,
            due_minor=due_minor,
            currency=currency,
        )
