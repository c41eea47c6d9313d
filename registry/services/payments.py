"""Payments: a studio reports one, the performer's side confirms or disputes it, and what is confirmed is posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.ledger import EntryKind, LedgerAccount
from registry.domain.payments import PaymentState, require_payable, require_undecided
from registry.domain.time_zones import still_to_come
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.ledger import is_party, licence_of_party, licence_to_post, note_whether_paid, post, reach
from registry.services.performers import narrowed
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import ledger, payments
from registry.store.licences import Licence
from registry.store.payments import Payment

# --- reading ---------------------------------------------------------------------------------------------------------


def get_payment(ctx: Context, principal: Principal, payment_id: str) -> Payment:
    """Answer a payment between parties of which the caller is one, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.LEDGER_READ)
    with ctx.database.read() as session:
        return _of_party(session, principal, payment_id)


def list_payments(
    ctx: Context,
    principal: Principal,
    *,
    state: PaymentState | None,
    performer_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Payment]:
    """Answer a page of the payments that the caller may read, oldest first; of one performer, if told."""
    studio_id, performer_ids = reach(principal)
    performer_ids = narrowed(performer_ids, performer_id)
    with ctx.database.read() as session:
        return payments.page_of_payments(
            session, studio_id=studio_id, performer_ids=performer_ids, state=state, after=after, limit=limit
        )


def _of_party(session: Session, principal: Principal, payment_id: str) -> Payment:
    payment = session.get(Payment, payment_id)
    if payment is None or not is_party(principal, payment.studio_id, payment.performer_id):
        raise NotFoundError("there is no such payment")
    return payment


# --- reporting -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid.

    Attributes:
        amount_minor: in the minor unit of the currency.
        currency: ISO 4217 code.
        paid_on: the day on which it was sent.
        reference: by which the performer finds it, or None.
        evidence_sha256: of a paper that shows it, or None.
    """

    amount_minor: int
    currency: str
    paid_on: date
    reference: str | None = None
    evidence_sha256: str | None = None


def report_payment(ctx: Context, principal: Principal, licence_id: str, paid: Paid) -> Payment:
    """Record that a studio says it has paid. Nothing is settled by it until the performer's side confirms.

    Raises:
        NotFoundError: no licence that the caller may know of.
        ForbiddenError: the caller is not the studio's, nor an operator.
        CurrencyMismatchError: the licence is paid in another currency, and nothing is due in this one.
        PaymentExceedsDueError: more than is due and was not reported as paid already.
        InvalidInputError: the day is still to come, by every clock.
    """
    principal.require(Scope.LEDGER_WRITE)
    with unit_of_work(ctx) as unit:
        licence = _licence(unit, principal, licence_id)
        if not principal.may_see_organisation(licence.studio_id):
            raise ForbiddenError("who pays reports a payment, not who is paid", side="performer")
        if still_to_come(paid.paid_on, unit.now):
            raise InvalidInputError(f"{paid.paid_on} is still to come", paid_on=paid.paid_on.isoformat())
        due = _due(unit, licence, paid.currency)
        # what is owed from before terms were amended to another currency is paid in the one it is owed in
        agreed = paid.currency if due > 0 else licence.terms().pay.currency
        open_minor = due - _in_transit(unit, licence, paid.currency)
        require_payable(paid.amount_minor, paid.currency, agreed, open_minor)
        payment = _new(unit, licence, paid, principal)
        unit.session.add(payment)
        _record(unit, EventType.PAYMENT_REPORTED, payment, principal)
        unit.commit()
    return payment


def _licence(unit: Unit, principal: Principal, licence_id: str) -> Licence:
    return licence_to_post(unit, licence_of_party(unit.session, principal, licence_id).id)


def _due(unit: Unit, licence: Licence, currency: str) -> int:
    balances = ledger.balances_of(unit.session, licence.id).get(currency, {})
    return balances.get(LedgerAccount.DUE, 0)


def _in_transit(unit: Unit, licence: Licence, currency: str) -> int:
    """Answer what was reported as paid and is not decided on."""
    waiting = payments.waiting_payments(unit.session, licence.id)
    return sum(payment.amount_minor for payment in waiting if payment.currency == currency)


def _new(unit: Unit, licence: Licence, paid: Paid, principal: Principal) -> Payment:
    return Payment(
        id=unit.new_id(IdPrefix.PAYMENT),
        licence_id=licence.id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        amount_minor=paid.amount_minor,
        currency=paid.currency,
        paid_on=paid.paid_on,
        reference=paid.reference,
        evidence_sha256=paid.evidence_sha256,
        state=PaymentState.REPORTED,
        reported_by=principal.account_id,
        reported_at=unit.now,
        version=1,
    )


def _record(unit: Unit, event_type: EventType, payment: Payment, principal: Principal) -> None:
    unit.record(
        event_type,
        payment.id,
        principal.account_id,
        licence_id=payment.licence_id,
        performer_id=payment.performer_id,
        studio_id=payment.studio_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        evidence_sha256=payment.evidence_sha256,
    )


# --- deciding --------------------------------------------------------------------------------------------------------


def confirm_payment(
    ctx: Context,
    principal: Principal,
    payment_id: str,
    *,
    evidence_sha256: str | None = None,
    if_version: int | None = None,
) -> Payment:
    """Confirm that a payment has arrived, and post it: the performer's side, or an operator who has seen evidence.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the studio, which has paid; or an operator without evidence.
        ConflictError: it was decided on before; figure ``state``.
        PaymentExceedsDueError: less is due by now.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        payment, licence = _to_decide(unit, principal, payment_id, if_version)
        if principal.is_operator and evidence_sha256 is None and payment.evidence_sha256 is None:
            raise ForbiddenError("an operator confirms a payment by evidence: name its digest")
        payment.evidence_sha256 = evidence_sha256 or payment.evidence_sha256
        due = _due(unit, licence, payment.currency)
        require_payable(payment.amount_minor, payment.currency, payment.currency, due)
        _confirm(unit, licence, payment, principal)
        unit.commit()
    return payment


def dispute_payment(
    ctx: Context, principal: Principal, payment_id: str, *, reason: str, if_version: int | None = None
) -> Payment:
    """Say that a payment has not arrived: the performer's side, or an operator. What is due stays due.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the studio, which says that it has paid.
        ConflictError: it was decided on before; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        payment, _ = _to_decide(unit, principal, payment_id, if_version)
        _decide(unit, payment, PaymentState.DISPUTED, principal)
        payment.reason = reason
        _record(unit, EventType.PAYMENT_DISPUTED, payment, principal)
        unit.commit()
    return payment


def _to_decide(unit: Unit, principal: Principal, payment_id: str, if_version: int | None) -> tuple[Payment, Licence]:
    principal.require(Scope.LEDGER_WRITE)
    payment = _of_party(unit.session, principal, payment_id)
    licence = licence_to_post(unit, payment.licence_id)
    unit.session.refresh(payment, with_for_update=True)
    if not principal.may_act_for(payment.performer_id, Scope.LEDGER_WRITE):
        raise ForbiddenError("who is paid confirms a payment, not who pays", side="studio")
    require_version(payment.version, if_version)
    require_undecided(payment.state)
    return payment, licence


def _confirm(unit: Unit, licence: Licence, payment: Payment, principal: Principal) -> None:
    entry = post(
        unit,
        licence,
        EntryKind.PAYMENT,
        payment.amount_minor,
        key=f"payment:{payment.id}",
        currency=payment.currency,
        actor_id=principal.account_id,
    )
    _decide(unit, payment, PaymentState.CONFIRMED, principal)
    payment.entry_id = entry.id
    note_whether_paid(unit, licence)
    _record(unit, EventType.PAYMENT_CONFIRMED, payment, principal)


def _decide(unit: Unit, payment: Payment, state: PaymentState, principal: Principal) -> None:
    payment.state = state
    payment.decided_by = principal.account_id
    payment.decided_at = unit.now
    payment.version += 1


def settle_licence(unit: Unit, licence: Licence, principal: Principal) -> None:
    """Confirm, in the caller's unit, that all that is due under a licence has arrived.

    Payments that were reported and wait are confirmed; for what is due beyond them a payment is recorded.

    Raises:
        ConflictError: nothing is due.
    """
    due = {currency: sums[LedgerAccount.DUE] for currency, sums in ledger.balances_of(unit.session, licence.id).items()}
    if not any(amount > 0 for amount in due.values()):
        raise ConflictError("there is no payment to confirm: nothing is due", state=licence.state.value)
    for payment in payments.waiting_payments(unit.session, licence.id):
        if payment.amount_minor <= due.get(payment.currency, 0):
            due[payment.currency] -= payment.amount_minor
            _confirm(unit, licence, payment, principal)
    for currency, amount in due.items():
        if amount > 0:
            payment = _new(unit, licence, Paid(amount, currency, unit.now.date()), principal)
            unit.session.add(payment)
            _confirm(unit, licence, payment, principal)
