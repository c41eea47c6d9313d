"""Payments: what a studio says it has paid, and what the performer's side has said of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import named_wrong, told
from api.pages.studio.licence_forms import minor_of
from api.pages.studio.money import MONEY, own_licences
from api.pages.studio.refusals import REFUSALS
from api.pages.wording import PAYMENT_STATES
from api.pages.zones import today
from api.schemas.payments import NewPayment, PaymentQuery
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.ids import IdPrefix
from registry.domain.money import in_major_units
from registry.errors import ForbiddenError, RegistryError
from registry.services import payments, people
from registry.services.payments import Paid
from registry.store.payments import Payment

_ALL: Final = f"{MONEY}/payments"

LABELS: Final[Mapping[str, str]] = {
    "licence_id": N_("Licence"),
    "amount_minor": N_("Amount, in whole units of the currency"),
    "currency": N_("Currency"),
    "paid_on": N_("Sent on"),
    "reference": N_("Reference, by which they find it"),
    "evidence_sha256": N_("SHA-256 of a paper that shows it"),
}
"""What the parts of the form are called, by the name of the API's member or of an error's figure."""


@personal.get(_ALL)
@stands_for("GET /v1/payments")
def show_payments() -> Response:
    """Show the payments that one has made or is to get, and what became of each."""
    query = asked(PaymentQuery)
    found = payments.list_payments(
        context(), principal(), state=query.state, after=query.after(IdPrefix.PAYMENT), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/payments",
        items=items,
        cursor=cursor,
        state=query.state,
        states=PAYMENT_STATES,
        titles=people.licences_titled(context(), {each.licence_id for each in items}),
        names=people.parties_named(context(), principal(), {each.performer_id for each in items}),
        people=people.accounts_named(context(), {who for each in items for who in (each.reported_by, each.decided_by)}),
        may_pay=_may_pay(),
    )


def _may_pay() -> bool:
    return Scope.LEDGER_WRITE in principal().scopes and principal().role in {Role.STUDIO_ADMIN, Role.OPERATOR}


@personal.get(f"{_ALL}/new")
@stands_for("POST /v1/payments", "GET /v1/licences", "GET /v1/payments/{payment_id}")
def show_new_payment() -> Response:
    """Show the form by which a studio says what it has paid; of one that was disputed, filled in with what it said."""
    _require_may_pay()
    again = request.args.get("again")
    return _form(request.args if again is None else _said_of(payments.get_payment(context(), principal(), again)))


def _said_of(payment: Payment) -> Mapping[str, str]:
    return {
        "licence_id": payment.licence_id,
        "amount": in_major_units(payment.amount_minor, payment.currency),
        "currency": payment.currency,
        "paid_on": payment.paid_on.isoformat(),
        "reference": payment.reference or "",
        "evidence_sha256": payment.evidence_sha256 or "",
    }


def _require_may_pay() -> None:
    principal().require(Scope.LEDGER_WRITE)
    if not _may_pay():
        raise ForbiddenError("who pays reports a payment, not who is paid", side="performer")


def _form(typed: Mapping[str, str], error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    return page_of(
        "studio/payment_new",
        status,
        typed=typed,
        problem=problem,
        wrong=named_wrong(error, LABELS),
        today=today(),
        licences=own_licences(),
    )


@personal.post(f"{_ALL}/new")
@stands_for("POST /v1/payments", "GET /v1/licences")
@once
def report_payment() -> Response:
    """Record that a studio has paid. Nothing is settled by it until the performer's side confirms."""
    _require_may_pay()
    try:
        body = checked(NewPayment, **_sent())
        paid = Paid(body.amount_minor, body.currency, body.paid_on, body.reference, body.evidence_sha256)
        payments.report_payment(context(), principal(), body.licence_id, paid)
    except RegistryError as error:
        return _form(request.form, error)
    return went_on(_ALL, done="reported")


def _sent() -> dict[str, Any]:
    form = request.form
    currency = form.get("currency", "").strip().upper()
    return {
        "licence_id": form.get("licence_id", "").strip(),
        "amount_minor": minor_of(form.get("amount", "").strip(), currency),
        "currency": currency,
        "paid_on": form.get("paid_on", ""),
        "reference": form.get("reference", "").strip() or None,
        "evidence_sha256": form.get("evidence_sha256", "").strip().lower() or None,
    }
