"""Fees for approved copy: owed once the approval is used up, and shown like everything that is owed when unpaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from on_record import ASK, COPY, WITH_APPROVAL, OnRecord, asked
from steps import Registry

from registry.domain.accounts import Principal, Role
from registry.domain.clearances import Decision, WantedUse
from registry.domain.consents import ConsentPurpose
from registry.domain.ledger import EntryKind
from registry.domain.terms import PayBasis, PayTerms, Rate
from registry.services import approvals, clearances, ledger, licence_course, licences
from registry.services.approvals import Offer
from registry.services.clearances import Answered
from registry.store.ledger import LedgerEntry


@pytest.fixture
def house(sqlite_registry: Registry) -> Registry:
    return sqlite_registry


@pytest.fixture
def record(house: Registry) -> OnRecord:
    return OnRecord(house.ctx, house.operator.account_id)


@pytest.fixture
def studio(house: Registry) -> Principal:
    return house.studio()


@pytest.fixture
def performer_id(house: Registry) -> str:
    return house.performer()


def ask(house: Registry, studio: Principal, wanted: WantedUse) -> Answered:
    (answered,) = clearances.ask_clearances(house.ctx, studio, [wanted])
    return answered


def codes(answered: Answered) -> list[str]:
    return [str(reason["code"]) for reason in answered.clearance.reasons]


def offer(record: OnRecord, fee_minor: int = 40_000, currency: str | None = "GBP") -> Offer:
    return Offer(expires_at=record.soon(days=7), fee_minor=fee_minor, currency=currency)


def approved(house: Registry, studio: Principal, performer_id: str, record: OnRecord) -> str:
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    asking = approvals.request_approval(house.ctx, studio, asked(performer_id, copy_sha256=COPY), offer(record))
    return approvals.approve(house.ctx, performer, asking.id).id


def entries(house: Registry, studio: Principal) -> list[LedgerEntry]:
    return list(ledger.list_entries(house.ctx, studio, licence_id=None, after=None, limit=50))


def test_the_fee_of_an_approval_is_owed_once_it_is_used_and_unpaid_past_its_day_it_shows(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    _, licence_id = record.ready(performer_id, studio, WITH_APPROVAL)
    approval_id = approved(house, studio, performer_id, record)
    assert entries(house, studio) == []
    answered = clearances.ask_clearances(house.ctx, studio, [asked(performer_id, copy_sha256=COPY)] * 2)
    (entry,) = entries(house, studio)
    assert (entry.kind, entry.key) == (EntryKind.APPROVAL_FEE, f"approval_fee:{approval_id}")
    assert (entry.licence_id, entry.amount_minor, entry.currency) == (licence_id, 40_000, "GBP")
    assert entry.due_on == house.clock().date() + timedelta(days=WITH_APPROVAL.pay.due_within_days)
    assert answered[0].token is not None
    house.clock.move(days=WITH_APPROVAL.pay.due_within_days + 1)
    later = ask(house, studio, asked(performer_id, copy_sha256="b" * 64))
    assert (later.clearance.decision, codes(later)) == (Decision.REFUSED, ["payment_overdue"])


def test_a_fee_for_approved_copy_does_not_undo_that_the_flat_fee_was_paid(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    flat = PayTerms((Rate(PayBasis.FLAT, 100_000),), "GBP", due_within_days=10)
    house.sign(performer_id, ConsentPurpose.LICENSING)
    sound = replace(WITH_APPROVAL, pay=flat)
    licence_id = house.licence(performer_id, studio, sound).id
    licence_course.confirm_payment(house.ctx, house.operator, licence_id)
    house.clock.move(days=11)
    approved(house, studio, performer_id, record)
    given = ask(house, studio, asked(performer_id, copy_sha256=COPY))
    assert given.clearance.decision is Decision.PERMITTED
    again = ask(house, studio, asked(performer_id, copy_sha256="b" * 64))
    assert codes(again) == ["copy_needs_approval"]
    licence_course.confirm_payment(house.ctx, house.operator, licence_id)
    assert licences.get_licence(house.ctx, studio, licence_id).paid_at is not None
    assert sum(entry.movement().of_due for entry in entries(house, studio)) == 0


def test_an_approval_without_a_fee_owes_nothing_of_its_own(
    house: Registry, studio: Principal, performer_id: str, record: OnRecord
) -> None:
    record.consent(performer_id, ASK)
    record.licence(performer_id, studio)
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    free = offer(record, fee_minor=0, currency=None)
    asking = approvals.request_approval(house.ctx, studio, asked(performer_id, copy_sha256=COPY), free)
    approvals.approve(house.ctx, performer, asking.id)
    assert ask(house, studio, asked(performer_id, copy_sha256=COPY)).clearance.decision is Decision.PERMITTED
    assert entries(house, studio) == []
