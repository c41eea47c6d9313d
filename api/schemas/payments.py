"""Payments: what a studio says it has paid, and what the performer's side says of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    Body,
    LicenceId,
    Line,
    Moment,
    Note,
    Page,
    Path,
    PerformerId,
    Sha256,
    Version,
    omissible,
)
from api.schemas.examples import Example
from registry.domain.ledger import LARGEST_AMOUNT
from registry.domain.payments import PaymentState
from registry.store.payments import Payment

Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="An ISO 4217 code, the one that was agreed.")
]
_REPORTED: Example = {
    "licence_id": examples.LICENCE,
    "amount_minor": 450_000,
    "currency": "GBP",
    "paid_on": "2026-03-02",
    "reference": "INV-2026-014",
    "evidence_sha256": examples.DIGEST,
}
_PAYMENT: Example = {
    "id": examples.PAYMENT,
    **_REPORTED,
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "state": "reported",
    "reported_by": examples.ACCOUNT,
    "reported_at": examples.NOW,
    "decided_by": None,
    "decided_at": None,
    "reason": None,
    "entry_id": None,
    "version": 1,
}


class PaymentPath(Path):
    """Which payment."""

    payment_id: str = Field(examples=[examples.PAYMENT])


class PaymentQuery(PageQuery):
    """Which payments."""

    state: PaymentState | None = omissible(description="Only those in this state.")
    performer_id: PerformerId | None = omissible(description="Only those about this performer.")


class NewPayment(Body):
    """A payment that was made. It settles nothing until the performer's side confirms that it has arrived."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REPORTED]})

    licence_id: LicenceId
    amount_minor: int = Field(ge=1, le=LARGEST_AMOUNT, description="In the minor unit of the currency.")
    currency: Currency
    paid_on: date = Field(description="The day on which it was sent.")
    reference: Line | None = Field(default=None, description="By which the performer finds it.")
    evidence_sha256: Sha256 | None = Field(default=None, description="Of a paper that shows it.")


class Confirmation(Body):
    """That a payment has arrived. An operator who confirms one names the digest of a paper that shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    evidence_sha256: Sha256 | None = None


class PaymentDispute(Body):
    """Why a payment is said not to have arrived; both parties read it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "nothing has arrived by 20 March"}]})

    reason: Note


class PaymentOut(Answer):
    """A payment, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PAYMENT]})

    id: str
    licence_id: str
    performer_id: str
    studio_id: str
    amount_minor: int
    currency: str
    paid_on: date
    reference: str | None
    evidence_sha256: str | None
    state: PaymentState
    reported_by: str
    reported_at: Moment
    decided_by: str | None
    decided_at: Moment | None
    reason: str | None
    entry_id: str | None = Field(description="The entry of the ledger that settles it, once it is confirmed.")
    version: Version

    @classmethod
    def of(cls, payment: Payment) -> PaymentOut:
        """Describe a payment."""
        return cls.model_validate(payment)


class PaymentPage(Page):
    """Payments, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PAYMENT], "next_cursor": None}]})

    items: list[PaymentOut]
