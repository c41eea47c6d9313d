"""What a performer earned, got and is owed: the statement of some days, by licence, and the payments of studios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.performer.conflicts import does_not_fit, has_changed
from api.pages.performer.mandates import covers, require_cover
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.steps import seen_version
from api.pages.uses import medium_called, unit_called
from api.pages.wording import ENTRY_KINDS, PAYMENT_STATES
from api.pages.zones import time_zone, today
from api.schemas.pay_statements import StatementFormat, StatementQuery
from api.schemas.payments import Confirmation, PaymentDispute, PaymentQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix
from registry.domain.ledger import EntryKind
from registry.domain.pay_statements import PayStatement, Section
from registry.domain.payments import PaymentState
from registry.domain.usage import units
from registry.errors import ConflictError, InvalidInputError, NotFoundError, StaleVersionError
from registry.services import licences, pay_statements, payments, people
from registry.store.payments import Payment
from registry.store.performers import Performer

_ALL: Final = "/performers/<id:performer_id>/earnings"
_ONE: Final = "/performers/<id:performer_id>/payments/<id:payment_id>"
_OPERATION: Final = "/v1/payments/{payment_id}"
_PERFORMER: Final = "GET /v1/performers/{performer_id}"
_MOST_SHOWN: Final = 50


@dataclass
class OfLicence:
    """What came of one licence in the days of a statement, in one currency.

    Attributes:
        licence_id, title, studio: of the licence.
        by_kind: what each kind of entry adds to what is due, in the minor unit.
    """

    licence_id: str
    title: str
    studio: str
    by_kind: Counter[EntryKind] = field(default_factory=Counter)


@personal.get(_ALL)
@stands_for("GET /v1/performers/{performer_id}/pay-statement", "GET /v1/payments", _PERFORMER)
def show_earnings(performer_id: str) -> Response:
    """Show what some days came to, by licence and by what it was for, and every payment that a studio reported."""
    performer = performer_of(performer_id)
    require_cover(performer_id, Scope.LEDGER_READ)
    period = _period()
    days, zone = period.period(), period.zone()
    statement = pay_statements.performer_statement(context(), principal(), performer_id, days, zone)
    query = asked(PaymentQuery, performer_id=performer_id, limit=_MOST_SHOWN)
    shown, older = cut(_payments(performer_id, query), query)
    waiting = _payments(performer_id, PaymentQuery(state=PaymentState.REPORTED, limit=_MOST_SHOWN))[:_MOST_SHOWN]
    return page_about(
        performer,
        "performer/earnings",
        statement=statement,
        sums={each.currency: _by_licence(statement, each) for each in statement.sections},
        downloads=_downloads(performer_id, period),
        period=period,
        waiting=waiting,
        payments=shown,
        older=older,
        state=query.state,
        studios=people.organisations_named(context(), {each.studio_id for each in [*shown, *waiting]}),
        kind_words=ENTRY_KINDS,
        state_words=PAYMENT_STATES,
        unit_called=unit_called,
        medium_called=medium_called,
        units=units,
    )


def _period() -> StatementQuery:
    """Answer which days are asked for: where the address says nothing, this year until today by the reader's clock."""
    until = today()
    sent = {name: request.args.get(name) or None for name in ("starts_on", "ends_on", "time_zone")}
    fixed = {"starts_on": date(until.year, 1, 1), "ends_on": until, "time_zone": time_zone().key}
    return checked(StatementQuery, **(fixed | {name: value for name, value in sent.items() if value}))


def _payments(performer_id: str, query: PaymentQuery) -> Sequence[Payment]:
    return payments.list_payments(
        context(),
        principal(),
        state=query.state,
        performer_id=performer_id,
        after=query.after(IdPrefix.PAYMENT),
        limit=query.limit + 1,
    )


def _by_licence(statement: PayStatement, section: Section) -> list[OfLicence]:
    found: dict[str, OfLicence] = {}
    for line in section.lines:
        title = statement.titles.get(line.licence_id, line.licence_id)
        studio = statement.names.get(line.counterpart_id, line.counterpart_id)
        found.setdefault(line.licence_id, OfLicence(line.licence_id, title, studio)).by_kind[line.kind] += line.of_due
    return list(found.values())


def _downloads(performer_id: str, period: StatementQuery) -> dict[str, str]:
    """Answer where each form of the statement is, by what it is called: it is the API that serves it."""
    days = f"starts_on={period.starts_on}&ends_on={period.ends_on}&time_zone={quote(period.time_zone)}"
    at = f"/v1/performers/{performer_id}/pay-statement?{days}&language={language()}"
    return {each.name: f"{at}&format={each.value}" for each in StatementFormat}


# --- one payment -----------------------------------------------------------------------------------------------------


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}", _PERFORMER)
def show_payment(performer_id: str, payment_id: str) -> Response:
    """Show one payment that a studio says it has made, to be confirmed or disputed."""
    return _page(performer_of(performer_id), payment_id)


def _page(
    performer: Performer,
    payment_id: str,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
) -> Response:
    payment = _payment_of(performer, payment_id)
    decided_by = people.accounts_named(context(), {payment.decided_by}).get(payment.decided_by or "")
    undecided = payment.state is PaymentState.REPORTED
    return page_about(
        performer,
        "performer/payment",
        status,
        problem=problem,
        payment=payment,
        title=_title_of(performer, payment),
        studio=people.organisations_named(context(), {payment.studio_id}).get(payment.studio_id),
        decided_by=decided_by,
        may_decide=undecided and covers(performer.id, Scope.LEDGER_WRITE),
        needs_evidence=principal().is_operator and payment.evidence_sha256 is None,
        state_words=PAYMENT_STATES,
        typed=request.form,
    )


def _payment_of(performer: Performer, payment_id: str) -> Payment:
    payment = payments.get_payment(context(), principal(), payment_id)
    if payment.performer_id != performer.id:
        raise NotFoundError("there is no such payment")
    return payment


def _title_of(performer: Performer, payment: Payment) -> str | None:
    """Answer what the licence is called that was paid; None where the mandate does not cover licences."""
    if not covers(performer.id, Scope.LICENCES_READ):
        return None
    return licences.get_licence(context(), principal(), payment.licence_id).title


@personal.post(f"{_ONE}/confirm")
@stands_for(f"POST {_OPERATION}/confirm", _PERFORMER)
@once
def confirm_payment(performer_id: str, payment_id: str) -> Response:
    """Confirm that a payment has arrived: it is posted, and what is due is less by it."""
    return _decided(performer_id, payment_id, PaymentState.CONFIRMED)


@personal.post(f"{_ONE}/dispute")
@stands_for(f"POST {_OPERATION}/dispute", _PERFORMER)
@once
def dispute_payment(performer_id: str, payment_id: str) -> Response:
    """Say that a payment has not arrived: what is due stays due."""
    return _decided(performer_id, payment_id, PaymentState.DISPUTED)


def _decided(performer_id: str, payment_id: str, wanted: PaymentState) -> Response:
    """Decide, and lead back; who comes second is shown what was decided, by whom and when."""
    performer = performer_of(performer_id)
    _payment_of(performer, payment_id)
    try:
        _decide(payment_id, wanted)
    except StaleVersionError:
        return _page(performer, payment_id, HTTPStatus.PRECONDITION_FAILED, has_changed())
    except ConflictError as error:
        return _page(performer, payment_id, HTTPStatus.CONFLICT, does_not_fit(error))
    except InvalidInputError as error:
        return _page(performer, payment_id, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return went_on(f"/performers/{performer_id}/payments/{payment_id}", done=wanted.value)


def _decide(payment_id: str, wanted: PaymentState) -> None:
    seen = seen_version()
    if wanted is PaymentState.CONFIRMED:
        shown = checked(Confirmation, evidence_sha256=request.form.get("evidence_sha256") or None)
        payments.confirm_payment(
            context(), principal(), payment_id, evidence_sha256=shown.evidence_sha256, if_version=seen
        )
    else:
        why = checked(PaymentDispute, reason=request.form.get("reason", ""))
        payments.dispute_payment(context(), principal(), payment_id, reason=why.reason, if_version=seen)
