"""Payments."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.schemas.payments import (
    Confirmation,
    NewPayment,
    PaymentDispute,
    PaymentOut,
    PaymentPage,
    PaymentPath,
    PaymentQuery,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import payments
from registry.services.payments import Paid
from registry.store.payments import Payment

resource = new_resource("payments", "What studios have paid; it counts once the performer's side confirms it.")


@resource.post("/payments", responses={201: PaymentOut})
@idempotent()
def report_payment(body: NewPayment) -> Response:
    """Record that a studio has paid. Nothing is settled by it until the performer's side confirms."""
    paid = Paid(body.amount_minor, body.currency, body.paid_on, body.reference, body.evidence_sha256)
    payment = payments.report_payment(context(), principal(), body.licence_id, paid)
    return created(PaymentOut.of(payment), f"/v1/payments/{payment.id}", tag=entity_tag(payment.version))


@resource.get("/payments", responses={200: PaymentPage})
def list_payments(query: PaymentQuery) -> Response:
    """List the payments that one has made or is to get, or all of them for an operator."""
    found = payments.list_payments(
        context(),
        principal(),
        state=query.state,
        performer_id=query.performer_id,
        after=query.after(IdPrefix.PAYMENT),
        limit=query.limit + 1,
    )
    return page(found, query, PaymentPage, PaymentOut.of)


@resource.get("/payments/<id:payment_id>", responses={200: PaymentOut})
def get_payment(path: PaymentPath) -> Response:
    """Answer one payment."""
    return _answer(payments.get_payment(context(), principal(), path.payment_id))


@resource.post("/payments/<id:payment_id>/confirm", responses={200: PaymentOut})
@idempotent()
def confirm_payment_arrival(path: PaymentPath, header: ChangeHeaders, body: Confirmation) -> Response:
    """Confirm that a payment has arrived, and post it: the performer's side, or an operator with evidence."""
    confirmed = payments.confirm_payment(
        context(),
        principal(),
        path.payment_id,
        evidence_sha256=body.evidence_sha256,
        if_version=header.version(),
    )
    return _answer(confirmed)


@resource.post("/payments/<id:payment_id>/dispute", responses={200: PaymentOut})
@idempotent()
def dispute_payment(path: PaymentPath, header: ChangeHeaders, body: PaymentDispute) -> Response:
    """Say that a payment has not arrived: the performer's side, or an operator. What is due stays due."""
    disputed = payments.dispute_payment(
        context(), principal(), path.payment_id, reason=body.reason, if_version=header.version()
    )
    return _answer(disputed)


def _answer(payment: Payment) -> Response:
    return answer(PaymentOut.of(payment), tag=entity_tag(payment.version))
